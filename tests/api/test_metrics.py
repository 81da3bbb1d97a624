"""Numbers for Prometheus: for who has a token, without a project's name unless an administrator asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from pytest_django import Settings

    from tests.api.installation import Site

TOKEN = "a token for those who watch"


@pytest.fixture
def watched(site: Site, settings: Settings) -> Site:
    settings.METRICS_TOKEN = TOKEN
    return site


def scrape(site: Site, token: str | None) -> tuple[int, dict[str, dict[tuple[str, ...], float]]]:
    """Status, and values by name and labels."""
    from django.test import Client

    del site
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    answer = Client().get("/metrics", headers=headers)
    if answer.status_code != 200:
        return answer.status_code, {}
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        found[family.name] = {tuple(sample.labels.values()): sample.value for sample in family.samples}
    return answer.status_code, found


@pytest.mark.parametrize("token", [None, "", "wrong", f"{TOKEN} "])
def test_without_the_token_it_is_not_there(watched: Site, token: str | None) -> None:
    status, _ = scrape(watched, token)
    assert status == (200 if token and token.strip() == TOKEN else 404)


def test_an_installation_without_a_token_shows_nobody_anything(site: Site, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert scrape(site, "")[0] == scrape(site, None)[0] == 404


def test_it_counts_what_waits_and_names_no_project(watched: Site) -> None:
    from paritycheck.services.watch import note_process

    note_process(name="worker")
    _, found = scrape(watched, TOKEN)
    assert found["paritycheck_up"] == {(): 1}
    assert found["paritycheck_deliveries_due"] == {(): 0}
    assert found["paritycheck_process_age_seconds"].keys() == {("worker",)}
    assert set(found["paritycheck_drifts_open"]) == {("error",), ("warning",), ("note",)}
    assert found["paritycheck_projects"][()] >= 1
    assert found["paritycheck_database_size_bytes"][()] > 1_000_000
    assert "paritycheck_project_drifts_open" not in found


def test_waiting_messages_and_their_age_are_counted(watched: Site) -> None:
    from datetime import UTC, datetime, timedelta

    from paritycheck.models import Delivery, Project

    project = Project.objects.order_by("created_at")[0]
    now = datetime.now(UTC)
    for number, (state, waits) in enumerate([("due", -100), ("due", 3_600), ("dead", 0), ("sent", 0)]):
        Delivery.objects.create(
            project=project, kind="alert", recipient="m@example.com", subject="", content={}, dedupe=str(number),
            due_at=now + timedelta(seconds=waits), state=state,
        )  # fmt: skip
    _, found = scrape(watched, TOKEN)
    counted = {name: found[f"paritycheck_deliveries_{name}"][()] for name in ("due", "held", "dead")}
    assert counted == {"due": 1, "held": 1, "dead": 1}
    # PostgreSQL's now() is the start of the test's transaction, which lies a little back.
    assert 60 <= found["paritycheck_deliveries_oldest_seconds"][()] <= 160


def test_an_administrator_sees_the_drifts_of_each_project_and_a_member_nothing(watched: Site) -> None:
    from paritycheck.models import User
    from paritycheck.models.tokens import TokenKind
    from paritycheck.services.tokens import issue_token

    admin = User.objects.create_superuser("root@example.com", "a password of some length")
    member = User.objects.create_user("member@example.com", "a password of some length")
    asked = {user: issue_token(kind=TokenKind.PERSONAL, user=user)[1] for user in (admin, member)}
    status, found = scrape(watched, asked[admin])
    assert (status, "paritycheck_project_drifts_open" in found) == (200, True)
    assert scrape(watched, asked[member])[0] == 404
