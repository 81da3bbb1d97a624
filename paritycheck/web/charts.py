"""Small lines drawn by the server: no script, no second copy of the numbers."""

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString

WIDTH, HEIGHT, EDGE = 148.0, 36.0, 3.0


def sparkline(values: Sequence[float], name: str) -> SafeString:
    """A line from the oldest value to the newest, from 0 up, its end marked; nothing for fewer than two values."""
    if len(values) < 2:  # noqa: PLR2004  a line has two ends
        return SafeString("")
    top = max(values) or 1
    step = (WIDTH - 2 * EDGE) / (len(values) - 1)
    points = [(EDGE + at * step, HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * value / top) for at, value in enumerate(values)]
    line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return format_html(
        '<svg class="spark" viewBox="0 0 148 36" role="img" aria-label="{}"><title>{}</title>'
        '<path d="{}"/><circle cx="{}" cy="{}" r="3"/></svg>',
        name,
        name,
        line,
        f"{points[-1][0]:.1f}",
        f"{points[-1][1]:.1f}",
    )
