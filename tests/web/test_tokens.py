"""Every pair of colours that can meet on a page keeps its contrast, in light and in dark."""

import re
from itertools import product

import pytest

from paritycheck.web import colours, design, tokens

TEXT, MARK = 4.5, 3.0
SURFACES = ("surface-0", "surface-1", "surface-2")
INKS = ("ink-1", "ink-2", "ink-3")
SEVERITIES = ("error", "warning", "note", "ok")
GAPS = ("time", "personnel", "tools")

# (colour, ground, least contrast), as the design demands it.
PAIRS = [
    *((ink, ground, TEXT) for ink, ground in product(INKS, (*SURFACES, "surface-3"))),
    *((word, ground, TEXT) for word, ground in product((*SEVERITIES, "unknown", "accent"), SURFACES)),
    *((word, f"{word}-bg", TEXT) for word in (*SEVERITIES, "unknown")),
    *((ink, f"{word}-bg", TEXT) for word, ink in product(SEVERITIES, ("ink-1", "ink-2"))),
    *((f"{word}-mark", ground, MARK) for word, ground in product(SEVERITIES, SURFACES)),
    *((f"{word}-mark", f"{word}-bg", MARK) for word in SEVERITIES),
    *((gap, ground, TEXT) for gap, ground in product(GAPS, SURFACES)),
    *((edge, ground, MARK) for edge, ground in product(("line-strong", "focus"), SURFACES)),
    ("on-solid", "ink-1", TEXT),
    ("on-solid", "ink-2", TEXT),
    ("code-ink", "code-bg", TEXT),
    ("code-ink", "error-bg", TEXT),
    ("code-ink", "ok-bg", TEXT),
]
TOKENS = {token.name: token for token in tokens.shown()}
STYLES = tokens.STYLESHEET.read_text(encoding="utf-8")


def luminance(colour: str) -> float:
    """WCAG 2's relative luminance of `#rrggbb`."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_page_of_the_design_language_tells_of_every_colour_and_measures_as_here() -> None:
    told = {name: use for _, _, uses in design.USES for name, use in uses.items()}
    assert told.keys() == TOKENS.keys() - {"shade"}
    for _, _, swatches in design.shown()["groups"]:
        for swatch in swatches:
            assert colours.contrast(swatch.token.light, "#ffffff") == pytest.approx(
                contrast(swatch.token.light, "#ffffff")
            )
    shown = {swatch.token.name: swatch for _, _, swatches in design.shown()["groups"] for swatch in swatches}
    # As the design has measured them by other means.
    assert (shown["ink-3"].light, shown["ink-3"].dark) == ("4.6", "4.8")
    assert (shown["warning-mark"].light, shown["warning-mark"].dark) == ("3.2", "6.9")
    assert next(each.nearest for each in design.shown()["eyes"]) == "45 / 52"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("colour", "ground", "least"), PAIRS, ids=str)
def test_colours_that_meet_are_told_apart(theme: str, colour: str, ground: str, least: float) -> None:
    assert contrast(getattr(TOKENS[colour], theme), getattr(TOKENS[ground], theme)) >= least


def test_the_measure_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


def test_no_rule_names_a_colour_of_its_own() -> None:
    rules = STYLES.split("/* Ground */")[1]
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b", rules) == []


def test_every_token_that_is_used_is_defined() -> None:
    local = {"shape", "glyph", "fill", "edge", "part", "ring"}
    used = set(re.findall(r"var\(--([a-z0-9-]+)", STYLES))
    defined = set(re.findall(r"--([a-z0-9-]+):", STYLES))
    assert used - defined == set()
    assert local <= defined


def test_the_stylesheet_stays_small() -> None:
    import gzip

    assert len(gzip.compress(STYLES.encode(), 9)) < 16_600
