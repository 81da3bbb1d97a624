"""The YAML that lock files are written in: read line by line, twenty times as fast as by a full reader.

Block mappings and sequences, plain and quoted scalars of one line, flow collections of one line, `? key`, and several
documents. Every scalar is a string as written (`1.10` stays `1.10`); a block scalar is "", for no lock says anything
in one. What else a line may be (an anchor, a tag, a scalar that goes on, a key that stands twice) is odd: it is skipped
and told, never guessed. PyYAML is the oracle in the tests.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*\"""")
_FLOW_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|[{}\[\],]|[^'"{}\[\],]+""")
_SCALAR_HEADER = re.compile(r"[|>][-+1-9]{0,2}(?:[ \t]+#.*)?")
# What may not begin a plain scalar; `-`, `?` and `:` may where no blank follows.
_INDICATORS = frozenset("&*!|>%@`\"'{}[],#")
_BARE = frozenset("-?:")
_BRACKETS = frozenset("{}[],")
_NO_SCALAR = 1 << 30


class Odd(ValueError):  # noqa: N818 - what a line is, read as "raise Odd"
    """A line that is not known here."""


class Block(dict[str, object]):
    """A block mapping that knows the line of each of its keys, the first line of the text being 1."""

    __slots__ = ("lines",)

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


class Items(list[object]):
    """A block sequence that knows the line of each of its items."""

    __slots__ = ("lines",)

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[int] = []


def documents(text: str) -> tuple[list[Any], list[int]]:
    """Return the documents that are collections (`Block`, `Items`), and the numbers of the lines that are odd."""
    reader = _Reader()
    for number, row in enumerate(text.split("\n"), 1):
        body = row.strip(" \r")
        if body and body[0] != "#":
            indent = len(row) - len(row.lstrip(" "))
            if indent <= reader.scalar_at:
                reader.take(number, indent, body)
    return reader.roots, reader.odd


class _Reader:
    """Builds the documents. `frames` are the open collections, each with its column, the innermost last."""

    def __init__(self) -> None:
        self.roots: list[Any] = []
        self.odd: list[int] = []
        self.frames: list[tuple[int, Any]] = []
        self.waiting: tuple[int, Any, Any] | None = None  # column, collection and key of a value on a line below
        self.explicit: tuple[Block, str] | None = None
        self.scalar_at = _NO_SCALAR  # lines further right than this are text of a block scalar

    def take(self, number: int, indent: int, body: str) -> None:
        """Read one line that is neither blank, comment nor text of a block scalar."""
        self.scalar_at = _NO_SCALAR
        try:
            if not indent and body.startswith(("---", "...")):
                self._new_document(body)
            elif body == "-" or body.startswith("- "):
                self._item(number, indent, body, self._collection(indent, dash=True))
            else:
                parsed = _parsed(
                    body
                )  # before anything is closed: what is odd, as a mark of a conflict, closes nothing
                self._entry(number, indent, parsed, self._collection(indent, dash=False))
        except Odd:
            self.odd.append(number)

    def _collection(self, indent: int, *, dash: bool) -> Any:
        """Return the collection that a line of this column belongs to."""
        while self.frames and self.frames[-1][0] > indent:
            self.frames.pop()
        self._open(indent, dash=dash)
        self._close_sequence(indent, dash=dash)
        column, top = self.frames[-1] if self.frames else (-1, None)
        if column != indent or dash != isinstance(top, Items):
            raise Odd
        return top

    def _new_document(self, body: str) -> None:
        self.frames, self.waiting, self.explicit = [], None, None
        if body not in {"---", "..."} and not body.startswith("--- #"):
            raise Odd

    def _open(self, indent: int, *, dash: bool) -> None:
        """Open the collection that begins on this line, if one does."""
        waiting, self.waiting = self.waiting, None
        if waiting is not None:
            column, holder, key = waiting
            if indent > column or (dash and indent == column and isinstance(holder, Block)):
                holder[key] = self._push(indent, dash=dash)
        elif not self.frames:
            self.roots.append(self._push(indent, dash=dash))

    def _push(self, indent: int, *, dash: bool) -> Any:
        opened: Any = Items() if dash else Block()
        self.frames.append((indent, opened))
        return opened

    def _close_sequence(self, indent: int, *, dash: bool) -> None:
        """Leave a sequence that stands at the column of the key that holds it."""
        if not dash and len(self.frames) > 1 and self.frames[-2][0] == indent:
            self.frames.pop()

    def _item(self, number: int, indent: int, body: str, top: Items) -> None:
        rest = body[1:].lstrip(" ")
        top.append("")
        top.lines.append(number)
        if not rest or rest[0] == "#":
            self.waiting = (indent, top, len(top) - 1)
        elif _is_entry(rest):
            column = indent + len(body) - len(rest)
            entry = top[-1] = self._push(column, dash=False)
            self._entry(number, column, _parsed(rest), entry)
        else:
            self._value(indent, rest, top, len(top) - 1)

    def _entry(self, number: int, indent: int, parsed: tuple[str, str, str], top: Block) -> None:
        mark, key, rest = parsed
        explicit, self.explicit = self.explicit, None
        if mark == ":":
            if explicit is None or explicit[0] is not top:
                raise Odd
            key = explicit[1]
        else:
            _add(top, key, number)
            if mark == "?":
                self.explicit = (top, key)
                return
        rest = rest.strip(" ")
        if not rest or rest[0] == "#":
            self.waiting = (indent, top, key)
        else:
            self._value(indent, rest, top, key)

    def _value(self, indent: int, rest: str, holder: Any, key: Any) -> None:
        if rest[0] in "|>":
            if not _SCALAR_HEADER.fullmatch(rest):
                raise Odd
            self.scalar_at = indent
        else:
            holder[key] = _flow(rest) if rest[0] in "{[" else _scalar(rest)


def _add(block: Block, key: str, number: int) -> None:
    if key in block:
        raise Odd
    block[key] = ""
    block.lines[key] = number


def _is_entry(rest: str) -> bool:
    """Whether an item of a sequence is itself a mapping that begins on its line."""
    if rest[0] in "'\"":
        quoted = _QUOTED.match(rest)
        return quoted is not None and rest.startswith(":", quoted.end())
    return rest[0] not in "{[#" and (": " in rest.partition(" #")[0] or rest.partition(" #")[0].rstrip(" ")[-1:] == ":")


def _parsed(body: str) -> tuple[str, str, str]:
    """Return mark, key and rest of a line: `? key`, `: rest` of the key before, or `key: rest` without a mark."""
    if body.startswith("? "):
        return "?", _scalar(body[2:].strip(" ")), ""
    if body == ":" or body.startswith(": "):
        return ":", "", body[1:]
    return ("", *_pair(body))


def _pair(body: str) -> tuple[str, str]:
    """Return key and the rest of a line that is an entry of a block mapping."""
    if body[0] in "'\"":
        quoted = _QUOTED.match(body)
        if quoted is None or not body.startswith(":", quoted.end()):
            raise Odd
        rest = body[quoted.end() + 1 :]
        if rest and rest[0] != " ":
            raise Odd
        return _unquoted(quoted.group()), rest
    key, colon, rest = body.partition(": ")
    if not colon:
        if body[-1] != ":":
            raise Odd
        key = body[:-1]
    return _plain(key.rstrip(" "), key=True), rest


def _scalar(written: str) -> str:
    """Return a plain or quoted scalar without the comment behind it."""
    if written[:1] not in {"'", '"'}:
        return _plain(written)
    quoted = _QUOTED.match(written)
    behind = written[quoted.end() :] if quoted else "?"
    if quoted is None or (behind and not behind.lstrip(" \t").startswith("#")) or behind[:1] == "#":
        raise Odd
    return _unquoted(quoted.group())


def _plain(written: str, *, key: bool = False) -> str:
    text = written if key else written.replace("\t#", " #").partition(" #")[0].rstrip(" \t")
    if not text or text[0] in _INDICATORS or (text[0] in _BARE and text[1:2] in {"", " "}):
        raise Odd
    if (" #" in text if key else ": " in text or text[-1] == ":") or "\t" in text:
        raise Odd
    return text


def _unquoted(quoted: str) -> str:
    if quoted[0] == "'":
        return quoted[1:-1].replace("''", "'")
    if "\\" not in quoted:
        return quoted[1:-1]
    import json

    try:
        return str(json.loads(quoted))
    except ValueError:
        raise Odd from None


def _flow(text: str) -> Any:
    """Return a flow collection as dict or list."""
    inner = text[1:-1]
    if text[0] == "{" and text[-1] == "}" and inner.strip(" ") and not any(char in inner for char in "'\"{}[]#"):
        return _unique(_flow_pair(item) for item in inner.split(","))
    tokens = _tokens(text)
    import json

    try:
        return json.loads("".join(map(_as_json, tokens)), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise Odd from None


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    at = 0
    for token in _FLOW_TOKEN.finditer(text):
        if token.start() != at:  # behind a quote that stays open each further one would be read to the end
            raise Odd
        found.append(token.group())
        at = token.end()
    if at != len(text):
        raise Odd
    return found


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Odd
        found[key] = value
    return found


def _flow_pair(item: str) -> tuple[str, str]:
    key, colon, value = item.strip(" ").partition(": ")
    if not colon:
        raise Odd
    return _plain(key.rstrip(" "), key=True), _plain(value.strip(" "))


def _as_json(token: str) -> str:
    """Return what stands between two brackets, commas or quotes of a flow collection, as JSON has it."""
    import json

    if token in _BRACKETS:
        return token
    if token[0] in "'\"":
        return json.dumps(_unquoted(token))
    text = token.strip(" ")
    key, colon, value = text.partition(": ") if text[-1:] != ":" else (text[:-1], ":", "")
    written = [json.dumps(_plain(part.strip(" "), key=bool(colon))) if part.strip(" ") else "" for part in (key, value)]
    return written[0] + colon.strip(" ") + written[1]
