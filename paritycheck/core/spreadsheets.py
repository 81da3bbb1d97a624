"""CSV that a spreadsheet opens without running any of it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

# What spreadsheets take for the beginning of a formula, or cut before they look for one (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: object) -> str:
    """One value as quoted text: empty for None, joined by `; ` where several hold, with `'` before a formula."""
    text = _text(value)
    # A space before the sign is cut by some, and U+FF1D and its like are read as the sign itself by others.
    begins = text.lstrip(" \u00a0\ufeff")[:1].translate(_WIDE)
    safe = f"'{text}" if begins in FORMULA and begins else text
    return '"' + safe.replace("\0", "").replace('"', '""') + '"'


_WIDE = str.maketrans({"\uff1d": "=", "\uff0b": "+", "\uff0d": "-", "\uff20": "@", "\u2212": "-"})


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, (list, tuple)):
        return "; ".join(_text(each) for each in value)
    return str(value)


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of a file, its head first, as RFC 4180 ends them."""
    yield ",".join(map(cell, head)) + "\r\n"
    for row in rows:
        yield ",".join(map(cell, row)) + "\r\n"
