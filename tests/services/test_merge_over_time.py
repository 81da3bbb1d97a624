"""Instances that fall silent, come back, or come at once: the merged state follows."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.wire import canonical
from paritycheck_agent.wire.errors import Invalid
from tests.services.conftest import stripe

if TYPE_CHECKING:
    from tests.services.conftest import Shop

pytestmark = pytest.mark.django_db


def version(shop: Shop, slug: str = "staging") -> str | None:
    """What the environment's latest snapshot says of the package; None while it is not known."""
    from paritycheck.selectors.states import side_of

    environment = shop.environment(slug)
    assert environment.latest is not None
    return side_of(environment.latest, environment).look_up("dependencies", "pkg:pypi/stripe").value


def test_a_runner_that_comes_back_with_what_it_said_before_counts_again(shop: Shop) -> None:
    for instance, said in (("runner-1", "13.2.0"), ("runner-2", "14.0.1")):
        shop.report("staging", stripe(said), instance=instance, interval_s=None)
        shop.later(minutes=1)
    assert version(shop) == "14.0.1"
    shop.report("staging", stripe("13.2.0"), instance="runner-1", interval_s=None)
    assert version(shop) == "13.2.0"


@pytest.mark.parametrize(
    ("kind", "interval_s", "silent_s", "short"),
    [
        ("host", 300, 600, True),
        ("host", 300, 700, False),
        ("host", None, 25 * 3600, True),
        ("laptop", None, 27 * 3600, False),
        ("runner", None, 10, False),
        ("runner", 300, 600, True),
    ],
)
def test_a_heartbeat_is_for_those_who_are_surely_in_the_merge(
    shop: Shop, kind: str, interval_s: int | None, silent_s: int, *, short: bool
) -> None:
    from paritycheck.models import Instance
    from paritycheck.services.heartbeat import beat

    shop.report("staging", stripe("13.2.0"), interval_s=interval_s)
    seen = datetime.now(UTC) - timedelta(seconds=silent_s)
    Instance.objects.update(kind=kind, last_seen=seen)
    row = Instance.objects.get()
    assert row.state is not None
    sent = beat(
        environment_id=row.environment_id, key=row.key, state=row.state, seq=row.seq + 1, report_id=uuid.uuid4()
    )
    assert sent is short


def test_one_shot_reports_that_say_the_same_are_no_news(shop: Shop) -> None:
    from paritycheck.models import Report

    shop.report("staging", stripe("13.2.0"), interval_s=None)
    shop.later(minutes=5)
    assert shop.report("staging", stripe("13.2.0"), interval_s=None)["unchanged"]
    assert Report.objects.count() == 1


def test_a_pod_that_died_in_a_deploy_is_no_skew(shop: Shop) -> None:
    from paritycheck.services.watch import request_timed_evaluations

    shop.report("production", stripe("14.0.1"))
    shop.report("staging", stripe("13.2.0"), instance="pod-old", interval_s=300)
    shop.report("staging", stripe("14.0.1"), instance="pod-new", interval_s=300)
    shop.evaluate()
    assert version(shop) is None
    for _ in range(8):
        shop.later(minutes=5)
        shop.report("staging", stripe("14.0.1"), instance="pod-new", interval_s=300)
        shop.report("production", stripe("14.0.1"))
        request_timed_evaluations()
        shop.evaluate()
    assert version(shop) == "14.0.1"
    assert shop.said() == []


def test_time_alone_does_not_wake_a_job_that_was_given_up(shop: Shop) -> None:
    from paritycheck.models import Job
    from paritycheck.services.watch import request_timed_evaluations

    shop.report("production", stripe("13.2.0"))
    Job.objects.update(state="dead", attempts=5)
    request_timed_evaluations()
    assert Job.objects.get().state == "dead"
    shop.report("production", stripe("14.0.1"))
    job = Job.objects.get()
    assert (job.state, job.attempts) == ("due", 0)


def test_evidence_cannot_speak_for_the_facts(shop: Shop) -> None:
    from paritycheck.codec.digests import to_bytes
    from paritycheck.services.ingest import store_section

    for told in ({"value": "9"}, {"absent": True}, {"kind": "x"}, {"unknown": "timeout"}, {"value": [1]}):
        row = {"name": "python", **told}
        body = b'{"evidence":"runtime","warnings":[]}\n' + canonical.line(row) + b"\n"
        digest = to_bytes(canonical.digest(body))
        with pytest.raises(Invalid):
            store_section(token=shop.tokens["staging"], digest=digest, decoded=body, gzipped=None)


def test_a_commit_that_is_none_is_no_commit(shop: Shop) -> None:
    facts: list[dict[str, Any]] = [{"name": "commit", "value": "c" * 100}, {"name": "dirty", "value": "false"}]
    answer = shop.report("staging", facts, section="release", covers=())
    assert answer["snapshot"] == 1
    latest = shop.environment("staging").latest
    assert latest is not None
    assert latest.commit == ""


@pytest.mark.django_db(transaction=True)
def test_instances_that_report_in_the_same_moment_are_one_line_of_snapshots(shop: Shop) -> None:
    from django.db import connection

    shop.report("staging", stripe("1.0.0"), instance="web-0")

    def report(number: int) -> None:
        for _ in range(5):
            shop.report("staging", stripe(f"{number}.0.0"), instance=f"web-{number}")
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(report, range(1, 5)))
    numbers = list(shop.environment("staging").snapshots.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    latest = shop.environment("staging").latest
    assert latest is not None
    assert (latest.number, latest.instances) == (numbers[-1], 5)


@pytest.mark.django_db(transaction=True)
def test_environments_that_are_evaluated_in_the_same_moment_agree(shop: Shop) -> None:
    from django.db import connection

    from paritycheck.models import DriftEvent

    shop.report("production", stripe("13.2.0"))
    shop.report("staging", stripe("14.0.1"))
    shop.report("development", stripe("14.0.1"))

    def evaluate(slug: str) -> None:
        shop.evaluate(slug)
        connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(evaluate, ["production", "staging", "development"] * 4))
    shop.evaluate()
    assert sorted(pair for pair, _, _ in shop.said()) == ["development..production", "staging..production"]
    assert DriftEvent.objects.count() == 2
