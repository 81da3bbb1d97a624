"""`.env` files are read as python-dotenv reads them, line numbers included."""

from __future__ import annotations

import io
import os
import time

import pytest
from dotenv.main import DotEnv
from dotenv.parser import parse_stream
from hypothesis import example, given
from hypothesis import strategies as st

from paritycheck_agent.sources import dotenv

PIECES = (
    "A",
    "KEY",
    "B_2",
    "=",
    "'",
    '"',
    "\\",
    "#",
    " ",
    "\n",
    "\r\n",
    "\t",
    "export ",
    "x",
    "é",
    "\x0b",
    "${A}",
    "n",
)
SOUP = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=40)


def oracle(text: str) -> list[tuple[str, str | None, int]]:
    """What python-dotenv binds; its line is that of the blanks before, so these are counted off."""
    bound = []
    for binding in parse_stream(io.StringIO(text, newline="")):
        if binding.key is not None:
            written = binding.original.string.removeprefix("\ufeff")
            blank = written[: len(written) - len(written.lstrip())]
            ends = blank.replace("\r\n", "\n").replace("\r", "\n").count("\n")
            bound.append((binding.key, binding.value, binding.original.line + ends))
    return bound


def read(text: str) -> list[tuple[str, str | None, int]]:
    return [(entry.name, entry.value, entry.line) for entry in dotenv.entries(text)]


@given(SOUP)
@example("A=1\nB='x\ny' # c\nexport C=\"a\\nb\"\n# D=1\nE\nF= # empty\nG=#no\n")
@example("A='open\nB=2\n")
@example("\ufeffA=1")
@example('A="x" y\nB=1')
def test_any_text_is_read_as_python_dotenv_reads_it(text: str) -> None:
    ours, theirs = read(text), oracle(text)
    assert [entry[:2] for entry in ours] == [entry[:2] for entry in theirs]
    if "\r" not in text:  # behind a line that it cannot read, python-dotenv counts CR LF as two
        assert ours == theirs


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6))
def test_what_is_written_with_quotes_is_read_back(pairs: list[tuple[str, str]]) -> None:
    def quoted(value: str) -> str:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    text = "".join(f"export {name} = {quoted(value)}\n" for name, value in pairs)
    assert [(name, value) for name, value, _ in read(text)] == pairs


@given(st.dictionaries(NAMES, st.sampled_from(["1", "${A}x", "${B:-b}", "${C}", "a${", "$A"]), max_size=5))
def test_references_are_replaced_as_python_dotenv_does(pairs: dict[str, str]) -> None:
    text = "".join(f"{name}={value}\n" for name, value in pairs.items())
    theirs = DotEnv(None, stream=io.StringIO(text), interpolate=True, override=True).dict()
    known = dict(os.environ)
    for entry in dotenv.entries(text):
        known[entry.name] = dotenv.interpolated(entry.value or "", known) or ""
    assert {name: known[name] for name in pairs} == theirs


@pytest.mark.parametrize("line", ["A='\n", 'A="\\"\n', "A=\\'\n", "export export\n", "A= # #\n", "'A\n", "=\n"])
def test_the_time_grows_with_the_length_only(line: str) -> None:
    started = time.process_time()
    dotenv.entries(line * 40_000)
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    "text",
    ["A=" + " " * 200_000 + "x", "A=x" + " " * 200_000 + "y", "A=" + "${B:-" * 40_000, "A=" + "${" * 30_000 + ":x}"],
)
def test_runs_of_blanks_and_braces_that_stay_open_take_little_cpu(text: str) -> None:
    started = time.process_time()
    for entry in dotenv.entries(text):
        dotenv.interpolated(entry.value or "", {})
    assert time.process_time() - started < 1


def test_values_that_say_each_other_twice_fill_no_memory() -> None:
    known = {"A0": "x" * 10}
    for number in range(1, 15):
        known[f"A{number}"] = dotenv.interpolated(f"${{A{number - 1}}}${{A{number - 1}}}", known) or ""
    assert len(known["A13"]) == 10 * 2**13
    assert dotenv.interpolated("${A13}${A13}", known) is None
    assert dotenv.interpolated("a${A13}b", known) == "a" + known["A13"] + "b"
