"""`parity waivers`: what is accepted, until when, by whose decision, and how much it hides."""

from __future__ import annotations

from paritycheck_agent.cli.answering import answered
from paritycheck_agent.cli.wording import day, word
from paritycheck_agent.outputs.table import Paper, render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# Of an id, as many digits as tell the waivers of a project apart; what takes an id takes its beginning.
_DIGITS = 8
_HEADINGS = ("ID", "UNTIL", "HIDES", "WHAT", "PAIR", "OWNER", "MADE BY", "REASON")


def run(options: Any) -> int:
    """Return the exit code."""
    from paritycheck_agent.runner.reading import place

    def ask(reader: Any, config: Any) -> dict[str, Any]:
        query = {"unused": "1" if options.unused else "", "within": options.within, "source": options.source}
        path = place("projects", options.project or config.project(), "waivers")
        answer: dict[str, Any] = reader.rows(path, query, 0)
        return answer

    return answered(options, ask, waiver_table)


def waiver_table(answer: Mapping[str, Any], paper: Paper) -> str:
    """Return waivers as lines; those of the file have no id."""
    rows = [
        [word(str(each["id"] or "")[:_DIGITS]), _end(each), str(each["covers"]), word(each["title"]),
         word(each["pair"]), each["owner"], _by(each), each["reason"]]
        for each in answer["results"]
    ]  # fmt: skip
    return render(_HEADINGS, rows, paper) if rows else "No waiver.\n"


def _end(waiver: Mapping[str, Any]) -> str:
    ends = [day(waiver["until"])] if waiver["until"] else []
    ends += ["a change"] if waiver["until_change"] else []
    ends += ["both agree"] if waiver["until_converged"] else []
    return " or ".join(ends) + (" (soon)" if waiver["ending"] else "")


def _by(waiver: Mapping[str, Any]) -> str:
    return f"parity.toml:{waiver['line']}" if waiver["source"] == "policy" else word(waiver["made_by"])
