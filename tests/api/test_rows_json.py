"""Rows 16 to 27 and 36 to 44 of the table of bad inputs: what a report's bytes and members tell."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid1

import pytest

from paritycheck_agent.wire.canonical import line
from tests.api.installation import CANARY

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

Make = Callable[["Site"], bytes]


def raw(data: bytes) -> Make:
    return lambda _site: data


def member(name: str, value: Any) -> Make:
    return lambda site: line(site.report(**{name: value}))


def spliced(text: str) -> Make:
    """A valid report with `text` as one more member."""
    return lambda site: line(site.report())[:-1] + b"," + text.encode() + b"}"


def without(name: str) -> Make:
    return lambda site: line({key: value for key, value in site.report().items() if key != name})


DEEP = b"[" * 17 + b"]" * 17
ROWS: list[tuple[str, Make, int, str]] = [
    ("16-bytes", raw(b'{"a":"\xff"}'), 400, "bad-utf8"),
    ("16-overlong", raw(b'{"a":"\xc0\xaf"}'), 400, "bad-utf8"),
    ("16-utf-16", raw('{"a":1}'.encode("utf-16")), 400, "bad-utf8"),
    ("16-surrogate-bytes", raw(b'{"a":"\xed\xa0\x80"}'), 400, "bad-utf8"),
    ("17-bom", lambda site: b"\xef\xbb\xbf" + line(site.report()), 400, "bad-json"),
    ("18-truncated", lambda site: line(site.report())[:-5], 400, "bad-json"),
    ("18-trailing", lambda site: line(site.report()) + b"{}", 400, "bad-json"),
    ("18-comment", lambda site: b"/* " + CANARY.encode() + b" */" + line(site.report()), 400, "bad-json"),
    ("19-open", raw(b"[" * 1_100), 400, "too-deep|bad-json"),
    ("19-closed", raw(DEEP), 400, "too-deep"),
    ("19-objects", raw(b'{"a":' * 17 + b"1" + b"}" * 17), 400, "too-deep"),
    ("19-many", raw(b"[" * 100_000), 413, "body-too-large"),
    ("20-nan", spliced('"x":NaN'), 400, "bad-number"),
    ("20-infinity", spliced('"x":-Infinity'), 400, "bad-number"),
    ("20-1e400", spliced('"x":1e400'), 400, "bad-number"),
    ("21-digits", spliced('"x":' + "9" * 5_000), 400, "bad-number"),
    ("21-63-bits", member("seq", 2**63), 422, "bad-number"),
    ("21-negative", member("seq", -1), 422, "bad-number"),
    ("21-boolean", member("seq", True), 422, "invalid-report"),
    ("22-twice", spliced('"seq":1'), 400, "duplicate-key"),
    ("22-twice-inside", spliced(f'"x":{{"a":1,"a":"{CANARY}"}}'), 400, "duplicate-key"),
    ("24-list", raw(b"[]"), 422, "invalid-report"),
    ("24-null", raw(b"null"), 422, "invalid-report"),
    ("24-string", raw(line(CANARY)), 422, "invalid-report"),
    ("24-number", raw(b"1"), 422, "invalid-report"),
    ("25-value", spliced(f'"x":"{CANARY}\\u0000"'), 422, "control-character"),
    ("26-key", spliced(f'"{CANARY}\\u0000":1'), 422, "control-character"),
    ("27-value", spliced(f'"x":"{CANARY}\\ud800"'), 422, "bad-unicode"),
    ("27-key", spliced(f'"{CANARY}\\udfff":1'), 422, "bad-unicode"),
    ("29-nfd", member("resource", {"service.name": "e\u0301" + CANARY}), 422, "not-canonical"),
    ("30-string", member("resource", {"service.name": CANARY + "x" * 500}), 422, "too-long"),
    ("30-instance", member("instance", {"id": CANARY + "x" * 240, "kind": "host"}), 422, "too-long"),
    ("32-resource", member("resource", {"service.name": f"postgres://u:{CANARY}@db/x"}), 422, "secret-suspected"),
    ("37-name", member("schema", "paritycheck.cand/1"), 422, "schema-unsupported"),
    ("37-major", member("schema", "paritycheck.report/2"), 422, "schema-unsupported"),
    ("37-none", without("schema"), 422, "invalid-report"),
    ("39-text", member("report_id", CANARY), 422, "bad-report-id"),
    ("39-version-1", member("report_id", str(uuid1())), 422, "bad-report-id"),
    ("39-none", without("report_id"), 422, "bad-report-id"),
    ("44-none", without("sent_at"), 422, "bad-timestamp"),
    ("44-words", member("sent_at", CANARY), 422, "bad-timestamp"),
    ("44-no-zone", member("sent_at", "2026-11-23T08:00:00"), 422, "bad-timestamp"),
    ("44-infinity", member("sent_at", "infinity"), 422, "bad-timestamp"),
    ("44-before-2000", member("sent_at", "1999-12-31T23:59:59Z"), 422, "bad-timestamp"),
    ("44-after-2200", member("sent_at", "2200-01-01T00:00:00Z"), 422, "bad-timestamp"),
    ("44-collected", member("collected_at", 1_763_884_800), 422, "bad-timestamp"),
    ("instance-kind", member("instance", {"id": "web-1", "kind": CANARY}), 422, "invalid-report"),
    ("section-digest", member("sections", {"services": {"status": "ok", "digest": CANARY}}), 422, "invalid-report"),
    ("section-status", member("sections", {"services": {"status": CANARY}}), 422, "invalid-report"),
    ("interval", member("agent", {"version": "1", "interval_s": 59}), 422, "bad-number"),
    ("head", member("head", CANARY), 422, "invalid-report"),
]


@pytest.mark.parametrize(("make", "status", "code"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_bad_report_is_refused_as_the_table_says(
    either: "Site", make: Make, status: int, code: str, record_property: Callable[[str, object], None]
) -> None:
    reply = either.post(make(either))
    record_property("answer", f"{reply.status} {reply.code}")
    assert reply.status == status
    assert reply.code in code.split("|")
    assert reply.json()["retryable"] is False


def test_row_19_deep_nesting_is_refused_at_once(site: "Site") -> None:
    # The first call of a process loads every address, which is no part of what a body costs.
    assert site.post(b"[").status == 400
    started = time.process_time()
    assert site.post(b"[" * 1_100).status == 400
    assert time.process_time() - started < 0.25


def test_row_18_says_at_which_byte_and_row_37_what_is_supported(either: "Site") -> None:
    assert "byte 1" in either.post(b"{").json()["detail"]
    other = either.post(either.report(schema="paritycheck.report/9"))
    assert other.json()["supported"] == ["paritycheck.report/1"]


def test_row_36_an_unknown_field_is_ignored_and_named(either: "Site") -> None:
    reply = either.post(either.report(newer={"a": 1}))
    assert (reply.status, reply.json()["warnings"]) == (202, ["unknown-field:newer"])


@pytest.mark.parametrize("said", [5, None, "x", {"status": "ok"}, {"digest": "sha256:0"}])
def test_row_36_a_section_of_a_newer_agent_is_ignored_and_named(either: "Site", said: Any) -> None:
    known = {"services": {"status": "unknown", "reason": "disabled"}}
    reply = either.post(either.report(sections={**known, "newer": said}))
    assert (reply.status, reply.json()["warnings"]) == (202, ["unknown-section:newer"])


def test_row_38_the_token_decides_the_environment(either: "Site") -> None:
    report = either.report(environment="production")
    reply = either.post(report, who="staging")
    assert reply.status == 202
    assert reply.json()["warnings"]
    seen = either.get("/api/v1/projects/shop/environments/staging").json()["reporting"]
    assert report["instance"]["id"] in {instance["id"] for instance in seen}


def test_row_40_the_same_report_again_is_a_duplicate(either: "Site") -> None:
    report = either.report()
    first, again = either.post(report), either.post(report)
    assert (first.status, again.status) == (202, 200)
    assert again.json() == {"report": report["report_id"], "duplicate": True}


def test_row_40_sent_at_does_not_count(either: "Site") -> None:
    report = either.report()
    either.post(report)
    assert either.post({**report, "sent_at": later(5)}).json()["duplicate"] is True


@pytest.mark.parametrize("change", [{"seq": 1}, {"head": "a" * 40}, {"resource": {"service.name": "x"}}])
def test_row_41_the_same_id_for_another_report_is_refused(site: "Site", change: dict[str, Any]) -> None:
    report = site.report()
    site.post(report)
    changed = {**report, **change}
    changed.pop("head", None)
    if "head" in change:
        changed["agent"] = {"version": "0.2.0"}
    reply = site.post(changed)
    assert (reply.status, reply.code) == (422, "idempotency-mismatch")


def test_row_43_an_older_report_is_history_and_changes_nothing(either: "Site") -> None:
    report = either.report()
    either.post(report)
    old = either.report(seq=report["seq"] - 1, instance=report["instance"])
    assert either.post(old).json() == {"report": old["report_id"], "stale": True, "current_seq": report["seq"]}


@pytest.mark.parametrize("seconds", [-30 * 86_400, -61, 61, 5 * 365 * 86_400])
def test_row_44_a_clock_that_is_off_is_taken_with_a_warning(either: "Site", seconds: int) -> None:
    reply = either.post(either.report(sent_at=later(seconds)))
    assert reply.status == 202
    assert [warning.partition(":")[0] for warning in reply.json()["warnings"]] == ["clock_skew_s"]


@pytest.mark.parametrize("form", ["2026-11-24t01:02:03z", "2026-11-24T01:02:03.123456789+05:30"])
def test_row_44_every_form_of_rfc_3339_is_read(either: "Site", form: str) -> None:
    assert either.post(either.report(sent_at=form, collected_at=form)).status == 202


def test_row_45_the_31st_report_in_a_burst_waits(either: "Site") -> None:
    instance = {"id": f"burst-{time.time_ns()}", "kind": "host"}
    replies: list[Reply] = [either.post(either.report(instance=instance)) for _ in range(33)]
    assert [reply.status for reply in replies[:30]] == [202] * 30
    last = replies[-1]
    assert (last.status, last.code, last.json()["retryable"]) == (429, "rate-limited", True)
    assert int(last.headers["retry-after"]) >= 1
    assert (last.headers["ratelimit-limit"], last.headers["ratelimit-remaining"]) == ("30", "0")


def later(seconds: int) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
