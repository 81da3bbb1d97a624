"""Texts of agents are harmless in a mail."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core.plain import plain


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("a\r\nBcc: all@example.com", "a Bcc: all@example.com"),
        ("a\x00b\x1b[2Jc\x9bd", "a b [2Jc d"),
        ("a\u2028b\u2029c\x85d\x0be", "a b c d e"),
        ("\u202egnp.exe\u2066\u2069", "gnp.exe"),
        ("pa\u200byp\u00adal\ufeff", "paypal"),
        ("  many \t blanks\u00a0\u3000here ", "many blanks here"),
        ("\ud800", ""),
        ("日本語 Ωñ é", "日本語 Ωñ é"),
    ],
)
def test_hostile_text_reads_as_one_plain_line(hostile: str, shown: str) -> None:
    assert plain(hostile) == shown


def test_a_long_text_keeps_both_ends() -> None:
    assert plain("pkg:npm/" + "x" * 500 + "/end", 40) == "pkg:npm/" + "x" * 18 + "…" + "x" * 9 + "/end"


def test_a_huge_text_costs_no_more_than_a_long_one() -> None:
    assert len(plain("\x00" * 10_000_000 + "a", 100)) <= 100


@given(st.text(max_size=400), st.integers(4, 200))
def test_any_text_becomes_one_short_line_and_stays_so(text: str, longest: int) -> None:
    line = plain(text, longest)
    assert len(line) <= longest
    assert all(unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"} for character in line)
    assert plain(line, longest) == line
