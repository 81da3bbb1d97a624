"""What a drift says in words: `ci runs PostgreSQL 13, production runs 16`. The subject is the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from paritycheck.core.labels import kind_label, where
from paritycheck.core.plain import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_RUNNING: Final = frozenset({"services", "runtime", "processes"})
_LONGEST: Final = 80
"""Characters of a value, a source, a snapshot's address (a slug of 63 and a number)."""
_WORTHLESS: Final = frozenset({"empty", "placeholder"})


@dataclass(frozen=True, slots=True)
class View:
    """One side as a drift keeps it (`left_side`, `right_side`), every text of it plain. `value` joins several."""

    environment: str
    state: str
    value: str = ""
    kind: str = ""
    reason: str = ""
    shape: str = ""
    shown: str = ""
    source: str = ""
    read_at: str = ""
    snapshot: str = ""
    support: str = ""

    @property
    def thing(self) -> str:
        """`PostgreSQL 16.9`."""
        return " ".join(filter(None, [kind_label(self.kind), self.value])) or self.word

    @property
    def applied(self) -> str:
        return f"is at {self.value}" if self.value else "has none of its migrations"

    @property
    def supported(self) -> str:
        return f"support {self.support}" if self.support else "past its end of life"

    @property
    def word(self) -> str:
        """The value, else what is known in its place: present, its shape where it says something, missing,
        unknown.
        """
        if self.state == "absent":
            return "missing"
        if self.state == "unknown":
            return f"unknown: {self.reason or 'other'}"
        return self.value or self.shown or (self.shape if self.shape in _WORTHLESS else "present")


@dataclass(frozen=True, slots=True)
class Subject:
    """A drift to speak of; both sides of a pair e..e are of one environment."""

    section: str
    name: str
    rule: str
    distance: int | None
    expectation: str
    left: View
    right: View

    @property
    def inside(self) -> bool:
        return self.left.environment == self.right.environment


def view(document: Mapping[str, Any]) -> View:
    """A stored side; what is no text in it, or missing, is left empty."""
    value = document.get("value")
    sources = document.get("sources")
    return View(
        environment=_text(document, "environment"),
        state=_text(document, "state"),
        value=plain(", ".join(str(item) for item in value) if isinstance(value, list) else str(value or ""), _LONGEST),
        kind=_text(document, "kind"),
        reason=_text(document, "reason"),
        shape=_text(document, "shape"),
        shown=_text(document, "plain"),
        source=plain(str(sources[0]), _LONGEST) if isinstance(sources, list) and sources else "",
        read_at=_text(document, "read_at"),
        snapshot=_text(document, "snapshot"),
        support=_text(document, "support"),
    )


def _text(document: Mapping[str, Any], member: str) -> str:
    found = document.get(member)
    return plain(found, _LONGEST) if isinstance(found, str) else ""


def sentence(drift: Subject) -> str:
    """The drift in one sentence without a full stop."""
    return _SENTENCES.get(drift.rule, _differs)(drift)


def brief(drift: Subject) -> str:
    """What follows the drift's name in a list: `14.0.1 on staging, 13.2.0 in production`."""
    return _BRIEFS.get(drift.rule, _values)(drift)


def _label(drift: Subject) -> str:
    return kind_label(drift.name) if drift.section == "runtime" else drift.name


def _split(drift: Subject, state: str = "absent") -> tuple[View, View]:
    """The side in this state first (the baseline where both are), then the other."""
    return (drift.right, drift.left) if drift.right.state == state else (drift.left, drift.right)


def _missing(drift: Subject) -> str:
    lacking, having = _split(drift)
    told = f"{lacking.environment} has no {_label(drift)}"
    if drift.section == "config" or not (having.value or having.kind):
        return told
    if drift.section == "processes" and "." not in drift.name:
        return f"{told}, {having.environment} runs it as {having.thing}"
    verb = "runs" if drift.section in _RUNNING else "has"
    thing = having.thing if drift.section in _RUNNING else having.value
    return f"{told}, {having.environment} {verb} {thing}"


def _version(drift: Subject) -> str:
    left, right = drift.left, drift.right
    if drift.section not in _RUNNING or "." in drift.name:
        return f"{left.environment} has {drift.name} {left.word}, {right.environment} has {right.word}"
    if drift.section == "processes":
        return _as_what(drift)
    if drift.section == "runtime":
        name = kind_label(left.kind or drift.name)
        return f"{left.environment} runs {name} {left.word}, {right.environment} runs {right.word}"
    theirs = right.word if left.kind == right.kind and left.value else right.thing
    return f"{left.environment} runs {left.thing}, {right.environment} runs {theirs}"


def _as_what(drift: Subject) -> str:
    """Of a process type, for which the program's own name is not enough: a web and a worker may be the same one."""
    left, right = drift.left, drift.right
    return f"{left.environment} runs {drift.name} as {left.thing}, {right.environment} as {right.thing}"


def _kind(drift: Subject) -> str:
    if drift.section == "processes":
        return _as_what(drift)
    return f"{drift.left.environment} runs {drift.left.thing}, {drift.right.environment} runs {drift.right.thing}"


def _value(drift: Subject) -> str:
    if drift.expectation == "must-differ":
        return f"{drift.name} is the same {where(drift.left.environment)} and {where(drift.right.environment)}"
    if drift.left.word == drift.right.word:
        return _differs(drift)
    return f"{_label(drift)} is {_values(drift)}"


def _values(drift: Subject) -> str:
    left, right = drift.left, drift.right
    mine, theirs = (left.thing, right.thing) if drift.rule == "kind" else (left.word, right.word)
    if mine == theirs:
        return f"differs between {left.environment} and {right.environment}"
    return f"{mine} {where(left.environment)}, {theirs} {where(right.environment)}"


def _differs(drift: Subject) -> str:
    return f"{drift.name} differs between {drift.left.environment} and {drift.right.environment}"


def _empty(drift: Subject) -> str:
    return f"{drift.name} is {_empty_brief(drift)}"


def _empty_brief(drift: Subject) -> str:
    side = drift.left if drift.left.shape in _WORTHLESS else drift.right
    return f"{'a placeholder' if side.shape == 'placeholder' else 'empty'} {where(side.environment)}"


def _unwanted(drift: Subject) -> str:
    return f"{_split(drift, 'present')[0].environment} has {drift.name}, which the policy expects to be absent"


def _shared_secret(drift: Subject) -> str:
    return f"{drift.left.environment} and {drift.right.environment} share the secret {drift.name}"


def _shared_resource(drift: Subject) -> str:
    thing = kind_label(drift.right.kind or drift.left.kind) or "service"
    return f"{drift.left.environment} and {drift.right.environment} attach the same {thing} as {drift.name}"


def _declared(drift: Subject) -> str:
    return f"{drift.left.environment} declares {_label(drift)} {drift.left.word} and runs {drift.right.word}"


def _not_installed(drift: Subject) -> str:
    return f"{drift.left.environment} has not installed {drift.name} {drift.left.value}".rstrip()


def _not_locked(drift: Subject) -> str:
    locked = f"{drift.left.value} is locked" if drift.left.value else "it is not locked"
    return f"{drift.left.environment} has {drift.name} {drift.right.word} installed, {locked}"


def _behind(drift: Subject) -> str:
    if drift.inside:
        head, applied = drift.left.value, drift.right.applied
        return f"{drift.left.environment} runs code with {drift.name} {head}, its database {applied}"
    return f"{drift.name} is at {_values(drift)}"


def _behind_brief(drift: Subject) -> str:
    told = f"{drift.left.value} in the code, the database {drift.right.applied} {where(drift.left.environment)}"
    return told if drift.inside else _values(drift)


def _skew(drift: Subject) -> str:
    return f"{drift.left.environment} has instances that disagree on {drift.name}"


def _end_of_life(drift: Subject) -> str:
    return f"{drift.left.environment} runs {_supported(drift)}, {_support(drift)}"


def _supported(drift: Subject) -> str:
    return drift.left.thing if drift.left.kind else f"{_label(drift)} {drift.left.value}"


def _support(drift: Subject) -> str:
    verb, _, day = drift.left.support.partition(" ")
    if verb == "ends":
        return f"which gets fixes until {day}"
    return f"which has had no fixes since {day}" if day else "which is past its end of life"


_SENTENCES: Final[Mapping[str, Callable[[Subject], str]]] = {
    "kind": _kind,
    "version": _version,
    "value": _value,
    "missing": _missing,
    "unwanted": _unwanted,
    "empty": _empty,
    "shared-secret": _shared_secret,
    "shared-resource": _shared_resource,
    "declared": _declared,
    "not-installed": _not_installed,
    "not-locked": _not_locked,
    "behind": _behind,
    "skew": _skew,
    "end-of-life": _end_of_life,
}
_BRIEFS: Final[Mapping[str, Callable[[Subject], str]]] = {
    "missing": lambda drift: f"missing {where(_split(drift)[0].environment)}",
    "unwanted": lambda drift: f"present {where(_split(drift, 'present')[0].environment)}",
    "empty": _empty_brief,
    "shared-secret": lambda drift: f"shared by {drift.left.environment} and {drift.right.environment}",
    "shared-resource": lambda drift: f"attached by {drift.left.environment} and {drift.right.environment}",
    "declared": lambda drift: f"{drift.left.word} declared, {drift.right.word} runs {where(drift.left.environment)}",
    "not-installed": lambda drift: f"{drift.left.word} locked, not installed {where(drift.left.environment)}",
    "not-locked": lambda drift: (
        f"{drift.right.word} installed {where(drift.left.environment)}, {drift.left.word} locked"
    ),
    "skew": lambda drift: f"instances of {drift.left.environment} disagree",
    "behind": _behind_brief,
    "end-of-life": lambda drift: f"{drift.left.word} {where(drift.left.environment)}, {drift.left.supported}",
}
