"""The page for administrators of the installation: its first line says what needs a look."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django import Settings

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])


@pytest.fixture
def page(db: None) -> Callable[[], str]:
    """The text of the page, as an administrator sees it."""
    from paritycheck.models import User

    del db
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.com", "a password of some length"))

    def read() -> str:
        return " ".join(client.get("/system").content.decode().split())

    return read


@pytest.fixture
def at_work(db: None) -> None:
    """Every process was seen, and periodic work was done."""
    from paritycheck.services.watch import note_process
    from paritycheck.tasks.periods import catch_up

    del db
    for name in ("worker", "sender", "beat"):
        note_process(name=name)
    catch_up()


def headline(text: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", text)
    assert found
    return found[1]


@pytest.mark.usefixtures("at_work")
def test_all_is_well(page: Callable[[], str]) -> None:
    from paritycheck.tasks.periods import periods

    text = page()
    assert headline(text) == "Everything runs"
    assert text.count("done in") == len(periods())
    assert "broker: PostgreSQL" in text


def test_what_was_never_seen_is_said(page: Callable[[], str]) -> None:
    text = page()
    assert headline(text) == "Worker was never seen"
    assert "Also: sender was never seen; beat was never seen." in text


@pytest.mark.usefixtures("at_work")
def test_a_silent_process_is_named_and_that_administrators_know(page: Callable[[], str], settings: Settings) -> None:
    from django.db.models import F

    from paritycheck.models import ProcessBeat
    from paritycheck.services.operators import tell_of_silence

    settings.EMAIL_URL = ""
    ProcessBeat.objects.filter(name="sender").update(seen_at=F("seen_at") - timedelta(minutes=4))
    assert headline(page()) == "Sender is silent"
    tell_of_silence(names=("sender",))
    assert "silent, administrators were told" in page()


@pytest.mark.usefixtures("at_work")
def test_what_was_given_up_is_listed_and_a_servers_words_stay_text(page: Callable[[], str]) -> None:
    from paritycheck.models import Delivery, PeriodRun, Project

    project = Project.objects.create(slug="shop")
    Delivery.objects.create(
        project=project, kind="alert", recipient="m@example.com", subject="", content={}, dedupe="1",
        due_at=datetime.now(UTC), state="dead", error="550 <script>alert(1)</script>",
    )  # fmt: skip
    PeriodRun.objects.filter(task="paritycheck.prepare_digests").update(error="OperationalError")
    text = page()
    assert headline(text) == "Digests failed"
    assert "550 &lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "failed: OperationalError" in text


@pytest.mark.usefixtures("at_work")
def test_a_message_that_nobody_sends_is_the_headline(page: Callable[[], str]) -> None:
    from paritycheck.models import Delivery, Project

    Delivery.objects.create(
        project=Project.objects.create(slug="shop"), kind="alert", recipient="m@example.com", subject="", content={},
        dedupe="1", due_at=datetime.now(UTC) - timedelta(minutes=7, seconds=30),
    )  # fmt: skip
    assert headline(page()) == "A message has been due for 7 min"


@pytest.mark.usefixtures("at_work")
def test_a_broker_that_is_away_is_said_within_seconds(page: Callable[[], str], settings: Settings) -> None:
    settings.BROKER_URL = "redis://:secret-of-the-broker@127.0.0.1:1/0"
    text = page()
    assert headline(text) == "The broker is away"
    assert "broker: redis" in text
    assert "secret-of-the-broker" not in text


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0\u00a0bytes"), (999, "999\u00a0bytes"), (7_900_000, "7.9\u00a0MB"), (123_456, "123\u00a0kB")],
)
def test_sizes_read_well(count: int, said: str) -> None:
    from paritycheck.web.views.system import size

    assert size(count) == said


@pytest.mark.usefixtures("at_work")
def test_how_far_back_a_loss_would_go_is_said(page: Callable[[], str], settings: Settings) -> None:
    from paritycheck.services.audit import record

    settings.REVOCATIONS_FILE = ""
    text = page()
    assert headline(text) == "Everything runs", "who makes backups by other means is not told of none"
    assert "none by <code>paritycheck backup</code>" in text
    assert "off: a loss goes back to the last backup" in text
    assert "in the database alone: <code>REVOCATIONS_FILE</code>" in text
    settings.REVOCATIONS_FILE = "/somewhere"
    record(action="backup.made", by=None, target="a.dump", detail={"bytes": 1_500_000})
    text = page()
    assert headline(text) == "Everything runs"
    assert "1.5 MB" in text
    assert "kept outside too" in text
    record(
        action="backup.made", by=None, target="b.dump", detail={"bytes": 1}, at=datetime.now(UTC) - timedelta(hours=50)
    )  # fmt: skip
    assert headline(page()) == "The last backup is 2 d 2 h old"


@pytest.mark.usefixtures("at_work")
def test_messages_that_a_restore_left_are_the_first_line(page: Callable[[], str]) -> None:
    from paritycheck.models import Delivery, Project
    from paritycheck.models.deliveries import HELD_BY_RESTORE

    now = datetime.now(UTC)
    Delivery.objects.create(
        project=Project.objects.create(slug="shop"), kind="alert", recipient="a@example.com", subject="", content={},
        dedupe="1", due_at=now + timedelta(days=36_525), held_for=HELD_BY_RESTORE,
    )  # fmt: skip
    text = page()
    assert headline(text) == "1 message held since a restore waits"
    assert "<code>paritycheck restored --send-held</code> or <code>--drop-held</code>" in text
