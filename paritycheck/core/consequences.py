"""What follows from a drift, in one line: how far apart, and what the policy expects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from paritycheck.core.sentences import Subject

_DISTANCES: Final = {1: "A patch apart", 2: "A minor version apart", 3: "A major version apart"}
_EXPECTED: Final = {
    "same": "both to be the same",
    "same-minor": "the same minor version",
    "same-major": "the same major version",
    "present": "it in both",
    "absent": "it in neither",
    "must-differ": "different values",
}
_BY_RULE: Final = {
    "declared": "What runs is not what the files declare.",
    "not-installed": "What is installed is not what the lock file names.",
    "not-locked": "What is installed is not what the lock file names.",
    "skew": "They have disagreed for longer than a rolling deploy takes.",
    "end-of-life": "It gets no fixes any more.",
}


def _between(drift: Subject) -> str:
    """What stands between two databases: a number of versions says nothing of migrations."""
    left, right = drift.left.environment, drift.right.environment
    if drift.distance == 1:
        return f"{left} has applied all that {right} has, and more; the policy expects both to be the same."
    return f"{right} has applied what {left} has not."


def _holder(drift: Subject) -> str:
    """The environment that has what the other one lacks."""
    return (drift.left if drift.right.state == "absent" else drift.right).environment


def _of_itself(drift: Subject) -> str:
    """What follows from a rule that no policy's expectation words; "" of any other."""
    if drift.rule == "end-of-life" and drift.left.support.startswith("ends"):
        return "After that it gets no fixes any more."
    if drift.rule == "behind":
        waits = "Its code expects what its database has not, for longer than a deploy takes."
        return waits if drift.inside else _between(drift)
    return _BY_RULE.get(drift.rule, "")


def consequence(drift: Subject) -> str:
    """One line: how far apart, and what the policy expects."""
    said = _of_itself(drift)
    if said:
        return said
    expected = f"the policy expects {_EXPECTED.get(drift.expectation, drift.expectation)}."
    if drift.rule == "missing":
        return f"{_holder(drift)} has it; {expected}"
    if drift.rule == "kind":
        return f"A different kind; {expected}"
    if drift.rule == "version" and drift.distance in _DISTANCES:
        return f"{_DISTANCES[drift.distance]}; {expected}"
    return expected[0].upper() + expected[1:]
