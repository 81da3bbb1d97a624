"""The pages of alerts: what each delivery says of itself, what forms do, and what never reaches a page."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from paritycheck.models import Channel, Delivery, Subscription

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])
PAGE = "/p/shop/alerts"
HOSTILE = "<script>alert(1)</script>\u202e"


def text_of(page: str) -> str:
    """Its words, without tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split()).replace("\xa0", " ")


@pytest.fixture(autouse=True)
def mailing(settings: Any) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1:25"


@pytest.fixture
def put(shop: Any) -> Callable[..., Delivery]:
    """Makes a delivery, to the owner's own mail unless told otherwise."""

    def make(**fields: Any) -> Delivery:
        content = {"title": fields.pop("title", "ci runs PostgreSQL 13"), "severity": "error", "badge": "error, new"}
        usual = {
            "kind": "alert", "recipient": shop.owner.email, "subject": "[shop] error: ci", "content": content,
            "dedupe": str(uuid4()), "due_at": timezone.now(),
        }  # fmt: skip
        row: Delivery = shop.project.deliveries.create(**usual | fields)
        return row

    return make


@pytest.fixture
def slack(shop: Any) -> Channel:
    made = {"made_by": "ann", "made_at": timezone.now()}
    channel: Channel = shop.project.channels.create(kind="slack", name="#shop", config=b"", **made)
    return channel


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"state": "sent"}, "sent"),
        ({"state": "dead", "error": "410 gone"}, "given up 410 gone"),
        ({"state": "dropped", "error": "no EMAIL_URL"}, "not sent no EMAIL_URL"),
        ({"attempts": 3, "error": "timed out", "due": 150}, "again in 2 min timed out"),
        ({"held_for": "quiet hours", "due": 9 * 3600}, "held (quiet hours) until"),
        ({"due": 0}, "on its way"),
        ({"due": -600}, "waits for a sender"),
        ({"leased": 20}, "being sent"),
    ],
)
def test_each_delivery_says_where_it_stands(
    put: Callable[..., Delivery], ask: Callable[[str], str], fields: dict[str, Any], said: str
) -> None:
    now, given = timezone.now(), dict(fields)
    if "due" in given:
        given["due_at"] = now + timedelta(seconds=given.pop("due"))
    if "leased" in given:
        given["lease_until"] = now + timedelta(seconds=given.pop("leased"))
    put(**given)
    row = re.search(r"<tr data-row id.*?</tr>", ask(PAGE), re.DOTALL)
    assert row is not None
    assert said in text_of(row.group())


def test_a_row_opens_its_attempts(shop: Any, put: Callable[..., Delivery], ask: Callable[[str], str]) -> None:
    from paritycheck.models import DeliveryAttempt

    row = put(attempts=2, due_at=timezone.now() + timedelta(minutes=5))
    for number, error, took in ((1, "503 service unavailable", 812), (2, "timed out", 15_000)):
        DeliveryAttempt.objects.create(
            project=shop.project, delivery_id=row.pk, number=number, at=timezone.now(), ok=False, error=error,
            took_ms=took,
        )  # fmt: skip
    assert "503 service" not in ask(PAGE)
    told = text_of(ask(f"{PAGE}?open={row.pk}"))
    assert "503 service unavailable 812 ms" in told
    assert "timed out 15 s" in told
    assert "3 due" in told
    assert f"message {row.pk} , the same in every attempt" in told


def test_they_are_filtered_and_paged(put: Callable[..., Delivery], ask: Callable[[str], str], slack: Channel) -> None:
    for number in range(32):
        put(title=f"drift {number}", dedupe=str(number))
    put(title="to slack", target=slack, channel="slack", recipient=f"channel:{slack.pk}", state="sent")
    first = ask(PAGE)
    assert first.count("<tr data-row id") == 30
    older = re.search(r'href="(/p/shop/alerts\?before=[^"]+)"', first)
    assert older is not None
    assert ask(older[1].replace("&amp;", "&")).count("<tr data-row id") == 3
    assert ask(f"{PAGE}?channel={slack.pk}").count("<tr data-row id") == 1
    assert ask(f"{PAGE}?state=sent").count("<tr data-row id") == 1
    assert "No delivery matches" in ask(f"{PAGE}?state=dead")


@pytest.mark.parametrize("query", ["state=gone", "channel=..", "before=1", f"q={'x' * 101}"])
def test_a_filter_that_says_nothing_is_not_understood(signed_in: Client, query: str) -> None:
    assert signed_in.get(f"{PAGE}?{query}").status_code == 400


def test_send_now_and_give_up_say_who_did(
    shop: Any, put: Callable[..., Delivery], signed_in: Client, ask: Callable[[str], str]
) -> None:
    row = put(held_for="quiet hours", due_at=timezone.now() + timedelta(hours=3))
    answer = signed_in.post(f"{PAGE}/deliveries/{row.pk}/send?state=due")
    assert answer["Location"] == f"{PAGE}?state=due&open={row.pk}#d-{row.pk}"
    row.refresh_from_db()
    assert (row.held_for, row.acted, row.acted_by) == ("", "send-now", shop.owner.email)
    assert row.due_at <= timezone.now()
    assert f"Sent now by {shop.owner.email}" in text_of(ask(f"{PAGE}?open={row.pk}"))
    signed_in.post(f"{PAGE}/deliveries/{row.pk}/give-up")
    again = signed_in.post(f"{PAGE}/deliveries/{row.pk}/give-up")
    assert again.status_code == 409
    assert "it does not wait any more" in again.content.decode()
    # What is on the page of a refusal leads to pages: the address that was posted to is none.
    led = set(re.findall(r'(?:href|hx-get)="([^"#?]+)', again.content.decode()))
    assert not {address for address in led if address.endswith("/give-up")}


def test_forms_need_their_secret(shop: Any, put: Callable[..., Delivery]) -> None:
    from django.test import Client

    client, row = Client(enforce_csrf_checks=True), put()
    client.force_login(shop.owner)
    for path in (f"{PAGE}/deliveries/{row.pk}/give-up", f"{PAGE}/channels/new", f"{PAGE}/subscriptions/new"):
        assert client.post(path).status_code == 403
    row.refresh_from_db()
    assert row.state == "due"


def test_a_member_sees_no_other_members_address(shop: Any, put: Callable[..., Delivery]) -> None:
    from django.test import Client

    from paritycheck.models import User

    put(recipient="boss@example.com")
    tom = User.objects.create_user("tom@example.com")
    shop.project.memberships.create(user=tom, role="member")
    client = Client()
    client.force_login(tom)
    for path in (PAGE, f"{PAGE}/channels", f"{PAGE}/subscriptions", f"{PAGE}/digests"):
        page = client.get(path).content.decode()
        assert "boss@example.com" not in page
        assert shop.owner.email not in page
    assert "a member" in text_of(client.get(PAGE).content.decode())
    assert "Add channel" not in client.get(PAGE).content.decode()


def test_the_parts_are_counted_as_far_as_one_may_see_them(
    shop: Any, slack: Channel, weekly: Subscription, ask: Callable[[str], str]
) -> None:
    from paritycheck.models import Membership

    del slack
    shop.project.subscriptions.exclude(pk=weekly.pk).exclude(user__email__startswith="admin-").delete()
    for path in ("", "/channels", "/subscriptions", "/digests"):
        assert "Deliveries Channels 1 Subscriptions 3 Digests 2" in text_of(ask(f"{PAGE}{path}"))
    Membership.objects.filter(project=shop.project, user=shop.owner).update(role="member")
    assert "Channels 1 Subscriptions 1 Digests 1" in text_of(ask(PAGE))


def test_hostile_names_stay_text(
    shop: Any, put: Callable[..., Delivery], slack: Channel, ask: Callable[[str], str]
) -> None:
    slack.name, slack.off_reason, slack.state, slack.off_at = HOSTILE, HOSTILE, "off", timezone.now()
    slack.save()
    row = put(title=HOSTILE, target=slack, recipient=f"channel:{slack.pk}", error=HOSTILE, state="dead")
    shop.project.subscriptions.create(
        channel=slack, when="digest", cron="0 8 * * 1", names=["<script>/*"], made_by="ann", made_at=timezone.now()
    )
    for path in (f"{PAGE}?open={row.pk}", f"{PAGE}/channels", f"{PAGE}/subscriptions", f"{PAGE}/digests"):
        page = ask(path)
        assert "<script>alert" not in page
        assert "\u202e" not in page
        assert "&lt;script&gt;" in page


# Digests


@pytest.fixture
def weekly(shop: Any) -> Subscription:
    row: Subscription = shop.project.subscriptions.create(
        user=shop.owner, when="digest", at_least="note", cron="0 8 * * 1", timezone="Europe/Berlin",
        due_at=timezone.now() + timedelta(days=3), made_by="ann", made_at=timezone.now(),
    )  # fmt: skip
    return row


def test_the_next_digest_stands_beside_in_a_frame_in_which_nothing_runs(
    weekly: Subscription, signed_in: Client
) -> None:
    page = signed_in.get(f"{PAGE}?digest={weekly.pk}")
    address = f"{PAGE}/digests/{weekly.pk}/preview"
    assert f'src="{address}?as=mail"' in page.content.decode()
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    assert "script-src 'self'" in page["Content-Security-Policy"]
    preview = signed_in.get(address)
    policy = preview["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "script" not in policy
    assert "frame-ancestors 'self'" in policy
    assert preview["X-Frame-Options"] == "SAMEORIGIN"
    assert '<base target="_blank">' in preview.content.decode()
    text = signed_in.get(f"{address}?as=text").content.decode()
    assert "<pre>" in text
    assert "Nothing drifts" in text
    chat = signed_in.get(f"{address}?as=slack")
    assert chat["Content-Security-Policy"] == policy
    assert "Nothing drifts" in chat.content.decode()
    assert "Open the matrix</a>" in chat.content.decode()
    assert not weekly.project.deliveries.exists()


def test_a_chats_message_is_drawn_as_text_whatever_it_says() -> None:
    from paritycheck.web.slacklook import slack_blocks

    drawn = slack_blocks(
        {
            "blocks": [
                {"type": "header", "text": {"type": "plain_text", "text": HOSTILE}},
                {"type": "section", "fields": [{"type": "plain_text", "text": "<b>1</b>"}]},
                {"type": "context", "elements": [
                    {"type": "mrkdwn", "text": "a &lt;b&gt; <https://x.example/p?a=1&amp;b=2|Open &amp; see>"},
                    {"type": "mrkdwn", "text": "<javascript:alert(1)|x>"},
                ]},
                {"type": "rich_text", "elements": [{"type": "rich_text_list", "elements": [
                    {"elements": [{"type": "text", "text": "<i>", "style": {"bold": True}}]},
                ]}]},
                {"type": "image", "image_url": "https://evil.example/x.png"},
            ]
        }
    )  # fmt: skip
    assert "<script>" not in drawn
    assert "<p>&lt;b&gt;1&lt;/b&gt;</p>" in drawn
    assert '<a href="https://x.example/p?a=1&amp;b=2">Open &amp; see</a>' in drawn
    assert "a &lt;b&gt; <a" in drawn
    assert "&lt;javascript:alert(1)|x&gt;" in drawn
    assert "<li><b>&lt;i&gt;</b></li>" in drawn
    assert "evil" not in drawn


def test_a_copy_goes_to_oneself_alone(shop: Any, weekly: Subscription, signed_in: Client) -> None:
    answer = signed_in.post(f"{PAGE}/digests/{weekly.pk}/send")
    assert answer.status_code == 302
    row = shop.project.deliveries.get()
    assert (row.recipient, row.kind, row.target) == (shop.owner.email, "digest", None)
    weekly.refresh_from_db()
    assert weekly.last_at is None


def test_without_a_mail_server_each_page_says_what_to_set(
    weekly: Subscription, settings: Any, signed_in: Client, ask: Callable[[str], str]
) -> None:
    settings.EMAIL_URL = ""
    assert "off: the server has no EMAIL_URL" in text_of(ask(PAGE))
    for path in (f"{PAGE}/channels", f"{PAGE}/digests"):
        assert "smtp+tls://user:password@smtp.example.com:587" in ask(path)
    refused = signed_in.post(f"{PAGE}/digests/{weekly.pk}/send")
    assert (refused.status_code, weekly.project.deliveries.count()) == (409, 0)


def test_empty_pages_say_what_to_do(shop: Any, ask: Callable[[str], str]) -> None:
    shop.project.subscriptions.all().delete()
    assert "Nothing was sent yet" in ask(PAGE)
    assert "No digest is scheduled" in ask(PAGE)
    assert "No channel yet" in ask(f"{PAGE}/channels")
    assert "You are told nothing of shop" in ask(f"{PAGE}/subscriptions")
    assert "No digest is scheduled" in ask(f"{PAGE}/digests")


def test_the_page_asks_again_when_a_delivery_moves(put: Callable[..., Delivery], signed_in: Client) -> None:
    from paritycheck.models import Delivery

    def version() -> str:
        found = re.search(r'id="version" name="v" value="([0-9a-f]+)"', signed_in.get(PAGE).content.decode())
        assert found is not None
        return found[1]

    seen = [version()]
    row = put()
    for change in ({}, {"attempts": 1, "due_at": timezone.now() + timedelta(minutes=5)}, {"state": "sent"}):
        Delivery.objects.filter(pk=row.pk).update(**change or {"attempts": 0})
        seen.append(version())
    assert len(set(seen)) == len(seen)
