"""Whatever comes, the readers of the wire raise Invalid and nothing else; what the agent makes is always taken."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paritycheck_agent.redact import clean
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.candidates import check_candidate
from paritycheck_agent.wire.canonical import join, line, split
from paritycheck_agent.wire.commits import check_commits
from paritycheck_agent.wire.errors import Invalid
from paritycheck_agent.wire.reading import read_json
from paritycheck_agent.wire.reports import check_report, state_of
from paritycheck_agent.wire.words import SECTIONS

MEMBERS = ["name", "value", "kind", "unknown", "absent", "fps", "sources", "scope", "shape", "plain", "scheme", "keys"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FACT = st.dictionaries(st.sampled_from(MEMBERS) | st.text(max_size=4), JSON | st.text(max_size=600), max_size=6)
BYTES = st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode())


def refusal(check: Any, value: Any) -> Invalid | None:
    """Return what a check says; any exception but Invalid fails the test."""
    try:
        check(value)
    except Invalid as error:
        return error
    return None


def holds(check: Any, value: Any) -> None:
    """Invalid is an answer of the wire: a code, a status, at most 20 errors."""
    error = refusal(check, value)
    if error is not None:
        assert error.status in {400, 413, 422}
        assert error.code
        assert len(error.errors) <= 20


@given(BYTES)
@settings(max_examples=400, deadline=None)
def test_reading_raises_invalid_or_returns(data: bytes) -> None:
    holds(read_json, data)


@given(st.sampled_from(SECTIONS), st.booleans(), st.lists(FACT, max_size=5), st.binary(max_size=30))
@settings(max_examples=400, deadline=None)
def test_checking_a_body_raises_invalid_or_returns(section: str, proof: bool, facts: list[Any], tail: bytes) -> None:  # noqa: FBT001 - drawn
    header = {"evidence": section, "warnings": []} if proof else {"covers": [], "section": section}
    rows = [json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False) for row in (header, *facts)]
    holds(check_body, "\n".join([*rows, ""]).encode("utf-8", "surrogatepass") + tail)
    holds(check_commits, "\n".join([*rows, ""]).encode("utf-8", "surrogatepass") + tail)


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_checking_any_bytes_raises_invalid_or_returns(data: bytes) -> None:
    holds(check_body, data)
    holds(check_commits, data)


ENVELOPE = [
    "schema",
    "report_id",
    "seq",
    "sent_at",
    "collected_at",
    "agent",
    "instance",
    "sections",
    "base",
    "candidate",
]


@given(st.dictionaries(st.sampled_from(ENVELOPE) | st.text(max_size=4), JSON, max_size=8) | JSON, st.booleans())
@settings(max_examples=300, deadline=None)
def test_checking_any_document_raises_invalid_or_returns(document: Any, named: bool) -> None:  # noqa: FBT001 - drawn
    for schema, check in (("paritycheck.report/1", check_report), ("paritycheck.candidate/1", check_candidate)):
        whole = {**document, "schema": schema} if named and isinstance(document, dict) else document
        holds(check, whole)


TEXT = st.text(max_size=300)
COLLECTED = st.fixed_dictionaries(
    {"name": st.text(min_size=1, max_size=300)},
    optional={
        "value": TEXT | st.lists(TEXT, min_size=1, max_size=3),
        "sources": st.lists(TEXT, max_size=12),
        "via": TEXT,
    },
)


@given(st.sampled_from(["dependencies", "runtime", "release", "migrations"]), st.lists(COLLECTED, max_size=8))
@settings(max_examples=400, deadline=None)
def test_whatever_is_collected_becomes_bodies_that_the_wire_takes(section: str, facts: list[dict[str, Any]]) -> None:
    kept, warnings = clean(section, facts)
    body, proof = split(section, ["pkg:pypi/"], kept, warnings)
    assert check_body(body).count == len(join(body, proof)["facts"])
    check_body(proof)


@given(st.lists(COLLECTED, max_size=6), st.randoms())
@settings(deadline=None)
def test_the_order_in_which_facts_were_found_does_not_show(facts: list[dict[str, Any]], random: Any) -> None:
    unique = list({fact["name"]: fact for fact in clean("runtime", facts)[0]}.values())
    shuffled = random.sample(unique, len(unique))
    # Names that are one in NFC are merged, first come first kept; leave those out.
    if len({row["name"] for row in join(*split("runtime", [], unique))["facts"]}) == len(unique):
        assert split("runtime", [], unique) == split("runtime", [], shuffled)


@given(JSON)
@settings(deadline=None)
def test_canonical_lines_are_read_back_as_they_were(value: Any) -> None:
    try:
        data = line(value)
    except (ValueError, UnicodeEncodeError):
        return
    error = refusal(read_json, data)
    if error is None:
        assert read_json(data) == value
    else:
        assert error.code in {"too-deep", "bad-number", "control-character"}


def test_the_state_of_equal_reports_is_equal_whatever_the_order_of_their_keys() -> None:
    one = {"schema": "x", "sections": {"b": 1, "a": 2}}
    other = {"sections": {"a": 2, "b": 1}, "schema": "x"}
    assert state_of(one) == state_of(other)


def test_an_invalid_holds_at_most_twenty_errors() -> None:
    with pytest.raises(Invalid) as caught:
        raise Invalid("invalid-report", "many", errors=[{"pointer": ""}] * 30)
    assert len(caught.value.errors) == 20
