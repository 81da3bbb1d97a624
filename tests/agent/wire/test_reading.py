"""Strict reading of JSON: rows 16 to 22 and 25 to 27 of wire.md."""

from __future__ import annotations

import time

import pytest

from paritycheck_agent.wire.errors import Invalid
from paritycheck_agent.wire.reading import read_json

ROWS = [
    ("empty", b"", "empty-body", 400),
    ("not UTF-8", b'{"a":"\xff"}', "bad-utf8", 400),
    ("overlong", b'{"a":"\xc0\xaf"}', "bad-utf8", 400),
    ("UTF-16", '{"a":1}'.encode("utf-16"), "bad-utf8", 400),
    ("encoded surrogate", b'{"a":"\xed\xa0\x80"}', "bad-utf8", 400),
    ("BOM", b'\xef\xbb\xbf{"a":1}', "bad-json", 400),
    ("truncated", b'{"a":', "bad-json", 400),
    ("trailing data", b'{"a":1} x', "bad-json", 400),
    ("comment", b'{"a":1} // x', "bad-json", 400),
    ("raw newline in a string", b'{"a":"\n"}', "bad-json", 400),
    ("open and deep", b"[" * 1_100, "too-deep|bad-json", 400),
    ("closed and deep", b"[" * 17 + b"]" * 17, "too-deep", 400),
    ("deep objects", b'{"a":' * 17 + b"1" + b"}" * 17, "too-deep", 400),
    ("NaN", b'{"a":NaN}', "bad-number", 400),
    ("Infinity", b'{"a":-Infinity}', "bad-number", 400),
    ("1e400", b'{"a":1e400}', "bad-number", 400),
    ("5,000 digits", b'{"a":' + b"9" * 5_000 + b"}", "bad-number", 400),
    ("2**63", b'{"a":9223372036854775808}', "bad-number", 422),
    ("duplicate key", b'{"a":1,"a":2}', "duplicate-key", 400),
    ("duplicate key, escaped", b'{"a":1,"\\u0061":2}', "duplicate-key", 400),
    ("NUL in a value", b'{"a":"\\u0000"}', "control-character", 422),
    ("NUL in a key", b'{"\\u0000":1}', "control-character", 422),
    ("lone surrogate", b'{"a":["\\ud800"]}', "bad-unicode", 422),
    ("lone surrogate in a key", b'{"\\udc00":1}', "bad-unicode", 422),
]


@pytest.mark.parametrize(("data", "codes", "status"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_could_be_read_in_two_ways_is_refused(data: bytes, codes: str, status: int) -> None:
    with pytest.raises(Invalid) as caught:
        read_json(data)
    assert caught.value.code in codes.split("|")
    assert caught.value.status == status


@pytest.mark.parametrize("data", [b"[" * 16 + b"]" * 16, b'{"a":"' + b"[{" * 500 + b'"}', b'{"a":"\\ud83d\\ude00"}'])
def test_what_is_within_the_limits_is_read(data: bytes) -> None:
    assert read_json(data) is not None


def test_a_bad_byte_is_named_by_its_offset_in_bytes() -> None:
    with pytest.raises(Invalid) as caught:
        read_json('{"ä":x}'.encode())
    assert caught.value.detail == "not JSON at byte 6"


def test_hostile_nesting_is_refused_quickly() -> None:
    started = time.process_time()
    for data in (b"[" * 16_384, b'{"a":' * 3_000, b"[" * 8_192 + b"]" * 8_192):
        with pytest.raises(Invalid):
            read_json(data)
    assert time.process_time() - started < 0.5


def test_no_submitted_value_is_in_an_error() -> None:
    for data in (b'{"canary":1,"canary":2}', b'{"canary"', b'{"canary":"\\ud800"}', b'"canary\xff"'):
        with pytest.raises(Invalid) as caught:
            read_json(data)
        assert "canary" not in f"{caught.value} {caught.value.errors} {caught.value.extra}"
