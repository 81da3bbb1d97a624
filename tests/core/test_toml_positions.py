from __future__ import annotations

import tomllib
from typing import Any

import pytest

from paritycheck.core.toml_positions import Path, Positions

TEXT = '''# a comment with [brackets] = "quotes"
top = 1 # trailing
"quoted key".b.'c d' = [ 1, # one
  "two", { three = 3, deep = [ """multi
line = "x" ] """ ] },
]
[ table . "dotted.name" ]
a = 'literal [ not a table ]'
b = """
[not.a.table]
quote \\""" still inside""" # end
c = 2026-12-31T10:00:00Z
d = [[1, 2], []]
e = {}
[[list]]
name = "first"
[[list.inner]]
x = 1
[[list]]
name = \'\'\'second\'\'\'
[list.sub]
y = -1_000.5e3
'''


def leaves(value: Any, path: Path = ()) -> dict[Path, Any]:
    if isinstance(value, dict):
        items: list[tuple[str | int, Any]] = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        return {path: value}
    return {where: leaf for key, item in items for where, leaf in leaves(item, (*path, key)).items()}


def test_each_value_stands_where_the_index_says() -> None:
    positions = Positions(TEXT)
    lines = TEXT.split("\n")
    for path, leaf in leaves(tomllib.loads(TEXT)).items():
        line, column = positions.value(path)
        written = "\n".join([lines[line - 1][column - 1 :], *lines[line:]])
        key = positions.key(path)
        assert _reads(written, leaf), (path, leaf)
        assert lines[key.line - 1][key.column - 1 :].startswith(_written(path)), path


def _reads(written: str, leaf: object) -> bool:
    """Whether the text at the position starts with a TOML value that reads as the leaf."""
    for end in range(1, len(written) + 1):
        try:
            if tomllib.loads("k = " + written[:end])["k"] == leaf:
                return True
        except tomllib.TOMLDecodeError:
            continue
    return False


def _written(path: Path) -> tuple[str, ...]:
    last = next(part for part in reversed(path) if isinstance(part, str))
    return (last, f'"{last}"', f"'{last}'")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("top",), (2, 7)),
        (("quoted key", "b", "c d", 1), (4, 3)),
        (("table", "dotted.name", "c"), (12, 5)),
        (("list", 0, "inner", 0, "x"), (18, 5)),
        (("list", 1, "sub", "y"), (22, 5)),
    ],
)
def test_lines_and_columns_count_from_one(path: Path, expected: tuple[int, int]) -> None:
    assert Positions(TEXT).value(path) == expected


def test_what_does_not_stand_in_the_text_goes_by_what_encloses_it() -> None:
    assert Positions(TEXT).value(("list", 1, "missing")) == Positions(TEXT).key(("list", 1)) == (19, 3)
    assert Positions("").value(("a", "b")) == (1, 1)
