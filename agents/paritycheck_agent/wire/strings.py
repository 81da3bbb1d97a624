"""What holds of every string on the wire, wherever it stands."""

from __future__ import annotations

from paritycheck_agent.wire import limits
from paritycheck_agent.wire.errors import Invalid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def strings(value: Any) -> Iterator[str]:
    """Yield every string of a JSON value, keys included. Iterative: hostile nesting costs no stack."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            yield from item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def depth(value: Any) -> int:
    """Return how deep lists and objects nest; a scalar has depth 0."""
    deepest, level = 0, [value]
    while level:
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        if any(isinstance(item, (dict, list)) for item in level):
            deepest += 1
        level = inner
    return deepest


def is_nfc(text: str) -> bool:
    """Return whether text is in Unicode normal form C."""
    if text.isascii():
        return True
    import unicodedata

    return unicodedata.is_normalized("NFC", text)


def to_nfc(text: str) -> str:
    """Return text in Unicode normal form C."""
    if text.isascii():
        return text
    import unicodedata

    return unicodedata.normalize("NFC", text)


def refuse_unstorable(value: Any) -> None:
    """Raise Invalid for NUL and for lone surrogates, which neither UTF-8 nor PostgreSQL can hold."""
    for text in strings(value):
        if "\0" in text:
            raise Invalid("control-character", "a string holds the character U+0000")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Invalid("bad-unicode", "a string holds half of a surrogate pair") from None


def has_float(value: Any) -> bool:
    """Return whether a float stands anywhere inside value."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, float):
            return True
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return False


def too_long(value: Any) -> bool:
    """Return whether any string inside value passes the general limit."""
    return any(len(text) > limits.STRING_CHARS for text in strings(value))
