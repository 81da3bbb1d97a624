"""Pinned requirements files as pip reads them: what `pip freeze`, pip-compile and `uv pip compile` write.

A requirement that is not pinned is no lock: it is unknown(unpinned), and the file says nothing of what else is
installed. `-r` is followed inside the checkout; `-c` pins what is asked for and adds nothing.
"""

from __future__ import annotations

import codecs
import posixpath

from paritycheck_agent.packages import ARCHIVES, DEVELOPMENT, Lock, Package, archived, pep440
from paritycheck_agent.wire.purl import normalized, purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Sibling = Callable[[str], "bytes | None"]

FILENAMES = (
    "requirements.txt", "requirements.lock", "requirements/production.txt", "requirements/prod.txt",
    "requirements/base.txt", "requirements-dev.txt", "requirements-dev.lock", "requirements-test.txt",
    "requirements_dev.txt", "requirements/dev.txt", "requirements/development.txt", "requirements/test.txt",
    "dev-requirements.txt", "test-requirements.txt",
)  # fmt: skip
ECOSYSTEM = "pypi"

_FILES = 50
_LINE_CHARS = 64 * 1024
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_NAME = r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\[\]]*\])?\s*"
_AFTER_NAME = ("==", ">", "<", "!=", "~=", "(", "@")
_PIN = r"(===|==)\s*([^\s,;()<>=!~][^\s,;()]*)"
_OPTION = r"(-r|--requirement|-c|--constraint|-e|--editable)(?:\s+|=)\s*(\S.*)|(-[rce])(\S.*)"
_FOLLOWED = {"-r": "-r", "--requirement": "-r", "-c": "-c", "--constraint": "-c", "-e": "-e", "--editable": "-e"}
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*://|git\+|file:"
_REVISION = r"@([0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?)(?:#|$)"
_DEVELOPING = frozenset({"dev", "development", "test", "tests", "testing", "lint", "docs", "ci", "local"})


def read(data: bytes, path: str, sibling: Sibling) -> Lock:
    """Return what a requirements file says. Not whole: one that leaves any version open, or names a file not read."""
    lock = Lock(path)
    reader = _Reader(lock, sibling)
    reader.file(data, path, [])
    reader.finish()
    return lock


class _Asked:
    """One requirement, as written. `pin` None: left open."""

    __slots__ = ("marked", "name", "origin", "pin", "source", "via")

    def __init__(self, name: str, pin: str | None, source: str) -> None:
        self.name = name
        self.pin = pin
        self.source = source
        self.origin = "registry"
        self.marked = False
        self.via: list[str] = []


class _Reader:
    """Reads a file and those it includes: what is asked for, and the pins of constraints."""

    def __init__(self, lock: Lock, sibling: Sibling) -> None:
        self.lock = lock
        self.sibling = sibling
        self.folder = posixpath.dirname(lock.path)
        self.asked: list[_Asked] = []
        self.constraints: dict[str, str] = {}
        self.seen: set[tuple[str, bool]] = set()

    def file(self, data: bytes, path: str, above: list[str], *, constraint: bool = False) -> None:
        """Read one file; `above` are the files that include it."""
        if (path, constraint) in self.seen:
            return
        self.seen.add((path, constraint))
        written = _decoded(data)
        if written is None:
            self.lock.incomplete(_where(path, self.lock.path) + "is no text")
            return
        for line, text, comments in _logical_lines(written):
            kind, target = _option(text)
            if kind in {"-r", "-c"}:
                self._follow(kind, target, path, above, constraint=constraint)
            elif target and (kind != "-e" or "://" in target):
                self._requirement(target, comments, self.lock.source(line, path), constraint=constraint)

    def _follow(self, kind: str, target: str, path: str, above: list[str], *, constraint: bool) -> None:
        """Read a file that another names, where it lies in the checkout."""
        inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        constraint = constraint or kind == "-c"
        data = None
        if "://" not in target and len(self.seen) < _FILES and inside not in above:
            if (inside, constraint) in self.seen:
                return
            data = self.sibling(posixpath.relpath(inside, self.folder or "."))
        if data is not None:
            self.file(data, inside, [*above, path], constraint=constraint)
            return
        self.seen.add((inside, constraint))
        if inside not in above and not constraint and kind == "-r":
            self.lock.incomplete("a file it includes is not in the checkout, or no file")

    def _requirement(self, text: str, comments: list[str], source: str, *, constraint: bool) -> None:
        asked = _read_requirement(text, source)
        if asked is None:
            if not constraint and not _is_local(text):
                self.lock.incomplete(f"line {source.rpartition(':')[2]} is no requirement")
            return
        if asked.origin == "local":
            self.lock.local.add(purl(ECOSYSTEM, asked.name))
        elif constraint:
            if asked.pin is not None:
                self.constraints.setdefault(normalized(asked.name), asked.pin)
        else:
            asked.via = _via(comments)
            self.asked.append(asked)

    def finish(self) -> None:
        """Hand the packages to the lock: constraints pin what is open, what stays open is unknown(unpinned)."""
        names = {normalized(asked.name) for asked in self.asked}
        groups = {DEVELOPMENT} if _is_development(self.lock.path) else set()
        told = any(asked.via for asked in self.asked)
        for asked in self.asked:
            asked.pin = asked.pin or self.constraints.get(normalized(asked.name))
        unpinned = sum(asked.pin is None for asked in self.asked)
        for asked in self.asked:
            package = Package(
                purl(ECOSYSTEM, asked.name),
                asked.pin,
                asked.source,
                direct=_is_direct(asked, names) if told else True if unpinned else None,
                groups=groups,
                origin=asked.origin,
                conditional=asked.marked or bool(groups),
            )
            self.lock.add(package)
        if unpinned:
            self.lock.incomplete(f"{unpinned} of {len(self.asked)} requirements are not pinned: no lock")


def _is_direct(asked: _Asked, names: set[str]) -> bool:
    """Whether a file or the project itself asked: a name that is no package of the file is the project's."""
    return not asked.via or any(normalized(name) not in names for name in asked.via)


def _decoded(data: bytes) -> str | None:
    """Return the text of a file, with any mark that a Windows shell puts before it; None for bytes that are none."""
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "utf-8")
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return None if "\0" in text else text


def _logical_lines(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Yield (number of the first line, text, comments on it and below it); a backslash joins the next line."""
    lines: list[tuple[int, str, list[str]]] = []
    start = 0
    parts: list[str] = []
    for number, raw in enumerate(text.split("\n"), 1):
        body, comment = _split_comment(raw[:_LINE_CHARS].rstrip("\r"))
        if comment is not None and not body and lines and not parts:
            lines[-1][2].append(comment)
            continue
        start = start or number
        joined = comment is None and body.endswith("\\")
        parts.append(body[:-1] if joined else body)
        if not joined:
            whole = "".join(parts).strip()
            if whole:
                lines.append((start, whole, [comment] if comment else []))
            start, parts = 0, []
    if "".join(parts).strip():
        lines.append((start, "".join(parts).strip(), []))
    yield from lines


def _split_comment(line: str) -> tuple[str, str | None]:
    """Return a line without its comment, and the comment: a `#` inside a URL begins none."""
    if line.lstrip().startswith("#"):
        return "", line.lstrip()[1:].strip()
    for mark in (" #", "\t#"):
        body, found, comment = line.partition(mark)
        if found:
            return body.rstrip(), comment.strip()
    return line.rstrip(), None


def _option(text: str) -> tuple[str, str]:
    """Return `-r`, `-c` or `-e` and what it names; else "" and the line, which is empty for other options."""
    import re

    match = re.match(_OPTION, text) if text.startswith("-") else None
    if match is None:
        return "", "" if text.startswith("-") else text
    return _FOLLOWED[match.group(1) or match.group(3)], (match.group(2) or match.group(4)).strip(" \t\"'")


def _read_requirement(text: str, source: str) -> _Asked | None:
    """Return a requirement; its origin is "local" for a folder. None for what is none."""
    import re

    requirement, _blank, marker = _without_options(text).partition(";" if "://" not in text else " ;")
    match = None if requirement.rstrip().endswith(ARCHIVES) and "@" not in requirement else re.match(_NAME, requirement)
    rest = requirement[match.end() :] if match else ""
    if match is None or (rest and not rest.startswith(_AFTER_NAME)):
        return _read_url(requirement, "", source)
    if rest.startswith("@"):
        asked = _read_url(rest[1:].strip(), match.group(1), source)
    else:
        pinned = _pin(rest)
        asked = _Asked(match.group(1), pinned, source)
    if asked is not None:
        asked.marked = bool(marker.strip())
    return asked


def _without_options(text: str) -> str:
    """Return a requirement without its own options, as `--hash=...`."""
    return text.partition(" --")[0].strip()


def _pin(specifier: str) -> str | None:
    """Return the version that a specifier pins: `==23.*` pins none, `==1.0,>=0.9` pins 1.0."""
    import re

    for operator, version in re.findall(_PIN, specifier):
        if operator == "===":
            return str(version)
        if not version.endswith(".*"):
            return pep440(version)
    return None


def _read_url(url: str, name: str, source: str) -> _Asked | None:
    """Return a requirement by URL or path: a revision or an archive's file name pins it."""
    import re

    bare, _hash, fragment = url.strip().partition("#")
    named = (
        name
        or next((item.partition("=")[2] for item in fragment.split("&") if item.startswith("egg=")), "").partition("[")[
            0
        ]
    )
    is_url = re.match(_SCHEME, url) is not None
    archive, version = archived(bare)
    if not is_url and not archive:
        return None
    asked = _Asked(named or archive, version, source)
    if (is_url and "git+" in url) or url.startswith(("hg+", "svn+", "bzr+")):
        revision = re.search(_REVISION, bare)
        asked.pin, asked.origin = revision.group(1).lower() if revision else None, "vcs"
    elif url.startswith("file:") or not is_url:
        asked.origin = "path" if archive else "local"
    else:
        asked.origin = "url"
    return asked if asked.name else None


def _is_local(text: str) -> bool:
    """Whether a line names a folder: the project itself, or one that lies beside it."""
    path = _without_options(text).partition("[")[0]
    return path.startswith(("./", "../", "/", "~", "${")) or path in {".", ".."} or "/" in path or "\\" in path


def _via(comments: list[str]) -> list[str]:
    """Return who asked, as pip-compile and uv note it: `# via a`, or `# via` with a line each."""
    if not comments or comments[0].split(None, 1)[:1] != ["via"]:
        return []
    return [name for name in (comments[0][len("via") :].strip(), *comments[1:]) if name and not name.startswith("-c")]


def _is_development(path: str) -> bool:
    import re

    stem = posixpath.basename(path).rpartition(".")[0]
    return not _DEVELOPING.isdisjoint(re.split(r"[-_.]", stem.lower()))


def _where(path: str, lock_path: str) -> str:
    return "" if path == lock_path else f"{path} "
