"""Administrators hear of a process that fell silent and of work that was given up: by mail, once for each time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django import Settings

    from tests.mailbox import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def administrator(db: None) -> None:
    from paritycheck.models import User

    del db
    User.objects.create_superuser("root@example.com", "a password of some length")
    User.objects.create_user("member@example.com", "a password of some length")


def seen(name: str, minutes: float) -> None:
    """It was seen so many minutes ago."""
    from django.db.models import F

    from paritycheck.models import ProcessBeat
    from paritycheck.services.watch import note_process

    note_process(name=name)
    ProcessBeat.objects.filter(name=name).update(seen_at=F("seen_at") - timedelta(minutes=minutes))


def look() -> None:
    from paritycheck.services.operators import tell_of_silence

    tell_of_silence(names=("worker", "beat"))


def test_a_silence_is_told_once_and_the_next_one_again(mailbox: Mailbox) -> None:
    seen("worker", 4)
    look()
    look()
    [mail] = mailbox.messages
    assert (mail["To"], mail["Subject"]) == (
        "root@example.com",
        "[paritycheck] error: worker has been silent for 3 minutes",
    )
    assert "/system" in mail.get_content()
    seen("worker", 0)
    look()
    assert len(mailbox.messages) == 1
    seen("worker", 4)
    look()
    assert len(mailbox.messages) == 2


def test_a_short_silence_and_one_that_never_began_are_none(mailbox: Mailbox) -> None:
    seen("worker", 2)
    look()
    assert mailbox.messages == []


def test_two_who_look_at_once_tell_once(mailbox: Mailbox, at_once: Callable[[int, Callable[[], None]], None]) -> None:
    seen("beat", 5)
    at_once(4, look)
    assert len(mailbox.messages) == 1


def test_what_could_not_be_sent_is_told_with_the_next_look(mailbox: Mailbox, settings: Settings) -> None:
    seen("beat", 5)
    port, settings.EMAIL_PORT = mailbox.port, 1
    with pytest.raises(OSError, match="refused"):
        look()
    settings.EMAIL_PORT = port
    look()
    assert len(mailbox.messages) == 1


def test_without_a_mail_server_it_is_in_the_log_alone(mailbox: Mailbox, settings: Settings) -> None:
    settings.EMAIL_URL = ""
    seen("beat", 5)
    look()
    assert mailbox.messages == []


def test_an_evaluation_that_was_given_up_is_told_once_and_its_next_end_again(mailbox: Mailbox, shop: Any) -> None:
    from django.utils import timezone

    from paritycheck.models import Job
    from paritycheck.services.evaluate import MOST_ATTEMPTS, evaluate_environment
    from paritycheck.services.jobs import request_evaluation
    from paritycheck.services.operators import tell_of_dead_jobs

    environment = shop.project.environments.get(slug="staging")

    def give_up() -> None:
        request_evaluation(environments=[environment])
        Job.objects.filter(environment=environment).update(attempts=MOST_ATTEMPTS)
        evaluate_environment(environment_id=environment.id, now=timezone.now())

    give_up()
    tell_of_dead_jobs()
    tell_of_dead_jobs()
    [mail] = mailbox.messages
    where = f"{environment.project.slug}/{environment.slug}"
    assert mail["Subject"] == f"[paritycheck] error: {where} is no longer compared"
    assert f"{where}: its process was killed" in mail.get_content()
    give_up()
    tell_of_dead_jobs()
    assert len(mailbox.messages) == 2
