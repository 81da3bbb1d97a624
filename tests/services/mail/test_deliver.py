"""The outbox sends at least once under one id, gives up where that is right, and always says why."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models.functions import Now
from pytest_django import Settings

from paritycheck.core.channel import ChannelError
from paritycheck.models import Delivery, DeliveryAttempt, User
from paritycheck.services import deliver as service
from paritycheck.services.deliver import DELAYS_S, MOST_CRASHES, delay, deliver, deliveries_due
from tests.mailbox import Mailbox

PutOut = Callable[..., Delivery]
Shop = Any


def age(row: Delivery, **span: float) -> None:
    """Let time pass for this row: what it waits for lies that much nearer."""
    row.refresh_from_db()
    row.due_at -= timedelta(**span)
    if row.lease_until:
        row.lease_until -= timedelta(**span)
    row.save()


def attempts(row: Delivery) -> list[tuple[int, bool, str]]:
    rows = DeliveryAttempt.objects.filter(delivery_id=row.pk).order_by("number")
    return [(one.number, one.ok, one.error) for one in rows]


def wait_s(row: Delivery) -> float:
    """Seconds until it is due, by PostgreSQL's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM due_at - now()) FROM paritycheck_delivery WHERE id = %s", [row.pk])
        return float(cursor.fetchone()[0])


def test_a_delivery_is_sent_and_marked(put_out: PutOut, mailbox: Mailbox) -> None:
    row = put_out()
    assert deliveries_due() == [row.pk]
    deliver(delivery_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.lease_until, row.error) == ("sent", 1, None, "")
    assert row.sent_at is not None
    assert [message["Message-ID"] for message in mailbox.messages] == [f"<{row.pk}@localhost>"]
    assert attempts(row) == [(1, True, "")]
    assert deliveries_due() == []


def test_five_wake_ups_are_one_mail(put_out: PutOut, mailbox: Mailbox) -> None:
    row = put_out()
    for _ in range(5):
        deliver(delivery_id=row.pk)
    assert len(mailbox.messages) == 1


def test_a_wake_up_for_nothing_does_nothing(shop: Shop, mailbox: Mailbox) -> None:
    del shop
    deliver(delivery_id=uuid4())
    assert mailbox.sessions == 0


@pytest.mark.django_db(transaction=True)
def test_senders_at_once_send_one_mail(
    put_out: PutOut, mailbox: Mailbox, at_once: Callable[[int, Callable[[], None]], None]
) -> None:
    rows = [put_out(f"alert:{number}") for number in range(5)]

    def work() -> None:
        for row in rows:
            deliver(delivery_id=row.pk)

    at_once(8, work)
    sent = [str(message["Message-ID"]) for message in mailbox.messages]
    assert sorted(sent) == sorted(f"<{row.pk}@localhost>" for row in rows)


def test_without_email_url_it_is_dropped_and_says_so(put_out: PutOut, settings: Settings) -> None:
    settings.EMAIL_URL = ""
    row = put_out()
    deliver(delivery_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.error, row.lease_until) == ("dropped", "no EMAIL_URL", None)
    assert deliveries_due() == []


@pytest.mark.parametrize("how", ["inactive", "left"])
def test_who_left_meanwhile_gets_nothing(put_out: PutOut, mailbox: Mailbox, how: str) -> None:
    row = put_out()
    maria = User.objects.get(email="maria@example.com")
    if how == "inactive":
        User.objects.filter(pk=maria.pk).update(is_active=False)
    else:
        maria.memberships.all().delete()
    deliver(delivery_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.error) == ("dropped", "no longer a member")
    assert mailbox.sessions == 0


@pytest.mark.parametrize("where", ["rcpt", "data"])
def test_a_permanent_refusal_is_the_end_with_its_reason(put_out: PutOut, mailbox: Mailbox, where: str) -> None:
    setattr(mailbox, f"{where}_reply", "550 5.1.1 No such user")
    row = put_out()
    deliver(delivery_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.error) == ("dead", "550 5.1.1 No such user")
    assert attempts(row) == [(1, False, "550 5.1.1 No such user")]
    age(row, days=9)
    deliver(delivery_id=row.pk)
    assert mailbox.sessions == 1


def test_a_temporary_refusal_waits_by_schedule_and_then_arrives(put_out: PutOut, mailbox: Mailbox) -> None:
    mailbox.rcpt_reply = "450 4.2.1 Mailbox busy"
    row = put_out()
    for number, expected in enumerate(DELAYS_S[:4], start=1):
        deliver(delivery_id=row.pk)
        row.refresh_from_db()
        assert (row.state, row.attempts, row.error) == ("due", number, "450 4.2.1 Mailbox busy")
        assert 0.79 * expected - 2 < wait_s(row) < 1.21 * expected
        deliver(delivery_id=row.pk)
        assert Delivery.objects.get(pk=row.pk).attempts == number, "it was sent before its time"
        age(row, seconds=2 * expected)
    mailbox.rcpt_reply = "250 OK"
    deliver(delivery_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.error) == ("sent", 5, "")
    assert len(mailbox.messages) == 1


def test_the_last_attempt_is_the_end(put_out: PutOut, mailbox: Mailbox) -> None:
    mailbox.data_reply = "451 4.3.0 Try again later"
    row = put_out()
    for _ in range(20):
        deliver(delivery_id=row.pk)
        age(row, days=9)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("dead", len(DELAYS_S) + 1)
    assert mailbox.sessions == len(DELAYS_S) + 1


def test_a_server_that_hangs_or_breaks_off_is_temporary(put_out: PutOut, mailbox: Mailbox, settings: Settings) -> None:
    settings.EMAIL_TIMEOUT = 1
    row = put_out()
    mailbox.hold_s = 30
    deliver(delivery_id=row.pk)
    assert Delivery.objects.get().error == "connection lost"
    mailbox.hold_s, mailbox.cut_after_data = 0, True
    age(row, days=1)
    deliver(delivery_id=row.pk)
    mailbox.cut_after_data = False
    age(row, days=1)
    deliver(delivery_id=row.pk)
    assert Delivery.objects.get().state == "sent"
    # The server had taken it each time: one id for all.
    assert {message["Message-ID"] for message in mailbox.messages} == {f"<{row.pk}@localhost>"}


def test_one_that_fails_does_not_hold_up_another(put_out: PutOut, mailbox: Mailbox, shop: Shop) -> None:
    shop.join("bo@example.com")
    poison, good = put_out("alert:1"), put_out("alert:2", to="bo@example.com")
    Delivery.objects.filter(pk=poison.pk).update(content={"kind": "nonsense"})
    for ident in deliveries_due():
        deliver(delivery_id=ident)
    poison.refresh_from_db()
    good.refresh_from_db()
    assert good.state == "sent"
    assert poison.state == "due"
    assert poison.error == "TypeError"
    assert len(mailbox.messages) == 1


def test_a_lease_keeps_others_away_until_it_ends(put_out: PutOut, mailbox: Mailbox) -> None:
    row = put_out()
    Delivery.objects.filter(pk=row.pk).update(lease_until=Now() + timedelta(seconds=5), attempts=1)
    assert deliveries_due() == []
    deliver(delivery_id=row.pk)
    assert mailbox.messages == []
    age(row, seconds=10)
    assert deliveries_due() == [row.pk]
    deliver(delivery_id=row.pk)
    assert len(mailbox.messages) == 1


def test_a_delivery_that_kills_its_sender_dies_after_five_crashes(
    put_out: PutOut, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SystemExit is what a killed sender looks like from here: the lease stays, no attempt is written."""
    row = put_out()

    def crash(_: Delivery) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(service, "CHANNELS", {"mail": crash})
        for _ in range(MOST_CRASHES):
            with pytest.raises(SystemExit):
                deliver(delivery_id=row.pk)
            age(row, seconds=31)
    deliver(delivery_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.error) == ("dead", "the sender ended while it sent, 5 times")
    assert mailbox.sessions == 0


def test_a_late_failure_does_not_undo_what_another_attempt_did(
    put_out: PutOut, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first sender is slower than its lease; the second one has sent when the first one fails."""
    row = put_out()

    def slow(_: Delivery) -> None:
        monkeypatch.undo()
        age(row, seconds=31)
        deliver(delivery_id=row.pk)
        raise ChannelError("late", permanent=True)

    monkeypatch.setattr(service, "CHANNELS", {"mail": slow})
    deliver(delivery_id=row.pk)
    row.refresh_from_db()
    assert row.state == "sent"
    assert len(mailbox.messages) == 1


def test_delays_differ_by_delivery_and_stay_within_a_fifth() -> None:
    for attempt, expected in enumerate(DELAYS_S, start=1):
        seconds = [delay(UUID(int=number), attempt).total_seconds() for number in range(200)]
        assert 0.8 * expected <= min(seconds) < 0.85 * expected
        assert 1.15 * expected < max(seconds) <= 1.2 * expected


def test_no_credential_of_the_mail_server_is_kept_or_logged(
    put_out: PutOut,
    mailbox: Mailbox,
    settings: Settings,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "canary-user", "canary-password"
    row = put_out()
    deliver(delivery_id=row.pk)
    row.refresh_from_db()
    assert row.state == "due"
    assert mailbox.messages == []
    output = capfd.readouterr()
    assert "canary" not in f"{row.error} {attempts(row)} {output.out} {output.err} {caplog.text}"


def test_the_oldest_are_sent_first(put_out: PutOut) -> None:
    rows = [put_out(f"alert:{number}") for number in range(4)]
    for number, row in enumerate(rows):
        age(row, minutes=number)
    assert deliveries_due() == [row.pk for row in reversed(rows)]
