"""Colours measured: contrast as WCAG 2 has it, how near two are, and what they are to eyes that lack a kind of cone."""

from itertools import combinations
from typing import Final

RGB = tuple[float, float, float]
Matrix = tuple[RGB, RGB, RGB]

SIMULATED: Final[dict[str, Matrix]] = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900),
    ),
}  # fmt: skip
"""Of linear sRGB, at full severity: Machado, Oliveira, Fernandes, IEEE TVCG 15 (2009), table 1."""
_XYZ: Final[Matrix] = (
    (0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041),
)  # fmt: skip
_WHITE: Final[RGB] = (0.95047, 1.0, 1.08883)
_BEND: Final = 0.04045
_DARK: Final = 0.0031308
_CUBE: Final = 216 / 24389


def linear(colour: str) -> RGB:
    """`#rrggbb` as linear sRGB, each of 0 to 1."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _straight(red), _straight(green), _straight(blue)


def _straight(part: float) -> float:
    return part / 12.92 if part <= _BEND else float(((part + 0.055) / 1.055) ** 2.4)


def _bent(part: float) -> float:
    kept = min(1.0, max(0.0, part))
    return kept * 12.92 if kept <= _DARK else float(1.055 * kept ** (1 / 2.4) - 0.055)


def luminance(colour: str) -> float:
    """WCAG 2's relative luminance."""
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2's contrast ratio, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _times(matrix: Matrix, colour: RGB) -> RGB:
    one, two, three = (sum(a * b for a, b in zip(row, colour, strict=True)) for row in matrix)
    return one, two, three


def simulated(colour: str, eyes: str) -> str:
    """What the colour looks like to such eyes, one of SIMULATED."""
    parts = (round(_bent(part) * 255) for part in _times(SIMULATED[eyes], linear(colour)))
    return "#{:02x}{:02x}{:02x}".format(*parts)


def _lab(colour: str) -> RGB:
    x, y, z = (part / white for part, white in zip(_times(_XYZ, linear(colour)), _WHITE, strict=True))
    fx, fy, fz = (part ** (1 / 3) if part > _CUBE else (24389 / 27 * part + 16) / 116 for part in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def distance(one: str, other: str) -> float:
    """CIE76's dE: 2 is just seen, 10 at a glance."""
    return float(sum((a - b) ** 2 for a, b in zip(_lab(one), _lab(other), strict=True)) ** 0.5)


def nearest_pair(colours: list[str]) -> float:
    """The least distance of any two."""
    return min(distance(one, other) for one, other in combinations(colours, 2))
