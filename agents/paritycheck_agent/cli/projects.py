"""`parity projects`: the projects that the token's owner is in."""

from __future__ import annotations

from paritycheck_agent.cli.answering import answered
from paritycheck_agent.cli.wording import word
from paritycheck_agent.outputs.table import Paper, render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_HEADINGS = ("PROJECT", "BASELINE", "ENVIRONMENTS", "POLICY", "ERRORS", "WARNINGS", "NOTES")


def run(options: Any) -> int:
    """Return the exit code."""
    from paritycheck_agent.runner.reading import place

    def ask(reader: Any, _config: Any) -> dict[str, Any]:
        answer: dict[str, Any] = reader.rows(place("projects"), {}, 0)
        return answer

    return answered(options, ask, _show)


def _show(answer: Mapping[str, Any], paper: Paper) -> str:
    rows = [
        [row["slug"], word(row["baseline"]), str(row["environments"]), _policy(row["policy"])]
        + [str(row["open_drifts"][severity]) for severity in ("error", "warning", "note")]
        for row in answer["results"]
    ]
    return render(_HEADINGS, rows, paper) if rows else "No project.\n"


def _policy(policy: Mapping[str, Any]) -> str:
    return f"version {policy['version']}" if policy["version"] else "shipped"
