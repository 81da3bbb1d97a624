"""A verdict as Markdown for GitHub's and GitLab's renderers: a pull request's comment, a job's summary."""

from __future__ import annotations

from paritycheck_agent.verdict import (
    JUDGED,
    against_of,
    counts,
    drifts_of,
    headline,
    quiet,
    rows,
    text,
    verdict_of,
    without_base,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from paritycheck_agent.verdict import Drift, Places

# GitHub refuses a comment of more.
CHARACTERS = 65_536
# Kept free for what closes the text: ends of blocks, how many rows were cut, the address.
_RESERVE = 1_200
_CELL = 300
_URL = 500
_RULER = "| --- | --- | --- | --- | --- | --- |"


def summary(answer: Mapping[str, Any], places: Places | None, *, room: int = CHARACTERS) -> str:
    """Return the verdict in at most `room` characters; what does not fit is counted at its end."""
    page = _Page(room - _RESERVE)
    for line in _head(answer):
        page.line(line)
    for title in JUDGED:
        _drifts(page, title, drifts_of(answer, title, places), against_of(answer))
    _listed(page, "unknown", [_unknown(fact) for fact in rows(answer.get("unknown")) if isinstance(fact, dict)])
    _listed(page, "warnings", [code(text(warning)) for warning in rows(answer.get("warnings"))])
    if page.cut:
        page.always(f"\n**{page.cut} more {'row is' if page.cut == 1 else 'rows are'} not shown**, for want of room.")
    page.always(_address(answer))
    return page.text()


class _Page:
    """Lines up to a number of characters; rows beyond it are counted."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._lines: list[str] = []
        self.cut = 0

    def line(self, line: str) -> bool:
        """Add a line if it fits, and tell whether it did."""
        if len(line) + 1 > self._room:
            return False
        self.always(line)
        return True

    def row(self, line: str) -> None:
        """Add a row. After one that did not fit none follows: what is shown are the first ones."""
        if self.cut or not self.line(line):
            self.cut += 1

    def always(self, line: str) -> None:
        self._room -= len(line) + 1
        self._lines.append(line)

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"


def _head(answer: Mapping[str, Any]) -> list[str]:
    lines = [f"### paritycheck: {_title(answer)}", "", code(headline(answer))]
    lines += [f"\n> {words}" for words in without_base(answer)]
    if answer.get("reason"):
        lines += ["", f"Reason: {code(text(answer['reason']))}"]
    return [*lines, "", " · ".join(counts(answer))]


def _title(answer: Mapping[str, Any]) -> str:
    against = code(against_of(answer))
    if verdict_of(answer) == "pass":
        return f"no new drift against {against}"
    if verdict_of(answer) == "fail":
        return f"this change drifts from {against}"
    return "**not passed**, nothing could be judged"


def _drifts(page: _Page, title: str, drifts: Sequence[Drift], against: str) -> None:
    """Show a list as a table: what the change introduces in sight, the others folded."""
    if not drifts:
        return
    folded = title != JUDGED[0]
    fold = f"<details><summary>{title} {len(drifts)}</summary>\n\n" if folded else ""
    head = f"| | {title} | rule | here | {_cell(against)} | {'waived because' if title == 'waived' else 'read in'} |"
    if page.cut or not page.line(f"\n{fold}{head}\n{_RULER}"):
        page.cut += len(drifts)
        return
    for drift in drifts:
        last = drift.reason if title == "waived" else drift.place
        cells = (drift.what, drift.rule, drift.left, drift.right, last)
        page.row(f"| {drift.level} | {' | '.join(_cell(cell) for cell in cells)} |")
    if folded:
        page.always("\n</details>")


def _listed(page: _Page, title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    if page.cut or not page.line(f"\n<details><summary>{title} {len(lines)}</summary>\n"):
        page.cut += len(lines)
        return
    for line in lines:
        page.row(f"- {line}")
    page.always("\n</details>")


def _unknown(fact: Mapping[str, Any]) -> str:
    return (
        f"{code(text(fact.get('section', '')) + '/' + text(fact.get('name', '')))} {code(text(fact.get('reason', '')))}"
    )


def _cell(words: str) -> str:
    # A `|` ends a cell even in a code span, and renderers do not agree on how it is escaped there.
    return code(words if len(words) <= _CELL else f"{words[:_CELL]}…").replace("|", "¦")


def code(words: str) -> str:
    """Return a code span: the one place in which no renderer sees markup, a link, a mention or an entity."""
    if not words.strip():
        return ""
    longest = run = 0
    for char in words:
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    fence = "`" * (longest + 1)
    pad = " " if "`" in (words[0], words[-1]) else ""
    return f"{fence}{pad}{quiet(words)}{pad}{fence}"


def _address(answer: Mapping[str, Any]) -> str:
    """Return the link to the page of the verdict, where the answer has an address that is one and no more."""
    url = answer.get("url")
    plain = isinstance(url, str) and url.isascii() and url.isprintable() and len(url) <= _URL
    if not plain or not str(url).startswith(("https://", "http://")) or set(str(url)) & set(' <>"`\\'):
        return ""
    return f"\n<{url}>"
