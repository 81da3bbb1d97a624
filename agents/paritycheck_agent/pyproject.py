"""What pyproject.toml asks for, by the tables of the standards (PEP 621, PEP 735) and of PDM."""

from __future__ import annotations

from paritycheck_agent import toml
from paritycheck_agent.packages import DEVELOPMENT, OPTIONAL, PRODUCTION, table, text
from paritycheck_agent.wire.purl import normalized

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

_REQUIREMENT = r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?"
_DEFAULT = "default"


class Requirement:
    """A PEP 508 requirement: its name, its extras, and whether a marker guards it."""

    __slots__ = ("extras", "marked", "name")

    def __init__(self, name: str, extras: Iterable[str], *, marked: bool) -> None:
        self.name = normalized(name)
        self.extras = frozenset(normalized(extra.strip()) for extra in extras if extra.strip())
        self.marked = marked


class Group:
    """One set of requirements that is installed together; `kind` is production, development or optional."""

    __slots__ = ("kind", "requirements")

    def __init__(self, kind: str, requirements: Iterable[Requirement] = ()) -> None:
        self.kind = kind
        self.requirements = list(requirements)


def requirements(wanted: Any) -> Iterator[Requirement]:
    """Yield the requirements of an array of strings, without what is none; of PDM's `-e URL#egg=name` the name."""
    import re

    for item in map(text, wanted if isinstance(wanted, list) else ()):
        plain = item.partition("#egg=")[2] if item.startswith("-e ") else item
        match = re.match(_REQUIREMENT, plain)
        if match is not None:
            yield Requirement(match.group(1), (match.group(2) or "").split(","), marked=";" in item)


def groups(data: bytes) -> dict[str, Group]:
    """Return what a pyproject.toml asks for, by the name of its group, "default" for production.

    Raises TomlError for what is no TOML.
    """
    try:
        document = toml.load(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise toml.TomlError("is not UTF-8") from None
    project = table(document.get("project"))
    found = {_DEFAULT: Group(PRODUCTION, requirements(project.get("dependencies")))}
    sets = [
        (OPTIONAL, project.get("optional-dependencies")),
        (DEVELOPMENT, document.get("dependency-groups")),
        (DEVELOPMENT, table(table(document.get("tool")).get("pdm")).get("dev-dependencies")),
    ]
    for kind, by_name in sets:
        for name, wanted in table(by_name).items():
            found.setdefault(normalized(name), Group(kind)).requirements += requirements(wanted)
    return found
