"""Lines that are read many at once are taken and refused as each by itself is."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck_agent.wire.canonical import encode
from paritycheck_agent.wire.errors import Invalid
from paritycheck_agent.wire.lines import read_canonical_line, read_canonical_lines

ORDINARY = b'{"name":"pkg:npm/left-pad","value":"1.3.0"}'


def outcome(read: Any) -> Any:
    try:
        return read()
    except Invalid as error:
        return error.code, error.detail, error.errors


def together(rows: list[bytes]) -> Any:
    return outcome(lambda: list(read_canonical_lines(rows, 2)))


def one_by_one(rows: list[bytes]) -> Any:
    return outcome(lambda: [read_canonical_line(row, number) for number, row in enumerate(rows, 2)])


@pytest.mark.parametrize(
    "rows",
    [
        [b'{"x":[{}', b"{}]}", b"{},{}"],
        [b'{"a":{}', b'{"b":1}}'],
        [b'{"a":1},{"b":2}'],
        [b'{"a":1', b'"b":2}'],
        [b'{"a":1} ', b'{"b":1}'],
        [b' {"a":1}', b'{"b":1}'],
        [b'{"a": 1}'],
        [b'{"b":1,"a":2}'],
        [b'{"a":1,"a":1}'],
        [b'{"a":"\\u0041"}'],
        [b'{"a":1.0}'],
        [b'{"a":1e2}'],
        [b'{"a":NaN}'],
        [b'{"a":9007199254740993}'],
        [b"[1]"],
        [b"{}", b""],
        [b"[" * 17 + b"]" * 17],
        [b'{"a":' + b"[" * 16 + b"]" * 16 + b"}"],
        [b'{"a":"' + b"x" * 5000 + b'"}'],
        ['{"a":"é"}'.encode()],
        ['{"a":"e\u0301"}'.encode()],
        [b'{"a":"\xff"}'],
    ],
)
@pytest.mark.parametrize("before", [0, 1, 255, 256, 300])
def test_a_line_among_ordinary_ones_is_judged_as_if_it_stood_alone(rows: list[bytes], before: int) -> None:
    rows = [*[ORDINARY] * before, *rows, ORDINARY]
    assert together(rows) == one_by_one(rows)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=3), max_size=6), st.integers(0, 2**32))
def test_texts_that_were_changed_anywhere_are_judged_alike(objects: list[dict[str, Any]], seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  where to change a text
    data = bytearray("\n".join(encode(each) for each in objects), "utf-8", "surrogatepass")
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(data) + 1)
        data[at : at + chance.randrange(3)] = chance.choice([b"", b"}", b"{", b",", b"\n", b"]", b'"', b"0", b" "])
    rows = bytes(data).split(b"\n")
    assert together(rows) == one_by_one(rows)


def test_a_thousand_ordinary_lines_are_what_they_say() -> None:
    objects = [{"name": f"pkg:npm/{number:04}", "sources": [f"lock:{number}"]} for number in range(1000)]
    rows = [encode(each).encode() for each in objects]
    assert list(read_canonical_lines(rows, 2)) == objects == [json.loads(row) for row in rows]
