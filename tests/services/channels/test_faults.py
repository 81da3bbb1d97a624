"""Whatever a receiver does, a delivery is tried by schedule or ends with its reason, and no secret is said."""

import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from pytest_django import Settings

from paritycheck.models import Channel, Delivery, Notice
from paritycheck.services import outgoing
from paritycheck.services.channels import remove_channel, send_test, switch_off, switch_on
from paritycheck.services.deliver import DELAYS_S, deliver
from tests.receiver import NAME, Authority, Receiver, Said, raw_tls_server, reset, running_receiver
from tests.services.channels.conftest import KEY, Place, again, attempts, sent

Names = dict[str, list[str]]


@pytest.fixture
def hook(place: Place, receiver: Receiver) -> Channel:
    return place.channel("webhook", {"url": receiver.url("/in")})


def wait_s(row: Delivery) -> float:
    """Seconds until it is due, by PostgreSQL's clock."""
    with connection.cursor() as cursor:  # not now(), which is when the test's transaction began
        cursor.execute(
            "SELECT extract(epoch FROM due_at - clock_timestamp()) FROM paritycheck_delivery WHERE id = %s", [row.pk]
        )
        return float(cursor.fetchone()[0])


@pytest.mark.parametrize("status", [301, 302, 307, 408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_by_schedule(place: Place, receiver: Receiver, hook: Channel, status: int) -> None:
    receiver.says = lambda _: Said(status, headers=(("Location", "https://elsewhere.example/"),))
    row = sent(place.put_out(hook))
    assert (row.state, row.attempts) == ("due", 1)
    assert row.error.startswith(f"the receiver answered {status}")
    assert 0.8 * DELAYS_S[0] - 2 < wait_s(row) <= 1.2 * DELAYS_S[0]
    again(row)
    assert row.state == "due"
    assert 0.8 * DELAYS_S[1] - 1 < wait_s(row) <= 1.2 * DELAYS_S[1]
    assert len(receiver.requests) == 2
    assert [(one.number, one.ok) for one in attempts(row)] == [(1, False), (2, False)]
    hook.refresh_from_db()
    assert (hook.state, hook.failing_since is not None) == ("on", True)
    receiver.says = lambda _: Said(200)
    again(row)
    hook.refresh_from_db()
    assert (row.state, row.error, hook.failing_since, hook.sent_at is not None) == ("sent", "", None, True)


def test_the_whole_schedule_is_that_of_standard_webhooks(place: Place, receiver: Receiver, hook: Channel) -> None:
    receiver.says = lambda _: Said(500)
    row = place.put_out(hook)
    for expected in DELAYS_S:
        sent(row)
        assert 0.8 * expected - 3 < wait_s(row) <= 1.2 * expected
        row.due_at -= timedelta(days=9)
        row.save(update_fields=["due_at"])
    sent(row)
    assert (row.state, row.attempts, len(receiver.requests)) == ("dead", 10, 10)


@pytest.mark.parametrize(("said", "expected"), [("120", 120), ("86400", 3600), ("1", 5)])
def test_retry_after_is_obeyed_up_to_an_hour(
    place: Place, receiver: Receiver, hook: Channel, said: str, expected: int
) -> None:
    receiver.says = lambda _: Said(429, headers=(("Retry-After", said),))
    row = sent(place.put_out(hook))
    assert row.state == "due"
    assert 0.8 * expected - 3 <= wait_s(row) <= 1.2 * expected


def test_a_limit_that_says_when_is_no_refusal(place: Place, receiver: Receiver) -> None:
    """GitHub answers 403 with Retry-After where too much was written at a time."""
    channel = place.channel("github", {"repository": "a/b", "token": "t", "base_url": receiver.url()})
    receiver.says = lambda _: Said(403, headers=(("Retry-After", "60"),))
    row = sent(place.put_out(channel))
    assert row.state == "due"
    assert 50 < wait_s(row) <= 60


def test_gone_switches_the_channel_off_at_once_and_says_so(place: Place, receiver: Receiver, hook: Channel) -> None:
    receiver.says = lambda _: Said(410)
    first, second = place.put_out(hook), place.put_out(hook)
    sent(first)
    hook.refresh_from_db()
    assert (first.state, hook.state) == ("dead", "off")
    assert hook.off_reason == "the receiver answered 410 (gone)"
    notice = Notice.objects.get()
    assert (notice.kind, notice.about, notice.severity) == ("channel-off", str(hook.pk), "error")
    assert notice.detail == {"channel": hook.name, "kind": "webhook", "reason": hook.off_reason}
    sent(second)
    assert (second.state, second.error) == ("dropped", f"the channel is off: {hook.off_reason}")
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("status", [401, 403, 404])
def test_one_that_lets_nobody_in_twice_is_switched_off(
    place: Place, receiver: Receiver, hook: Channel, status: int
) -> None:
    receiver.says = lambda _: Said(status)
    assert sent(place.put_out(hook)).state == "dead"
    hook.refresh_from_db()
    assert hook.state == "on"
    assert sent(place.put_out(hook)).state == "dead"
    hook.refresh_from_db()
    assert hook.state == "off"
    assert hook.off_reason.startswith(f"the receiver answered {status}")
    assert Notice.objects.count() == 1


def test_a_success_between_two_refusals_keeps_it_on(place: Place, receiver: Receiver, hook: Channel) -> None:
    for status in (404, 200, 404):
        receiver.says = lambda _, status=status: Said(status)  # type: ignore[misc]  # mypy knows no such default
        sent(place.put_out(hook))
    hook.refresh_from_db()
    assert hook.state == "on"


@pytest.mark.parametrize("status", [400, 405, 413, 422])
def test_a_message_that_is_refused_ends_alone(place: Place, receiver: Receiver, hook: Channel, status: int) -> None:
    receiver.says = lambda _: Said(status)
    for _ in range(3):
        row = sent(place.put_out(hook))
        assert (row.state, row.attempts) == ("dead", 1)
    hook.refresh_from_db()
    assert hook.state == "on"


def test_five_days_of_only_failures_switch_it_off(place: Place, receiver: Receiver, hook: Channel) -> None:
    receiver.says = lambda _: Said(500)
    row = sent(place.put_out(hook))
    Channel.objects.filter(pk=hook.pk).update(failing_since=Now() - timedelta(days=4, hours=23))
    again(row)
    hook.refresh_from_db()
    assert hook.state == "on"
    Channel.objects.filter(pk=hook.pk).update(failing_since=Now() - timedelta(days=5, seconds=1))
    again(row)
    hook.refresh_from_db()
    assert hook.state == "off"
    assert hook.off_reason == "nothing was taken for 5 days, at last: the receiver answered 500"
    again(row)
    assert (row.state, Notice.objects.count()) == ("dropped", 1)


def broken(name: str, authority: Authority, names: Names) -> Callable[[Callable[[str], None]], None]:
    """Runs what it is given against a receiver that is broken in this way, with its URL."""

    def raw(talk: Callable[[socket.socket], None]) -> Callable[[Callable[[str], None]], None]:
        def run(use: Callable[[str], None]) -> None:
            with raw_tls_server(authority.context(NAME), talk) as port:
                use(f"https://{NAME}:{port}/canary")

        return run

    def drip(secured: socket.socket) -> None:
        for _ in range(300):
            secured.sendall(b"H")
            threading.Event().wait(0.1)

    def stranger(use: Callable[[str], None]) -> None:
        with running_receiver(authority.context("other.test")) as running:
            use(running.url("/canary"))

    def refused(use: Callable[[str], None]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        use(f"https://{NAME}:{port}/canary")

    def inside(use: Callable[[str], None]) -> None:
        names["inside.example"] = ["169.254.169.254"]
        use("https://inside.example/canary")

    return {
        "reset": raw(reset),
        "closed": raw(lambda _: None),
        "drip": raw(drip),
        "no http": raw(lambda secured: secured.sendall(b"canary canary canary\r\n\r\n")),
        "bad TLS": stranger,
        "refused": refused,
        "NXDOMAIN": lambda use: use("https://nowhere.example/canary"),
        "inside": inside,
    }[name]


WORDS = {
    "reset": "connection lost",
    "closed": "connection lost",
    "drip": "no whole answer in time",
    "no http": "the answer is no HTTP",
    "bad TLS": "the certificate is not trusted",
    "refused": "connection refused",
    "NXDOMAIN": "name not found",
    "inside": "the host leads to an address that nothing is sent to",
}


@pytest.mark.parametrize("how", list(WORDS))
def test_every_way_of_not_answering_has_a_word_and_no_more(
    place: Place, reachable: None, authority: Authority, names: Names, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del reachable
    monkeypatch.setattr(outgoing, "TOTAL_S", 1.0)

    def use(url: str) -> None:
        row = sent(place.put_out(place.channel("webhook", {"url": url})))
        assert (row.state, row.error) == ("dead" if how == "inside" else "due", WORDS[how])
        assert attempts(row)[0].error == WORDS[how]

    broken(how, authority, names)(use)


SLOTS = {
    "webhook": {"url": "{url}canary-path", "secret": "whsec_" + "Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5"},
    "slack": {"url": "{url}services/canary"},
    "teams": {"url": "{url}workflows/x?sig=canary"},
    "github": {"base_url": "{url}canary", "repository": "a/b", "token": "ghp_canary"},
    "gitlab": {"base_url": "{url}canary", "project": "a/b", "token": "glpat-canary"},
    "pagerduty": {"base_url": "{url}canary", "routing_key": "canary" + KEY[6:]},
}
CANARIES = ("canary", "Y2FuYXJ5")


@pytest.mark.parametrize("kind", list(SLOTS))
def test_no_secret_of_a_channel_is_in_any_error_or_log(
    place: Place,
    receiver: Receiver,
    authority: Authority,
    kind: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The receiver repeats what it was sent, as some do, and in the end is no receiver at all."""
    monkeypatch.setattr(outgoing, "TOTAL_S", 2.0)
    told = {name: value.format(url=receiver.url("/")) for name, value in SLOTS[kind].items()}
    channel = place.channel(kind, told)
    said = ""
    for status in (200, 302, 400, 401, 404, 422, 429, 500):
        receiver.says = lambda got, status=status: Said(  # type: ignore[misc]  # mypy knows no such default
            status, got.body + got.path.encode(), (("Location", f"https://x.example/{got.path}"), ("X-Echo", "canary"))
        )
        Channel.objects.filter(pk=channel.pk).update(state="on")
        row = sent(place.put_out(channel))
        said += f"{row.state} {row.error} {[one.error for one in attempts(row)]}"
    for url in ("https://nowhere.example/canary", "https://127.0.0.1:1/canary"):
        where = "base_url" if "base_url" in told else "url"
        broken_one = place.channel(kind, {**told, where: url})
        row = sent(place.put_out(broken_one))
        said += f"{row.error} {broken_one.shown} {broken_one!r}"
    notices = " ".join(f"{notice.detail} {notice.about}" for notice in Notice.objects.all())
    channels = " ".join(f"{one.shown} {one.off_reason} {one}" for one in Channel.objects.all())
    output = capfd.readouterr()
    everything = f"{said} {notices} {channels} {output.out} {output.err} {caplog.text}"
    assert receiver.requests
    assert not any(canary in everything for canary in CANARIES)
    assert str(receiver.port) not in said
    del authority


def test_a_bug_says_where_it_is_and_not_what(
    place: Place, hook: Channel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def bug(_: Delivery) -> None:
        raise ValueError("https://hooks.example.com/canary")

    monkeypatch.setattr("paritycheck.services.deliver.CHANNELS", {"webhook": bug})
    row = sent(place.put_out(hook))
    assert (row.state, row.error) == ("due", "ValueError")
    assert "test_faults.py:" in caplog.text
    assert "canary" not in caplog.text
    hook.refresh_from_db()
    assert hook.failing_since is None, "that is our matter"


def test_a_mail_server_that_is_away_switches_no_address_off(place: Place, settings: Settings) -> None:
    channel = place.channel("mail", {"address": place.maria.email})
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    settings.EMAIL_URL, settings.EMAIL_BACKEND = "smtp://x", "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 2
    row = sent(place.put_out(channel))
    assert (row.state, row.error) == ("due", "connection refused")
    channel.refresh_from_db()
    assert (channel.state, channel.failing_since) == ("on", None)


def test_settings_that_no_key_opens_wait_for_the_key(
    place: Place, receiver: Receiver, hook: Channel, settings: Settings
) -> None:
    known = settings.FIELD_KEY
    settings.FIELD_KEY = ["b3RoZXIga2V5IGZvciB0ZXN0cywgMzIgYnl0ZXMhISE="]
    row = sent(place.put_out(hook))
    assert (row.state, row.error) == ("due", "FIELD_KEY does not open these settings")
    hook.refresh_from_db()
    assert (hook.state, hook.failing_since) == ("on", None)
    settings.FIELD_KEY = known
    assert again(row).state == "sent"
    assert len(receiver.requests) == 1


def test_what_is_due_to_a_removed_channel_is_dropped(place: Place, receiver: Receiver, hook: Channel) -> None:
    row = place.put_out(hook)
    remove_channel(channel=hook, by=place.maria, now=datetime.now(UTC))
    row.refresh_from_db()
    assert (sent(row).state, row.error, receiver.requests) == ("dropped", "the channel was removed", [])


def test_off_by_hand_drops_and_on_again_sends(place: Place, receiver: Receiver, hook: Channel) -> None:
    switch_off(channel=hook, reason="by maria@shop.example", now=datetime.now(UTC))
    assert sent(place.put_out(hook)).error == "the channel is off: by maria@shop.example"
    assert Notice.objects.count() == 0, "who switched it off knows"
    tried = sent(send_test(channel=hook, by=place.maria, now=datetime.now(UTC)))
    assert tried.state == "sent", "one that is off can be tried"
    switch_on(channel=hook, now=datetime.now(UTC))
    assert sent(place.put_out(hook)).state == "sent"
    assert len(receiver.requests) == 2


def test_a_test_that_fails_ends_at_once_and_counts_against_nobody(
    place: Place, receiver: Receiver, hook: Channel
) -> None:
    receiver.says = lambda _: Said(410)
    row = sent(send_test(channel=hook, by=place.maria, now=datetime.now(UTC)))
    hook.refresh_from_db()
    assert (row.state, row.error) == ("dead", "the receiver answered 410 (gone)")
    assert (hook.state, hook.failing_since) == ("on", None)
    receiver.says = lambda _: Said(500)
    assert sent(send_test(channel=hook, by=place.maria, now=datetime.now(UTC))).state == "dead"


def test_it_is_sent_once_however_often_it_is_woken(place: Place, receiver: Receiver, hook: Channel) -> None:
    row = place.put_out(hook)
    for _ in range(5):
        deliver(delivery_id=row.pk)
    assert len(receiver.requests) == 1
