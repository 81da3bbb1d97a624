"""Tables of the commands: aligned, no wider than the terminal, and nothing in them that a terminal obeys."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from paritycheck_agent.outputs.table import Paper, columns, render, shortened


def drawn(line: str) -> int:
    """How wide a terminal draws a line, by Unicode's own tables."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" and not unicodedata.combining(char) for char in line)
    return len(line) + wide - sum(unicodedata.combining(char) > 0 for char in line)


def test_columns_stand_below_each_other() -> None:
    text = render(("PAIR", "WHAT"), [["a..b", "x"], ["staging..production", "services/cache"]], Paper())
    assert text.splitlines() == [
        "PAIR                 WHAT",
        "a..b                 x",
        "staging..production  services/cache",
    ]


def test_a_character_of_two_columns_counts_two() -> None:
    lines = render(("A", "B"), [["\u65e5\u672c", "1"], ["e\u0301x", "2"]], Paper()).splitlines()
    assert {drawn(line.removesuffix(end)) for line, end in zip(lines, "B12", strict=True)} == {6}


def test_what_is_too_wide_loses_its_middle_and_keeps_both_ends() -> None:
    name = "dependencies/npm/@scope/" + "x" * 80 + "-runtime"
    (_, line) = render(("WHAT", "N"), [[name, "12"]], Paper(width=40)).splitlines()
    assert drawn(line) == 40
    assert line.startswith("dependencies/np")
    assert line.endswith("-runtime  12")
    assert "..." in line


def test_what_is_copied_from_a_table_is_whole_on_any_terminal() -> None:
    rows = [["3f9a1c22e0", "development..production", "warning", "dependencies/npm/" + "x" * 60]]
    (_, line) = render(("ID", "PAIR", "SEVERITY", "WHAT"), rows, Paper(width=50)).splitlines()
    assert line.startswith("3f9a1c22e0  ")
    assert "  warning   " in line
    assert drawn(line) == 50


def test_a_colour_goes_with_its_word_and_never_alone() -> None:
    rows = [["error", "12 % warning", "plain"]]
    text = render(("SEVERITY", "GAP", "WHAT"), rows, Paper(colour=True))
    assert "\033[31merror\033[0m" in text
    assert "\033[33m12 % warning\033[0m" in text
    assert "plain" in text.splitlines()[1].rpartition("\033[0m")[2]
    assert "\033" not in render(("SEVERITY", "GAP", "WHAT"), rows, Paper())


cells = st.lists(st.lists(st.text(max_size=60), min_size=3, max_size=3), max_size=6)


@given(rows=cells, width=st.integers(40, 120), colour=st.booleans())
def test_whatever_the_cells_hold_lines_fit_and_are_printable(rows: list[list[str]], width: int, colour: bool) -> None:  # noqa: FBT001 - hypothesis passes it by name
    lines = render(("ONE", "TWO", "THREE"), rows, Paper(width=width, colour=colour)).split("\n")
    assert len(lines) == len(rows) + 2
    for line in lines:
        bare = line.replace("\033[0m", "")
        for code in ("1", "31", "32", "33", "36"):
            bare = bare.replace(f"\033[{code}m", "")
        assert bare.isprintable()
        assert columns(bare) <= width


@given(text=st.text(max_size=80), most=st.integers(0, 40))
def test_a_shortened_text_fits_and_a_short_one_stays(text: str, most: int) -> None:
    short = shortened(text, most)
    assert columns(short) <= most or columns(text) <= most
    assert short == text or columns(text) > most
