"""The history of an environment as bars: one per snapshot, its height the number of facts it changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from paritycheck.selectors.history import Bar
from paritycheck.web import words

WIDTH, HEIGHT, LEAST = 100.0, 56.0, 3.0


@dataclass(frozen=True, slots=True)
class Drawn:
    """One bar, in percent of the chart's width and units of its HEIGHT; `middle` is where it stands."""

    number: int
    middle: str
    y: str
    height: str
    hit_x: str
    hit_width: str
    url: str
    title: str
    told: str
    chosen: bool


def tallest_of(bars: Sequence[Bar]) -> int:
    """What the axis ends at: the most facts that one snapshot changed."""
    return max((bar.changed or 0 for bar in bars), default=0) or 1


def drawn(project: str, environment: str, bars: Sequence[Bar], chosen: int) -> list[Drawn]:
    """Evenly spaced, oldest first; the tallest fills the box."""
    step, page = WIDTH / max(len(bars), 1), reverse("web:environment", args=[project, environment])
    tallest = tallest_of(bars)
    return [_drawn(page, environment, bar, at * step, step, tallest, chosen) for at, bar in enumerate(bars)]


def _drawn(page: str, environment: str, bar: Bar, left: float, step: float, tallest: int, chosen: int) -> Drawn:
    height = max(LEAST, HEIGHT * (bar.changed or 0) / tallest)
    snapshot, told = bar.snapshot, told_of(bar)
    return Drawn(
        number=snapshot.number,
        middle=f"{left + step / 2:.2f}",
        y=f"{HEIGHT - height:.1f}",
        height=f"{height:.1f}",
        hit_x=f"{left:.2f}",
        hit_width=f"{step:.2f}",
        url=f"{page}?at={snapshot.number}",
        title=f"{environment}#{snapshot.number}, {words.instant(snapshot.opened_at)}, {told}",
        told=told,
        chosen=snapshot.number == chosen,
    )


def told_of(bar: Bar) -> str:
    """`12 facts changed`."""
    return "first report" if bar.changed is None else f"{words.plural(bar.changed, 'fact')} changed"
