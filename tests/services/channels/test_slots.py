"""What is dead holds up nobody: a few senders wait for it, the others go on."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models.functions import Now

from paritycheck.models import Channel, Delivery, DeliveryAttempt
from paritycheck.services import drain, outgoing
from paritycheck.services.deliver import deliver, deliveries_due
from paritycheck.services.drain import work_off
from paritycheck.services.jobs import DELIVER, Wake, take_noted
from paritycheck.services.slots import PER_CHANNEL, PER_GROUP, slots_for
from tests.receiver import NAME, Authority, Receiver
from tests.services.channels.conftest import Place, make_place


class BlackHole:
    """Takes connections and never answers; counts how many it holds at a time, and stands for several at once."""

    def __init__(self) -> None:
        self.most = 0
        self._open: list[socket.socket] = []

    def serve(self, listener: socket.socket, ended: threading.Event) -> None:
        listener.settimeout(0.05)
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                pass
            else:
                connection.setblocking(False)
                self._open.append(connection)
            self._open = [each for each in self._open if not self._ended(each)]
            self.most = max(self.most, len(self._open))
        for each in self._open:
            each.close()

    @staticmethod
    def _ended(connection: socket.socket) -> bool:
        try:
            while connection.recv(65_536):
                pass
        except BlockingIOError:
            return False
        except OSError:
            pass
        connection.close()
        return True


@pytest.fixture
def hole(reachable: None) -> Iterator[tuple[int, BlackHole]]:
    del reachable
    hole, ended = BlackHole(), threading.Event()
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        thread = threading.Thread(target=hole.serve, args=[listener, ended], daemon=True)
        thread.start()
        yield listener.getsockname()[1], hole
        ended.set()
        thread.join(10)


@pytest.fixture
def fifty_dead(hole: tuple[int, BlackHole], monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Delivery]]:
    """Deliveries to webhooks of a project that never answer, each given up after three seconds."""
    port, _ = hole
    monkeypatch.setattr(outgoing, "TOTAL_S", 3.0)

    def make(place: Place, channels: int) -> list[Delivery]:
        message = place.message(place.drift())
        made = [place.channel("webhook", {"url": f"https://{NAME}:{port}/{number}"}) for number in range(channels)]
        return [place.put_out(made[number % channels], message) for number in range(50)]

    return make


def all_due() -> tuple[Wake, ...]:
    return tuple(Wake(DELIVER, str(ident)) for ident in deliveries_due())


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever works off comes back after a second in the place of ten, so that the test sees what is done by then."""
    monkeypatch.setattr(drain, "WAIT_S", 1.0)


def worked_off_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done() and time.monotonic() < deadline:
        work_off(all_due())
    # What is still waited for ends, and nothing begins any more.
    Delivery.objects.filter(state="due").update(state="dropped")
    drain._SENDERS.wait(60)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("where", ["another project", "the same project", "one dead channel"])
def test_fifty_black_holes_hold_up_no_healthy_channel(
    receiver: Receiver, hole: tuple[int, BlackHole], fifty_dead: Callable[..., list[Delivery]], where: str
) -> None:
    """The healthy delivery is the last of all, and its channel took one before. It goes out while the first dead ones
    are still waited for: with 15 s for each of them in the place of 3 s, that is within 15 s.
    """
    shop = make_place("shop")
    dead = fifty_dead(shop, 1 if where == "one dead channel" else 49)
    place = make_place("other") if where == "another project" else shop
    hook = place.channel("webhook", {"url": receiver.url()})
    Channel.objects.filter(pk=hook.pk).update(sent_at=Now())
    healthy = place.put_out(hook)
    work_off(tuple(Wake(DELIVER, str(row.pk)) for row in (*dead, healthy)))
    worked_off_until(lambda: Delivery.objects.get(pk=healthy.pk).state == "sent")
    (attempt,) = DeliveryAttempt.objects.filter(delivery_id=healthy.pk)
    began = attempt.at - timedelta(milliseconds=attempt.took_ms or 0)
    ended = DeliveryAttempt.objects.filter(delivery_id__in=[row.pk for row in dead], at__lt=began)
    assert attempt.ok
    assert ended.count() <= PER_GROUP, "it waited for more than those that were being sent already"
    assert hole[1].most <= PER_GROUP


@pytest.mark.django_db(transaction=True)
def test_one_channel_is_sent_to_by_two_at_a_time(hole: tuple[int, BlackHole], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "TOTAL_S", 0.5)
    place = make_place("shop")
    channel = place.channel("webhook", {"url": f"https://{NAME}:{hole[0]}/"})
    rows = [place.put_out(channel) for _ in range(6)]
    worked_off_until(lambda: DeliveryAttempt.objects.count() >= 6)
    assert DeliveryAttempt.objects.filter(delivery_id__in=[row.pk for row in rows]).count() >= 6
    assert hole[1].most == PER_CHANNEL


@pytest.mark.django_db(transaction=True)
def test_issues_are_told_of_one_after_the_other(hole: tuple[int, BlackHole], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "TOTAL_S", 0.5)
    place = make_place("shop")
    told = {"repository": "a/b", "token": "t", "base_url": f"https://{NAME}:{hole[0]}"}
    channel = place.channel("github", told)
    for _ in range(3):
        place.put_out(channel)
    worked_off_until(lambda: DeliveryAttempt.objects.count() >= 3)
    assert hole[1].most == 1


@pytest.mark.django_db
def test_a_delivery_without_a_slot_stays_due_and_costs_no_attempt(
    place: Place, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = place.put_out(place.channel("webhook", {"url": receiver.url()}))
    with monkeypatch.context() as patched:
        patched.setattr("paritycheck.services.slots.PER_CHANNEL", 0)
        deliver(delivery_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.lease_until) == ("due", 0, None)
    deliver(delivery_id=row.pk)
    row.refresh_from_db()
    assert row.state == "sent"


@pytest.mark.django_db
def test_who_ends_wakes_who_may_have_waited(
    place: Place, receiver: Receiver, django_capture_on_commit_callbacks: Any
) -> None:
    first = place.channel("webhook", {"url": receiver.url()})
    other = place.channel("webhook", {"url": receiver.url()})
    rows = [place.put_out(channel) for channel in (first, first, first, other)]
    take_noted()
    with django_capture_on_commit_callbacks(execute=True):
        deliver(delivery_id=rows[0].pk)
    woken = [UUID(wake.ident) for wake in take_noted() if wake.task == DELIVER]
    assert set(woken) == {rows[1].pk, rows[3].pk}, "one of each channel"


@pytest.mark.django_db
def test_channels_that_work_come_first_then_new_ones_then_those_that_fail(place: Place, receiver: Receiver) -> None:
    channels = {name: place.channel("webhook", {"url": receiver.url()}, name) for name in ("fails", "new", "works")}
    rows = {name: place.put_out(channel) for name, channel in channels.items()}
    Channel.objects.filter(pk=channels["fails"].pk).update(failing_since=Now() - timedelta(hours=1), sent_at=Now())
    Channel.objects.filter(pk=channels["works"].pk).update(sent_at=Now())
    order = {row.pk: name for name, row in rows.items()}
    assert [order[ident] for ident in deliveries_due()] == ["works", "new", "fails"]


@pytest.mark.django_db
def test_slots_are_given_back(place: Place, receiver: Receiver, authority: Authority) -> None:
    del authority
    row = place.put_out(place.channel("webhook", {"url": receiver.url()}))
    # The audit log holds a lock of its own until this test's transaction ends.
    before = locks_held()
    for _ in range(3 * PER_GROUP):
        with slots_for(row) as free:
            assert free
            assert locks_held() > before
    assert locks_held() == before


def locks_held() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        return int(cursor.fetchone()[0])
