"""Rules and channels by the forms of their pages: what they do, what they refuse, and which secret is shown once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.test_alerts import PAGE, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])


@pytest.fixture(autouse=True)
def mailing(settings: Any) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1:25"


RULE = {"when": "digest", "day": "1-5", "clock": "08:30", "timezone": "Europe/Berlin", "at_least": "warning",
        "gaps": ["tools"], "names": "services/*, config/STRIPE_*", "skip_unchanged": "1"}  # fmt: skip


def test_a_rule_is_added_changed_and_ended_by_forms(shop: Any, signed_in: Client, ask: Callable[[str], str]) -> None:
    assert signed_in.post(f"{PAGE}/subscriptions/new", RULE).status_code == 302
    row = shop.project.subscriptions.get(cron__startswith="30 8")
    assert (row.user, row.cron, row.names, row.gaps) == (
        shop.owner, "30 8 * * 1-5", ["services/*", "config/STRIPE_*"], ["tools"],
    )  # fmt: skip
    told = "Errors and warnings of the tools gap, named services/* and config/STRIPE_*, every working day at 08:30"
    assert told in text_of(ask(f"{PAGE}/subscriptions"))
    form = ask(f"{PAGE}/subscriptions?change={row.pk}")
    assert 'value="08:30"' in form
    assert 'value="services/* config/STRIPE_*"' in form
    signed_in.post(
        f"{PAGE}/subscriptions/{row.pk}/change",
        {**RULE, "when": "at-once", "quiet_from": "22:00", "quiet_to": "07:00"},
    )
    assert "at once but held from 22:00 to 07:00 Europe/Berlin" in text_of(ask(f"{PAGE}/subscriptions"))
    signed_in.post(f"{PAGE}/subscriptions/{row.pk}/end")
    row.refresh_from_db()
    assert (row.ended_why, told in text_of(ask(f"{PAGE}/subscriptions"))) == ("hand", False)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"day": "cron", "cron": "* * * * *"}, "at most once an hour"),
        ({"clock": "late"}, "a time of day such as"),
        ({"timezone": "Mars/Olympus"}, "there is no such time zone"),
        ({"gaps": []}, "at least one gap"),
        ({"names": "redis"}, "section/name"),
        ({"when": "at-once", "quiet_from": "22:00"}, "a beginning and an end"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_written_stays(
    shop: Any, signed_in: Client, said: dict[str, Any], fault: str
) -> None:
    before = shop.project.subscriptions.count()
    answer = signed_in.post(f"{PAGE}/subscriptions/new", {**RULE, **said})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Not saved: " in page
    assert fault in page
    assert 'value="warning" selected' in page
    assert shop.project.subscriptions.count() == before


def test_a_digest_to_a_pager_is_refused_in_words(shop: Any, signed_in: Client) -> None:
    signed_in.post(f"{PAGE}/channels/new", {"kind": "pagerduty", "name": "pager", "field-routing_key": "a" * 32})
    channel = shop.project.channels.get()
    answer = signed_in.post(f"{PAGE}/subscriptions/new", {**RULE, "channel": str(channel.pk)})
    assert answer.status_code == 422
    assert "Not saved: a digest has no form in PagerDuty; choose at once" in text_of(answer.content.decode())
    assert not channel.subscriptions.exists()


# Channels

HOOK = {"kind": "webhook", "name": "relay", "field-url": "https://hooks.example.com/c4n4ry"}


def test_a_webhooks_secret_is_shown_once(shop: Any, signed_in: Client, ask: Callable[[str], str]) -> None:
    made = signed_in.post(f"{PAGE}/channels/new", HOOK)
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", made.content.decode())
    assert secret is not None
    assert made["Cache-Control"] == "no-store"
    channel = shop.project.channels.get()
    for path in (f"{PAGE}/channels", f"{PAGE}/channels?change={channel.pk}", PAGE):
        page = ask(path)
        assert "whsec_" not in page
        assert "c4n4ry" not in page
    rotated = signed_in.post(f"{PAGE}/channels/{channel.pk}/rotate").content.decode()
    again = re.search(r"whsec_[A-Za-z0-9+/=]+", rotated)
    assert again is not None
    assert again[0] != secret[0]


def test_a_channel_that_nothing_is_sent_to_says_so(shop: Any, signed_in: Client, ask: Callable[[str], str]) -> None:
    made = signed_in.post(f"{PAGE}/channels/new", {"kind": "pagerduty", "name": "pager", "field-routing_key": "a" * 32})
    channel = shop.project.channels.get()
    assert made["Location"] == f"{PAGE}/subscriptions?for={channel.pk}#rule"
    assert f'<option value="{channel.pk}" selected>pager</option>' in ask(made["Location"])
    assert "PagerDuty, no rule tells it anything Subscribe it" in text_of(ask(f"{PAGE}/channels"))
    signed_in.post(f"{PAGE}/subscriptions/new", {**RULE, "when": "at-once", "channel": str(channel.pk)})
    assert "no rule tells it anything" not in ask(f"{PAGE}/channels")
    assert shop.project.subscriptions.get(channel=channel).user is None


def test_a_channel_is_tried_switched_and_removed(shop: Any, signed_in: Client, ask: Callable[[str], str]) -> None:
    signed_in.post(f"{PAGE}/channels/new", HOOK)
    channel = shop.project.channels.get()
    path = f"{PAGE}/channels/{channel.pk}"
    tried = signed_in.post(f"{path}/test")
    row = shop.project.deliveries.get()
    assert (row.kind, row.target_id) == ("test", channel.pk)
    assert tried["Location"] == f"{PAGE}?open={row.pk}#d-{row.pk}"
    signed_in.post(f"{path}/off")
    assert "switched off by hand, off since" in text_of(ask(PAGE))
    signed_in.post(f"{path}/on")
    assert "off since" not in text_of(ask(PAGE))
    signed_in.post(f"{path}/change", {"name": "ops relay"})
    assert "ops relay" in ask(f"{PAGE}/channels")
    signed_in.post(f"{path}/remove")
    assert not shop.project.channels.exists()
    assert "a removed channel" in text_of(ask(PAGE))


def test_what_is_wrong_with_a_channel_is_said_without_its_secret(shop: Any, signed_in: Client) -> None:
    for url, name in (("http://127.0.0.1/c4n4ry", "relay"), ("not a url c4n4ry", "relay"), (HOOK["field-url"], "")):
        answer = signed_in.post(f"{PAGE}/channels/new", {**HOOK, "field-url": url, "name": name})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "Not saved: " in page
        assert "c4n4ry" not in page
    assert not shop.project.channels.exists()
