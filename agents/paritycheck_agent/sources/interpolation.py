"""Variables in texts of files, and what they become. In compose files: `$NAME`, `${NAME}`, `${NAME:-default}` and the
other forms of the compose spec.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
OPERATOR = re.compile(r":?[-+?]")
DEPTH = 8
# Linux gives no program a longer variable. A few lines, each of which says the one before it twice, fill any memory.
CHARS = 128 * 1024


def replaced(pattern: re.Pattern[str], text: str, value: Callable[[re.Match[str]], str]) -> str | None:
    """The text with each match replaced by its value; None where that is more than `CHARS` longer than the text."""
    room = CHARS

    def taken(match: re.Match[str]) -> str:
        nonlocal room
        found = value(match)
        room -= len(found)
        if room < 0:
            raise OverflowError
        return found

    try:
        return pattern.sub(taken, text)
    except OverflowError:
        return None


def interpolated(text: str, known: Mapping[str, str]) -> str | None:
    """The text with its variables replaced; None where the file would be refused: a required variable is missing
    (`${NAME:?message}`), a form is none of the spec's, or the variables are longer than `CHARS` together.
    """
    if "$" not in text:
        return text
    try:
        value, _ = _until("", text, 0, known, 0)
    except ValueError:
        return None
    return value


def _until(end: str, text: str, at: int, known: Mapping[str, str], depth: int) -> tuple[str, int]:
    """The text up to `end` (or up to its own end), replaced, and where to go on."""
    parts, room = [], CHARS
    while at < len(text) and text[at] != end:
        if text[at] != "$":
            stop = at
            while stop < len(text) and text[stop] != "$" and text[stop] != end:
                stop += 1
            parts.append(text[at:stop])
            at = stop
        else:
            value, at = _variable(text, at + 1, known, depth)
            parts.append(value)
            room -= len(value)
            if room < 0:
                raise ValueError
    if end and at >= len(text):
        raise ValueError
    return "".join(parts), at + len(end)


def _variable(text: str, at: int, known: Mapping[str, str], depth: int) -> tuple[str, int]:
    if text.startswith("$", at):
        return "$", at + 1
    braced = text.startswith("{", at)
    match = NAME.match(text, at + braced)
    if match is None or depth > DEPTH:
        raise ValueError
    if not braced:
        return known.get(match[0], ""), match.end()
    operator = OPERATOR.match(text, match.end())
    start = operator.end() if operator else match.end()
    if not operator and not text.startswith("}", start):
        raise ValueError
    word, at = _until("}", text, start, known, depth + 1)
    return _chosen(known.get(match[0]), operator[0] if operator else "", word), at


def _chosen(value: str | None, operator: str, word: str) -> str:
    there = value is not None and (value != "" or not operator.startswith(":"))
    if operator.endswith("+"):
        return word if there else ""
    if there or not operator:
        return value or ""
    if operator.endswith("?"):
        raise ValueError
    return word
