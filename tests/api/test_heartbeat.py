"""An unchanged report is answered before Django, and just as Django would answer it."""

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.wire.canonical import line

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

# Heartbeats have a connection of their own, which sees what is committed.
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "heartbeat"])
TOUCHED = ("report_id", "seq", "collected_at", "sent_at")


def following(site: "Site", report: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The next report of the same instance with the same state."""
    fresh = site.report()
    return {**report, **{name: fresh[name] for name in TOUCHED}, **members}


@pytest.fixture
def ordinary(site: "Site") -> "Site":
    """The same installation without the short path."""
    from paritycheck.config.wsgi import _django
    from tests.api.installation import Site, wsgi_road

    return Site(wsgi_road(_django), site.tokens)


def instance_of(report: dict[str, Any]) -> Any:
    from paritycheck.models import Instance

    return Instance.objects.get(key=report["instance"]["id"])


def test_a_heartbeat_notes_the_instance_and_nothing_else(site: "Site", django_assert_num_queries: Any) -> None:
    from paritycheck.models import Instance, Report

    first = site.report()
    assert site.post(first).status == 202
    Instance.objects.update(last_seen=datetime.now(UTC) - timedelta(minutes=5))
    rows = Report.objects.count()
    beat = following(site, first)
    with django_assert_num_queries(0):
        reply = site.post(beat)
    assert (reply.status, reply.json()) == (202, {"report": beat["report_id"], "unchanged": True})
    instance = instance_of(first)
    assert (instance.seq, str(instance.last_report)) == (beat["seq"], beat["report_id"])
    assert datetime.now(UTC) - instance.last_seen < timedelta(seconds=60)
    assert Report.objects.count() == rows


def test_both_paths_answer_a_heartbeat_alike(site: "Site", ordinary: "Site") -> None:
    first = site.report()
    site.post(first)
    beats = [following(site, first), following(site, first)]
    short, whole = site.post(beats[0]), ordinary.post(beats[1])
    assert short.status == whole.status == 202
    assert short.body.replace(beats[0]["report_id"].encode(), b"") == whole.body.replace(
        beats[1]["report_id"].encode(), b""
    )
    assert short.headers == whole.headers


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "as-it-is": lambda report: report,
    "older": lambda report: report | {"seq": 1},
    "another-state": lambda report: report | {"agent": {"version": "9"}},
    "another-instance": lambda report: report | {"instance": {"id": report["report_id"], "kind": "pod"}},
    "unknown-field": lambda report: report | {"newer": 1},
    "environment": lambda report: report | {"environment": "production"},
    "bad-id": lambda report: report | {"report_id": "urn:uuid:" + report["report_id"]},
    "capital-id": lambda report: report | {"report_id": report["report_id"].upper()},
    "seq-text": lambda report: report | {"seq": str(report["seq"])},
    "seq-true": lambda report: report | {"seq": True},
    "no-seq": lambda report: {name: value for name, value in report.items() if name != "seq"},
    "clock": lambda report: report | {"sent_at": "2030-01-01T00:00:00Z"},
    "no-zone": lambda report: report | {"sent_at": "2026-01-01T00:00:00"},
    "words": lambda report: report | {"collected_at": "yesterday"},
    "schema": lambda report: report | {"schema": "paritycheck.report/2"},
    "sections": lambda report: report | {"sections": []},
    "instance": lambda report: report | {"instance": "web-1"},
    "list": lambda report: [report],
    "nothing": lambda _report: None,
    "spaces": lambda report: line(report).replace(b",", b", "),
    "twice": lambda report: line(report)[:-1] + b',"seq":1}',
    "nul": lambda report: line(report)[:-1] + b',"x":"\\u0000"}',
    "truncated": lambda report: line(report)[:-1],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_both_paths_answer_everything_else_alike(
    site: "Site", ordinary: "Site", change: Callable[[dict[str, Any]], Any]
) -> None:
    answers = []
    for road in (site, ordinary):
        first = site.report()
        assert ordinary.post(first).status == 202
        answers.append(shape(road.post(change(following(site, first)))))
    assert answers[0] == answers[1]


def shape(reply: "Reply") -> Any:
    """What two answers share that are about different reports."""
    # How far a clock is off is told as of the moment of each.
    said = json.loads(re.sub(rb"(?<=clock_skew_s:)\d+", b"", reply.body))
    return (
        reply.status,
        {name: value for name, value in reply.headers.items() if name != "content-length"},
        {name: value for name, value in said.items() if name not in {"report", "snapshot", "instance", "current_seq"}},
        sorted(said),
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Idempotency-Key": "k"},
        {"Content-Encoding": "identity"},
        {"Host": "localhost:8000"},
        {"Content-Type": "application/json; charset=utf-8"},
        {"Transfer-Encoding": "chunked"},
        {"Host": "evil.example"},
        {"Content-Length": "1e3"},
        {"Authorization": "Bearer"},
    ],
)
def test_both_paths_read_headers_alike(site: "Site", ordinary: "Site", headers: dict[str, str]) -> None:
    answers = []
    for road in (site, ordinary):
        first = site.report()
        ordinary.post(first)
        reply = road.send("POST", "/api/v1/reports", line(following(site, first)), headers=headers)
        answers.append(shape(reply))
    assert answers[0] == answers[1]


def test_what_must_be_looked_at_takes_the_ordinary_path(site: "Site") -> None:
    from paritycheck.models import Instance

    first = site.report()
    site.post(first)
    Instance.objects.update(state=None)
    reply = site.post(following(site, first))
    assert reply.status == 202
    assert "unchanged" not in reply.json()


def test_a_heartbeat_spends_the_bucket_and_an_empty_one_waits(site: "Site") -> None:
    from paritycheck.models import Instance

    first = site.report()
    site.post(first)
    Instance.objects.update(bucket=1.5)
    assert site.post(following(site, first)).status == 202
    reply = site.post(following(site, first))
    assert (reply.status, reply.code) == (429, "rate-limited")


def test_a_foreign_token_finds_no_instance(site: "Site") -> None:
    first = site.report()
    site.post(first)
    reply = site.post(following(site, first), who="staging")
    assert reply.json() == {"report": reply.json()["report"], "snapshot": 1}


def test_a_revoked_token_beats_no_more(site: "Site") -> None:
    from paritycheck.models import Token
    from paritycheck.services.tokens import revoke_token

    first = site.report()
    site.post(first)
    revoke_token(token=Token.objects.get(pk=site.tokens["production"][4:16]))
    assert site.post(following(site, first)).code == "unauthenticated"


def test_an_older_seq_never_passes_for_a_heartbeat(site: "Site") -> None:
    first = site.report()
    site.post(first)
    changed = following(site, first, agent={"version": "0.2.0", "interval_s": 300})
    assert site.post(changed).status == 202
    late = following(site, first, seq=changed["seq"] - 1)
    assert site.post(late).json()["stale"] is True
    assert instance_of(first).agent_version == "0.2.0"


def test_a_heartbeat_is_quick(site: "Site") -> None:
    first = site.report()
    site.post(first)
    beats = [following(site, first) for _ in range(20)]
    started = time.process_time()
    for beat in beats:
        assert site.post(beat).json()["unchanged"] is True
    assert (time.process_time() - started) / 20 < 0.05
