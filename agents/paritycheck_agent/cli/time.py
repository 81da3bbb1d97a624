"""`parity time PAIR`: what waits between two environments, how long, and how often they are deployed."""

from __future__ import annotations

from paritycheck_agent.cli.answering import answered
from paritycheck_agent.cli.wording import ago, short, span
from paritycheck_agent.outputs.table import Paper, heading, render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def run(options: Any) -> int:
    """Return the exit code."""
    from paritycheck_agent.runner.reading import place

    def ask(reader: Any, config: Any) -> dict[str, Any]:
        query = {"pair": options.pair, "scope": options.scope}
        answer: dict[str, Any] = reader.get(place("projects", options.project or config.project(), "time"), query)
        return answer

    return answered(options, ask, _show)


def _show(answer: Mapping[str, Any], paper: Paper) -> str:
    scope = f", {answer['scope']} alone" if answer["scope"] else ""
    parts = [heading(f"{answer['pair']}{scope}: {_now(answer['now'])}", paper)]
    if answer["waiting"]:
        rows = [
            [short(row["sha"]), ago(row["since"] or row["committed_at"]), row["author"], row["subject"]]
            for row in answer["waiting"]
        ]
        parts.append(render(("COMMIT", "WAITS SINCE", "AUTHOR", "SUBJECT"), rows, paper))
    rows = [_rhythm(row) for row in answer["environments"]]
    headings = ("ENVIRONMENT", "DEPLOYS", "LEAD TIME P50", "LEAD TIME P90", "BETWEEN DEPLOYS", "LAST")
    parts.append(render(headings, rows, paper))
    return "\n".join(parts)


def _now(now: Mapping[str, Any]) -> str:
    if now["waiting"] is None:
        return f"unknown, {now.get('reason') or 'not measured'}"
    oldest = f", the oldest {span(now['age_s'])}" if now["waiting"] and now["age_s"] is not None else ""
    missing = f", {now['missing']} more the other way" if now["missing"] else ""
    limit = f" (from {span(now['limit_s'])} on it is no longer ok)"
    many = "1 commit waits" if now["waiting"] == 1 else f"{now['waiting'] or 'no'} commits wait"
    return f"{many}{oldest}{missing}: {now['band']}{limit}"


def _rhythm(row: Mapping[str, Any]) -> list[str]:
    lead = row["lead_time"]
    last = "-" if row["since_last_s"] is None else f"{span(row['since_last_s'])} ago"
    return [row["environment"], str(row["deploys"]), _span(lead["p50_s"]), _span(lead["p90_s"]),
            _span(row["interval"]["median_s"]), last]  # fmt: skip


def _span(seconds: Any) -> str:
    return "-" if seconds is None else span(seconds)
