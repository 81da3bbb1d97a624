"""mix.lock of Mix, with packages of Hex and of git: https://hexdocs.pm/mix/Mix.Tasks.Deps.html.

The file is one term of Elixir: a map from each application to `{:hex, :name, "version", ..., [dependencies],
"repository", ...}` or `{:git, "url", "revision", [options]}`. Who is asked for stands in mix.exs, a program: it counts
where the list of its function `deps` is plainly written.
"""

from __future__ import annotations

from paritycheck_agent.documents import decoded, text_beside
from paritycheck_agent.packages import DEVELOPMENT, PRODUCTION, Lock, Package, reach
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

FILENAMES = ("mix.lock",)
ECOSYSTEM = "hex"

# A string, an atom or key, a word or number, brackets, a comma, `=>`; blanks and comments in between.
_PIECES = (
    r'(?P<blank>\s+|#[^\n]*)|(?P<string>"(?:[^"\\]|\\.)*")(?P<colon>:(?=\s))?'
    r'|:(?P<atom>[A-Za-z_][A-Za-z0-9_@]*[?!]?|"(?:[^"\\]|\\.)*")|(?P<key>[A-Za-z_][A-Za-z0-9_]*):(?=\s)'
    r"|(?P<word>true|false|nil|\d+)\b|(?P<open>%?\{|\[)|(?P<close>[}\]])|(?P<comma>,)|(?P<arrow>=>)"
)
_DEPTH = 12
_NAME, _VERSION, _BRINGS, _REPOSITORY = 1, 2, 5, 6
_REVISION = 2
_PUBLIC = "hexpm"
# One dependency in mix.exs: `{:name, ...}` up to its closing brace, without a brace inside.
_WANTED = r"\{\s{0,99}:([a-z_][A-Za-z0-9_]{0,99})\s{0,99},([^{}]{0,1000})"
_ONLY = r"\bonly:\s{0,99}(\[[^\]]{0,200}\]|:\w{1,99})"
_FOLDER = r"\bpath:\s{0,99}\"([^\"\n]{1,200})\""
_BARE = r"\bapp:\s{0,99}false\b"
_MEMBERS = 100
_FUNCTION = r"^([ \t]{0,99})defp?[ \t]{1,9}deps\b[^\n]{0,200}\bdo[ \t]*$"


def read(data: bytes, path: str, sibling: Callable[[str], bytes | None]) -> Lock:
    """Return what a mix.lock says. One that is no term of Elixir gives a lock of the packages before the mistake."""
    lock = Lock(path)
    written = decoded(data, lock)
    if written is None:
        return lock
    entries: list[tuple[int, str, list[Any]]] = []
    try:
        entries.extend(_entries(written))
    except _MixError as error:
        lock.incomplete(f"is not understood, line {error.line}: read up to there")
    _fill(lock, entries, _asked(sibling))
    return lock


class _MixError(ValueError):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _tokens(written: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, kind and text of each token. A string's escapes stay as they are: none stands in what is told."""
    import re

    at, line = 0, 1
    token = re.compile(_PIECES)
    while at < len(written):
        match = token.match(written, at)
        if match is None:
            raise _MixError(line)
        kind = "key" if match["colon"] else match.lastgroup or ""
        found = match[0]
        at = match.end()
        if kind == "atom":
            yield line, kind, match["atom"].strip('"')
        elif kind != "blank":
            yield line, kind, found.rstrip(":").strip('"') if kind in {"string", "key"} else found
        line += found.count("\n")


def _entries(written: str) -> Iterator[tuple[int, str, list[Any]]]:
    """Yield line, application and tuple of each entry of the map."""
    term, line = _Map(), 1
    for line, kind, found in _tokens(written):
        if term.ended or bool(term.open) == (found == "%{" and kind == "open"):
            raise _MixError(line)
        if not term.take(line, kind, found):
            raise _MixError(line)
        if term.done is not None:
            yield term.line, term.key, term.done
            term.key, term.done = "", None
    if not term.ended:
        raise _MixError(line)


class _Map:
    """The map as far as it was read. Its own stack: nesting costs none of Python's."""

    def __init__(self) -> None:
        self.open: list[tuple[str, list[Any]]] = []  # the bracket that closes each, and what is inside
        self.ended = False
        self.line = 0
        self.key = ""
        self.done: list[Any] | None = None

    def take(self, line: int, kind: str, found: str) -> bool:
        """Take one token; return whether it may stand there."""
        if kind == "open":
            self.open.append(("]" if found == "[" else "}", []))
            return len(self.open) <= _DEPTH
        if kind == "close":
            return self._close(found)
        if kind in {"comma", "arrow"}:
            return True
        if len(self.open) > 1:
            self.open[-1][1].append((kind, found))
            return True
        if kind not in {"key", "string"} or self.key:
            return False
        self.key, self.line = found, line
        return True

    def _close(self, found: str) -> bool:
        bracket, inside = self.open.pop()
        if len(self.open) > 1:
            self.open[-1][1].append(inside)
        elif self.open:
            self.done = inside
        self.ended = not self.open
        return bracket == found and bool(self.key or len(self.open) != 1) and not (self.ended and self.key)


def _fill(lock: Lock, entries: list[tuple[int, str, list[Any]]], asked: _Asked | None) -> None:
    groups = _groups(entries, asked) if asked is not None else {}
    for line, app, entry in entries:
        name, namespace, version, origin = _meaning(app, entry)
        if not name or not version:
            lock.incomplete("a package has no name or no version")
            continue
        lock.add(
            Package(
                purl(ECOSYSTEM, name, namespace),
                version,
                lock.source(line),
                direct=None if asked is None else app in asked.groups,
                groups=groups.get(app, ()),
                origin=origin,
            )
        )


def _groups(entries: list[tuple[int, str, list[Any]]], asked: _Asked) -> dict[str, set[str]]:
    """Return the groups of each application that mix.exs asks for or that is brought by one that it asks for."""
    brings = {app: _brought(entry) for _line, app, entry in entries}
    brings.update(asked.brings)
    found: dict[str, set[str]] = {}
    for group in (PRODUCTION, DEVELOPMENT):
        starts = [name for name, groups in asked.groups.items() if group in groups]
        for name in reach(starts, lambda name: brings.get(name, ())):
            found.setdefault(name, set()).add(group)
    # What an application from git brings stands nowhere, nor what one in a folder does whose mix.exs is not plain: it
    # may be what seems to be for development only.
    closed = asked.bare.union(asked.brings, (app for _line, app, entry in entries if _text(entry, 0) == "hex"))
    sure = all(name in closed for name, groups in found.items() if PRODUCTION in groups)
    return {name: groups for name, groups in found.items() if sure or name in asked.groups}


def _meaning(app: str, entry: list[Any]) -> tuple[str, str | None, str, str]:
    """Return name, organisation, version and origin of an entry; of git the revision is the version."""
    kind = _text(entry, 0)
    if kind == "git":
        return app, None, _text(entry, _REVISION), "vcs"
    if kind != "hex":
        return "", None, "", ""
    repository = _text(entry, _REPOSITORY) or _PUBLIC
    organisation = repository.partition(":")[2] if repository.startswith(f"{_PUBLIC}:") else None
    return _text(entry, _NAME), organisation, _text(entry, _VERSION), "registry"


def _text(entry: list[Any], at: int) -> str:
    value = entry[at] if at < len(entry) else None
    return value[1] if isinstance(value, tuple) and value[0] in {"atom", "string"} else ""


def _brought(entry: list[Any]) -> set[str]:
    """Return the applications that a package of Hex brings, without those that others have to ask for."""
    listed = entry[_BRINGS] if len(entry) > _BRINGS and isinstance(entry[_BRINGS], list) else []
    return {_text(each, 0) for each in listed if isinstance(each, list) and not _optional(each)}


def _optional(dependency: list[Any]) -> bool:
    options = dependency[-1] if dependency and isinstance(dependency[-1], list) else []
    pairs = zip(options, options[1:])
    return any(name == ("key", "optional") and value == ("word", "true") for name, value in pairs)


class _Asked:
    """What mix.exs asks for: its groups, what is asked for by an application in a folder, and what brings nothing."""

    def __init__(self) -> None:
        self.groups: dict[str, set[str]] = {}
        self.brings: dict[str, set[str]] = {}
        self.bare: set[str] = set()


def _asked(sibling: Callable[[str], bytes | None]) -> _Asked | None:
    """Return what the mix.exs beside a lock asks for; None where that is not plain, or those of an umbrella do."""
    import re

    script = text_beside(sibling, "mix.exs") or ""
    wanted = _wanted(script)
    if not wanted or "apps_path:" in script:
        return None
    asked = _Asked()
    for name, options in wanted:
        only, folder = re.search(_ONLY, options), re.search(_FOLDER, options)
        ships = only is None or ":prod" in only[1]
        asked.groups.setdefault(name, set()).add(PRODUCTION if ships else DEVELOPMENT)
        asked.bare.update({name} if re.search(_BARE, options) else ())
        if folder and len(asked.brings) < _MEMBERS:
            inner = _wanted(text_beside(sibling, f"{folder[1]}/mix.exs") or "")
            if inner is not None:
                asked.brings[name] = {each for each, said in inner if re.search(_ONLY, said) is None}
    return asked


def _wanted(script: str) -> list[tuple[str, str]] | None:
    """Return name and options of what the function `deps` of a mix.exs lists; None where that is not plain."""
    import re

    function = re.search(_FUNCTION, script, re.MULTILINE)
    if function is None:
        return [] if script and "deps" not in script else None
    body, end, _rest = script[function.end() :].partition(f"\n{function[1]}end")
    plain = "\n".join(row.partition("#")[0] for row in body.split("\n"))
    found: list[tuple[str, str]] = re.findall(_WANTED, plain)
    return found if end else None
