"""Small lines drawn by the server: no script, no second copy of the numbers."""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT, EDGE = 148.0, 36.0, 3.0


def sparkline(values: Sequence[float], name: str, limit: float = 0) -> SafeString:
    """A line from the oldest value to the newest, from 0 up, its end marked, dotted at the limit where there is one;
    nothing for fewer than two values.
    """
    if len(values) < 2:  # noqa: PLR2004  a line has two ends
        return SafeString("")
    top = max(*values, limit) or 1
    step = (WIDTH - 2 * EDGE) / (len(values) - 1)
    points = [(EDGE + at * step, _height(value, top)) for at, value in enumerate(values)]
    line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return format_html(
        '<svg class="spark" viewBox="0 0 148 36" role="img" aria-label="{}"><title>{}</title>'
        '{}<path d="{}"/><circle cx="{}" cy="{}" r="3"/></svg>',
        name,
        name,
        format_html('<path class="limit" d="M0 {}H148"/>', f"{_height(limit, top):.1f}") if limit else "",
        line,
        f"{points[-1][0]:.1f}",
        f"{points[-1][1]:.1f}",
    )


def _height(value: float, top: float) -> float:
    return HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * value / top


BLOCK, GAP, MOST_BLOCKS = 12, 4, 6


def blocks(days: Sequence[tuple[int, int]], name: str) -> SafeString:
    """A column of squares for each day, filled ones below: `(filled, hollow)`; a seventh and more are left out."""
    height = MOST_BLOCKS * (BLOCK + GAP)
    drawn = []
    for day, (filled, hollow) in enumerate(days):
        for at in range(min(filled + hollow, MOST_BLOCKS)):
            x, y = day * (BLOCK + GAP) + 2, height - (at + 1) * (BLOCK + GAP) + 1
            drawn.append((x, y, BLOCK, BLOCK, "lasting" if at < filled else "short"))
    width = len(days) * (BLOCK + GAP)
    return format_html(
        '<svg class="openings" viewBox="0 0 {} {}" role="img" aria-label="{}">{}<path d="M0 {}H{}"/></svg>',
        width,
        height + 1,
        name,
        format_html_join("", '<rect x="{}" y="{}" width="{}" height="{}" rx="3" class="{}"/>', drawn),
        height,
        width,
    )
