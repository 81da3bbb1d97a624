"""Path scopes as rows keep them: a name with the mark of its globs, so that older globs of the name count no more."""

from collections.abc import Iterable, Mapping

from paritycheck_agent.wire.scopes import scope_marks


def labels(marks: Mapping[str, str]) -> list[str]:
    """`<name>:<mark>` of each, by name."""
    return [f"{name}:{mark}" for name, mark in sorted(marks.items())]


def label_of(name: str, globs: Iterable[str]) -> str:
    """The label of one scope of a policy."""
    return labels(scope_marks({name: globs}))[0]


def name_of(label: str) -> str:
    """The name in a label."""
    return label.rpartition(":")[0]
