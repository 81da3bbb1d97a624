"""The history of an environment as bars: one per snapshot, its height the number of facts it changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from paritycheck.selectors.history import Bar
from paritycheck.web import words

WIDTH, HEIGHT, THICK, LEAST = 1000.0, 56.0, 6.0, 3.0


@dataclass(frozen=True, slots=True)
class Drawn:
    """One bar in a box of WIDTH x HEIGHT."""

    x: str
    y: str
    width: str
    height: str
    hit_x: str
    hit_width: str
    url: str
    title: str
    chosen: bool


def drawn(project: str, environment: str, bars: Sequence[Bar], chosen: int) -> list[Drawn]:
    """Evenly spaced, oldest first; the tallest fills the box."""
    tallest = max((bar.changed or 0 for bar in bars), default=0) or 1
    step = WIDTH / max(len(bars), 12)
    return [_drawn(project, environment, bar, at * step, step, tallest, chosen) for at, bar in enumerate(bars)]


def _drawn(project: str, environment: str, bar: Bar, left: float, step: float, tallest: int, chosen: int) -> Drawn:
    height = max(LEAST, HEIGHT * (bar.changed or 0) / tallest)
    snapshot = bar.snapshot
    told = "first report" if bar.changed is None else f"{words.plural(bar.changed, 'fact')} changed"
    return Drawn(
        x=f"{left + (step - THICK) / 2:.1f}",
        y=f"{HEIGHT - height:.1f}",
        width=f"{THICK:g}",
        height=f"{height:.1f}",
        hit_x=f"{left:.1f}",
        hit_width=f"{step:.1f}",
        url=reverse("web:snapshot", args=[project, environment, snapshot.number]),
        title=f"{environment}#{snapshot.number}, {words.instant(snapshot.opened_at)}, {told}",
        chosen=snapshot.number == chosen,
    )
