"""Pipfile.lock of Pipenv, pipfile-spec 6: packages by category, `default`, `develop` and the project's own ones."""

from __future__ import annotations

from paritycheck_agent import toml
from paritycheck_agent.documents import Lines, json_of
from paritycheck_agent.packages import DEVELOPMENT, OPTIONAL, PRODUCTION, Lock, Package, archived, pep440, table, text
from paritycheck_agent.wire.purl import normalized, purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Table = dict[str, Any]

FILENAMES = ("Pipfile.lock",)
ECOSYSTEM = "pypi"

_KNOWN_SPEC = 6
_META = "_meta"
_GROUPS = {"default": PRODUCTION, "develop": DEVELOPMENT}
_IN_PIPFILE = {"packages": "default", "dev-packages": "develop"}
_VCS = ("git", "hg", "svn", "bzr")
# What Pipenv writes of a package's own `Requires-Python`: it was locked for a Python that has it.
_OWN_PYTHON = r"python(?:_full)?_version (?:>=|>|!=) '[\d.*]+'"
# Of a package that markers keep from its Python, Pipenv 2026 writes the range that it did not resolve: `==>=0.2.1`.
_PIN = r"\s*===?\s*([^\s,;*<>=!~][^\s,;*]*)\s*"


def read(data: bytes, path: str, sibling: Callable[[str], bytes | None]) -> Lock:
    """Return what a Pipfile.lock says. One that is no JSON gives a lock without packages, not whole."""
    lock = Lock(path)
    told = json_of(data, lock)
    if told is None:
        return lock
    written, document = told
    if _META not in document:
        lock.incomplete("is no lock of Pipenv")
        return lock
    spec = table(document[_META]).get("pipfile-spec")
    if spec != _KNOWN_SPEC:
        said = spec if isinstance(spec, int) and 0 < spec < _KNOWN_SPEC**9 else "unknown"
        lock.incomplete(f"pipfile-spec {said} is not known (known: {_KNOWN_SPEC}), read as far as possible")
    _fill(lock, document, _direct(sibling, lock), Lines(written, _META))
    return lock


def _direct(sibling: Callable[[str], bytes | None], lock: Lock) -> set[tuple[str, str]] | None:
    """Return category and name of all that the Pipfile beside a lock asks for, None where nothing tells."""
    data = sibling("Pipfile")
    if data is None:
        return None
    try:
        document = toml.load(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, toml.TomlError):
        lock.warn("the Pipfile beside it is no TOML: which packages are direct is not known")
        return None
    return {
        (_IN_PIPFILE.get(category, category), normalized(name))
        for category, asked in document.items()
        for name in table(asked)
    }


def _fill(lock: Lock, document: Table, direct: set[tuple[str, str]] | None, lines: Lines) -> None:
    for category, packages in document.items():
        if category == _META:
            continue
        if not isinstance(packages, dict):
            lock.incomplete("a category is no table")
            continue
        lines.opening(category)
        for written, value in packages.items():
            line, name, entry = lines.opening(written), normalized(written), table(value)
            version, origin = _meaning(entry)
            if origin == "local":
                lock.local.update({purl(ECOSYSTEM, name)} if name else ())
            elif not name or (version is None and origin == "registry" and not text(entry.get("version"))):
                lock.incomplete("a package has no name or no version")
            else:
                lock.add(
                    Package(
                        purl(ECOSYSTEM, name),
                        version,
                        lock.source(line),
                        direct=None if direct is None else (category, name) in direct,
                        groups={_GROUPS.get(category, OPTIONAL)},
                        origin=origin,
                        conditional=category != "default" or _conditional(text(entry.get("markers"))),
                    )
                )


def _meaning(entry: Table) -> tuple[str | None, str]:
    """Return version and origin of an entry. The version is None for `*`, and for an archive that does not name it."""
    import re

    if any(kind in entry for kind in _VCS):
        return text(entry.get("ref")) or None, "vcs"
    for kind in ("path", "file"):
        place = text(entry.get(kind))
        if place:
            is_archive, version = archived(place.partition("#")[0])
            if kind == "file" and not place.startswith("file:") and "://" in place:
                return version, "url"
            return (version, "path") if is_archive else (None, "local")
    pinned = re.fullmatch(_PIN, text(entry.get("version")))
    return pep440(pinned.group(1)) if pinned else None, "registry"


def _conditional(markers: str) -> bool:
    import re

    return any(re.fullmatch(_OWN_PYTHON, part.strip()) is None for part in markers.split(" and ")) if markers else False
