"""Commands as a POSIX shell reads them: the simple commands of a text, each as its words. Nothing is expanded.

An expansion (`$NAME`, `${...}`, `$(...)`, backquotes) becomes one character OPAQUE, whatever stands in it: its text may
hold a value. What follows a pipe is left out, as are redirections. A text with a here-document, or one that ends
inside a quote, is not read at all.
"""

from __future__ import annotations

OPAQUE = "\0"
TEXT_CHARS = 64 * 1024
_BLANKS = " \t\r"
_ENDS = ";&\n|()"
_NAME_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_CLOSERS = {"(": ")", "{": "}", "`": "`", "'": "'", '"': '"'}
_ESCAPED = ("$", "`", '"', "\\", "\n")
_NESTED = ")}`"


def commands(text: str) -> list[list[str]]:
    """Return each simple command in order; nothing where the text cannot be read."""
    if len(text) > TEXT_CHARS:
        return []
    reader = _Reader(text)
    at = 0
    while 0 <= at < len(text):
        at = reader.step(at)
    return reader.close() if at >= 0 else []


class _Reader:
    """Reads position by position. `open_`: the closers awaited, the innermost last; `hidden`: those of expansions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.open_: list[str] = []
        self.hidden = 0
        self.word: list[str] = []
        self.started = self.redirected = self.piped = False
        self.words: list[str] = []
        self.found: list[list[str]] = []

    def step(self, at: int) -> int:
        """Read what stands at a position; return where to go on, -1 to give up."""
        char = self.text[at]
        inner = self.open_[-1] if self.open_ else ""
        if inner == "'":
            return self._quoted(at, char)
        if char == "\\":
            return self._escaped(at, inner)
        if char == inner:
            self._pop()
            return at + 1
        if char in "$`":
            return self._expansion(at, char)
        return self._inside(at, char, inner) if inner else self._outside(at, char)

    def _push(self, char: str) -> None:
        self.open_.append(_CLOSERS[char])
        self.hidden += _CLOSERS[char] in _NESTED

    def _pop(self) -> None:
        self.hidden -= self.open_.pop() in _NESTED

    def _quoted(self, at: int, char: str) -> int:
        if char == "'":
            self._pop()
        else:
            self._take(char)
        return at + 1

    def _escaped(self, at: int, inner: str) -> int:
        follow = self.text[at + 1 : at + 2]
        if inner == '"' and follow not in _ESCAPED:
            self._take("\\")
        if follow != "\n":
            self._take(follow)
        return at + 2 if follow else -1

    def _expansion(self, at: int, char: str) -> int:
        self._take(OPAQUE)
        follow = self.text[at + 1 : at + 2] if char == "$" else char
        if char == "`" or follow in ("(", "{"):
            self._push(follow)
            return at + (1 if char == "`" else 2)
        at += 1
        while self.text[at : at + 1] in _NAME_CHARS:
            at += 1
        return at

    def _inside(self, at: int, char: str, inner: str) -> int:
        if inner != '"' and (char in "'\"" or (char == "(" and inner == ")")):
            self._push(char)
        else:
            self._take(char)
        return at + 1

    def _outside(self, at: int, char: str) -> int:
        if char in "'\"":
            self._push(char)
            self.started = True
        elif char in _BLANKS:
            self._end_word()
        elif char in "<>" or (char == "&" and self.text[at + 1 : at + 2] == ">"):
            return self._redirection(at)
        elif char in _ENDS:
            return self._end_command(at, char)
        elif char == "#" and not self.started:
            end = self.text.find("\n", at)
            return len(self.text) if end < 0 else end
        else:
            self._take(char)
        return at + 1

    def _redirection(self, at: int) -> int:
        """Leave out `2>&1`, `> file` and the like; give up at a here-document, whose lines are no commands."""
        if self.text.startswith("<<", at) and not self.text.startswith("<<<", at):
            return -1
        if "".join(self.word).isdigit():
            self.word, self.started = [], False
        self._end_word()
        while self.text[at : at + 1] in ("<", ">", "&"):
            at += 1
        if self.text[at : at + 1] == "(":
            self._take(OPAQUE)
            self._push("(")
            at += 1
        self.redirected = True
        return at

    def _take(self, char: str) -> None:
        """Keep a character of the word; inside an expansion none is kept."""
        self.started = True
        if not self.hidden:
            self.word.append(char)

    def _end_word(self) -> None:
        if self.started:
            if not self.redirected:
                self.words.append("".join(self.word))
            self.redirected = False
        self.word, self.started = [], False

    def _end_command(self, at: int, char: str) -> int:
        self._end_word()
        if self.words and not self.piped:
            self.found.append(self.words)
        double = self.text[at + 1 : at + 2] == char
        self.words, self.redirected, self.piped = [], False, char == "|" and not double
        return at + (2 if double and char in "&|" else 1)

    def close(self) -> list[list[str]]:
        if self.open_:
            return []
        self._end_command(len(self.text), ";")
        return self.found
