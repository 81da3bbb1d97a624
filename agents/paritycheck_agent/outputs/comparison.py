"""Two sides for a person at a terminal: what differs, section by section, and how much does not."""

from __future__ import annotations

import re

from paritycheck_agent.redact import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_ORDER = ("release", "runtime", "services", "dependencies", "config", "processes", "migrations")
_GLYPHS = {"different": "\u2260", "left": "\u2205", "right": "\u2205", "unknown": "?", "same": "="}
_PLAIN = {"different": "!", "left": "<", "right": ">", "unknown": "?", "same": "="}
_STEPS = {0: "", 1: "patch", 2: "minor", 3: "major", 4: "another kind"}
_PIECE = re.compile(r"[0-9A-Za-z]+|[^0-9A-Za-z]+")
# The longest name, left and right value that a line shows whole.
_WIDEST = (44, 34, 34)
_ROWS_SHOWN = 1000
_BOLD, _DIM, _RED, _YELLOW, _MARK = "1", "2", "31", "33", "1;4"


def draws(encoding: str | None) -> bool:
    """Return whether output in this encoding can hold the signs for different and missing."""
    try:
        "".join(_GLYPHS.values()).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def render(answer: Mapping[str, Any], *, colour: bool = False, plain: bool = False) -> str:
    """Return a comparison as lines; `plain` draws with ASCII signs alone."""
    rows = [row for row in _list(answer.get("results")) if isinstance(row, dict)]
    signs = _PLAIN if plain else _GLYPHS
    lines = [_headline(answer, colour, plain), _counts(_table(answer.get("counts")), signs, colour)]
    for section in _sections(rows):
        mine = [row for row in rows if row.get("section") == section]
        lines += _chapter(section, mine, _table(_table(answer.get("sections")).get(section)), signs, colour)
    if answer.get("url"):
        lines += ["", _text(answer["url"])]
    return "\n".join(lines) + "\n"


def _headline(answer: Mapping[str, Any], colour: bool, plain: bool) -> str:  # noqa: FBT001 - passed on by name above
    left, right = (_text(_table(answer.get(side)).get("address", "")) for side in ("left", "right"))
    return f"{_paint(left, _BOLD, colour)}  {'->' if plain else chr(0x2192)}  {_paint(right, _BOLD, colour)}"


def _counts(counts: Mapping[str, Any], signs: Mapping[str, str], colour: bool) -> str:  # noqa: FBT001 - as above
    words = {"different": "different", "left": "only left", "right": "only right", "unknown": "unknown"}
    said = [
        f"{signs[bucket]} {_count(counts.get(bucket))} {word}" for bucket, word in words.items() if counts.get(bucket)
    ]
    same = f"{signs['same']} {_count(counts.get('same'))} same"
    if not said:
        return f"Nothing differs. {_paint(same, _DIM, colour)}"
    return "   ".join([*said, _paint(same, _DIM, colour)])


def _sections(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    known = {str(row.get("section")) for row in rows}
    return [name for name in _ORDER if name in known] + sorted(known.difference(_ORDER))


def _chapter(
    section: str,
    rows: Sequence[Mapping[str, Any]],
    counts: Mapping[str, Any],
    signs: Mapping[str, str],
    colour: bool,  # noqa: FBT001 - as above
) -> list[str]:
    same = f"{_count(counts.get('same'))} same" if counts.get("same") else ""
    lines = ["", f"{_paint(_text(section).capitalize(), _BOLD, colour)}  {_paint(same, _DIM, colour)}".rstrip()]
    shown = rows[:_ROWS_SHOWN]
    texts = [tuple(_cut(text, most) for text, most in zip((_name(row), *_sides(row)), _WIDEST)) for row in shown]
    widths = [max(len(text[at]) for text in texts) for at in range(len(_WIDEST))]
    for row, (name, left, right) in zip(shown, texts):
        bucket = str(row.get("bucket"))
        sign = _paint(signs.get(bucket, "?"), _YELLOW if bucket == "unknown" else _RED, colour and bucket != "same")
        one = _marked(left, right, bucket, colour) + " " * (widths[1] - len(left))
        other = _marked(right, left, bucket, colour) + " " * (widths[2] - len(right))
        line = f"  {sign} {name.ljust(widths[0])}  {one}  {other}  {_paint(_remark(row), _DIM, colour)}"
        lines.append(line.rstrip())
    if len(rows) > len(shown):
        lines.append(f"  and {_count(len(rows) - len(shown))} more: --format json has them all")
    return lines


def _sides(row: Mapping[str, Any]) -> tuple[str, str]:
    left, right = _table(row.get("left")), _table(row.get("right"))
    with_kind = left.get("kind") != right.get("kind")
    return _value(left, with_kind), _value(right, with_kind)


def _value(side: Mapping[str, Any], with_kind: bool) -> str:  # noqa: FBT001 - as above
    """Return the value of a side in words; of a configuration key what its agent said of it."""
    if side.get("state") == "absent":
        return "missing"
    if side.get("state") == "unknown":
        return f"unknown: {_text(side.get('reason') or '')}"
    value = side.get("value")
    values = ", ".join(_text(item) for item in value) if isinstance(value, list) else _text(value or "")
    kind = _text(side.get("kind") or "") if with_kind or not values else ""
    return " ".join(part for part in (kind, values) if part) or _text(side.get("plain") or "") or "present"


def _remark(row: Mapping[str, Any]) -> str:
    distance, bucket = row.get("distance"), row.get("bucket")
    step = _STEPS.get(distance, "") if isinstance(distance, int) and bucket == "different" else ""
    sources = [_text((_list(_table(row.get(side)).get("sources")) or [""])[0]) for side in ("left", "right")]
    where = " | ".join(dict.fromkeys(source for source in sources if source))
    return "  ".join(part for part in (step.ljust(5) if where else step, where) if part.strip())


def _marked(mine: str, theirs: str, bucket: str, colour: bool) -> str:  # noqa: FBT001 - as above
    """Return the value with what differs from the other side's bold and underlined."""
    if not colour or bucket != "different":
        return _paint(mine, _DIM, colour and mine == "missing")
    one, other = _PIECE.findall(mine), _PIECE.findall(theirs)
    at = next((at for at, piece in enumerate(one) if at >= len(other) or piece != other[at]), None)
    if at is None:
        return mine
    return "".join(one[:at]) + _paint(one[at], _MARK, colour) + "".join(one[at + 1 :])


def _name(row: Mapping[str, Any]) -> str:
    name = _text(row.get("name", ""))
    return name[4:].replace("%40", "@") if name.startswith("pkg:") else name


def _cut(text: str, most: int) -> str:
    """Return the text, with its middle left out where it is too long."""
    half = (most - 3) // 2
    return text if len(text) <= most else f"{text[:half]}...{text[-half:]}"


def _count(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else "0"


def _paint(text: str, code: str, colour: bool) -> str:  # noqa: FBT001 - as above
    return f"\033[{code}m{text}\033[0m" if colour and text else text


def _text(value: Any) -> str:
    return printable(str(value))


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
