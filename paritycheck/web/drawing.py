"""Rows and cells of the matrix as markup, known to every template as built-ins.

A page draws some thousand cells. As an included template each took 300 us, which made the matrix of 50 environments a
matter of seconds; here it takes five. Everything that was read from an environment goes through `escape`.
"""

from datetime import timedelta
from functools import lru_cache
from html import escape

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from paritycheck.web.cells import Cell, FactRow
from paritycheck.web.tags import glyph, lasted, on_day, severity_icon

register = template.Library()
A_DAY = timedelta(days=1)
"""What began sooner than that began today or yesterday, and the hours say it."""


# Most cells by far, so one element where others have two: what is hidden for the eye costs a browser a clip each.
_SAME = '<span class="glyph glyph-same" role="img" aria-label="same">=</span>'
_PICK = (
    '<label class="pick"><input type="checkbox" form="pick" name="row" value="{}" data-open="{}" '
    'aria-label="Select {}"></label>'
)


@register.simple_tag
def matrix_cell(cell: Cell) -> SafeString:
    """One cell; a screen reader hears sign, value and remark, and its head says the environment."""
    return mark_safe(_cell(cell))  # noqa: S308  every part is escaped or our own


def _cell(cell: Cell) -> str:
    severity = f" is-{cell.severity}" if cell.severity else ""
    base = " base" if cell.base else ""
    pop = "" if cell.pop == cell.href else f'="{escape(cell.pop)}"'
    worst = " data-worst" if cell.severity else ""
    # A narrow page names the environment of what is not the same, and of the baseline.
    named = "" if cell.look == "same" and not base else f'<span class="cell-env">{escape(cell.environment)}</span>'
    return (
        f'<td class="cell is-{cell.look}{severity}{base}"><a class="cell-in" href="{escape(cell.href)}" data-cell '
        f'data-pop{pop} data-key="{escape(cell.key)}"{worst}>{named}'
        f"{_inside(cell.glyph, cell.word, cell.value, cell.whole, cell.note)}</a></td>"
    )


@lru_cache(maxsize=4096)
def _inside(sign: str, word: str, value: str, whole: str, note: str) -> str:
    title = f' title="{escape(whole)}"' if value != whole else ""
    rest = f'<span class="cell-note">{escape(note)}</span>' if note else ""
    drawn = _SAME if word == "same" else glyph(sign, word)
    return f'{drawn}<span class="cell-value"{title}>{escape(value)}</span>{rest}'


@register.simple_tag
def matrix_row(row: FactRow, may_pick: bool = False) -> SafeString:  # noqa: FBT001, FBT002  a template says it by place
    """One line: name, cells, since when, whose, and for a narrow page where it is the same."""
    cells = "".join(map(_cell, row.cells))
    also = f'<td class="cell-also">{glyph("same")}{escape(row.same_in)}</td>' if row.same_in else ""
    folded = " data-folded" if row.folded else ""
    drawn = f"<tr data-row{folded}>{_head(row, may_pick=may_pick)}{cells}{_since(row)}{also}</tr>"
    return mark_safe(drawn)  # noqa: S308  every part is escaped or our own


def _head(row: FactRow, *, may_pick: bool) -> str:
    whole = escape(row.name + row.end)
    pick = _PICK.format(escape(row.pick), row.open, whole) if may_pick and row.pick else ""
    sign = severity_icon(row.icon) if row.icon else '<span class="no-icon"></span>'
    prefix = f'<span class="faint">{escape(row.prefix)}</span>' if row.prefix else ""
    end = f"<span>{escape(row.end)}</span>" if row.end else ""
    remark = f"<small>{escape(row.remark)}</small>" if row.remark else ""
    return (
        f'<th scope="row"><span class="fact-name">{pick}{sign}<span class="mono name" title="{whole}">'
        f'<span class="head">{prefix}{escape(row.name)}</span>{end}</span>{remark}</span></th>'
    )


def _since(row: FactRow) -> str:
    if row.since is None:
        return '<td class="col-since"></td><td class="col-owner"></td>'
    opened = row.since.opened_at
    owner = (
        f'<span title="{escape(row.owner)}">{escape(row.owner)}</span>'
        if row.owner
        else '<span class="faint">no owner</span>'
    )
    day = on_day(opened, "faint") if timezone.now() - opened >= A_DAY else ""
    return f'<td class="col-since">{lasted(opened)} {day}</td><td class="col-owner">{owner}</td>'
