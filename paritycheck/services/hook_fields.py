"""Members of a hook's payload, of which nothing is believed: what is of another type is as if it were not there."""

import re
from datetime import UTC, datetime
from typing import Any

from paritycheck.codec.times import instant

URL_CHARS = 2048
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_URL = re.compile(r"https?://[^\s@]{1,2040}", re.ASCII | re.IGNORECASE)
_RAILS = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) (UTC|[+-]\d{4})", re.ASCII)


def at(value: Any, *keys: str) -> Any:
    """The member that is reached through objects alone, else None."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text(value: Any, *keys: str, most: int = 256) -> str:
    """A string or a whole number as text, cut at `most`; else nothing."""
    found = at(value, *keys)
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    return found.strip()[:most] if isinstance(found, str) else ""


def sha(found: str) -> str:
    """A full commit id, else nothing."""
    return found.lower() if _SHA.fullmatch(found.lower()) else ""


def url(*candidates: str) -> str:
    """The first address of http or https that holds no login, else nothing."""
    return next((one for one in candidates if len(one) <= URL_CHARS and _URL.fullmatch(one)), "")


def moment(said: str, *, otherwise: datetime) -> datetime:
    """An RFC 3339 time, or one as Rails writes it (`2021-04-28 21:50:00 +0200`)."""
    rails = _RAILS.fullmatch(said)
    if rails is not None:
        date, clock, zone = rails.groups()
        said = f"{date}T{clock}{'Z' if zone == 'UTC' else f'{zone[:3]}:{zone[3:]}'}"
    try:
        return instant(said).astimezone(UTC)
    except (ValueError, OverflowError):
        return otherwise
