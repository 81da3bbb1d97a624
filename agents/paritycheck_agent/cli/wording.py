"""How times, shares and the sides of a drift are said in a table's cells."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_DISTANCES = ("", "patch", "minor", "major", "kind")
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400
_SHORT = 10


def short(text: Any) -> str:
    """Return the digits of an identity or commit that people use."""
    return str(text or "")[:_SHORT]


def word(value: Any) -> str:
    """Return a value, `-` where there is none."""
    return "-" if value is None or value == "" else str(value)


def name_of(row: Mapping[str, Any]) -> str:
    """Return `section/name` of a drift; a package without its `pkg:`."""
    name = str(row["name"])
    return f"{row['section']}/{name[4:].replace('%40', '@') if name.startswith('pkg:') else name}"


def rule_of(row: Mapping[str, Any]) -> str:
    """Return the rule of a drift, of versions with how far they are apart."""
    distance = row.get("distance")
    if row["rule"] == "version" and isinstance(distance, int) and 0 < distance < len(_DISTANCES):
        return f"version ({_DISTANCES[distance]})"
    return str(row["rule"])


def value_of(side: Mapping[str, Any], rule: str = "") -> str:
    """Return the value of a side; with its kind where kinds differ; the state where there is no value to show."""
    value = side.get("value")
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    if side["state"] == "unknown" and not shown:
        return f"unknown: {side.get('reason') or ''}".rstrip(": ")
    kind = str(side.get("kind") or "") if rule == "kind" or not shown else ""
    return f"{kind} {shown}".strip() or str(side.get("plain") or side["state"])


def ago(text: Any) -> str:
    """Return how long ago a time of the API was, in the largest unit that fits; `-` for none."""
    if not text:
        return "-"
    seconds = _seconds_since(text)
    return "just now" if 0 <= seconds < _MINUTE_S else span(seconds) if seconds > 0 else f"in {span(-seconds)}"


def day(text: Any) -> str:
    """Return the date of a time of the API, `-` for none."""
    return str(text)[:_SHORT] if text else "-"


def moment(text: Any) -> str:
    """Return a time of the API to the minute, in UTC as it came."""
    return str(text)[:16].replace("T", " ") if text else "-"


def span(seconds: float) -> str:
    """Return a duration in days, hours or minutes."""
    for unit, size in (("d", _DAY_S), ("h", _HOUR_S)):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds // _MINUTE_S:.0f} min"


def share(value: Any) -> str:
    """Return a fraction in percent, `-` where it is not known. It never rounds up to all."""
    return "-" if value is None else f"{int(value * 100)} %"


def _seconds_since(text: Any) -> float:
    from datetime import datetime, timezone

    # Python 3.9 knows no Z, and fractions of three or six digits alone.
    whole = str(text).partition(".")[0].replace("Z", "+00:00")
    at = datetime.fromisoformat(whole)
    at = at.replace(tzinfo=at.tzinfo or timezone.utc)
    return (datetime.now(timezone.utc) - at).total_seconds()
