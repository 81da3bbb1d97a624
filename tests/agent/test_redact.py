"""Fingerprints, and what may not leave the host."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent import redact, shapes
from paritycheck_agent.wire.members import is_fingerprint

if TYPE_CHECKING:
    from pathlib import Path

KEY = bytes(range(32))


def test_a_fingerprint_is_the_published_formula() -> None:
    """gaps.md, Fingerprints, computed here by itself."""
    import base64

    name, value = "SECRET_KEY", "pass wörd of 16+ chars"
    message = b"pc1" + len(name).to_bytes(4, "big") + name.encode()
    message += len(value.encode()).to_bytes(4, "big") + value.encode()
    mac = hmac.new(KEY, message, hashlib.sha256).digest()[:16]
    identity = hmac.new(KEY, b"key-id", hashlib.sha256).digest()[:4].hex()
    expected = f"pc1:{identity}:{base64.b32encode(mac).decode().rstrip('=').lower()}"
    assert redact.fingerprint(KEY, name, value) == expected
    assert is_fingerprint(expected)


def test_equal_values_under_two_names_or_keys_do_not_match() -> None:
    one = redact.fingerprint(KEY, "A", "x" * 20)
    assert one == redact.fingerprint(KEY, "A", "x" * 20)
    assert one != redact.fingerprint(KEY, "B", "x" * 20)
    assert one[13:] != redact.fingerprint(bytes(32), "A", "x" * 20)[13:]


@pytest.mark.parametrize("value", ["short", "12345678901234567890", "true", "changeme-changeme-changeme"])
def test_what_can_be_guessed_is_not_fingerprinted(value: str) -> None:
    assert not redact.may_fingerprint(value, shapes.shape_of(value))


def test_what_cannot_be_guessed_may_be() -> None:
    assert redact.may_fingerprint("correct horse battery", "text")


def test_the_first_key_is_the_own_one(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(KEY.hex() + "\n" + bytes(32).hex() + "\n")
    assert redact.keys_of({"PARITY_KEY_FILE": str(path)}) == [KEY, bytes(32)]
    assert redact.keys_of({"PARITY_KEY": KEY.hex()}) == [KEY]
    assert redact.keys_of({}) == []


@pytest.mark.parametrize("text", ["hunter2", "00" * 31, "zz" * 32])
def test_a_bad_key_is_refused_without_being_told(text: str) -> None:
    with pytest.raises(redact.KeyFault) as caught:
        redact.keys_of({"PARITY_KEY": text})
    assert text not in str(caught.value)


def test_a_key_file_that_is_not_there_is_named_by_its_variable(tmp_path: Path) -> None:
    with pytest.raises(redact.KeyFault, match="PARITY_KEY_FILE"):
        redact.keys_of({"PARITY_KEY_FILE": str(tmp_path / "none")})


def test_names_that_look_like_secrets_are_left_out_and_counted() -> None:
    facts = [{"name": "DEBUG"}, {"name": "ghp_0123456789abcdef"}, {"name": "AKIAIOSFODNN7EXAMPLE"}, {"name": "x" * 300}]
    kept, warnings = redact.clean("config", facts)
    assert [fact["name"] for fact in kept] == ["DEBUG"]
    assert warnings == [
        "2 facts left out: the name looks like it holds a secret",
        "1 fact left out: the name is longer than 256 characters",
    ]


@pytest.mark.parametrize("value", ["git+https://user:pw@host/x", "1" * 129, ["1.0", "ghp_0123456789abcdef"]])
def test_a_value_that_may_not_leave_is_unknown(value: Any) -> None:
    kept, warnings = redact.clean("dependencies", [{"name": "pkg:pypi/x", "value": value, "sources": ["uv.lock:1"]}])
    assert kept == [{"name": "pkg:pypi/x", "unknown": "redacted", "sources": ["uv.lock:1"]}]
    assert len(warnings) == 1


def test_a_configuration_value_is_dropped_even_where_a_collector_gave_one() -> None:
    kept, _warnings = redact.clean("config", [{"name": "A", "value": "hunter2", "plain": "ghp_0123456789abcdef"}])
    assert kept == [{"name": "A"}]


def test_sources_with_credentials_are_dropped_and_the_rest_bounded() -> None:
    sources = ["https://u:p@h/x", *(f"a:{number}" for number in range(12))]
    kept, _warnings = redact.clean("runtime", [{"name": "a", "sources": sources}])
    assert kept[0]["sources"] == [f"a:{number}" for number in range(8)]


def test_names_of_undecodable_bytes_are_escaped() -> None:
    kept, _warnings = redact.clean("runtime", [{"name": "a\udcff\0b", "sources": ["x\udcfe"]}])
    assert kept == [{"name": "a\\udcff\\0b", "sources": ["x\\udcfe"]}]


def test_what_moves_a_cursor_is_escaped_for_the_terminal() -> None:
    assert redact.printable("a\x1b[2Jb\u202ec\x07\u200b") == "a\\x1b[2Jb\\u202ec\\x07\\u200b"
    assert redact.printable("größe ok") == "größe ok"
