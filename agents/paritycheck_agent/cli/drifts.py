"""`parity drifts`: the drifts of a project that meet what is asked, last opened first."""

from __future__ import annotations

from paritycheck_agent.cli.answering import answered
from paritycheck_agent.cli.wording import ago, name_of, rule_of, short, value_of, word
from paritycheck_agent.outputs.table import Paper, heading, render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_FILTERS = {
    "state": "state",
    "pair": "pair",
    "section": "section",
    "severity": "severity",
    "rule": "rule",
    "name": "name",
    "search": "q",
    "owner": "owner",
    "changed_since": "changed_since",
}
_HEADINGS = ("ID", "PAIR", "SEVERITY", "WHAT", "RULE", "HERE", "BASELINE", "SINCE")

# On a narrow terminal names say more than these, which `parity drift ID` tells.
_NARROW, _LEFT_OUT = 100, ("RULE", "SINCE")


def run(options: Any) -> int:
    """Return the exit code."""
    from paritycheck_agent.runner.reading import place

    def ask(reader: Any, config: Any) -> dict[str, Any]:
        query = {asked: getattr(options, name) for name, asked in _FILTERS.items()}
        path = place("projects", options.project or config.project(), "drifts")
        answer: dict[str, Any] = reader.rows(path, query, options.limit)
        return answer

    return answered(
        options,
        ask,
        _show if options.state not in {"all", "live"} and "waived" not in options.severity else _show_states,
    )


def _show(answer: Mapping[str, Any], paper: Paper) -> str:
    return drift_table(answer["results"], paper) + more(answer)


def _show_states(answer: Mapping[str, Any], paper: Paper) -> str:
    return drift_table(answer["results"], paper, states=True) + more(answer)


def drift_table(drifts: list[dict[str, Any]], paper: Paper, *, states: bool = False) -> str:
    """Return drifts as lines, and how many of each severity they are."""
    if not drifts:
        return "No drift.\n"
    headings: tuple[str, ...] = (*_HEADINGS, "STATE") if states else _HEADINGS
    rows = [_cells(drift) + ([drift["state"]] if states else []) for drift in drifts]
    if 0 < paper.width < _NARROW:
        kept = [at for at, each in enumerate(headings) if each not in _LEFT_OUT]
        headings, rows = tuple(headings[at] for at in kept), [[row[at] for at in kept] for row in rows]
    counts = ((sum(drift["severity"] == each for drift in drifts), each) for each in ("error", "warning", "note"))
    said = ", ".join(f"{count} {each}{'' if count == 1 else 's'}" for count, each in counts if count)
    return render(headings, rows, paper) + heading(said, paper)


def _cells(drift: Mapping[str, Any]) -> list[str]:
    sides = [value_of(drift[side], drift["rule"]) for side in ("left", "right")]
    about = [short(drift["id"]), drift["pair"], drift["severity"], name_of(drift), rule_of(drift)]
    return [*map(word, about), *sides, ago(drift["opened_at"])]


def more(answer: Mapping[str, Any]) -> str:
    """Return the line that says that there is more than was asked for."""
    return "There are more: --limit 0 lists all.\n" if answer.get("next") else ""
