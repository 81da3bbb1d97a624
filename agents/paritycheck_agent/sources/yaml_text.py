"""The characters of a YAML document: a cursor that knows its line, and the scalars it can take."""

from __future__ import annotations

import re
from bisect import bisect_right

from paritycheck_agent.sources.yaml_nodes import Scalar, YamlError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

# Line breaks that YAML 1.1 knows and 1.2 does not, and characters that neither prints.
STRANGE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
GAP = re.compile(r" *(?:[ \t]*#[^\n]*|[ \t]+(?=\n|\Z))?")
MARKER = re.compile(r"(?:---|\.\.\.)(?=\s|\Z)", re.ASCII)
KEY_COLON = re.compile(r"[ \t]*:(?=\s|\Z)", re.ASCII)
PLAIN = re.compile(r"(?:[^\s:#]+|:(?=\S)|(?<=\S)#|[ ]+(?=[^\s:#]|:(?=\S)))+", re.ASCII)
FLOW_PLAIN = re.compile(
    r"(?:[^\s:#,\[\]{}]+|:(?=[^\s,\[\]{}])|(?<=\S)#|[ ]+(?=[^\s:#,\[\]{}]|:(?=[^\s,\[\]{}])))+", re.ASCII
)
PLAIN_START = re.compile(r"[^\s,\[\]{}#&*!|>'\"%@`?:-]|[?:-](?=[^\s])", re.ASCII)
FLOW_PLAIN_START = re.compile(r"[^\s,\[\]{}#&*!|>'\"%@`?:-]|[?:-](?=[^\s,\[\]{}])", re.ASCII)
FOLD = re.compile(r"(?<![ \t])[ \t]*\n((?:[ \t]*\n)*)[ \t]*")
SINGLE = re.compile(r"'([^']*(?:''[^']*)*)'")
DOUBLE = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|\n[ \t]*|(.))", re.DOTALL)
QUOTED_MARKER = re.compile(r"^(?:---|\.\.\.)(?=\s|\Z)", re.MULTILINE | re.ASCII)
HEADER = re.compile(r"[|>](?:([1-9])([+-])?|([+-])([1-9])?)?(?:[ \t]+#[^\n]*|[ \t]*)(?=\n|\Z)")
NAMED = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r",
    "e": "\x1b", " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028",
    "P": "\u2029",
}  # fmt: skip
LAST_CHARACTER = 0x10FFFF
SURROGATES = range(0xD800, 0xE000)
KEY_LENGTH = 1024


class Text:
    """A cursor over one text, lines ended by a line feed."""

    def __init__(self, text: str) -> None:
        self.text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        self.at = 0
        self.unended = False  # the last line of a block text has no line feed
        self.starts = [0] + [match.end() for match in re.finditer("\n", self.text)]
        strange = STRANGE.search(self.text)
        if strange:
            self.at = strange.start()
            self.refuse("a character that YAML does not print")

    @property
    def line(self) -> int:
        return bisect_right(self.starts, self.at)

    @property
    def column(self) -> int:
        return self.at - self.starts[self.line - 1]

    @property
    def ended(self) -> bool:
        """At the end of the text or at a marker that ends the document."""
        return self.at >= len(self.text) or (self.column == 0 and MARKER.match(self.text, self.at) is not None)

    @property
    def fresh(self) -> bool:
        """Nothing but blanks stands before this on its line."""
        return not self.text[self.starts[self.line - 1] : self.at].strip(" ")

    def broken(self, detail: str) -> NoReturn:
        raise YamlError("parse-failed", self.line, detail)

    def refuse(self, detail: str) -> NoReturn:
        raise YamlError("unsupported-format", self.line, detail)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def after(self) -> str:
        return self.text[self.at + 1 : self.at + 2]

    def indicator(self, sign: str) -> bool:
        """`sign` stands here and a blank or the end of the text behind it."""
        return self.peek() == sign and self.after() in ("", " ", "\n", "\t")

    def gap(self) -> None:
        """Take blanks, comments and line ends."""
        while True:
            if self.peek() == "#" and self.at and self.text[self.at - 1] not in " \t\n":
                self.broken("a comment needs a blank before it")
            match = GAP.match(self.text, self.at)
            self.at = match.end() if match else self.at
            if self.peek() != "\n":
                break
            self.at += 1
        if self.peek() == "\t":
            self.refuse("a tab where blanks are expected")

    def colon_follows(self, *, flow: bool = False, tight: bool = False) -> bool:
        match = KEY_COLON.match(self.text, self.at)
        if match is None and flow and self.peek() == ":":
            return tight or self.after() in ",[]{}"
        return match is not None

    def take_colon(self) -> None:
        self.at = self.text.index(":", self.at) + 1

    # Scalars

    def quoted(self) -> Scalar:
        line = self.line
        single = self.peek() == "'"
        match = (SINGLE if single else DOUBLE).match(self.text, self.at)
        if match is None:
            self.broken("a quote is not closed")
        if QUOTED_MARKER.search(match[0]):
            self.broken("a document ends inside quotes")
        text = _folded(match[1]).replace("''", "'") if single else self._unescaped(match[1])
        self.at = match.end()
        return Scalar(text, line, plain=False)

    def _unescaped(self, written: str) -> str:
        if "\\" not in written:
            return _folded(written)
        parts = []
        at = 0
        for match in ESCAPE.finditer(written):
            parts += [(False, written[at : match.start()]), (True, self._escape(match))]
            at = match.end()
        parts.append((False, written[at:]))
        return _folded_parts(parts)

    def _escape(self, match: re.Match[str]) -> str:
        digits = match[1] or match[2] or match[3]
        if digits:
            code = int(digits, 16)
            if code > LAST_CHARACTER or code in SURROGATES:
                self.broken("an escape names no character")
            return chr(code)
        if match[4] is None:
            return ""
        if match[4] not in NAMED:
            self.broken("an escape that YAML does not know")
        return NAMED[match[4]]

    def key_text(self) -> Scalar | None:
        """A plain text on this line that a colon follows; None, and nothing taken, where it is no key."""
        match = PLAIN.match(self.text, self.at)
        if match is None or not PLAIN_START.match(self.text, self.at) or len(match[0]) > KEY_LENGTH:
            return None
        if not KEY_COLON.match(self.text, match.end()):
            return None
        key = Scalar(match[0], self.line, plain=True)
        self.at = match.end()
        return key

    def plain(self, parent: int, *, flow: bool) -> Scalar:
        """A plain text that may go on over lines indented deeper than `parent`."""
        line = self.line
        if not (FLOW_PLAIN_START if flow else PLAIN_START).match(self.text, self.at):
            self.broken("a character that cannot start a value")
        parts = [self._plain_run(flow=flow)]
        while True:
            fold = FOLD.match(self.text, self.at)
            if fold is None or not self._goes_on(fold.end(), parent, flow=flow):
                break
            self.at = fold.end()
            parts += [fold[1].count("\n") * "\n" or " ", self._plain_run(flow=flow)]
        return Scalar("".join(parts), line, plain=True)

    def _plain_run(self, *, flow: bool) -> str:
        match = (FLOW_PLAIN if flow else PLAIN).match(self.text, self.at)
        if match is None:
            self.broken("a character that cannot stand in a value")
        self.at = match.end()
        return match[0]

    def _goes_on(self, start: int, parent: int, *, flow: bool) -> bool:
        column = start - self.starts[bisect_right(self.starts, start) - 1]
        if start >= len(self.text) or (column == 0 and MARKER.match(self.text, start)):
            return False
        if "\t" in self.text[start - column : start]:
            return False
        pattern = FLOW_PLAIN if flow else PLAIN
        return (flow or column > parent) and self.text[start] != "#" and pattern.match(self.text, start) is not None

    def block_scalar(self, parent: int) -> Scalar:
        """A literal (`|`) or folded (`>`) text whose lines are indented deeper than `parent`."""
        line, folded = self.line, self.peek() == ">"
        header = HEADER.match(self.text, self.at)
        if header is None:
            self.broken("a block text has a header that YAML does not know")
        self.at = min(header.end() + 1, len(self.text))
        digit, chomp = header[1] or header[4], header[2] or header[3]
        least = max(parent + 1, 1)
        lines = self._block_lines(least + int(digit) - 1 if digit else None, least)
        text = _block_text(lines, folded=folded, chomp=chomp)
        return Scalar(text.removesuffix("\n") if self.unended else text, line, plain=False)

    def _block_lines(self, indent: int | None, least: int) -> list[str]:
        lines: list[str] = []
        widest = 0
        while self.at < len(self.text):
            end = self.text.find("\n", self.at)
            raw = self.text[self.at : end if end >= 0 else len(self.text)]
            depth = len(raw) - len(raw.lstrip(" "))
            if depth == len(raw) and (indent is None or depth <= indent):
                widest = max(widest, depth)
                if end >= 0:
                    lines.append("")
            else:
                indent = depth if indent is None else indent
                if depth < max(indent, least):
                    break
                if widest > indent:
                    self.broken("blank lines before a block text are indented deeper than it")
                lines.append(raw[indent:])
                widest, self.unended = 0, end < 0
            self.at += len(raw) + 1
        self.at = min(self.at, len(self.text))
        return lines


def _folded(written: str) -> str:
    """Line ends inside quotes: one becomes a blank, n + 1 become n line feeds."""
    return FOLD.sub(lambda match: match[1].count("\n") * "\n" or " ", written) if "\n" in written else written


def _folded_parts(parts: list[tuple[bool, str]]) -> str:
    """Fold what is written and keep what an escape gave: an escaped blank is no indentation."""
    kept = [text for escaped, text in parts if escaped]
    holes = _folded("".join("\x00" if escaped else text for escaped, text in parts)).split("\x00")
    return holes[0] + "".join(given + text for given, text in zip(kept, holes[1:]))


def _block_text(lines: list[str], *, folded: bool, chomp: str | None) -> str:
    body = list(lines)
    while body and not body[-1]:
        body.pop()
    tail = len(lines) - len(body)
    text = _fold_block(body) if folded else "\n".join(body)
    if chomp == "-" or (not body and chomp is None):
        return text
    return text + "\n" * (bool(body) + (tail if chomp == "+" else 0))


def _fold_block(body: list[str]) -> str:
    """A line end between two lines that start with text becomes a blank; any other stays."""
    parts: list[str] = []
    blank = 0
    last: str | None = None
    for line in body:
        if not line:
            blank += 1
            continue
        joins = last is not None and last[0] not in " \t" and line[0] not in " \t"
        between = "\n" * blank or " " if joins else "\n" * (blank + (last is not None))
        parts += [between, line]
        last, blank = line, 0
    return "".join(parts)
