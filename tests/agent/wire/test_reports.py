"""The check of reports and candidates: rows 24, 36 to 39 and 44 of wire.md."""

from __future__ import annotations

from typing import Any

import pytest

from paritycheck_agent.wire.candidates import check_candidate
from paritycheck_agent.wire.errors import Invalid
from paritycheck_agent.wire.reports import check_report, state_of
from paritycheck_agent.wire.times import read_time

DIGEST = "sha256:" + "0" * 64


def report(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "schema": "paritycheck.report/1", "report_id": "0193f0c2-6f2a-7c31-9b54-2f6a1d0c7e88", "seq": 1,
        "collected_at": "2026-11-23T08:00:00Z", "sent_at": "2026-11-23T08:00:01Z", "agent": {"version": "0.1.0"},
        "instance": {"id": "web-1", "kind": "container"}, "sections": {},
    }  # fmt: skip
    return {**document, **changes}


def refusal(document: Any) -> Invalid:
    with pytest.raises(Invalid) as caught:
        check_report(document)
    return caught.value


@pytest.mark.parametrize("document", [[], None, "x", 1, True])
def test_what_is_no_object_is_no_report(document: Any) -> None:
    assert (refusal(document).code, refusal(document).status) == ("invalid-report", 422)


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"report_id": "x"}, "bad-report-id", "/report_id"),
    ({"report_id": "0193f0c2-6f2a-1c31-9b54-2f6a1d0c7e88"}, "bad-report-id", "/report_id"),
    ({"report_id": 7}, "bad-report-id", "/report_id"),
    ({"seq": True}, "invalid-report", "/seq"),
    ({"seq": 0}, "bad-number", "/seq"),
    ({"seq": 1.0}, "invalid-report", "/seq"),
    ({"sent_at": "2026-11-23T08:00:01"}, "bad-timestamp", "/sent_at"),
    ({"sent_at": "infinity"}, "bad-timestamp", "/sent_at"),
    ({"sent_at": None}, "bad-timestamp", "/sent_at"),
    ({"sent_at": "1999-12-31T23:59:59Z"}, "bad-timestamp", "/sent_at"),
    ({"sent_at": "2200-01-01T00:00:00Z"}, "bad-timestamp", "/sent_at"),
    ({"collected_at": "2026-02-30T08:00:01Z"}, "bad-timestamp", "/collected_at"),
    ({"collected_at": "٢٠٢٦-11-23T08:00:00Z"}, "bad-timestamp", "/collected_at"),
    ({"agent": None}, "invalid-report", "/agent"),
    ({"agent": {"version": "1", "interval_s": 59}}, "bad-number", "/agent/interval_s"),
    ({"instance": {"id": "", "kind": "host"}}, "invalid-report", "/instance/id"),
    ({"instance": {"id": "x" * 257, "kind": "host"}}, "too-long", "/instance/id"),
    ({"instance": {"id": "ghp_0123456789", "kind": "host"}}, "secret-suspected", "/instance/id"),
    ({"instance": {"id": "a", "kind": "toaster"}}, "invalid-report", "/instance/kind"),
    ({"resource": {"a": 1}}, "invalid-report", "/resource"),
    ({"resource": {str(n): "x" for n in range(65)}}, "too-many-items", "/resource"),
    ({"head": "3f1c9d0"}, "invalid-report", "/head"),
    ({"policy": "0" * 64}, "invalid-report", "/policy"),
    ({"sections": []}, "invalid-report", "/sections"),
    ({"sections": {"config": {"status": "fine"}}}, "invalid-report", "/sections/config/status"),
    ({"sections": {"config": {"status": "ok"}}}, "invalid-report", "/sections/config/digest"),
    ({"sections": {"config": {"status": "unknown"}}}, "invalid-report", "/sections/config/reason"),
    ({"novelty": "x" * 513}, "too-long", ""),
    ({"novelty": "e\u0301"}, "not-canonical", ""),
]


@pytest.mark.parametrize(("changes", "code", "pointer"), FAULTS)
def test_a_field_that_is_not_valid_is_refused_with_its_pointer(
    changes: dict[str, Any], code: str, pointer: str
) -> None:
    error = refusal(report(**changes))
    assert (error.code, error.status) == (code, 422)
    assert error.errors[0]["pointer"] == pointer


@pytest.mark.parametrize(
    "name", ["schema", "report_id", "seq", "collected_at", "sent_at", "agent", "instance", "sections"]
)
def test_every_field_of_the_envelope_must_be_there(name: str) -> None:
    document = report()
    del document[name]
    assert refusal(document).errors[0]["pointer"].startswith(f"/{name}")


@pytest.mark.parametrize("schema", ["paritycheck.report/2", "other.report/1", ""])
def test_another_schema_is_answered_with_those_that_are_known(schema: str) -> None:
    error = refusal(report(schema=schema))
    assert (error.code, error.status) == ("schema-unsupported", 422)
    assert error.extra == {"supported": ["paritycheck.report/1"]}


@pytest.mark.parametrize(
    "time", ["2020-01-01T00:00:00Z", "2199-12-31T23:59:59.999999999Z", "2026-11-23T08:00:00+05:30"]
)
def test_any_skew_within_the_centuries_is_taken(time: str) -> None:
    assert check_report(report(sent_at=time)) == []


def test_an_offset_is_read_as_utc() -> None:
    assert read_time("2026-11-23T08:00:00+05:30").isoformat() == "2026-11-23T02:30:00+00:00"
    assert read_time("2026-11-23T08:00:00.5-01:00").isoformat() == "2026-11-23T09:00:00.500000+00:00"


def test_unknown_fields_are_named_and_never_repeated_when_odd() -> None:
    odd = "x\u202e" + "y" * 10
    warnings = check_report(report(environment="production", ghp_0123456789abcdef=1, **{odd: 1}))
    assert warnings == ["unknown-field:environment", "unknown-field:?", "unknown-field:?"]


def test_a_section_that_is_not_known_is_named_and_ignored() -> None:
    assert check_report(report(sections={"weather": {"status": "ok"}})) == ["unknown-section:weather"]


def test_a_report_with_everything_is_taken() -> None:
    sections = {
        "config": {"status": "ok", "digest": DIGEST, "evidence": DIGEST},
        "release": {"status": "ok", "digest": DIGEST},
    }
    full = report(head="0" * 40, policy=DIGEST, resource={"service.name": "shop"}, sections=sections)
    full["agent"]["interval_s"] = 300
    assert check_report(full) == []


def test_the_state_changes_with_anything_but_the_send() -> None:
    first = state_of(report())
    assert first == state_of(report(report_id="y", seq=9, collected_at="b", sent_at="c"))
    assert first != state_of(report(policy=DIGEST))
    assert len(first) == 64


CANDIDATE_FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"schema": "paritycheck.report/1"}, ""),
    ({"candidate": {"commit": "abc"}}, "/candidate/commit"),
    ({"candidate": {"dirty": "false"}}, "/candidate/dirty"),
    ({"candidate": []}, "/candidate"),
    ({"fail_on": "never"}, "/fail_on"),
    ({"max_age_s": -1}, "/max_age_s"),
    ({"max_age_s": "1h"}, "/max_age_s"),
    ({"min_coverage": 101}, "/min_coverage"),
    ({"record": "yes"}, "/record"),
    ({"against": ""}, "/against"),
    ({"policy": "x"}, "/policy"),
    ({"sections": None}, "/sections"),
    ({"base": {"sections": {"config": {"status": "ok"}}}}, "/base/sections/config/digest"),
]


@pytest.mark.parametrize(("changes", "pointer"), CANDIDATE_FAULTS)
def test_a_candidate_that_is_not_valid_is_refused(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_candidate({"schema": "paritycheck.candidate/1", "sections": {}, **changes})
    assert caught.value.status == 422
    assert [place["pointer"] for place in caught.value.errors] == ([pointer] if pointer else [])


def test_a_candidate_of_sections_alone_is_taken() -> None:
    document = {"schema": "paritycheck.candidate/1", "sections": {"weather": 1}, "mood": "good"}
    assert check_candidate(document) == ["unknown-field:mood", "unknown-section:weather"]
