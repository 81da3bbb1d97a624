"""What the agents saw, as the core knows it; and the core's overview.

The core is pure Python: it reads no clock, does no I/O, imports no Django, and each function returns the
same sorted result for the same input. `facts.md` names the facts, `gaps.md` defines every judgement.

    facts ─ merge ─┐                                   policy
                   ├─ pairing ─ comparison ─ expectations ─ lifecycle   (drift)
    facts ─ merge ─┘                 │            └──────── verdicts    (gate)
                                  parity
    commits ─ graph ─ timegap ─ bands

`merge` makes one section of several instances, `pairing` puts services under one handle, `comparison` says how
two sides relate, `expectations` what of it a policy does not accept, `lifecycle` what that does to the drifts
known so far.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SECTIONS: Final = ("config", "dependencies", "migrations", "processes", "release", "runtime", "services")
PROCESS_ATTRIBUTES: Final = (".stop-signal", ".log-driver")
"""How the names of what is told of a process type end; a type's own name may hold dots."""
CANDIDATE: Final = "candidate"
"""The `Side.kind` of what a pull request would bring; the other kinds are persistent, cohort, ephemeral."""


class State(StrEnum):
    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Fact:
    """One named observation. `values` is sorted, of one member or more where several hold at once; empty where
    the fact is present without a value (configuration keys), absent or unknown. `reason` stands with unknown
    only; `kind` may stand with unknown. `members` holds every other compared member as on the wire (`scope`,
    `fps`, `chain`, ...).
    """

    name: str
    state: State
    values: tuple[str, ...] = ()
    kind: str | None = None
    reason: str | None = None
    members: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def value(self) -> str | None:
        """The value where there is just one."""
        return self.values[0] if len(self.values) == 1 else None

    def words(self, member: str) -> tuple[str, ...]:
        """A member that is a list of strings; a single string counts as a list of one, anything else as none."""
        found = self.members.get(member)
        if isinstance(found, str):
            return (found,)
        if isinstance(found, (list, tuple)):
            return tuple(item for item in found if isinstance(item, str))
        return ()

    def word(self, member: str) -> str | None:
        """A member that is one string, else None."""
        found = self.members.get(member)
        return found if isinstance(found, str) else None


def present(name: str, *values: str, kind: str | None = None, **members: Any) -> Fact:
    return Fact(name, State.PRESENT, tuple(sorted(values)), kind, None, members)


def absent(name: str, **members: Any) -> Fact:
    return Fact(name, State.ABSENT, (), None, None, members)


def unknown(name: str, reason: str, kind: str | None = None, **members: Any) -> Fact:
    return Fact(name, State.UNKNOWN, (), kind, reason, members)


@dataclass(frozen=True, slots=True)
class Section:
    """The facts of one class by name. With a `reason` the whole section is unknown. `covers` are the name
    prefixes inside which everything was seen, so that a name that is not listed there is absent.
    """

    name: str
    facts: Mapping[str, Fact] = field(default_factory=dict, hash=False)
    covers: tuple[str, ...] = ()
    reason: str | None = None

    def look_up(self, name: str) -> Fact:
        """The fact of this name; else absent inside `covers`, else unknown."""
        if self.reason is not None:
            return unknown(name, self.reason)
        found = self.facts.get(name)
        if found is not None:
            return found
        return absent(name) if self._covered(name) else unknown(name, "not-collected")

    def _covered(self, name: str) -> bool:
        if self.name == "services" and "." in name:
            return self._attribute_covered(name)
        if self.name == "processes" and name.endswith(PROCESS_ATTRIBUTES):
            # A list of types says nothing of how each is stopped and where it logs; an absent one has neither.
            return self.look_up(name.rpartition(".")[0]).state is State.ABSENT
        return name.startswith(self.covers) if self.covers else False

    def _attribute_covered(self, name: str) -> bool:
        """Settings and extensions: a list of services says nothing of what is inside them, but an absent service has
        none. Extensions are read all at once, so an authenticated probe that lists any lists all; settings are a
        choice, so one that is missing was not read.
        """
        handle, _, rest = name.partition(".")
        if any(prefix.startswith(handle + ".") and name.startswith(prefix) for prefix in self.covers):
            return True
        service = self.look_up(handle)
        if service.state is State.ABSENT:
            return True
        if not rest.startswith("extension.") or service.word("via") != "auth":
            return False
        return any(other.startswith(f"{handle}.extension.") for other in self.facts)


@dataclass(frozen=True, slots=True)
class Side:
    """One environment's state, or a candidate's (`kind` CANDIDATE, `tier` "other" unless it stands for a tier)."""

    slug: str
    tier: str
    kind: str
    sections: Mapping[str, Section] = field(default_factory=dict, hash=False)

    def section(self, name: str) -> Section:
        """The section; one that was never sent is unknown as a whole."""
        found = self.sections.get(name)
        return found if found is not None else Section(name, {}, (), "not-collected")

    def look_up(self, section: str, name: str) -> Fact:
        return self.section(section).look_up(name)

    @property
    def laptop(self) -> bool:
        """A person's machine: a cohort, or an environment of tier development."""
        return self.kind == "cohort" or self.tier == "development"
