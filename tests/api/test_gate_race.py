"""Two pipelines that ask the gate the same at the same time: one verdict, whichever answers first."""

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, connections, transaction

from tests.api.test_gate import ask, live, postgres

if TYPE_CHECKING:
    from tests.api.installation import Site

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"], transaction=True)
WAITS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
WITHIN_S = 60


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITS)
        return bool(cursor.fetchone()[0])


def test_the_same_question_asked_twice_at_once_is_one_verdict(site: "Site") -> None:
    """The second waits for the first, which has answered and not committed yet, and finds its row."""
    from paritycheck.models import Project, Verdict
    from paritycheck.services.tokens import issue_token

    site.told(services=site.section("services", live("16.9"), [""]))
    entry = site.section("services", postgres("17"), [""], who="gate")
    # Of a token of its own: two questions of one token wait for each other at its bucket already.
    other = issue_token(kind="g", project=Project.objects.get(slug="shop"))[1]
    answers: list[dict[str, Any]] = []

    def elsewhere() -> None:
        answers.append(ask(site, {"services": entry}, who=other).json())
        connections.close_all()

    second = threading.Thread(target=elsewhere)
    with transaction.atomic():
        answers.append(ask(site, {"services": entry}).json())
        second.start()
        deadline = time.monotonic() + WITHIN_S
        while not (waits := somebody_waits()) and second.is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)
    second.join(WITHIN_S)
    assert waits, "the second did not wait for the first"
    assert [answer["url"] for answer in answers] == [answers[0]["url"]] * 2
    assert {answer["verdict"] for answer in answers} == {"fail"}
    assert Verdict.objects.count() == 1
