"""YAML is read as PyYAML reads it, every node with its line; what is not known is refused, never guessed."""

from __future__ import annotations

import contextlib
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml as pyyaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from paritycheck_agent.sources import yaml
from paritycheck_agent.sources.yaml_nodes import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from paritycheck_agent.sources.yaml_nodes import Node

MERGE = "tag:yaml.org,2002:merge"
FILES = sorted((Path(__file__).parent / "yaml").glob("*.y*ml"))
PIECES = (
    *(
        "a",
        "b",
        "1",
        "key",
        "- ",
        "- ",
        "-",
        ": ",
        ": ",
        ":",
        "\n",
        "\n",
        "\n ",
        "\n  ",
        "\n  ",
        "\n    ",
        "  ",
        " # x",
    ),
    *("[", "]", "{", "}", ", ", ",", "'", '"', '"q"', "'s'", "|\n  ", ">\n  ", "|-\n  ", ">+\n  ", "&x ", "*x", "!t "),
    *("---\n", "...\n", "<<: ", "~", "\\n", "x: y\n", "- z\n", "\t", "é", "k:\n", "%", "'it''s'", '"a\\tb"'),
)


class RefusedError(Exception):
    """The oracle takes a document that this reader refuses on purpose."""


def expected(node: pyyaml.Node) -> Any:
    """PyYAML's node: what it is, its line from 1, and its content with merge keys followed."""
    line = node.start_mark.line + 1
    if isinstance(node, pyyaml.ScalarNode):
        return ("scalar", node.value, line, node.style is None)
    if isinstance(node, pyyaml.SequenceNode):
        return ("sequence", line, [expected(item) for item in node.value])
    assert isinstance(node, pyyaml.MappingNode)
    return ("mapping", line, _entries(node))


def _entries(node: pyyaml.MappingNode) -> dict[str, Any]:
    own: dict[str, Any] = {}
    merged: list[pyyaml.Node] = []
    for key, value in node.value:
        if not isinstance(key, pyyaml.ScalarNode) or key.value in own or (key.tag == MERGE and merged):
            raise RefusedError
        if key.tag == MERGE:
            merged = value.value if isinstance(value, pyyaml.SequenceNode) else [value]
        else:
            own[key.value] = (key.start_mark.line + 1, expected(value))
    for source in merged:
        if not isinstance(source, pyyaml.MappingNode):
            raise RefusedError
        for name, entry in _entries(source).items():
            own.setdefault(name, entry)
    return own


def got(node: Node) -> Any:
    if isinstance(node, Scalar):
        return ("scalar", node.text, node.line, node.plain)
    if isinstance(node, Sequence):
        return ("sequence", node.line, [got(item) for item in node.items])
    return ("mapping", node.line, {name: (node.keys[name].line, got(item)) for name, item in node.entries.items()})


def oracle(text: str) -> list[Any]:
    return [expected(root) for root in pyyaml.compose_all(text, Loader=pyyaml.SafeLoader)]


def without_empty(roots: list[Any]) -> list[Any]:
    """PyYAML puts an empty document where the text ends; the line of nothing does not count."""
    return [("scalar", "", 0, True) if root[:2] == ("scalar", "") else root for root in roots]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_real_files_are_read_as_pyyaml_reads_them(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert without_empty([got(root) for root in yaml.documents(text)]) == without_empty(oracle(text))


def test_there_are_real_files() -> None:
    assert len(FILES) >= 6


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@settings(max_examples=400)
@example("a: &x {b: 1}\nc:\n  <<: *x\n  d: 2\n")
@example("a:\n- b\n-\n  - c\nd: |+\n  x\n\n   y\n\n")
@example("a: >-\n  one\n  two\n\n    three\n  four\n")
@example('"k": "a\\\n  b\\x41\\u00e9"\n')
def test_no_text_is_read_otherwise_than_pyyaml_reads_it(text: str) -> None:
    try:
        theirs = oracle(text)
        ours = [got(root) for root in yaml.documents(text)]
    except (pyyaml.YAMLError, RefusedError, yaml.YamlError):
        return  # each may refuse what the other takes; what both take must be the same
    assert without_empty(ours) == without_empty(theirs)


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp", "Cn"), exclude_characters="\ufeff"),
    max_size=30,
) | st.text("ab \n\t:#-'\"", max_size=20)
KEYS = st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126), min_size=1, max_size=12)
TREES = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
FLOWS = {"mixed": None, "block": False, "flow": True}
# What this reader refuses on purpose: keys marked with ?.
UNREAD = re.compile(r"^[ -]*\? ", re.MULTILINE)


@given(TREES, st.sampled_from(["mixed", "block", "flow"]), st.sampled_from([None, "'", '"', "|", ">"]))
def test_what_pyyaml_writes_is_read_back(tree: Any, flow: str, style: str | None) -> None:
    text = pyyaml.safe_dump(tree, default_flow_style=FLOWS[flow], default_style=style, allow_unicode=True, width=60)
    with contextlib.suppress(yaml.YamlError) if UNREAD.search(text) else contextlib.nullcontext():
        assert without_empty([got(root) for root in yaml.documents(text)]) == without_empty(oracle(text))


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("a: 1\nb: [x\n", "parse-failed", 3),
        ("a: 1\n b: 2\n", "parse-failed", 2),
        ("a: 'x\n", "parse-failed", 1),
        ("a: 1\na: 2\n", "parse-failed", 2),
        ("a: *nobody\n", "parse-failed", 1),
        ("a: b: c\n", "parse-failed", 1),
        ("? a\n: b\n", "unsupported-format", 1),
        ("a:\n\t- b\n", "unsupported-format", 2),
        ("%TAG ! x:\n---\na: 1\n", "unsupported-format", 1),
        ("[a]: 1\n", "unsupported-format", 1),
        ("a: \x00\n", "unsupported-format", 1),
        ("a: &x [*x]\n", "parse-failed", 1),
        ("[" * 100 + "]" * 100, "unsupported-format", 1),
        ("- " * 100 + "x", "unsupported-format", 1),
        ("<<: [1]\n", "parse-failed", 1),
        ("- &name: x\n", "unsupported-format", 1),
        ("a: &x *y\n", "parse-failed", 1),
    ],
)
def test_what_is_not_read_says_why_and_where(text: str, reason: str, line: int) -> None:
    with pytest.raises(yaml.YamlError) as caught:
        yaml.documents(text)
    assert (caught.value.reason, caught.value.line) == (reason, line)


def test_tags_and_lines_stay_with_their_nodes() -> None:
    root = yaml.documents("# head\nservices:\n  db: !reset null\n  web:\n    image: 'x'\n")[0]
    assert isinstance(root, Mapping)
    services = root.child("services")
    assert services is not None
    database = services.get("db")
    assert isinstance(database, Scalar)
    assert (database.tag, database.line, database.text) == ("!reset", 3, "null")
    assert services.keys["web"].line == 4
    web = services.child("web")
    assert web is not None
    assert (web.text("image"), web.text("nothing"), web.child("image")) == ("x", None, None)


def test_merged_keys_cannot_grow_without_end() -> None:
    text = "a0: &a0 {" + ", ".join(f"k{n}: 1" for n in range(1000)) + "}\n"
    text += "".join(f"a{n}:\n  <<: *a0\n  own{n}: 1\n" for n in range(1, 200))
    with pytest.raises(yaml.YamlError, match="merge keys"):
        yaml.documents(text)


@pytest.mark.parametrize(
    "line",
    ["a: 'x\n", "- - -\n", "? \n", "a: |\n", "[", "{a: ", "'", '"\\', "&a *b\n", "#\n", " " * 99, "a" * 99, "- a: b\n"],
)
def test_the_time_grows_with_the_length_only(line: str) -> None:
    text = line * (300_000 // len(line))
    started = time.process_time()
    with contextlib.suppress(yaml.YamlError):
        yaml.documents(text)
    assert time.process_time() - started < 4


def test_a_text_of_any_size_is_refused_before_it_is_read() -> None:
    with pytest.raises(yaml.YamlError) as caught:
        yaml.documents("a" * (yaml.SIZE + 1))
    assert caught.value.reason == "too-large"
