"""`parity drift ID`: both sides of a drift with their sources, since when it holds, and its life."""

from __future__ import annotations

from paritycheck_agent.cli.answering import answered
from paritycheck_agent.cli.wording import ago, day, moment, name_of, rule_of, value_of, word
from paritycheck_agent.outputs.table import Paper, heading, render
from paritycheck_agent.redact import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def run(options: Any) -> int:
    """Return the exit code."""
    from paritycheck_agent.runner.reading import place

    def ask(reader: Any, config: Any) -> dict[str, Any]:
        path = place("projects", options.project or config.project(), "drifts", options.id)
        answer: dict[str, Any] = reader.get(path)
        return answer

    return answered(options, ask, _show)


def _show(drift: Mapping[str, Any], paper: Paper) -> str:
    title = f"{drift['severity']}: {name_of(drift)} {rule_of(drift)}, {drift['pair']}"
    told = [
        ("expected", word(drift["expectation"])),
        ("state", drift["state"]),
        ("opened", f"{moment(drift['opened_at'])} UTC, {ago(drift['opened_at'])}"),
        *([("resolved", f"{moment(drift['resolved_at'])} UTC")] if drift["resolved_at"] else []),
        *([("since", _since(drift["since"]))] if drift["since"] else []),
        *([("owner", drift["owner"])] if drift["owner"] else []),
        *([("waiver", _waiver(drift["waiver"]))] if drift["waiver"] else []),
        ("id", drift["id"]),
        ("page", drift["url"]),
    ]
    lines = "".join(f"  {label.ljust(9)} {printable(str(text))}\n" for label, text in told)
    return "\n".join([heading(title, paper) + lines, _sides(drift, paper), _life(drift, paper)])


def _sides(drift: Mapping[str, Any], paper: Paper) -> str:
    rows = []
    for side in (drift["left"], drift["right"]):
        where = side.get("snapshot") or side.get("environment")
        sources = ", ".join(side.get("sources", []))
        rows.append([word(where), value_of(side, drift["rule"]), word(side.get("kind")), word(sources)])
    return render(("WHERE", "VALUE", "KIND", "READ IN"), rows, paper)


def _life(drift: Mapping[str, Any], paper: Paper) -> str:
    rows = [
        [moment(event["at"]), event["kind"], event["severity"], word(event["actor"]), word(event["why"])]
        for event in drift["events"]
    ]
    return render(("AT (UTC)", "WHAT", "SEVERITY", "BY", "WHY"), rows, paper)


def _since(since: Mapping[str, Any]) -> str:
    least = "" if since["exact"] else "at least "
    commit = f", commit {str(since['commit'])[:12]}" if since.get("commit") else ""
    release = f", release {since['release']}" if since.get("release") else ""
    return f"{least}{since['snapshot']} of {moment(since['at'])}{release}{commit}"


def _waiver(waiver: Mapping[str, Any]) -> str:
    ends = f" until {day(waiver['until'])}" if waiver.get("until") else ""
    return f"{waiver['owner']}{ends}: {waiver['reason']}"
