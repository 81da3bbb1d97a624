"""`--format text`: a verdict for a person at a terminal or in a CI log."""

from __future__ import annotations

from paritycheck_agent.redact import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_COLOURS = {"pass": "32", "fail": "31", "unknown": "33", "error": "31", "warning": "33", "note": "36"}
_SHA_SHOWN = 10
_ROWS_SHOWN = 200
_AGES = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def render(answer: Mapping[str, Any], *, colour: bool = False) -> str:
    """Return the verdict as lines: what was judged, what the change introduces, fixes and leaves, what is unknown."""
    verdict = str(answer.get("verdict"))
    lines = [f"{_paint(verdict.upper(), verdict, colour)}  {_headline(answer)}", *_without_base(answer)]
    if answer.get("reason"):
        lines.append(f"reason: {_text(answer['reason'])}")
    lines.append(_counts(answer))
    for title in ("introduced", "fixed", "remaining", "waived"):
        lines += _drifts(title, answer.get(title), colour=colour)
    lines += _unknown(answer.get("unknown"))
    lines += [f"warning: {_text(warning)}" for warning in _list(answer.get("warnings"))]
    if answer.get("url"):
        lines.append(_text(answer["url"]))
    return "\n".join(lines) + "\n"


def _headline(answer: Mapping[str, Any]) -> str:
    candidate, against = _table(answer, "candidate"), _table(answer, "against")
    what = [_text(answer.get("project", "")), _text(candidate.get("commit", ""))[:_SHA_SHOWN]]
    if candidate.get("branch"):
        what.append(f"({_text(candidate['branch'])}{', dirty' if candidate.get('dirty') is True else ''})")
    side = against.get("snapshot") or against.get("environment")
    if side:
        what.append(f"against {_text(side)}{_age(against.get('age_s'))}")
    return " ".join(part for part in what if part)


def _without_base(answer: Mapping[str, Any]) -> list[str]:
    """Say at the top when there is nothing to compare the change with, and what to do about it."""
    if _table(answer, "base").get("source") not in {None, "none"}:
        return []
    if "introduced" not in answer:
        return []
    return ["no base to compare with: all drift counts as introduced; run `parity gate --record` on the default branch"]


def _counts(answer: Mapping[str, Any]) -> str:
    names = ("introduced", "fixed", "remaining", "waived", "unknown")
    counts = [f"{name} {len(_list(answer.get(name)))}" for name in names if name in answer]
    coverage = answer.get("coverage")
    if isinstance(coverage, (int, float)):
        counts.append(f"coverage {coverage * 100:.0f} %")
    return "   ".join(counts)


def _drifts(title: str, drifts: Any, *, colour: bool) -> list[str]:
    rows = [_row(drift) for drift in _list(drifts) if isinstance(drift, dict)]
    if not rows:
        return []
    shown = rows[:_ROWS_SHOWN]
    widths = [max(len(row[column]) for row in shown) for column in range(4)]
    lines = ["", title]
    for row in shown:
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        cells[0] = _paint(cells[0], row[0], colour)
        lines.append("  " + "  ".join([*cells, row[4]]).rstrip())
    if len(rows) > len(shown):
        lines.append(f"  and {len(rows) - len(shown)} more")
    return lines


def _row(drift: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    name = f"{_text(drift.get('section', ''))}/{_text(drift.get('name', ''))}"
    left, right = _side(drift.get("left")), _side(drift.get("right"))
    return _text(drift.get("severity", "")), name, _text(drift.get("rule", "")), left, f"against {right}"


def _side(side: Any) -> str:
    """Return one side of a drift: kind, value, and where it was read."""
    if not isinstance(side, dict):
        return "absent"
    value = side.get("value")
    values = ", ".join(_text(item) for item in value) if isinstance(value, list) else _text(value or "")
    said = " ".join(part for part in (_text(side.get("kind", "")), values) if part)
    if not said:
        said = f"unknown ({_text(side['unknown'])})" if side.get("unknown") else _text(side.get("state") or "absent")
    sources = _list(side.get("sources"))
    return f"{said} ({_text(sources[0])})" if sources else said


def _unknown(facts: Any) -> list[str]:
    rows = [fact for fact in _list(facts) if isinstance(fact, dict)]
    if not rows:
        return []
    lines = ["", "unknown"]
    for fact in rows[:_ROWS_SHOWN]:
        name = f"{_text(fact.get('section', ''))}/{_text(fact.get('name', ''))}"
        lines.append(f"  ? {name}  {_text(fact.get('reason', ''))}".rstrip())
    if len(rows) > _ROWS_SHOWN:
        lines.append(f"  and {len(rows) - _ROWS_SHOWN} more")
    return lines


def _age(seconds: Any) -> str:
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or seconds < 0:
        return ""
    for size, word in _AGES:
        count = int(seconds // size)
        if count:
            return f", seen {count} {word}{'' if count == 1 else 's'} ago"
    return ", seen just now"


def _paint(text: str, word: str, colour: bool) -> str:  # noqa: FBT001 - passed on by name above
    return f"\033[{_COLOURS[word]}m{text}\033[0m" if colour and word in _COLOURS else text


def _text(value: Any) -> str:
    return printable(str(value))


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _table(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = answer.get(name)
    return value if isinstance(value, dict) else {}
