"""The line reader of YAML: what it reads it reads as PyYAML does; what it does not know it says, and never guesses."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent import block_yaml
from tests.agent.lock_fixtures import fixture, mutated, seconds

LOCKS = [
    fixture(folder, name)
    for folder, name in (
        ("pnpm/6.35.1", "pnpm-lock.yaml"), ("pnpm/8.15.9", "pnpm-lock.yaml"), ("pnpm/12.21.0", "pnpm-lock.yaml"),
        ("pnpm/ws", "pnpm-lock.yaml"), ("yarn/2.4.2", "yarn.lock"), ("yarn/4.18.1", "yarn.lock"),
        ("yarn/raw-body", "yarn.lock"), ("conda", "conda-lock.yml"), ("conda", "environment.yml"),
    )
]  # fmt: skip
SMALL = [data for data in LOCKS if len(data) < 12_000]


def by_pyyaml(data: bytes) -> list[Any]:
    """The documents with every scalar as it is written."""
    return [document for document in yaml.load_all(data.decode(), yaml.BaseLoader) if document]


@pytest.mark.parametrize("data", LOCKS)
def test_locks_are_read_as_pyyaml_reads_them(data: bytes) -> None:
    documents, odd = block_yaml.documents(data.decode())
    assert odd == []
    assert documents == by_pyyaml(data)


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb:\n  c: 1.10\n  'd e': \"x\\ty\"\n  f: ''\n",
        "a:\n- b\n- c: 1\n  d: 2\n",
        "a:\n  - b\n  -\n    c: 1\n  - d:\n      - e\nf: g\n",
        "- a\n- b: c\n  d: e\n",
        "? 'a long key'\n: b\n? c\n:\n  d: e\n",
        "a: {b: c, d: [e, 'f, g'], \"h\": {i: j}}\nk: []\nl: {}\n",
        "a: {b: '>= 1', c: d || e}\n",
        "# c\na: b # c\n\n  # d\nc: 'x' # y\nd: http://x/#y\n",
        "---\na: b\n---\nc: d\n...\n---\ne: f\n",
        "a:\r\n  b: c\r\n",
        "a::b: c\nd: e:f\ng: -1\n",
    ],
)  # fmt: skip
def test_forms_that_are_known(text: str) -> None:
    assert block_yaml.documents(text) == (by_pyyaml(text.encode()), [])


def test_the_text_of_a_block_scalar_is_left_out_whatever_it_looks_like() -> None:
    text = "a:\n  b: >-\n    c: d\n    - e\n\n    # f\n  g: h\n- i"
    documents, odd = block_yaml.documents(text)
    assert documents == [{"a": {"b": "", "g": "h"}}]
    assert odd == [8]


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("a: &x b\nc: *x\n", [1, 2]),
        ("a: !!str b\n", [1]),
        ("a: b\n  c\n", [2]),
        ("a: 'b\n  c'\n", [1, 2]),
        ("a: {b: c,\n  d: e}\n", [1, 2]),
        ("a: b\na: c\n", [2]),
        ("a: {b: c, b: d}\n", [1]),
        ("a: b: c\n", [1]),
        ("<<<<<<< HEAD\na: b\n", [1]),
        ("a:\n    b: c\n  d: e\n", [3]),
        ("\ta: b\n", [1]),
        ("a: @b\n", [1]),
        ("a: [" + "[" * 100_000 + "\n", [1]),
    ],
)
def test_what_is_not_known_is_odd(text: str, odd: list[int]) -> None:
    assert block_yaml.documents(text)[1] == odd


def test_keys_and_items_know_their_lines() -> None:
    (document,), _odd = block_yaml.documents("# x\na:\n  b: c\n? d\n: e\nf:\n- g\n\n- h: i\n")
    assert document.lines == {"a": 2, "d": 4, "f": 6}
    assert document["a"].lines == {"b": 3}
    assert document["f"].lines == [7, 9]
    assert document["f"][1].lines == {"h": 9}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_mutated_text_is_read_as_pyyaml_reads_it_or_odd(data: st.DataObject) -> None:
    added = (b"\n  ", b"- ", b"? ", b"&a ", b"|\n", b"'", b"#", b" #", b"---\n", b", ", b"\t")
    # What YAML takes for the end of a line beside line feeds is in no lock: their writers escape it.
    text = mutated(data, *SMALL, added=added).decode(errors="replace").replace("\x85", "?")
    documents, odd = block_yaml.documents(text)
    try:
        expected = by_pyyaml(text.encode())
    except (yaml.YAMLError, RecursionError):
        return
    assert odd or without_block_scalars(expected, documents) == documents


def without_block_scalars(expected: Any, found: Any) -> Any:
    """What PyYAML read, with "" where the other has it: a block scalar is not kept."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return {key: without_block_scalars(value, found.get(key)) for key, value in expected.items()}
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [without_block_scalars(value, other) for value, other in zip(expected, found, strict=True)]
    return "" if found == "" and isinstance(expected, str) else expected


@pytest.mark.parametrize(
    "piece", ["a", "  ", "'", '"', '"\\', "{", "[", "a: ", "- ", "? a\n", ": ", "#", "\\", ",", "\n", "a:\n  "]
)
def test_no_text_takes_longer_than_its_length(piece: str) -> None:
    """A quadratic reader would need minutes for a text of this length."""
    many = piece * (200_000 // len(piece))
    for text in (many, "a: " + many, "a: {" + many + "}"):
        assert seconds(lambda data: block_yaml.documents(data.decode()), text.encode()) < 5
