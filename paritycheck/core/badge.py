"""The badge as SVG: `parity 94 % · coverage 71 %`, and the band as colour and word.

Widths come from the table below, since no font is at hand where it is drawn; `textLength` makes whoever shows it keep
to them. Nothing in it is a text of anybody's: numbers, and words of this file.
"""

from __future__ import annotations

from typing import Final

from paritycheck.core.bands import Band
from paritycheck.core.digests import percent

NBSP: Final = "\N{NO-BREAK SPACE}"
_WIDTHS: Final = {
    **dict.fromkeys("0123456789", 6.99), **dict.fromkeys("fj" + " " + NBSP, 3.87), **dict.fromkeys("il", 3.02),
    **dict.fromkeys("hnu", 6.96), **dict.fromkeys("bdgpq", 6.85), **dict.fromkeys("cs", 5.73),
    **dict.fromkeys("kvxy", 6.51), "%": 11.84, "·": 4.0, "a": 6.61, "e": 6.55, "m": 10.7, "o": 6.68, "r": 4.69,
    "t": 4.33, "w": 9.0, "z": 5.78,
}  # fmt: skip
"""Of Verdana at 11 px, the first font that is asked for."""
_PAD: Final = 7
_GROUND: Final = "#38424c"
_COLOURS: Final = {Band.OK: "#0c6748", Band.WARNING: "#845000", Band.ERROR: "#b3201a", Band.UNKNOWN: "#5b6874"}
"""White is read on each of them: 4.5 to 1 or more."""


def badge(parity: float | None, coverage: float | None, band: Band) -> str:
    """The image. What is None is `unknown`; the same input gives the same bytes."""
    said = f"parity {_share(parity)} · coverage {_share(coverage)}"
    left, right = _width(said), _width(band.value)
    split, whole = left + 2 * _PAD, left + right + 4 * _PAD
    title = f"{said}: {band.value}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" viewBox="0 0 {whole} 20" role="img" '
        f'aria-label="{title}"><title>{title}</title>'
        f'<rect width="{whole}" height="20" rx="4" fill="{_GROUND}"/>'
        f'<path d="M{split} 0H{whole - 4}a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4H{split}z" fill="{_COLOURS[band]}"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">'
        f"{_text(_PAD, left, said)}{_text(split + _PAD, right, band.value)}</g></svg>\n"
    )


def markdown(image: str, page: str) -> str:
    """The line for a README: the badge, which leads to the project's page."""
    return f"[![parity]({image})]({page})"


def _share(fraction: float | None) -> str:
    return Band.UNKNOWN.value if fraction is None else percent(fraction)


def _text(at: int, width: int, said: str) -> str:
    return f'<text x="{at}" y="14" textLength="{width}" lengthAdjust="spacingAndGlyphs">{said}</text>'


def _width(text: str) -> int:
    return round(sum(_WIDTHS[letter] for letter in text))
