"""`--format text`: a verdict for a person at a terminal or in a CI log."""

from __future__ import annotations

from paritycheck_agent.verdict import counts, headline, rows, said, text, without_base

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from paritycheck_agent.verdict import Places

_COLOURS = {"pass": "32", "fail": "31", "unknown": "33", "error": "31", "warning": "33", "note": "36"}
_ROWS_SHOWN = 200


def render(answer: Mapping[str, Any], *, colour: bool = False, places: Places | None = None) -> str:
    """Return the verdict as lines: what was judged, what the change introduces, fixes and leaves, what is unknown."""
    del places
    verdict = str(answer.get("verdict"))
    lines = [f"{_paint(verdict.upper(), verdict, colour)}  {headline(answer)}", *without_base(answer)]
    if answer.get("reason"):
        lines.append(f"reason: {text(answer['reason'])}")
    lines.append("   ".join(counts(answer)))
    for title in ("introduced", "fixed", "remaining", "waived"):
        lines += _drifts(title, answer.get(title), colour=colour)
    lines += _unknown(answer.get("unknown"))
    lines += [f"warning: {text(warning)}" for warning in rows(answer.get("warnings"))]
    if answer.get("url"):
        lines.append(text(answer["url"]))
    return "\n".join(lines) + "\n"


def _drifts(title: str, drifts: Any, *, colour: bool) -> list[str]:
    found = [_row(drift) for drift in rows(drifts) if isinstance(drift, dict)]
    if not found:
        return []
    shown = found[:_ROWS_SHOWN]
    widths = [max(len(row[column]) for row in shown) for column in range(4)]
    lines = ["", title]
    for row in shown:
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        cells[0] = _paint(cells[0], row[0], colour)
        lines.append("  " + "  ".join([*cells, row[4]]).rstrip())
    if len(found) > len(shown):
        lines.append(f"  and {len(found) - len(shown)} more")
    return lines


def _row(drift: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    name = f"{text(drift.get('section', ''))}/{text(drift.get('name', ''))}"
    left, right = _side(drift.get("left")), _side(drift.get("right"))
    return text(drift.get("severity", "")), name, text(drift.get("rule", "")), left, f"against {right}"


def _side(side: Any) -> str:
    """Return one side of a drift: kind, value, and where it was read."""
    sources = rows(side.get("sources")) if isinstance(side, dict) else []
    return f"{said(side)} ({text(sources[0])})" if sources else said(side)


def _unknown(facts: Any) -> list[str]:
    found = [fact for fact in rows(facts) if isinstance(fact, dict)]
    if not found:
        return []
    lines = ["", "unknown"]
    for fact in found[:_ROWS_SHOWN]:
        name = f"{text(fact.get('section', ''))}/{text(fact.get('name', ''))}"
        lines.append(f"  ? {name}  {text(fact.get('reason', ''))}".rstrip())
    if len(found) > _ROWS_SHOWN:
        lines.append(f"  and {len(found) - _ROWS_SHOWN} more")
    return lines


def _paint(cell: str, word: str, colour: bool) -> str:  # noqa: FBT001 - passed on by name above
    return f"\033[{_COLOURS[word]}m{cell}\033[0m" if colour and word in _COLOURS else cell
