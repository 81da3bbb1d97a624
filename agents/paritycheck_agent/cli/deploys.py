"""`parity deploys`: what was deployed where, when and by whom, newest first."""

from __future__ import annotations

from paritycheck_agent.cli.answering import answered
from paritycheck_agent.cli.drifts import more
from paritycheck_agent.cli.wording import moment, short, word
from paritycheck_agent.outputs.table import Paper, render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_HEADINGS = ("AT (UTC)", "ENVIRONMENT", "STATUS", "COMMIT", "RELEASE", "WHO", "TOLD BY")


def run(options: Any) -> int:
    """Return the exit code."""
    from paritycheck_agent.runner.reading import place

    def ask(reader: Any, config: Any) -> dict[str, Any]:
        query = {"environment": options.environment, "since": options.since}
        path = place("projects", options.project or config.project(), "deploys")
        answer: dict[str, Any] = reader.rows(path, query, options.limit)
        return answer

    return answered(options, ask, _show)


def _show(answer: Mapping[str, Any], paper: Paper) -> str:
    rows = [
        [moment(row["deployed_at"]), row["environment"], row["status"], word(short(row["commit"])),
         word(row["release"]), _who(row["actors"]), row["source"]]
        for row in answer["results"]
    ]  # fmt: skip
    return (render(_HEADINGS, rows, paper) if rows else "No deploy.\n") + more(answer)


def _who(actors: list[Mapping[str, Any]]) -> str:
    """Return who deployed; whoever approved it stands in the JSON."""
    return word(", ".join(dict.fromkeys(str(each["name"]) for each in actors if each["role"] == "trigger")))
