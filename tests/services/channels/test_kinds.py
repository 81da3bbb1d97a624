"""Each kind of channel says the same to a real receiver in the receiver's own form, and calls nobody by accident."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from paritycheck.models import Channel, ChannelThread
from paritycheck.services.channels import made_secret, rotate_secret
from paritycheck.services.sealed import settings_of
from tests.receiver import Received, Receiver, Said, running_receiver
from tests.services.channels.conftest import KEY, Place, again, attempts, sent

HOSTILE = "<!channel> @here *b* `x` |a| [link](http://evil.example) #1 !2 ~all"
WORDS = ("<!channel>", "@here", "http://evil.example")


def json_of(request: Received) -> Any:
    return json.loads(request.body)


def texts(document: Any) -> Iterator[tuple[str, str]]:
    """Every text of a document with the type of what it stands in."""
    if isinstance(document, list):
        for each in document:
            yield from texts(each)
    elif isinstance(document, dict):
        for value in document.values():
            if isinstance(value, str):
                yield str(document.get("type", "")), value
            else:
                yield from texts(value)


# --- Webhooks ---


def test_a_webhook_is_verified_by_the_upstream_library(place: Place, receiver: Receiver) -> None:
    channel = place.channel("webhook", {"url": receiver.url("/in")})
    row = sent(place.put_out(channel))
    (request,) = receiver.requests
    secret = made_secret(channel)
    assert secret is not None
    document = Webhook(secret).verify(request.body, request.headers)
    assert (row.state, attempts(row)[0].ok) == ("sent", True)
    assert attempts(row)[0].took_ms is not None
    assert request.headers["webhook-id"] == str(row.pk)
    assert request.headers["content-type"] == "application/json"
    assert document["type"] == "paritycheck.alert"
    assert datetime.fromisoformat(document["timestamp"]) == row.created_at
    (drift,) = document["data"]["drifts"]
    assert drift["id"] == place.project.drifts.get().pk
    assert (drift["change"], drift["severity"], drift["key"]) == (
        "opened", "error", "config/STRIPE_WEBHOOK_SECRET:missing",
    )  # fmt: skip
    assert [side["label"] for side in drift["sides"]] == ["staging", "production"]
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(request.body + b" ", request.headers)


def test_every_attempt_has_the_same_id_and_a_time_of_its_own(place: Place, receiver: Receiver) -> None:
    channel = place.channel("webhook", {"url": receiver.url()})
    receiver.says = lambda _: Said(500)
    row = sent(place.put_out(channel))
    receiver.says = lambda _: Said(204, b"")
    again(row)
    first, second = receiver.requests
    assert row.state == "sent"
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    for request in receiver.requests:
        assert abs(int(request.headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60
        Webhook(str(made_secret(channel))).verify(request.body, request.headers)


def test_while_a_secret_rotates_both_sign_and_after_a_day_the_new_one_alone(place: Place, receiver: Receiver) -> None:
    channel = place.channel("webhook", {"url": receiver.url()})
    old, now = str(made_secret(channel)), datetime.now(UTC)
    new = rotate_secret(channel=channel, now=now)
    assert new != old
    sent(place.put_out(channel))
    for secret in (old, new):
        Webhook(secret).verify(receiver.requests[-1].body, receiver.requests[-1].headers)
    assert len(receiver.requests[-1].headers["webhook-signature"].split()) == 2
    newest = rotate_secret(channel=channel, now=now - timedelta(hours=24, minutes=1))
    sent(place.put_out(channel))
    request = receiver.requests[-1]
    Webhook(newest).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(request.body, request.headers)


def test_secrets_are_of_thirty_two_random_bytes(place: Place, receiver: Receiver) -> None:
    made = {str(made_secret(place.channel("webhook", {"url": receiver.url()}))) for _ in range(5)}
    assert len(made) == 5
    assert all(len(base64.b64decode(secret.removeprefix("whsec_"))) == 32 for secret in made)


# --- Chats ---


def hostile_message(place: Place, **given: Any) -> Any:
    return place.message(place.drift(HOSTILE, **given))


def test_slack_gets_blocks_in_which_no_name_calls_anybody(place: Place, receiver: Receiver) -> None:
    channel = place.channel("slack", {"url": receiver.url("/services/T0/B0/x")})
    sent(place.put_out(channel, hostile_message(place)))
    sent(place.put_out(channel, place.message(place.drift("@a <b>"), place.drift("<!here>"), change="resolved")))
    one, several = (json_of(request) for request in receiver.requests)
    for document in (one, several):
        assert len(document["blocks"]) <= 50
        for block in document["blocks"]:
            assert block["type"] in {"header", "section", "context", "rich_text"}
        for kind, text in texts(document["blocks"]):
            if kind == "mrkdwn":
                assert not any(word in text for word in WORDS)
            assert len(text) <= 3_000
        assert "<!" not in document["text"]
        assert "@here" not in document["text"]
    assert any(HOSTILE[:20] in text for kind, text in texts(one["blocks"]) if kind == "plain_text")
    assert one["blocks"][0]["type"] == "header"
    assert "🔴" in one["text"]
    assert "🟢" in several["text"]
    links = [text for kind, text in texts(several["blocks"]) if text.startswith("http")]
    assert len(links) == 2


def test_a_header_of_slack_is_never_too_long(place: Place, receiver: Receiver) -> None:
    channel = place.channel("slack", {"url": receiver.url()})
    sent(place.put_out(channel, place.message(place.drift("x" * 240))))
    header = json_of(receiver.requests[0])["blocks"][0]
    assert len(header["text"]["text"]) <= 150


def test_teams_gets_a_card_whose_texts_are_no_markdown(place: Place, receiver: Receiver) -> None:
    receiver.says = lambda _: Said(202, b"")
    channel = place.channel("teams", {"url": receiver.url("/workflows/x?sig=y")})
    row = sent(place.put_out(channel, hostile_message(place)))
    document = json_of(receiver.requests[0])
    (attachment,) = document["attachments"]
    card = attachment["content"]
    assert row.state == "sent"
    assert (document["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    for kind, text in texts(card["body"]):
        if HOSTILE[:10] in text:
            assert kind == "TextRun"
    assert "'TextBlock'" not in str(card)
    assert [action["type"] for action in card["actions"]] == ["Action.OpenUrl"] * len(card["actions"])
    assert card["actions"][0]["url"].endswith(place.project.drifts.get().pk[:10])


def test_a_card_of_many_drifts_stays_below_what_teams_takes(place: Place, receiver: Receiver) -> None:
    channel = place.channel("teams", {"url": receiver.url()})
    drifts = [place.drift(f"{'ü' * 100} {number}") for number in range(60)]
    sent(place.put_out(channel, place.message(*drifts)))
    assert len(receiver.requests[0].body) <= 28_000


# --- Issues ---


class Tracker:
    """A tracker of issues as GitHub and GitLab behave towards us."""

    def __init__(self, receiver: Receiver, key: str) -> None:
        self.key = key
        self.issues: list[dict[str, Any]] = []
        self.calls: list[tuple[str, str, Any]] = []
        self.fails_from = 10_000
        receiver.says = self.answer

    def answer(self, request: Received) -> Said:
        if len(self.calls) >= self.fails_from:
            return Said(502)
        document = json_of(request)
        path = request.path.partition("/issues")[2]
        self.calls.append((request.method, path, document))
        if not path:
            self.issues.append({"comments": [], "open": True, **document})
            number = len(self.issues) + 100
            text = json.dumps({self.key: number, "body": f'"{self.key}": 1', "title": document["title"]})
            return Said(201, text.encode())
        number = int(path.split("/")[1]) - 101
        if self.issues[number] is None:
            return Said(404)
        if path.count("/") == 2:
            self.issues[number]["comments"].append(document["body"])
        else:
            state = document.get("state") or document.get("state_event")
            self.issues[number]["open"] = state in {"open", "reopen"}
        return Said(200, b"{}")


KINDS = {
    "github": ({"repository": "acme/shop", "token": "ghp_canary"}, "number"),
    "gitlab": ({"project": "acme/group/shop", "token": "glpat-canary"}, "iid"),
}


@pytest.fixture(params=list(KINDS))
def tracked(request: pytest.FixtureRequest, place: Place, receiver: Receiver) -> tuple[Channel, Tracker]:
    settings, key = KINDS[request.param]
    base = receiver.url("/api/v3" if request.param == "github" else "")
    channel = place.channel(request.param, {**settings, "base_url": base})
    return channel, Tracker(receiver, key)


def test_an_issue_opens_is_followed_and_closes_with_its_drift(
    place: Place, receiver: Receiver, tracked: tuple[Channel, Tracker]
) -> None:
    channel, tracker = tracked
    drift = place.drift()
    for change in ("opened", "worsened", "resolved", "reopened"):
        assert sent(place.put_out(channel, place.message(drift, change=change))).state == "sent"
        (issue,) = tracker.issues
        assert issue["open"] == (change != "resolved")
    issue = tracker.issues[0]
    assert [text.partition("**")[2].partition("**")[0] for text in issue["comments"]] == [
        "It got worse.", "Resolved.", "It is back.",
    ]  # fmt: skip
    body = issue.get("body") or issue["description"]
    assert drift.pk in body
    assert issue["title"].startswith("[shop] ")
    assert issue["labels"] in (["paritycheck"], "paritycheck")
    thread = ChannelThread.objects.get()
    assert (thread.ref, thread.drift_id, thread.is_open) == ("101", drift.pk, True)
    header = "authorization" if channel.kind == "github" else "private-token"
    assert all("canary" in request.headers[header] for request in receiver.requests)
    path = (
        "/api/v3/repos/acme/shop/issues" if channel.kind == "github" else "/api/v4/projects/acme%2Fgroup%2Fshop/issues"
    )
    assert all(request.path.startswith(path) for request in receiver.requests)


def test_an_attempt_that_ended_halfway_is_gone_on_with_and_nothing_is_told_twice(
    place: Place, tracked: tuple[Channel, Tracker]
) -> None:
    channel, tracker = tracked
    drifts = [place.drift(f"KEY_{number}") for number in range(3)]
    tracker.fails_from = 2
    row = sent(place.put_out(channel, place.message(*drifts)))
    assert (row.state, len(tracker.issues)) == ("due", 2)
    tracker.fails_from = 10_000
    again(row)
    assert (row.state, len(tracker.issues)) == ("sent", 3)
    tracker.fails_from = len(tracker.calls) + 2
    row = sent(place.put_out(channel, place.message(*drifts, change="worsened")))
    tracker.fails_from = 10_000
    again(row)
    assert [len(issue["comments"]) for issue in tracker.issues] == [1, 1, 1]


def test_what_comes_late_undoes_nothing(place: Place, receiver: Receiver, tracked: tuple[Channel, Tracker]) -> None:
    """The first message waits for its next attempt while the drift ends, and is told of by another one."""
    channel, tracker = tracked
    drift, other = place.drift("A"), place.drift("B")
    opened = place.put_out(channel, place.message(drift))
    ended = place.put_out(channel, place.message(drift, change="resolved"))
    assert (sent(ended).state, sent(opened).state, tracker.calls) == ("sent", "sent", [])
    sent(place.put_out(channel, place.message(other)))
    ended = place.put_out(channel, place.message(other, change="resolved"))
    back = place.put_out(channel, place.message(other, change="reopened"))
    assert (sent(back).state, sent(ended).state) == ("sent", "sent")
    assert [issue["open"] for issue in tracker.issues] == [True]
    pager = place.channel("pagerduty", {"routing_key": KEY, "base_url": receiver.url()})
    receiver.requests.clear()
    late = place.put_out(pager, place.message(drift))
    place.message(drift, change="resolved")
    assert (sent(late).state, receiver.requests) == ("sent", [])


def test_an_issue_that_somebody_deleted_is_opened_anew(place: Place, tracked: tuple[Channel, Tracker]) -> None:
    channel, tracker = tracked
    drift = place.drift()
    sent(place.put_out(channel, place.message(drift)))
    tracker.issues[0] = None  # type: ignore[call-overload]  # deleted
    assert sent(place.put_out(channel, place.message(drift, change="worsened"))).state == "sent"
    assert len(tracker.issues) == 2
    channel.refresh_from_db()
    assert channel.state == "on"


def test_an_issue_is_not_opened_for_what_is_resolved_already(place: Place, tracked: tuple[Channel, Tracker]) -> None:
    channel, tracker = tracked
    assert sent(place.put_out(channel, place.message(place.drift(), change="resolved"))).state == "sent"
    assert tracker.issues == []


def test_no_name_mentions_or_refers_in_an_issue(place: Place, tracked: tuple[Channel, Tracker]) -> None:
    channel, tracker = tracked
    sent(place.put_out(channel, hostile_message(place)))
    issue = tracker.issues[0]
    prose = [line for line in (issue.get("body") or issue["description"]).splitlines() if "`" not in line]
    for line in [issue["title"], *prose]:
        assert "@here" not in line
    said = "\n".join(prose)
    for word in ("http://evil", "#1", "!2", "~all", "](http", "<!channel"):
        assert word not in said, word
    assert not any(line.startswith("/") for line in prose), "quick actions begin a line"


def test_a_digest_is_no_issue_and_is_dropped_with_a_word(place: Place, tracked: tuple[Channel, Tracker]) -> None:
    channel, tracker = tracked
    message = place.message(place.drift())
    stored = {**message.stored(), "focus": None}
    row = sent(place.put_out(channel, type(message).read(stored)))
    assert (row.state, tracker.calls) == ("dropped", [])
    assert "about none" in row.error
    channel.refresh_from_db()
    assert channel.failing_since is None


# --- PagerDuty ---


def test_an_incident_is_triggered_and_resolved_under_the_drifts_identity(place: Place, receiver: Receiver) -> None:
    receiver.says = lambda _: Said(202, b"{}")
    channel = place.channel("pagerduty", {"routing_key": KEY, "base_url": receiver.url("/")})
    drifts = [place.drift("A"), place.drift("B", severity="warning"), place.drift("C", severity="note")]
    sent(place.put_out(channel, place.message(*drifts)))
    sent(place.put_out(channel, place.message(drifts[0], change="resolved")))
    events = [json_of(request) for request in receiver.requests]
    assert {request.path for request in receiver.requests} == {"/v2/enqueue"}
    assert [event["event_action"] for event in events] == ["trigger", "trigger", "trigger", "resolve"]
    assert [event["payload"]["severity"] for event in events[:3]] == ["error", "warning", "info"]
    assert [event["dedup_key"] for event in events] == [*(drift.pk for drift in drifts), drifts[0].pk]
    assert all(event["routing_key"] == KEY for event in events)
    assert all(len(event["dedup_key"]) <= 255 for event in events)
    assert events[0]["links"][0]["href"].endswith(drifts[0].pk[:10])


# --- Tests that a person asks for ---


@pytest.mark.parametrize(
    ("kind", "told", "count"),
    [("webhook", {}, 1), ("slack", {}, 1), ("teams", {}, 1), ("github", KINDS["github"][0], 2),
     ("gitlab", KINDS["gitlab"][0], 2), ("pagerduty", {"routing_key": KEY}, 2)],
)  # fmt: skip
def test_every_kind_can_be_tried(place: Place, receiver: Receiver, kind: str, told: dict[str, str], count: int) -> None:
    from paritycheck.services.channels import send_test

    receiver.says = lambda _: Said(200, b'{"number": 7, "iid": 7}')
    where = "base_url" if kind in {"github", "gitlab", "pagerduty"} else "url"
    channel = place.channel(kind, {**told, where: receiver.url()})
    row = sent(send_test(channel=channel, by=place.maria, now=datetime.now(UTC)))
    assert (row.state, row.error, len(receiver.requests)) == ("sent", "", count)
    if kind == "webhook":
        assert json_of(receiver.requests[0])["type"] == "paritycheck.test"
    if kind == "pagerduty":
        assert [json_of(request)["event_action"] for request in receiver.requests] == ["trigger", "resolve"]


# --- apprise ---

LOADS_ALL = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""apprise 2.3 imports each of its plug-ins, one of which looks for a module that Python 3.13 has no more."""


@LOADS_ALL
def test_apprise_hands_it_to_a_service(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    from apprise.plugins.discord import NotifyDiscord

    with running_receiver(None) as receiver:
        receiver.says = lambda _: Said(204, b"")
        monkeypatch.setattr(NotifyDiscord, "notify_url", f"http://127.0.0.1:{receiver.port}/webhooks")
        channel = place.channel("apprise", {"url": "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"})
        row = sent(place.put_out(channel))
        receiver.says = lambda _: Said(404, b"canary")
        refused = sent(place.put_out(channel))
    assert (row.state, row.error) == ("sent", "")
    assert "STRIPE" in receiver.requests[0].body.decode()
    assert channel.shown == "discord"
    assert (refused.state, refused.error) == ("due", "the service did not take it")
    assert "JHMHI8" not in f"{caplog.text} {refused.error} {channel!r}"


@LOADS_ALL
def test_apprise_services_are_those_whose_host_is_fixed() -> None:
    """Of the installed release: no host, port or domain of the URL goes into where they send to."""
    from apprise.manager_plugins import NotificationManager

    from paritycheck.channels.apprise import SERVICES

    known = NotificationManager()  # type: ignore[no-untyped-call]  # apprise ships types for some of itself
    known.load_modules()  # type: ignore[no-untyped-call]
    for schema in SERVICES:
        templates = " ".join(known[schema].templates)
        assert not any(word in templates for word in ("{host}", "{port}", "{domain}", "{hostname}")), schema


@LOADS_ALL
@pytest.mark.parametrize(
    "url",
    ["json://127.0.0.1/", "mailto://a:b@localhost", "syslog://", "discord://a/b?template=/etc/passwd",
     "discord://a/b?verify=no", "file:///etc/passwd", "discord://", "dbus://", "discord://a/b#x"],
)  # fmt: skip
def test_what_else_apprise_knows_is_refused(place: Place, url: str) -> None:
    from paritycheck.services.errors import Refused

    with pytest.raises(Refused) as caught:
        place.channel("apprise", {"url": url})
    assert caught.value.code == "invalid-channel"


def test_without_the_extra_the_kind_says_how_to_install_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from paritycheck.services.errors import Refused

    monkeypatch.setattr("paritycheck.channels.apprise.PACKAGE", "no_such_package_anywhere")
    with pytest.raises(Refused, match=r"pip install 'paritycheck\[notify\]'"):
        place.channel("apprise", {"url": "discord://a/b"})


def test_what_is_kept_of_a_channel_is_sealed(place: Place, receiver: Receiver, settings: Settings) -> None:
    del settings
    channel = place.channel("slack", {"url": receiver.url("/services/canary-of-the-path")})
    channel.refresh_from_db()
    assert b"canary" not in bytes(channel.config)
    assert "canary" not in f"{channel.shown} {channel.name} {channel.made_by}"
    assert settings_of(channel)["url"].endswith("canary-of-the-path")
