from __future__ import annotations

import hashlib
import secrets
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core import tokens

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("kind", "prefix"), [("report", "pca_"), ("gate", "pcg_"), ("enroll", "pce_"), ("personal", "pcu_")]
)
def test_a_token_says_what_it_is_for(kind: str, prefix: str) -> None:
    token = tokens.make(kind, secrets.randbelow)
    assert token.startswith(prefix)
    assert tokens.well_formed(token)
    assert tokens.token_kind(token) == kind
    assert tokens.PATTERN.findall(f"token={token}, and more") == [token]


def test_the_last_six_characters_are_the_crc32_of_all_before_in_base62() -> None:
    token = tokens.make("report", secrets.randbelow)
    number = 0
    for digit in token[-6:]:
        number = number * 62 + ALPHABET.index(digit)
    assert number == zlib.crc32(token[:-6].encode())


def test_the_id_is_public_and_the_whole_is_stored_as_its_sha256() -> None:
    token = tokens.make("gate", secrets.randbelow)
    assert token.split("_")[1] == tokens.token_id(token)
    assert tokens.token_digest(token) == hashlib.sha256(token.encode()).hexdigest()


def test_id_and_secret_come_from_the_source_of_randomness_alone() -> None:
    assert tokens.make("report", lambda _: 0)[:-6] == "pca_" + "0" * 12 + "_" + "0" * 32
    assert len({tokens.make("report", secrets.randbelow) for _ in range(100)}) == 100


@given(st.integers(0, 54), st.sampled_from(ALPHABET + "_ é\n"))
def test_one_wrong_character_is_found_without_a_database(at: int, character: str) -> None:
    token = tokens.make("report", lambda below: 7 % below)
    spoilt = token[:at] + character + token[at + 1 :]
    assert tokens.well_formed(spoilt) == (spoilt == token)


@pytest.mark.parametrize("text", ["", "pca_", "pcx_" + "0" * 51, "x" * 55, "pca_" + "0" * 12 + "_" + "0" * 38 + "\n"])
def test_what_has_not_the_form_is_not_well_formed(text: str) -> None:
    assert not tokens.well_formed(text)
