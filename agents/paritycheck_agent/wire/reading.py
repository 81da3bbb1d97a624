"""Strict reading of JSON: what the wire takes is read one way only."""

from __future__ import annotations

import json

from paritycheck_agent.wire import limits
from paritycheck_agent.wire.errors import Invalid
from paritycheck_agent.wire.strings import depth, refuse_unstorable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def read_json(data: bytes) -> Any:
    """Return the JSON value that data is; raise Invalid for anything that could be read in two ways."""
    if not data:
        raise Invalid("empty-body", "the body is empty")
    value = _loads(decode(data))
    if data.count(b"{") + data.count(b"[") > limits.DEPTH and depth(value) > limits.DEPTH:
        raise Invalid("too-deep", f"nested deeper than {limits.DEPTH} levels")
    # Raw control characters and surrogates cannot come through; only an escape can write them.
    if b"\\u" in data:
        refuse_unstorable(value)
    return value


def decode(data: bytes) -> str:
    """Return data as strict UTF-8 text."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid("bad-utf8", f"not UTF-8 at byte {error.start}") from None


def _loads(text: str) -> Any:
    try:
        return _STRICT.decode(text)
    except RecursionError:
        raise Invalid("too-deep", f"nested deeper than {limits.DEPTH} levels") from None
    except json.JSONDecodeError as error:
        offset = len(text[: error.pos].encode("utf-8", "surrogatepass"))
        raise Invalid("bad-json", f"not JSON at byte {offset}") from None


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Invalid("duplicate-key", "an object has a key twice")
    return result


def reject_constant(_text: str) -> Any:
    """Refuse NaN and Infinity, which are not JSON."""
    raise Invalid("bad-number", "NaN and Infinity are not numbers of JSON", status=400)


def read_integer(text: str) -> int:
    """Return an integer that fits PostgreSQL's bigint."""
    if len(text) > limits.INTEGER_CHARS:
        raise Invalid("bad-number", f"an integer has more than {limits.INTEGER_CHARS} digits", status=400)
    number = int(text)
    if abs(number) > limits.INTEGER_MAX:
        raise Invalid("bad-number", "an integer is beyond 63 bits")
    return number


def read_float(text: str) -> float:
    """Return a finite float."""
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise Invalid("bad-number", "a number is beyond the range of a double", status=400)
    return number


_STRICT = json.JSONDecoder(
    object_pairs_hook=_reject_duplicates,
    parse_constant=reject_constant,
    parse_int=read_integer,
    parse_float=read_float,
)
