"""The demo's drifts and gaps as lines of text."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

HEADINGS = ("PAIR", "SEVERITY", "WHAT", "", "HERE", "BASELINE", "SINCE")
GAP = "   "
DISTANCES = ("equal", "patch", "minor", "major", "kind")
SEVERITIES = ("error", "warning", "note")
COLOURS = {"error": "31", "warning": "33", "note": "36"}
LONGEST_CELL = 40
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


def drift_lines(drifts: Iterable[dict[str, Any]], *, now: datetime, most: int, colour: bool) -> list[str]:
    """One line for each drift, worst first, under headings; at most `most`, and then how many more there are."""
    ordered = sorted(drifts, key=_rank)
    rows = [HEADINGS, *(_row(drift, now) for drift in ordered[:most])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [_aligned(row, widths, colour=colour and number > 0) for number, row in enumerate(rows)]
    rest = ordered[most:]
    if rest:
        lines.append(f"and {len(rest)} more, {_counted(rest)}")
    return lines


def pair_line(pair: dict[str, Any], width: int) -> str:
    """What waits for the baseline, and how far apart the two are in one number beside its coverage."""
    return f"time   {pair['pair'].ljust(width)}   {_waiting(pair['gaps']['time'])}   {_parity(pair)}"


def _rank(drift: dict[str, Any]) -> tuple[Any, ...]:
    distance = drift["distance"] if drift["distance"] is not None else -1
    return (SEVERITIES.index(drift["severity"]), -distance, drift["section"], drift["name"], drift["pair"])


def _row(drift: dict[str, Any], now: datetime) -> tuple[str, ...]:
    what = f"{drift['section']}/{drift['name']}"
    sides = (_side(drift["left"], drift["rule"]), _side(drift["right"], drift["rule"]))
    cells = (drift["pair"], drift["severity"], what, _rule(drift), *sides, _since(drift["opened_at"], now))
    return tuple(_plain(cell) for cell in cells)


def _rule(drift: dict[str, Any]) -> str:
    distance = drift["distance"]
    if drift["rule"] == "version" and isinstance(distance, int) and 0 < distance < len(DISTANCES):
        return f"version ({DISTANCES[distance]})"
    return str(drift["rule"])


def _side(side: dict[str, Any], rule: str) -> str:
    """The value; with its kind where kinds differ; the state where there is no value to show."""
    value = side.get("value")
    shown = ", ".join(value) if isinstance(value, list) else str(value or "")
    if rule == "kind":
        return f"{side.get('kind') or ''} {shown}".strip() or str(side["state"])
    return shown or str(side["state"])


def _since(opened: str, now: datetime) -> str:
    age = (now - datetime.fromisoformat(opened)).total_seconds()
    if age < MINUTE_S:
        return "just now"
    for unit, seconds in (("d", DAY_S), ("h", HOUR_S)):
        if age >= seconds:
            return f"{age // seconds:.0f} {unit}"
    return f"{age // MINUTE_S:.0f} min"


def _waiting(gap: dict[str, Any]) -> str:
    waiting, oldest = gap.get("waiting"), gap.get("value")
    if waiting is None:
        return f"unknown: {gap.get('reason') or 'not measured'}"
    if not waiting:
        return "nothing waits"
    many = "1 commit waits" if waiting == 1 else f"{waiting} commits wait"
    return many if oldest is None else f"{many}, the oldest {_age(oldest)}"


def _age(seconds: float) -> str:
    days, hours = int(seconds // DAY_S), int(seconds // HOUR_S)
    if days:
        return f"{days} day{'' if days == 1 else 's'}"
    return f"{hours} hour{'' if hours == 1 else 's'}" if hours else "under an hour"


def _parity(pair: dict[str, Any]) -> str:
    parity = "unknown" if pair["parity"] is None else f"{pair['parity']:.0%}".replace("%", " %")
    return f"parity {parity}  coverage {pair['coverage']:.0%}".removesuffix("%") + " %"


def _counted(drifts: Sequence[dict[str, Any]]) -> str:
    counts = [(severity, sum(drift["severity"] == severity for drift in drifts)) for severity in SEVERITIES]
    return ", ".join(f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in counts if count)


def _plain(text: str) -> str:
    """Nothing that a terminal would obey, and no cell that pushes the rest off the screen."""
    shown = "".join(mark if mark.isprintable() else "�" for mark in text)
    return shown if len(shown) <= LONGEST_CELL else f"{shown[: LONGEST_CELL - 1]}…"


def _aligned(row: tuple[str, ...], widths: Sequence[int], *, colour: bool) -> str:
    cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
    if colour and row[1] in COLOURS:
        cells[1] = f"\033[{COLOURS[row[1]]}m{cells[1]}\033[0m"
    return GAP.join(cells).rstrip()
