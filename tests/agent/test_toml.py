"""Reading TOML, and where its keys stand."""

from __future__ import annotations

import time

import pytest

from paritycheck_agent import toml

TEXT = '''\
# a comment with [a] header
[project]
name = "shop"   # trailing
"odd.key" = 1

[tools.services]
"*" = "same-minor"
list = [1,
  2, "]"] # [x]
long = """
[not-a-table]
key = 1
"""
literal = \'\'\'
k = 2\'\'\'
inline = { a = 1, b = "=" }
after = true

[[waivers]]
match = "a"
until = 2026-12-31

[[waivers]]
match = 'b#'
[waivers.more]
a.b = 2
'''


def test_every_key_is_found_where_it_stands() -> None:
    rows = TEXT.split("\n")
    for path, (line, column) in toml.positions(TEXT).items():
        name = next(part for part in reversed(path) if not part.isdigit())
        assert name.split(".")[0] in rows[line - 1][column - 1 :], path


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("project",), (2, 1)),
        (("project", "odd.key"), (4, 1)),
        (("tools", "services", "*"), (7, 1)),
        (("tools", "services", "long"), (10, 1)),
        (("tools", "services", "after"), (17, 1)),
        (("waivers", "0", "match"), (20, 1)),
        (("waivers", "1", "match"), (24, 1)),
        (("waivers", "1", "more", "a", "b"), (26, 1)),
    ],
)
def test_places_count_from_one_and_pass_over_values(path: tuple[str, ...], place: tuple[int, int]) -> None:
    assert toml.positions(TEXT)[path] == place


def test_what_looks_like_a_key_inside_a_string_is_none() -> None:
    found = toml.positions(TEXT)
    assert ("not-a-table",) not in found
    assert ("tools", "services", "k") not in found


def test_dates_are_strings_so_that_a_document_can_be_kept_as_json() -> None:
    document = toml.load(TEXT)
    assert document["waivers"][0]["until"] == "2026-12-31"
    assert document["tools"]["services"]["inline"] == {"a": 1, "b": "="}


@pytest.mark.parametrize(
    ("text", "place"),
    [("a = \n", (1, 5)), ("a = 1\nb == 2\n", (2, 4)), ('x = 1\ny = "open', (2, 10)), ("[a\n", (1, 3))],
)
def test_a_mistake_has_its_line_and_column(text: str, place: tuple[int, int]) -> None:
    with pytest.raises(toml.TomlError) as caught:
        toml.load(text)
    assert (caught.value.line, caught.value.column) == place
    assert "(at" not in caught.value.detail


def test_the_tables_of_pyproject_become_a_document_on_the_same_lines() -> None:
    text = '[project]\nname = "x"\n\n[tool.parity.project]\nname = "shop"\n\n[tool.ruff]\na = 1\n\n'
    text += '[[tool.parity.waivers]]\nmatch = "a"\n'
    extracted = toml.extract(text, ("tool", "parity"))
    assert toml.load(extracted) == {"project": {"name": "shop"}, "waivers": [{"match": "a"}]}
    assert toml.positions(extracted)[("project", "name")] == (5, 1)
    assert toml.positions(extracted)[("waivers", "0", "match")] == (11, 1)


def test_keys_of_the_table_itself_stand_first_or_are_refused() -> None:
    before = '[tool.parity]\nproject = {name = "shop"}\n[tool.parity.time]\na = 1\n'
    assert toml.load(toml.extract(before, ("tool", "parity"))) == {"project": {"name": "shop"}, "time": {"a": 1}}
    after = '[tool.parity.time]\na = 1\n[tool.parity]\nproject = {name = "shop"}\n'
    with pytest.raises(toml.TomlError) as caught:
        toml.extract(after, ("tool", "parity"))
    assert caught.value.line == 3


@pytest.mark.parametrize(
    "text", ["a." * 40_000 + "a = 1", "[" + "a." * 40_000 + "a]", "b = {" + "a." * 40_000 + "a = 1}"]
)
def test_a_key_of_very_many_parts_is_refused_at_once(text: str) -> None:
    started = time.process_time()
    with pytest.raises(toml.TomlError, match="a key has too many parts"):
        toml.load(f"x = 1\n{text}\n")
    assert time.process_time() - started < 1


def test_dots_in_strings_and_numbers_are_no_parts_of_a_key() -> None:
    assert toml.load('a = ["1.2.3"' + ', "1.2.3"' * 600 + "]")["a"][0] == "1.2.3"
    assert toml.load(f'a = "{"." * 2_000}"')["a"] == "." * 2_000
