"""Times of the wire: RFC 3339 with a zone, from 2000 to 2200."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

_TIME = r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d{2}):(\d{2}))"
_FIRST_YEAR, _LAST_YEAR = 2000, 2200


def read_time(text: str) -> datetime:
    """Return an aware UTC time; raise ValueError for anything else. Nanoseconds are cut to microseconds."""
    import re
    from datetime import datetime, timedelta, timezone

    match = re.fullmatch(_TIME, text, re.ASCII)
    if match is None:
        raise ValueError("not an RFC 3339 time with a zone")
    date, clock, fraction, _zulu, sign, hours, minutes = match.groups()
    micros = (fraction or "0")[:6].ljust(6, "0")
    time = datetime.fromisoformat(f"{date}T{clock}.{micros}").replace(tzinfo=timezone.utc)
    if sign:
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        time += -offset if sign == "+" else offset
    if not _FIRST_YEAR <= time.year < _LAST_YEAR:
        raise ValueError("not between 2000 and 2200")
    return time


def is_time(value: object) -> bool:
    """Return whether value is such a time."""
    if not isinstance(value, str):
        return False
    try:
        read_time(value)
    except (ValueError, OverflowError):
        return False
    return True
