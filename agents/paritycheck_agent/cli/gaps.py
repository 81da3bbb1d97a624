"""`parity gaps`: the three gaps of each pair, one line a pair."""

from __future__ import annotations

from paritycheck_agent.cli.answering import answered
from paritycheck_agent.cli.wording import share, span
from paritycheck_agent.outputs.table import Paper, render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_HEADINGS = ("PAIR", "TIME", "PERSONNEL", "TOOLS", "COVERAGE", "ERRORS", "WARNINGS", "NOTES")


def run(options: Any) -> int:
    """Return the exit code."""
    from paritycheck_agent.runner.reading import place

    def ask(reader: Any, config: Any) -> dict[str, Any]:
        answer: dict[str, Any] = reader.get(place("projects", options.project or config.project(), "parity"))
        return answer

    return answered(options, ask, _show)


def _show(answer: Mapping[str, Any], paper: Paper) -> str:
    rows = [_cells(pair) for pair in answer["pairs"]]
    pending = "An evaluation is due: ask again in a moment.\n" if answer["pending"] else ""
    return (render(_HEADINGS, rows, paper) if rows else "No pair is compared yet.\n") + pending


def _cells(pair: Mapping[str, Any]) -> list[str]:
    gaps, drifts = pair["gaps"], pair["open_drifts"]
    failed = " (last good state)" if pair["failed"] else ""
    return [
        pair["pair"] + failed,
        f"{_waiting(gaps['time'])} {gaps['time']['band']}",
        _banded(gaps["personnel"]),
        _banded(gaps["tools"]),
        share(pair["coverage"]),
        *(str(drifts[severity]) for severity in ("error", "warning", "note")),
    ]


def _waiting(gap: Mapping[str, Any]) -> str:
    """Return what waits, `-` where that is not known: the band says so."""
    waiting = gap.get("waiting")
    if waiting is None:
        return "-"
    oldest = f", {span(gap['value'])}" if waiting and gap["value"] is not None else ""
    return f"{waiting} commit{'' if waiting == 1 else 's'}{oldest}"


def _banded(gap: Mapping[str, Any]) -> str:
    return f"{share(gap['value'])} {gap['band']}"
