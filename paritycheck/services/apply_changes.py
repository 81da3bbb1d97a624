"""What `paritycheck apply` changes, would change and leaves alone, as it is shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from paritycheck.core.project_terms import Setting
from paritycheck.models import Project, User
from paritycheck.services.errors import Refused

BY: Final[Mapping[str, Any]] = {"by": "apply"}
"""In the audit log's detail of what only `apply` does."""
ADD, CHANGE, REMOVE = "+", "~", "-"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a plan: `sign` is +, ~ or -; `detail` holds no secret."""

    sign: str
    project: str
    kind: str
    name: str
    detail: str = ""

    def line(self) -> str:
        """`+ environment staging (tier staging)`, `~ member bob@example.com viewer -> member`."""
        said = f" ({self.detail})" if self.detail and self.sign == ADD else f" {self.detail}" if self.detail else ""
        return f"{self.sign} {self.kind} {self.name}{said}"


@dataclass(frozen=True, slots=True)
class Secret:
    """Something that was made and is shown once."""

    project: str
    kind: str
    name: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What a verb refused, with the line of the file that asked for it."""

    project: str
    line: int
    detail: str


class NotApplied(Exception):  # noqa: N818  read as "raise NotApplied"
    """The verbs refused some of it; `found` is all of that, and nothing was changed."""

    def __init__(self, found: list[Wrong]) -> None:
        super().__init__("; ".join(f"{one.project}, line {one.line}: {one.detail}" for one in found))
        self.found = found


@dataclass(slots=True)
class Outcome:
    """Of one run: changes in their order, what is not in the file and stays, what is shown once, what is wrong.
    `reveals` tells of a plan whether there will be secrets.
    """

    changes: list[Change] = field(default_factory=list)
    kept: list[Change] = field(default_factory=list)
    secrets: list[Secret] = field(default_factory=list)
    mistakes: list[Wrong] = field(default_factory=list)
    reveals: bool = False


@dataclass(slots=True)
class Work:
    """One project being brought to its terms; `terms` is its name in the file, `by` who channels are made by."""

    terms: str
    project: Project
    by: User | None
    now: datetime
    prune: bool
    settled: Callable[[Setting], str]
    outcome: Outcome

    def note(self, sign: str, kind: str, name: str, detail: str = "") -> None:
        """Put it into the plan."""
        self.outcome.changes.append(Change(sign, self.project.slug, kind, name, detail))

    def reveal(self, kind: str, name: str, text: str) -> None:
        """Show it once."""
        self.outcome.secrets.append(Secret(self.project.slug, kind, name, text))

    def attempt(self, line: int, act: Callable[[], object]) -> None:
        """Do it; what is refused is a mistake of that line, and the rest goes on so that all mistakes are told."""
        try:
            with transaction.atomic():
                act()
        except Refused as error:
            self.wrong(line, error.detail)

    def wrong(self, line: int, detail: str) -> None:
        """A mistake of the file's line."""
        self.outcome.mistakes.append(Wrong(self.terms, line, detail))

    def keep(self, kind: str, name: str, detail: str = "") -> None:
        """It is not in the file, and stays."""
        self.outcome.kept.append(Change(REMOVE, self.project.slug, kind, name, detail))

    def surplus(self, kind: str, name: str, act: Callable[[], object], line: int, detail: str = "") -> None:
        """Something that is not in the file: removed where that was asked for, else told."""
        if not self.prune:
            self.keep(kind, name, detail)
            return
        before = len(self.outcome.mistakes)
        self.attempt(line, act)
        if len(self.outcome.mistakes) == before:
            self.note(REMOVE, kind, name, detail)


def person(work: Work) -> User:
    """In whose name channels and subscriptions are made. Raises Refused(forbidden) where nobody is there for it."""
    if work.by is not None:
        return work.by
    owner = User.objects.filter(memberships__project=work.project, memberships__role="owner", is_active=True).first()
    if owner is None:
        said = "it is made in somebody's name: name an owner in [project.members], or an administrator with --by"
        raise Refused("forbidden", 403, said)
    return owner
