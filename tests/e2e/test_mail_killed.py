"""Senders that are killed at the worst moments lose nothing, and repeat only under the same id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.mailbox import Mailbox, running_mailbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
# What a sender does, without the broker: the row is the work.
SENDER = """
import os, time, django
django.setup()
from paritycheck.services.deliver import deliver, deliveries_due
while True:
    for ident in deliveries_due():
        deliver(delivery_id=ident)
    time.sleep(0.02)
"""


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with running_mailbox() as box:
        yield box


@pytest.fixture
def start_sender(mailbox: Mailbox) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start a sender on the test's database; what still runs is ended with the test."""
    from django.db import connection

    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    environment = {**os.environ, "DATABASE_URL": url, "EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}"}
    running: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-c", SENDER], env=environment, stdout=subprocess.DEVNULL)
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.wait(10)


@pytest.fixture
def put_out() -> Callable[[int], set[str]]:
    """Put out so many messages; their Message-IDs."""

    def make(count: int) -> set[str]:
        from paritycheck.core.alerts import Place, alert
        from paritycheck.core.rows import Step, row
        from paritycheck.core.sentences import Subject, view
        from paritycheck.models import Delivery, Membership, Project, User
        from paritycheck.services.outbox import put_out

        project = Project.objects.create(slug="shop")
        user = User.objects.create_user("maria@example.com")
        Membership.objects.create(project=project, user=user, role="member")
        sides = (
            view({"environment": "staging", "state": "present"}),
            view({"environment": "production", "state": "absent"}),
        )
        step = Step("opened", project.created_at, project.created_at, "error")
        for number in range(count):
            subject = Subject("config", f"K{number}", "missing", 4, "present", *sides)
            message = alert(Place("shop", "staging", "production", "http://x"), [row(subject, step, "http://x/d")])
            put_out(project_id=project.pk, message=message, recipients=[user.email], dedupe=f"alert:{number}")
        return {f"<{ident}@localhost>" for ident in Delivery.objects.values_list("pk", flat=True)}

    return make


def end_leases() -> None:
    """What thirty seconds would do."""
    from django.db.models import F

    from paritycheck.models import Delivery

    held = Delivery.objects.filter(lease_until__isnull=False)
    held.update(lease_until=F("lease_until") - timedelta(seconds=31))


def wait_until(condition: Callable[[], Any], within_s: float = 30) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def sent_ids(mailbox: Mailbox) -> list[str]:
    return [str(message["Message-ID"]) for message in mailbox.messages]


def sent(idents: set[str]) -> bool:
    from paritycheck.models import Delivery

    rows: set[UUID] = set(Delivery.objects.filter(state="sent").values_list("pk", flat=True))
    return {f"<{ident}@localhost>" for ident in rows} == idents


def test_killed_between_sending_and_marking_it_is_sent_again_under_the_same_id(
    mailbox: Mailbox, start_sender: Callable[[], subprocess.Popen[bytes]], put_out: Callable[[int], set[str]]
) -> None:
    [ident] = put_out(1)
    mailbox.hold_s = 30
    sender = start_sender()
    wait_until(lambda: mailbox.envelopes)
    sender.send_signal(signal.SIGKILL)
    sender.wait(10)
    mailbox.hold_s = 0
    end_leases()
    start_sender()
    wait_until(lambda: sent({ident}))
    assert sent_ids(mailbox) == [ident, ident]
