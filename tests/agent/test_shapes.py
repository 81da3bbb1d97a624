"""What is told of a configuration value instead of it."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paritycheck_agent import shapes
from paritycheck_agent.wire import words

SHAPES = [
    ("", "empty"), ("   ", "empty"), ("changeme", "placeholder"), ("CHANGE_ME!", "placeholder"),
    ("<token>", "placeholder"), ("${SECRET}", "placeholder"), ("your-api-key-here", "placeholder"),
    ("xxxx", "placeholder"), ("TODO", "placeholder"),
    ("true", "bool"), ("False", "bool"), ("off", "bool"), ("0", "int"), ("-42", "int"), ("1.5", "number"),
    ("1e6", "number"), ("postgres://u:p@db/x", "url"), ("sqlite:///db.sqlite3", "url"), ("sqlite::memory:", "url"),
    ("jdbc:postgresql://h/x", "url"), ("ann@example.com", "email"), ("550e8400-e29b-41d4-a716-446655440000", "uuid"),
    ("deadbeefdeadbeef", "hex"), ("Zm9vYmFyYmF6cXV4MTIzNA==", "base64"), ("eyJhbGciOiJIUzI1NiJ9.eyJzIjoxfQ.x-y", "jwt"),
    ("-----BEGIN PRIVATE KEY-----\nMIIE\n", "pem"), ('{"a": 1}', "json"), ("[1, 2]", "json"), ("/var/lib/x", "path"),
    ("./x", "path"), ("a,b,c", "list"), ("hello world", "text"), ("{not json", "text"), ("10.0.0.1", "text"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "shape"), SHAPES)
def test_a_value_has_one_shape_of_the_list(value: str, shape: str) -> None:
    assert shapes.shape_of(value) == shape
    assert shape in words.SHAPES


BOOL = r"[Tt]rue|TRUE|[Ff]alse|FALSE|[Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF"
ALL = re.compile(
    "|".join([f"(?P<bool>{BOOL})", *(f"(?P<{name}>{form})" for name, _may, form in shapes._SHAPES)]), re.DOTALL
)
PIECES = [
    "a", "Z", "0", "9", "-", "_", ".", "/", ":", "://", "@", ",", "=", "+", "<", ">", "${", "}", "*", "x",
    "\u017f", "\u0131", " ", "eyJ", "set", "me", "to", "do", "true", "\\", "~", "{", "[",
]  # fmt: skip


@given(
    st.one_of(
        st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
        st.text(max_size=40),
        st.sampled_from([value for value, _shape in SHAPES]),
    )
)
@example("\u017fet-me")
@example("f\u0131ll-me")
@example("YES")
def test_what_a_pattern_is_not_asked_of_does_not_fit_it(value: str) -> None:
    """Every pattern in one, asked of every value, says the same."""
    text = value.strip()
    match = ALL.fullmatch(text) if text else None
    expected = (match.lastgroup or "text") if match else "text" if text else "empty"
    assert shapes.shape_of(value) in {expected, "json"}


@pytest.mark.parametrize(
    ("length", "bucket"),
    [
        (0, "0"),
        (1, "1-7"),
        (7, "1-7"),
        (8, "8-15"),
        (15, "8-15"),
        (16, "16-31"),
        (32, "32-63"),
        (63, "32-63"),
        (64, "64+"),
    ],
)
def test_a_length_is_told_as_a_bucket(length: int, bucket: str) -> None:
    assert shapes.length_of("x" * length) == bucket
    assert bucket in words.LENGTHS


URLS = [
    ("postgres://u:p@localhost:5432/x", "postgres", "loopback"),
    ("redis://[::1]:6379/0", "redis", "loopback"),
    ("postgresql+psycopg://u@10.1.2.3/x", "postgresql+psycopg", "private"),
    ("https://8.8.8.8/", "https", "public"),
    ("amqp://rabbit:5672//", "amqp", "name"),
    ("postgres:///db?host=/run/postgresql", "postgres", "socket"),
    ("postgres://%2Frun%2Fpostgresql/db", "postgres", "socket"),
    ("jdbc:mysql://db.example/x", "mysql", "name"),
    ("hunter2secret://h/x", "other", "name"),
    ("postgres+hunter2://h/x", "postgres", "name"),
]


@pytest.mark.parametrize(("value", "scheme", "host"), URLS)
def test_of_a_url_only_a_known_scheme_and_the_class_of_its_host_are_told(value: str, scheme: str, host: str) -> None:
    told = shapes.describe(value)
    assert (told["scheme"], told["host"]) == (scheme, host)
    assert told.keys() == {"shape", "length", "scheme", "host"}
    assert host in words.URL_HOSTS


def test_a_huge_value_is_described_quickly() -> None:
    started = time.process_time()
    for value in ("aA1" * 40_000, "," * 100_000, "a@" * 50_000, "[" * 100_000, "<" * 100_000, "your-" * 20_000):
        shapes.describe(value)
    assert time.process_time() - started < 1.0
