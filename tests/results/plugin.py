"""Collects what the tests of a run showed of the rows they answer for."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.results.lines import Line, keep, table
from tests.results.rows import BAD_INPUTS, PROMISES, order, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

ROW, ANSWER = "row", "answer"
"""Names of a report's properties: a row it is about, and what was measured in it (`record_property("answer", ...)`)."""
MOST_NAMED = 4


def mark(items: Iterable[pytest.Item]) -> None:
    """Have each test's report say which rows it is about; reports travel from the workers of xdist."""
    for item in items:
        named = [str(argument) for marker in item.iter_markers(ROW) for argument in marker.args]
        item.user_properties += [(ROW, row) for row in rows_of(item.nodeid, named)]


def show(terminal: Any) -> None:
    """Lay out the rows behind a run in which some were tested, and keep them where results are kept."""
    lines = _lines(
        [report for each in terminal.stats.values() for report in each if hasattr(report, "user_properties")]
    )
    if lines:
        terminal.section("Rows of the lists, as this run found them")
        terminal.write(table(lines))
        keep("tests", lines)


def _lines(reports: list[Any]) -> list[Line]:
    cases: dict[str, set[str]] = {}
    failed: dict[str, set[str]] = {}
    answers: dict[str, Counter[str]] = {}
    for report in reports:
        for row in {value for name, value in report.user_properties if name == ROW}:
            cases.setdefault(row, set()).add(report.nodeid)
            if report.outcome != "passed":
                failed.setdefault(row, set()).add(report.nodeid)
            if report.when == "call":
                answers.setdefault(row, Counter()).update(v for n, v in report.user_properties if n == ANSWER)
    return [_line(row, len(cases[row]), len(failed.get(row, ())), answers.get(row, Counter())) for row in order()
            if row in cases]  # fmt: skip


def _line(row: str, cases: int, failed: int, answers: Counter[str]) -> Line:
    what, bound = BAD_INPUTS[row] if row in BAD_INPUTS else PROMISES[row]
    named = ", ".join(answer for answer, _ in answers.most_common(MOST_NAMED))
    measured = f"{cases - failed} of {cases} cases" + (f": {named}" if named else "")
    return Line(f"bad input {row}" if row in BAD_INPUTS else row, what, bound, measured, not failed)
