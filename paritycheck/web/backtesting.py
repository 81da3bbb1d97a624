"""A back-test as the policy's page shows it: how far it is, or what it found."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from paritycheck.models import BacktestRun
from paritycheck.models.backtests import BacktestState
from paritycheck.web import words
from paritycheck.web.charts import blocks


def shown(run: BacktestRun) -> dict[str, Any]:
    """`waits` while a worker has it, with `share` in whole percent; else its counts, rules and chart."""
    told: dict[str, Any] = {"run": run, "days": run.days, "waits": run.finished_at is None}
    if told["waits"]:
        return {**told, "share": 100 * run.steps // run.total if run.total else 0}
    if run.state == BacktestState.FAILED:
        return {**told, "failed": True}
    counts = run.result
    by_day = [(lasting, short) for lasting, short in counts["by_day"]]
    return {
        **told,
        **counts,
        "day_rows": _days(by_day, run),
        "rule_rows": [
            {"rule": f"{one['section']}, {one['rule']}", "count": one["opened"], "short": one["short"]}
            for one in counts["rules"]
        ],
        "since": datetime.fromisoformat(counts["since"]),
        "said": words.plural(counts["opened"], "drift"),
        "chart": blocks(by_day, f"{words.plural(counts['opened'], 'opening')} by day"),
    }


def _days(by_day: Sequence[tuple[int, int]], run: BacktestRun) -> list[dict[str, Any]]:
    """The days on which something opened, the newest first."""
    until = run.asked_at
    rows = [
        {"at": until - timedelta(days=back), "count": lasting, "short": short}
        for back, (lasting, short) in enumerate(reversed(by_day))
    ]
    return [row for row in rows if row["count"] or row["short"]]
