"""Bodies of lines: each line is one JSON object, checked and named by its number when it is refused."""

from __future__ import annotations

import json

from paritycheck_agent.wire import limits
from paritycheck_agent.wire.canonical import encode
from paritycheck_agent.wire.errors import Invalid
from paritycheck_agent.wire.reading import decode, read_float, read_integer, read_json, reject_constant
from paritycheck_agent.wire.strings import is_nfc, strings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_AT_ONCE = 256
# Reads an object's last of two equal keys: comparing with the canonical form finds those lines.
_FAST = json.JSONDecoder(parse_constant=reject_constant, parse_int=read_integer, parse_float=read_float)


def split_lines(data: bytes, limit: int) -> list[bytes]:
    """Return the lines of a body; `limit` bounds its bytes."""
    if not data:
        raise Invalid("empty-body", "the body is empty")
    if len(data) > limit:
        raise Invalid("decoded-too-large", f"more than {limit} bytes", status=413)
    rows = data.split(b"\n")
    if rows.pop():
        raise _at(Invalid("not-canonical", "the last line does not end with a newline"), len(rows) + 1)
    return rows


def read_line(row: bytes, number: int) -> dict[str, Any]:
    """Return the object that a line of at most 4 KiB is; raise Invalid with its number."""
    if len(row) > limits.LINE_BYTES:
        raise _at(Invalid("too-many-items", f"a line has at most {limits.LINE_BYTES} bytes"), number)
    try:
        value = read_json(row)
    except Invalid as error:
        raise _at(error, number) from None
    if not isinstance(value, dict):
        raise _at(Invalid("invalid-section", "a line is one JSON object"), number)
    return value


def read_canonical_line(row: bytes, number: int) -> dict[str, Any]:
    """As read_line; the bytes must be the canonical ones."""
    value = _fast(row)
    if value is not None:
        return value
    value = read_line(row, number)
    if encode(value) != decode(row) or not all(is_nfc(text) for text in strings(value)):
        raise _at(Invalid("not-canonical", "the line is not in canonical form"), number)
    return value


def read_canonical_lines(rows: list[bytes], first: int) -> Iterator[dict[str, Any]]:
    """Yield what read_canonical_line returns of each; `first` is the number of the first.

    Many ordinary lines are read and compared with their canonical form at once, which takes a third less.
    """
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        values = _fast_lines(some)
        if values is None:
            for number, row in enumerate(some, first + start):
                yield read_canonical_line(row, number)
        else:
            yield from values


def _fast_lines(rows: list[bytes]) -> list[dict[str, Any]] | None:
    """Return the objects of ordinary lines, None where each has to be looked at by itself.

    Each line is one whole value, so the array of all of them has the lines as the texts of its items: it is canonical
    if they are.
    """
    data = b"\n".join(rows)
    if not data.isascii() or b"\\" in data or max(map(len, rows)) > limits.LINE_BYTES:
        return None
    if any(row.count(b"{") + row.count(b"[") > limits.DEPTH for row in rows):
        return None
    text, values, at = data.decode("ascii"), [], 0
    try:
        for row in rows:
            value, end = _FAST.raw_decode(text, at)
            if end != at + len(row) or not isinstance(value, dict):
                return None
            values.append(value)
            at = end + 1
    except (ValueError, Invalid):
        return None
    return values if encode(values) == "[" + text.replace("\n", ",") + "]" else None


def _fast(row: bytes) -> dict[str, Any] | None:
    """Return an ordinary line's object, None where only the strict reader may decide."""
    if len(row) > limits.LINE_BYTES or not row.isascii() or b"\\" in row:
        return None
    if row.count(b"{") + row.count(b"[") > limits.DEPTH:
        return None
    text = row.decode("ascii")
    try:
        value, _end = _FAST.raw_decode(text)
    except (ValueError, Invalid):
        return None
    return value if isinstance(value, dict) and encode(value) == text else None


def _at(error: Invalid, number: int) -> Invalid:
    """Return the error with the line that it stands on."""
    place = {"line": number, "pointer": "", "code": error.code, "detail": error.detail}
    return Invalid(error.code, error.detail, status=error.status, errors=[place])
