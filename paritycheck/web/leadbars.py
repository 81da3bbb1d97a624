"""How lead times are spread, as bars with their counts on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paritycheck.core.leadtime import ENOUGH
from paritycheck.web import words

WIDTH, HEIGHT, TOP, GAP = 312.0, 100.0, 18.0, 6.0
LABELS = tuple(
    label.replace(" ", words.NBSP) for label in ("< 1 h", "1 to 4 h", "4 to 24 h", "1 to 3 d", "3 to 7 d", "> 7 d")
)
"""Of the bars that end at `core.leadtime.STEPS`."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar in a box of WIDTH x HEIGHT; both labels stand in its middle."""

    label: str
    commits: int
    x: str
    y: str
    width: str
    height: str
    middle: str
    above: str


@dataclass(frozen=True, slots=True)
class Spread:
    """Lead times of an environment; `reason` where there are none."""

    environment: str
    tier: str
    kind: str
    p50: str
    p90: str
    commits: int
    bars: tuple[Bar, ...]
    left_out: tuple[str, ...]
    reason: str


def spread_of(told: Mapping[str, Any], *, tier: str, kind: str) -> Spread:
    """`told` is what `selectors.timeline.rhythm_told` says."""
    lead = told["lead_time"]
    known = lead["p50_s"] is not None
    return Spread(
        environment=told["environment"],
        tier=tier,
        kind=kind,
        p50=words.duration(lead["p50_s"]) if known else "",
        p90=words.duration(lead["p90_s"]) if known else "",
        commits=lead["commits"],
        bars=_bars(lead["bars"]) if known else (),
        left_out=_left_out(lead),
        reason="" if known else _reason(told),
    )


def _reason(told: Mapping[str, Any]) -> str:
    if told["deploys"] < ENOUGH:
        return f"Lead time shows after {ENOUGH} deploys, {words.number(told['deploys'])} so far"
    return "No commit was deployed here in 28 days"


def _bars(bars: Sequence[Mapping[str, Any]]) -> tuple[Bar, ...]:
    most = max((bar["commits"] for bar in bars), default=0) or 1
    step = WIDTH / len(bars)
    named = enumerate(zip(LABELS, bars, strict=True))
    return tuple(_bar(bar["commits"], label, at * step, step, most) for at, (label, bar) in named)


def _bar(commits: int, label: str, left: float, step: float, most: int) -> Bar:
    height = (HEIGHT - TOP) * commits / most
    height = max(height, 2.0) if commits else 0.0
    return Bar(
        label=label,
        commits=commits,
        x=f"{left + GAP / 2:.1f}",
        y=f"{HEIGHT - height:.1f}",
        width=f"{step - GAP:.1f}",
        height=f"{height:.1f}",
        middle=f"{left + step / 2:.1f}",
        above=f"{HEIGHT - height - 6:.1f}",
    )


def _left_out(lead: Mapping[str, Any]) -> tuple[str, ...]:
    told = (
        (lead["older"], "older than the first recorded deploy"),
        (lead["undecided"], "that may not belong here"),
    )
    found = [
        f"{words.plural(count, 'commit')} {what} {'is' if count == 1 else 'are'} left out."
        for count, what in told
        if count
    ]
    if lead["skewed"]:
        found.append(f"{words.plural(lead['skewed'], 'commit')} dated after the deploy, counted as 0.")
    return tuple(found)
