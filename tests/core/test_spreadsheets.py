"""No cell of a file begins a formula, and each comes back as it was."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core.spreadsheets import FORMULA, csv_lines

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


def read(*values: object) -> list[str]:
    text = "".join(csv_lines(["a"] * len(values), [values]))
    return list(csv.reader(io.StringIO(text, newline="")))[1]


@pytest.mark.parametrize("sign", DANGEROUS)
def test_a_formula_is_text(sign: str) -> None:
    assert sign in FORMULA
    assert read(f"{sign}cmd|' /C calc'!A0") == [f"'{sign}cmd|' /C calc'!A0"]
    assert read(f" {sign}1") == [f"' {sign}1"]


def test_full_width_signs_are_signs_too() -> None:
    assert read("\uff1d1+1", "\u22121") == ["'\uff1d1+1", "'\u22121"]


def test_every_cell_is_quoted_and_lines_end_as_the_standard_has_it() -> None:
    assert "".join(csv_lines(["a", "b"], [[None, True], [["x", "y"], 'q"']])) == (
        '"a","b"\r\n"","yes"\r\n"x; y","q"""\r\n'
    )


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_every_text_comes_back_and_none_begins_a_formula(text: str) -> None:
    (found,) = read(text)
    assert found in {text, f"'{text}"}
    assert not found.startswith(DANGEROUS)
