"""The badge says what it means in words, and its words fit."""

import xml.etree.ElementTree as ET

import pytest

from paritycheck.core.badge import badge
from paritycheck.core.bands import Band

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("parity", "coverage", "band", "said"),
    [
        (0.94, 0.71, Band.OK, "parity 94 % · coverage 71 %"),
        (0.999, 1.0, Band.WARNING, "parity 99 % · coverage 100 %"),
        (0.001, 0.0, Band.ERROR, "parity 1 % · coverage 0 %"),
        (None, 0.0, Band.UNKNOWN, "parity unknown · coverage 0 %"),
        (None, None, Band.UNKNOWN, "parity unknown · coverage unknown"),
    ],
)
def test_it_says_both_numbers_and_the_word_of_the_band(
    parity: float | None, coverage: float | None, band: Band, said: str
) -> None:
    root = ET.fromstring(badge(parity, coverage, band))  # noqa: S314 - our own output
    texts = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in texts] == [said, band.value]
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == root.get("aria-label") == f"{texts[0]}: {band.value}"


@pytest.mark.parametrize("band", Band)
def test_no_text_leaves_its_field_and_fields_fill_the_image(band: Band) -> None:
    root = ET.fromstring(badge(None, None, band))  # noqa: S314 - our own output
    (left, left_wide), (right, right_wide) = [
        (int(text.get("x", "")), int(text.get("textLength", ""))) for text in root.iter(f"{SVG}text")
    ]
    path = root.find(f"{SVG}path")
    assert path is not None
    split, whole = int((path.get("d") or "").split()[0].removeprefix("M")), int(root.get("width", ""))
    assert 0 < left < left + left_wide < split < right < right + right_wide < whole


def test_it_needs_no_style_that_a_policy_would_refuse_and_nothing_from_elsewhere() -> None:
    text = badge(0.9, 0.9, Band.OK)
    assert "style" not in text
    assert "href" not in text
    assert text.count("http") == 1  # the namespace
