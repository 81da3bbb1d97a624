"""Addresses of snapshots, the same in CLI, API and URLs.

`production` (latest), `production#42`, `production~2` (two back), `production@{2026-11-20T12:00Z}` and
`production@{2.weeks.ago}`.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
_ADDRESS: Final = re.compile(r"(?P<slug>[a-z0-9][a-z0-9-]{0,62})(?P<rest>.*)", re.ASCII | re.DOTALL)
_NUMBER: Final = re.compile(r"#([1-9][0-9]{0,8})", re.ASCII)
_BACK: Final = re.compile(r"~([0-9]{1,9})", re.ASCII)
_MOMENT: Final = re.compile(r"@\{([^{}]{1,40})\}")
_AGO: Final = re.compile(r"([0-9]{1,5})[. ](second|minute|hour|day|week|month|year)s?[. ]ago", re.ASCII)
_UNITS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_DAYS: Final = {"month": 30, "year": 365}
_FORMS: Final = (
    "such as production, production#42, production~2, production@{2026-11-20T12:00Z} or production@{2.weeks.ago}"
)


class AddressError(ValueError):
    """The text is no address; the message says what one looks like and never holds the text."""


@dataclass(frozen=True, slots=True)
class Address:
    """Of `number`, `back`, `at` and `ago` at most one stands; none of them means the latest. `at` has a zone."""

    environment: str
    number: int | None = None
    back: int | None = None
    at: dt.datetime | None = None
    ago: dt.timedelta | None = None

    def moment(self, now: dt.datetime) -> dt.datetime | None:
        """The instant asked for, None where the address counts snapshots."""
        if self.ago is None:
            return self.at
        try:
            return now - self.ago
        except OverflowError:
            return dt.datetime.min.replace(tzinfo=dt.UTC)


def is_slug(text: str) -> bool:
    """Whether the text can name a project or an environment."""
    return _SLUG.fullmatch(text) is not None


def parse_address(text: str) -> Address:
    """Raises AddressError."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise AddressError(f"This is no address of a snapshot, {_FORMS}")
    slug, rest = found["slug"], found["rest"]
    if not rest:
        return Address(slug)
    if (number := _NUMBER.fullmatch(rest)) is not None:
        return Address(slug, number=int(number[1]))
    if (back := _BACK.fullmatch(rest)) is not None:
        return Address(slug, back=int(back[1]))
    if (moment := _MOMENT.fullmatch(rest)) is not None:
        return _dated(slug, moment[1])
    raise AddressError(f"What follows the environment is not understood, {_FORMS}")


def _dated(slug: str, text: str) -> Address:
    if (ago := _AGO.fullmatch(text)) is not None:
        count, unit = int(ago[1]), ago[2]
        seconds = count * _UNITS[unit] if unit in _UNITS else count * _DAYS[unit] * 86400
        return Address(slug, ago=dt.timedelta(seconds=seconds))
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise AddressError(f"The moment is no date, time or age, {_FORMS}") from None
    return Address(slug, at=at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at)
