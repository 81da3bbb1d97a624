"""The short form of the kill test: forty alerts, ten kills, nothing lost; and a checker that sees what is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.chaos.checks import judge
from tests.chaos.scenarios import senders
from tests.chaos.stand import Stand

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_django import Settings

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.fixture
def stand(tmp_path: Path, settings: Settings) -> Iterator[Stand]:
    from django.db import connection

    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    secrets = {name: os.environ[name] for name in ("SECRET_KEY", "PEPPER", "FIELD_KEY")}
    with Stand(tmp_path / "stand", url, secrets, seed=20261130) as made:
        settings.EMAIL_URL = made.environment["EMAIL_URL"]
        settings.WEBHOOK_ALLOW_CIDRS = [made.environment["WEBHOOK_ALLOW_CIDRS"]]
        yield made


def test_forty_alerts_and_ten_kills_lose_nothing(stand: Stand) -> None:
    outcome = senders.run(stand, alerts=40, kills=10, people=2, hooks=2, patient=False)
    assert outcome.problems == []
    assert (outcome.sent, outcome.received, outcome.lost) == (40, 40, 0)
    assert outcome.duplicates <= outcome.kills >= 10


def test_the_checker_sees_what_was_lost_doubled_strange_and_stuck(stand: Stand) -> None:
    """Each invariant is broken by hand, once."""
    from datetime import UTC, datetime, timedelta

    from paritycheck.models import Delivery, Project

    project, other = Project.objects.create(slug="shop"), Project.objects.create(slug="other")
    past = datetime.now(UTC) - timedelta(minutes=10)

    def message(dedupe: str, state: str) -> str:
        row = Delivery.objects.create(
            project=project, kind="alert", recipient=f"{dedupe}@example.com", subject="", content={}, dedupe=dedupe,
            due_at=past, state=state,
        )  # fmt: skip
        return str(row.pk)

    message("lost", "sent")
    doubled, _stuck = message("doubled", "sent"), message("stuck", "due")
    stranger = "00000000-0000-4000-8000-000000000000"
    stand.sunk.write_text("".join(f"mail <{ident}@localhost> a@b\n" for ident in (doubled, doubled, stranger)))
    stand.sql(
        "INSERT INTO paritycheck_deliveryattempt (project_id, delivery_id, number, at, ok, error)"
        " VALUES (%s, %s, 1, now(), true, '')", other.pk, doubled,
    )  # fmt: skip
    outcome = judge(stand, "by hand")
    assert (outcome.lost, outcome.duplicates) == (2, 1)
    assert sorted(outcome.problems) == sorted(
        [
            f"{stranger} arrived and is in no outbox",
            f"{doubled} arrived 2 times, with 0 kills",
            "1 duplicates, with 0 kills",
            "1 deliveries stuck",
            "1 attempts of another project",
        ]
    )
    assert not outcome.good
