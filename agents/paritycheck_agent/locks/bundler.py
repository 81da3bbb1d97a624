"""Gemfile.lock, or gems.locked, of Bundler: https://bundler.io/man/bundle-lock.1.html.

`GEM`, `GIT`, `PATH` and `PLUGIN SOURCE` list the gems of one source each, one line for each platform; `DEPENDENCIES`
names those that are asked for. Their groups stand in the Gemfile beside it, a program: they count where plainly
written.
"""

from __future__ import annotations

from paritycheck_agent.documents import decoded, text_beside
from paritycheck_agent.packages import DEVELOPMENT, OPTIONAL, PRODUCTION, Lock, Package, reach
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

FILENAMES = ("Gemfile.lock", "gems.locked")
ECOSYSTEM = "gem"

_ORIGINS = {"GEM": "registry", "GIT": "vcs", "PATH": "local", "PLUGIN SOURCE": "registry"}
_OTHERS = frozenset({"PLATFORMS", "RUBY VERSION", "BUNDLED WITH", "CHECKSUMS"})
_ASKED = "DEPENDENCIES"
_SPEC, _BROUGHT, _MEMBER = 4, 6, 2
_DEVELOPMENT = frozenset({"development", "test"})
# Lines of a Gemfile as they are nearly always written: `gem "name", ...` and `group :a, :b do`.
_GEM = r"gem[\s(]\s*[\"']([A-Za-z0-9._-]{1,200})[\"'](.*)"
_WITH_GROUP = r"(?:\bgroups?:|:groups?\s{0,9}=>)\s{0,9}((?:%[iIwW])?\[[^\]]{0,200}\]|[:\"']\w{1,100})"
_WORDS = r"%[iIwW]\[([^\]]{0,200})\]"
_WORD = r":(\w{1,100})|[\"'](\w{1,100})[\"']"
_OPENING = frozenset({"begin", "case", "def", "for", "if", "unless", "until", "while"})
_LINE_CHARS = 500


def read(data: bytes, path: str, sibling: Callable[[str], bytes | None]) -> Lock:
    """Return what a lock of Bundler says. A line that is none of it is a warning, and the lock is not whole."""
    lock = Lock(path)
    written = decoded(data, lock)
    if written is None:
        return lock
    gems = _Gems(lock)
    for number, line in enumerate(written.split("\n"), 1):
        if line.strip() and not gems.take(number, line.rstrip()) and lock.whole:
            lock.incomplete(f"line {number} is not understood")
    gemfile = text_beside(sibling, "gems.rb" if path.endswith(".locked") else "Gemfile")
    gems.tell(_groups(gemfile) if gemfile is not None else {})
    return lock


class _Gems:
    """The gems of a lock, by the line that they stand on."""

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        self.section = ""
        self.found: list[tuple[int, str, str, str]] = []  # line, name, version, section
        self.brought: dict[str, set[str]] = {}
        self.asked: set[str] | None = None

    def take(self, number: int, line: str) -> bool:
        """Take one line; return whether it is understood."""
        depth = len(line) - len(line.lstrip(" "))
        if not depth:
            return self._begin(line)
        if self.section in _ORIGINS:
            return self._of_source(number, line.strip(), depth)
        if self.section == _ASKED:
            name = _name_of(line.strip().rstrip("!"))[0]
            if depth != _MEMBER or not name or self.asked is None:
                return False
            self.asked.add(name)
            return True
        return self.section in _OTHERS

    def _begin(self, line: str) -> bool:
        self.section = line
        if line == _ASKED:
            self.asked = self.asked or set()
        return line in _ORIGINS or line in _OTHERS or line == _ASKED

    def _of_source(self, number: int, line: str, depth: int) -> bool:
        if depth == _MEMBER:
            return ":" in line
        name, inside = _name_of(line)
        if not name or depth not in {_SPEC, _BROUGHT}:
            return False
        if depth == _BROUGHT and self.found:
            self.brought.setdefault(self.found[-1][1], set()).add(name)
            return True
        version = inside.partition("-")[0]  # behind the hyphen is the platform
        if depth != _SPEC or not version or " " in inside:
            return False
        self.found.append((number, name, version, self.section))
        return True

    def tell(self, groups: dict[str, set[str]]) -> None:
        if self.asked is None:
            self.lock.incomplete(f"has no section {_ASKED}: it is cut off")
        asked = self.asked or set()
        starts: dict[str, set[str]] = {}
        for name in asked:
            for group in groups.get(name, {PRODUCTION}):
                starts.setdefault(group, set()).add(name)
        reached = {group: reach(names, lambda name: self.brought.get(name, ())) for group, names in starts.items()}
        for number, name, version, section in self.found:
            if _ORIGINS[section] == "local":
                self.lock.local.add(purl(ECOSYSTEM, name))
                continue
            self.lock.add(
                Package(
                    purl(ECOSYSTEM, name),
                    version,
                    self.lock.source(number),
                    direct=None if self.asked is None else name in asked,
                    groups={group for group, names in reached.items() if name in names},
                    origin=_ORIGINS[section],
                )
            )


def _name_of(line: str) -> tuple[str, str]:
    """Return name and what stands in brackets behind it, of `name (1.2.3)`; no name where the line is none of it."""
    name, space, rest = line.partition(" ")
    if space and not (rest.startswith("(") and rest.endswith(")")):
        return "", ""
    return ("", "") if set(name) & set("()<>=!,:") else (name, rest[1:-1])


def _groups(gemfile: str) -> dict[str, set[str]]:
    """Return the groups of the gems that a Gemfile names plainly."""
    import re

    found: dict[str, set[str]] = {}
    blocks: list[set[str]] = []
    for row in gemfile.split("\n"):
        line = row[:_LINE_CHARS].partition(" #")[0].strip()
        words = line.split()
        gem = re.fullmatch(_GEM, line)
        if gem:
            own = re.search(_WITH_GROUP, gem[2])
            inside: set[str] = set().union(*blocks) | (_kinds(own[1]) if own else set())
            found.setdefault(gem[1], set()).update(inside or {PRODUCTION})
        elif line == "end":
            del blocks[-1:]
        elif line.startswith(("group ", "group(")) and words[-1] == "do":
            blocks.append(_kinds(line))
        elif words and (words[0] in _OPENING or words[-1] == "do" or (line.endswith("|") and " do " in line)):
            blocks.append(set())
    return found


def _kinds(names: str) -> set[str]:
    """Return what the groups of a Gemfile are for us: Bundler installs each group that is not optional."""
    import re

    if "optional" in names and "true" in names:
        return {OPTIONAL}
    words = {symbol or quoted for symbol, quoted in re.findall(_WORD, names)}
    words.update(word for listed in re.findall(_WORDS, names) for word in listed.split())
    return {DEVELOPMENT if word in _DEVELOPMENT else PRODUCTION for word in words} or {PRODUCTION}
