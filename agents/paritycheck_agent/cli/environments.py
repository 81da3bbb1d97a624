"""`parity environments`: the deploys of a project, and when each was last heard of."""

from __future__ import annotations

from paritycheck_agent.cli.answering import answered
from paritycheck_agent.cli.wording import ago, word
from paritycheck_agent.outputs.table import Paper, render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_HEADINGS = ("ENVIRONMENT", "TIER", "KIND", "BASELINE", "SNAPSHOT", "INSTANCES", "LAST SEEN")


def run(options: Any) -> int:
    """Return the exit code."""
    from paritycheck_agent.runner.reading import place

    def ask(reader: Any, config: Any) -> dict[str, Any]:
        path = place("projects", options.project or config.project(), "environments")
        answer: dict[str, Any] = reader.rows(path, {}, 0)
        return answer

    return answered(options, ask, _show)


def _show(answer: Mapping[str, Any], paper: Paper) -> str:
    rows = [
        [row["slug"], row["tier"], row["kind"], "yes" if row["baseline"] else "-", word(row["latest"]),
         str(row["instances"]), ago(row["last_seen"])]
        for row in answer["results"]
    ]  # fmt: skip
    return render(_HEADINGS, rows, paper) if rows else "No environment.\n"
