"""Packages as lock files and installed distributions tell of them, and the facts they become (facts.md)."""

from __future__ import annotations

from paritycheck_agent.wire import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from typing import Any, TypeVar

    Node = TypeVar("Node", bound=Hashable)

PRODUCTION, DEVELOPMENT, OPTIONAL = "production", "development", "optional"


class Package:
    """One (name, version) at one place. `version` None: named there without a version.

    `name` is a purl without version; `direct` None where the format cannot tell; `groups` empty or with
    "production" for what production installs; `conditional` when a marker, platform or extra decides
    whether it is installed.
    """

    __slots__ = ("conditional", "direct", "groups", "name", "origin", "source", "version")

    def __init__(
        self,
        name: str,
        version: str | None,
        source: str,
        *,
        direct: bool | None = None,
        groups: Iterable[str] = (),
        origin: str = "registry",
        conditional: bool = False,
    ) -> None:
        self.name = name
        self.version = version
        self.source = source
        self.direct = direct
        self.groups = frozenset(groups)
        self.origin = origin
        self.conditional = conditional

    @property
    def production(self) -> bool:
        """Whether production installs it."""
        return not self.groups or PRODUCTION in self.groups

    @property
    def ships(self) -> bool:
        """Whether an environment other than a developer's may have it."""
        return self.production or OPTIONAL in self.groups


class Lock:
    """What one lock file says: packages in its order, warnings, and whether it was read whole.

    `local` holds the purls of the project itself and of its workspace, which are no packages.
    """

    __slots__ = ("local", "packages", "path", "warnings", "whole")

    def __init__(self, path: str) -> None:
        self.path = path
        self.packages: list[Package] = []
        self.warnings: list[str] = []
        self.local: set[str] = set()
        self.whole = True

    def source(self, line: int, path: str | None = None) -> str:
        """Return `path:line`, the path alone where the line is not known."""
        path = self.path if path is None else path
        return f"{path}:{line}" if line else path

    def add(self, package: Package) -> None:
        """Take one package, up to the limit of a lock."""
        if len(self.packages) < limits.PACKAGES_PER_LOCK:
            self.packages.append(package)
        elif self.whole:
            self.incomplete(f"more than {limits.PACKAGES_PER_LOCK} packages, the rest is left out")

    def warn(self, text: str) -> None:
        """Note for people what is odd; says nothing against what was read."""
        self.warnings.append(f"{self.path}: {text}")

    def incomplete(self, text: str) -> None:
        """Note that the file could not be read whole: a package missing here may be there all the same."""
        self.whole = False
        self.warn(text)

    def odd_lines(self, numbers: list[int]) -> None:
        """Note that lines were skipped because they are written in a way that is not known."""
        if numbers:
            more = f" and {len(numbers) - 1} more" if len(numbers) > 1 else ""
            self.incomplete(f"line {numbers[0]}{more} cannot be read")

    def facts(self) -> list[dict[str, Any]]:
        """Return the packages as facts of the section `dependencies`."""
        return facts_of(self.packages)


def facts_of(packages: Iterable[Package]) -> list[dict[str, Any]]:
    """Return one fact a name, sorted by name: production wins over development, direct over transitive."""
    by_name: dict[str, list[Package]] = {}
    for package in packages:
        by_name.setdefault(package.name, []).append(package)
    return [fact_of(name, by_name[name]) for name in sorted(by_name)]


def fact_of(name: str, places: list[Package]) -> dict[str, Any]:
    """Return the fact of all places where one package stands."""
    fact: dict[str, Any] = {"name": name}
    versions = sorted({place.version for place in places if place.version is not None})
    if versions:
        fact["value"] = versions[0] if len(versions) == 1 else versions
    else:
        fact["unknown"] = "unpinned"
    fact.update(members_of(places))
    fact["sources"] = list(dict.fromkeys(place.source for place in places))[: limits.SOURCES]
    return fact


def members_of(places: list[Package]) -> dict[str, Any]:
    """Return `scope`, `groups` and `origin` of a package, each left out where it says nothing."""
    members: dict[str, Any] = {}
    told = [place.direct for place in places if place.direct is not None]
    if told:
        members["scope"] = "direct" if any(told) else "transitive"
    if not any(place.production for place in places):
        members["groups"] = sorted(set().union(*(place.groups for place in places)))
    origins = sorted({place.origin for place in places} - {"registry"})
    if origins:
        members["origin"] = origins[0]
    return members


def reach(starts: Iterable[Node], edges: Callable[[Node], Iterable[Node]]) -> set[Node]:
    """Return the nodes that can be reached, the starts among them. Iterative: a hostile file costs no stack."""
    seen = set(starts)
    waiting = list(seen)
    while waiting:
        for node in edges(waiting.pop()):
            if node not in seen:
                seen.add(node)
                waiting.append(node)
    return seen


# PEP 440 as `packaging` reads it: https://packaging.python.org/en/latest/specifications/version-specifiers/
_PEP440 = (
    r"v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[-_.]?(?P<pre>alpha|beta|preview|pre|rc|a|b|c)[-_.]?(?P<pre_n>\d*))?"
    r"(?:-(?P<bare>\d+)|[-_.]?(?P<post>post|rev|r)[-_.]?(?P<post_n>\d*))?"
    r"(?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_n>\d*))?"
    r"(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?"
)
_PRE = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


def pep440(version: str) -> str:
    """Return the normal form of a Python version; what is none comes back as written, without blanks around it."""
    import re

    version = version.strip()
    match = re.fullmatch(_PEP440, version.lower(), re.ASCII) if len(version) <= limits.VERSION_CHARS else None
    if match is None:
        return version
    part = match.groupdict()
    pieces = [_plain(part["epoch"]) + "!" if part["epoch"] and part["epoch"].strip("0") else ""]
    pieces.append(".".join(_plain(number) for number in part["release"].split(".")))
    if part["pre"]:
        pieces.append(_PRE.get(part["pre"], part["pre"]) + _plain(part["pre_n"]))
    if part["post"] or part["bare"]:
        pieces.append(".post" + _plain(part["bare"] or part["post_n"]))
    if part["dev"]:
        pieces.append(".dev" + _plain(part["dev_n"]))
    if part["local"]:
        pieces.append("+" + ".".join(_plain(bit) for bit in re.split(r"[-_.]", part["local"])))
    return "".join(pieces)


def _plain(number: str) -> str:
    """Return a number without leading zeros, "0" for none; letters stay."""
    return (number.lstrip("0") or "0") if number.isdigit() or not number else number


ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz")


def archived(url: str) -> tuple[str, str | None]:
    """Return name and version in the file name of a wheel or a source archive (PEP 427, PEP 625)."""
    file_name = url.partition("?")[0].rpartition("/")[2]
    suffix = next((end for end in ARCHIVES if file_name.endswith(end)), "")
    if not suffix:
        return "", None
    stem = file_name[: -len(suffix)]
    if suffix == ".whl":
        parts = stem.split("-")
        return parts[0], pep440(parts[1].replace("_", "-")) if len(parts) > 1 else None
    name, _dash, version = stem.rpartition("-")
    return name, pep440(version) if name else None


def header_lines(text: str, name: str) -> list[int]:
    """Return the number of each line that is `[[name]]`, the first line being 1."""
    import re

    lines, at, number = [], 0, 1
    for match in re.finditer(rf"^\[\[{re.escape(name)}\]\][ \t]*(?:#.*)?\r?$", text, re.MULTILINE):
        number += text.count("\n", at, match.start())
        at = match.start()
        lines.append(number)
    return lines


def table(value: Any) -> dict[str, Any]:
    """Return value where it is a table, else an empty one: a lock may hold anything anywhere."""
    return value if isinstance(value, dict) else {}


def tables(value: Any) -> list[dict[str, Any]]:
    """Return the tables of an array, without what is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """Return value where it is a string, else an empty one."""
    return value if isinstance(value, str) else ""
