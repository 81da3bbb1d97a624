"""What supervisors and monitoring ask."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_django import Settings

    from tests.api.installation import Site


@pytest.fixture
def working(site: "Site") -> "Site":
    """Every process was seen just now."""
    from paritycheck.services.watch import note_process

    for name in ("worker", "sender", "beat"):
        note_process(name=name)
    return site


def test_livez_asks_nobody(site: "Site", django_assert_num_queries: "pytest.FixtureRequest") -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]  # pytest-django's fixture has no name to import
        reply = site.get("/livez", who=None)
    assert (reply.status, reply.json()) == (200, {"status": "alive"})


def test_readyz_names_what_it_looked_at(working: "Site") -> None:
    reply = working.get("/readyz", who=None)
    said = reply.json()
    assert (reply.status, said["status"], said["database"], said["migrations"]) == (200, "ready", "ok", "applied")
    assert set(said["processes"]) == {"worker", "sender", "beat"}
    assert reply.headers["cache-control"] == "no-store"


def test_a_late_process_degrades_and_only_monitoring_is_told_by_status(working: "Site") -> None:
    from paritycheck.models import ProcessBeat

    ProcessBeat.objects.filter(name="sender").update(seen_at=datetime.now(UTC) - timedelta(seconds=300))
    reply = working.get("/readyz", who=None)
    assert (reply.status, reply.json()["status"]) == (200, "degraded")
    assert reply.json()["processes"]["sender"]["late"] is True
    assert working.get("/readyz?strict=1", who=None).status == 503


def test_a_process_that_was_never_seen_is_late(site: "Site") -> None:
    assert site.get("/readyz", who=None).json()["processes"]["worker"] == {"age_s": None, "late": True}


def test_a_broker_that_is_away_degrades(working: "Site", settings: "Settings") -> None:
    """Reports are taken without it; who watches is told by status, and nobody is told its password."""
    settings.BROKER_URL = "redis://:secret-of-the-broker@127.0.0.1:1/0"
    reply = working.get("/readyz", who=None)
    assert (reply.status, reply.json()["status"], reply.json()["broker"]) == (200, "degraded", "unavailable")
    assert "secret-of-the-broker" not in str(reply.json())
    assert working.get("/readyz?strict=1", who=None).status == 503


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_only_reading_is_taken(site: "Site", path: str) -> None:
    assert site.send("POST", path, b"", who=None).status in {403, 405}
