"""go.mod, with go.sum beside it: https://go.dev/ref/mod#go-mod-file.

From Go 1.17 on go.mod names every module that the build needs, at the version that is selected; before, only those that
are asked for directly. go.sum names more versions than are used, so it is never the list: it shows that go.mod was
resolved as it stands.
"""

from __future__ import annotations

from paritycheck_agent.documents import decoded, text_beside
from paritycheck_agent.packages import Lock, Package
from paritycheck_agent.wire.purl import purl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILENAMES = ("go.mod",)
ECOSYSTEM = "golang"

_WHOLE_SINCE = (1, 17)
_REPLACED_VERSION, _REPLACED = 2, 1
_KNOWN = frozenset({"exclude", "godebug", "ignore", "retract", "tool", "toolchain"})


def read(data: bytes, path: str, sibling: Callable[[str], bytes | None]) -> Lock:
    """Return what a go.mod says. A line that is none of it is a warning, and the lock is not whole."""
    lock = Lock(path)
    written = decoded(data, lock)
    if written is not None:
        module = _Module(lock)
        for number, words, comment in _lines(written, lock):
            if not module.take(number, words, comment) and lock.whole:
                lock.incomplete(f"line {number} is not understood")
        module.finish(text_beside(sibling, "go.sum"))
    return lock


def _lines(written: str, lock: Lock) -> Iterator[tuple[int, list[str], str]]:
    """Yield number, words and comment of each line; one of a block begins with the block's word."""
    block = ""
    for number, row in enumerate(written.split("\n"), 1):
        line, _slashes, comment = row.partition("//")
        words = [word.strip('"`') for word in line.replace("(", " ( ").split()]
        if block and words == [")"]:
            block = ""
        elif not block and words[1:] == ["("]:
            block = words[0]
        elif words:
            yield number, [block, *words] if block else words, comment
    if block:
        lock.incomplete("ends inside of a block: it is cut off")


class _Module:
    """What the lines of a go.mod say together: a replacement may stand in front of what it replaces, or behind."""

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        self.name = ""
        self.language = (1, 16)
        self.required: list[tuple[int, str, str, bool]] = []
        self.replaced: dict[tuple[str, str], tuple[str, str]] = {}

    def take(self, number: int, words: list[str], comment: str) -> bool:
        """Take the words of one line; return whether it is understood."""
        kind, *rest = words
        if kind == "require":
            return self._require(number, rest, comment)
        if kind == "replace":
            return self._replace(rest)
        if kind == "module" and len(rest) == 1:
            self.name = rest[0]
            return True
        if kind == "go" and len(rest) == 1:
            return self._go(rest[0])
        return kind in _KNOWN and bool(rest)

    def _require(self, number: int, rest: list[str], comment: str) -> bool:
        if len(rest) != len(("name", "version")) or not rest[1].startswith("v"):
            return False
        indirect = comment.replace(";", " ").split()[:1] == ["indirect"]
        self.required.append((number, rest[0], rest[1], not indirect))
        return True

    def _replace(self, rest: list[str]) -> bool:
        """Take `name [version] => name version` or `name [version] => folder`."""
        if "=>" not in rest:
            return False
        at = rest.index("=>")
        old, new = rest[:at], rest[at + 1 :]
        if not _REPLACED <= len(old) <= _REPLACED_VERSION or not _REPLACED <= len(new) <= _REPLACED_VERSION:
            return False
        self.replaced[old[0], old[1] if len(old) > 1 else ""] = (new[0], new[1] if len(new) > 1 else "")
        return True

    def _go(self, said: str) -> bool:
        import re

        match = re.match(r"(\d{1,4})\.(\d{1,4})", said, re.ASCII)
        if match is not None:
            self.language = (int(match[1]), int(match[2]))
        return match is not None

    def finish(self, sums: str | None) -> None:
        """Tell the modules, and whether they are all, and those that were selected."""
        if not self.name:
            self.lock.incomplete("names no module: it is no go.mod, or is cut off")
        else:
            self.lock.local.add(purl(ECOSYSTEM, self.name))
        summed = {tuple(line.split(" ", 2)[:2]) for line in sums.split("\n")} if sums is not None else set()
        missing = sum(self._tell(each, summed) for each in self.required)
        if self.language < _WHOLE_SINCE and self.required:
            said = ".".join(map(str, self.language))
            self.lock.incomplete(f"of Go {said} names only what is asked for directly: what that brings is not known")
        elif sums is None and self.lock.packages:
            self.lock.incomplete("has no go.sum beside it: whether these versions are selected is not known")
        elif missing and sums is not None:
            self.lock.incomplete(
                f"modules that go.sum does not know: {missing}; go.mod was changed and not resolved since"
            )

    def _tell(self, required: tuple[int, str, str, bool], summed: set[tuple[str, ...]]) -> bool:
        """Tell one module; return whether go.sum does not know it."""
        number, name, version, direct = required
        used, selected = self.replaced.get((name, version)) or self.replaced.get((name, "")) or (name, version)
        if not selected:
            self.lock.local.add(purl(ECOSYSTEM, name))
            return False
        self.lock.add(Package(purl(ECOSYSTEM, used), selected, self.lock.source(number), direct=direct))
        return (used, f"{selected}/go.mod") not in summed and (used, selected) not in summed
