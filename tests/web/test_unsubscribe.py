"""One click ends a subscription (RFC 8058); looking at the page does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone

if TYPE_CHECKING:
    from paritycheck.models import Subscription

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def digest(shop: Any) -> Subscription:
    from paritycheck.services.subscriptions import give_defaults

    give_defaults(project=shop.project, user=shop.owner, now=timezone.now())
    row: Subscription = shop.project.subscriptions.get(when="digest", user=shop.owner)
    return row


@pytest.fixture
def path(digest: Subscription) -> str:
    from paritycheck.services.unsubscribing import unsubscribe_link

    link = unsubscribe_link(digest.pk)
    assert link.startswith("http://127.0.0.1:8000/unsubscribe/")
    return link.removeprefix("http://127.0.0.1:8000")


def test_looking_asks_and_ends_nothing(path: str, digest: Subscription, shop: Any) -> None:
    """As the programs do that open every link of a mail before its reader can."""
    client = Client()
    assert [client.head(path).status_code for _ in range(3)] == [200, 200, 200]
    answer = client.get(path)
    text = answer.content.decode()
    assert "<h1>Unsubscribe?</h1>" in text
    assert shop.owner.email in text
    assert "no-store" in answer.headers["Cache-Control"]
    digest.refresh_from_db()
    assert digest.ended_at is None


@pytest.mark.parametrize("multipart", [True, False])
def test_one_click_ends_it_without_cookies_or_a_secret(path: str, digest: Subscription, *, multipart: bool) -> None:
    client = Client(enforce_csrf_checks=True)
    form = "application/x-www-form-urlencoded"
    once = client.post(path, ONE_CLICK) if multipart else None
    answer = once or client.post(path, "List-Unsubscribe=One-Click", content_type=form)
    assert answer.status_code == 200
    assert not answer.cookies
    assert "You are unsubscribed" in answer.content.decode()
    digest.refresh_from_db()
    first = digest.ended_at
    assert first is not None
    assert (digest.ended_why, digest.due_at) == ("unsubscribed", None)
    assert client.post(path, ONE_CLICK).status_code == 200
    assert "You are unsubscribed" in client.get(path).content.decode()
    digest.refresh_from_db()
    assert digest.ended_at == first


def test_the_others_stay(path: str, digest: Subscription, shop: Any) -> None:
    Client().post(path, ONE_CLICK)
    assert [row.when for row in shop.owner.subscriptions.filter(ended_at=None)] == ["at-once"]
    del digest


def test_what_another_key_signed_is_nothing(path: str, digest: Subscription, settings: Any) -> None:
    settings.SECRET_KEY = "another secret key, of more than fifty characters in all as well"
    assert Client().post(path, ONE_CLICK).status_code == 404
    digest.refresh_from_db()
    assert digest.ended_at is None


def test_a_token_of_another_purpose_is_nothing(digest: Subscription) -> None:
    from django.core import signing

    for value in (digest.pk.hex, [digest.pk.hex], 7, None):
        assert Client().post(f"/unsubscribe/{signing.dumps(value, salt='paritycheck.confirm')}").status_code == 404
        forged = signing.dumps(value, salt="paritycheck.unsubscribe") if value != digest.pk.hex else "x:y:z"
        assert Client().post(f"/unsubscribe/{forged}").status_code == 404


@pytest.fixture
def team(shop: Any) -> Any:
    """The address of a team, which nobody confirmed."""
    from paritycheck.services.channels import add_channel

    address = {"address": "team@example.com"}
    return add_channel(
        project=shop.project, kind="mail", name="team", settings=address, by=shop.owner, now=timezone.now()
    )


def test_an_outside_address_is_confirmed_by_the_button_and_not_by_looking(team: Any) -> None:
    from paritycheck.services.confirming import confirm_link

    path = confirm_link(team, "team@example.com").removeprefix("http://127.0.0.1:8000")
    client = Client(enforce_csrf_checks=True)
    assert "<h1>Confirm this address?</h1>" in client.get(path).content.decode()
    team.refresh_from_db()
    assert team.state == "pending"
    for _ in range(2):
        answer = client.post(path)
        assert "<h1>Confirmed</h1>" in answer.content.decode()
        assert "no-store" in answer.headers["Cache-Control"]
        team.refresh_from_db()
        assert team.state == "on"


def test_a_link_to_an_address_that_changed_confirms_nothing(team: Any) -> None:
    from paritycheck.services.confirming import confirm_token

    assert Client().post(f"/confirm/{confirm_token(team, 'other@example.com')}").status_code == 404
    team.refresh_from_db()
    assert team.state == "pending"


def test_a_mail_carries_the_link_of_its_own_subscription(digest: Subscription, shop: Any, settings: Any) -> None:
    from paritycheck.services import dispatch
    from paritycheck.services.digests import prepare_digests
    from paritycheck.services.unsubscribing import unsubscribe_link

    settings.PUBLIC_URL = "https://parity.example"
    digest.skip_unchanged, digest.due_at = False, timezone.now()
    digest.save()
    prepare_digests(now=timezone.now())
    sent: list[Any] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("paritycheck.channels.mail.send", lambda _message, **given: sent.append(given))
        dispatch.send_mail(shop.project.deliveries.get(subscription=digest))
    assert sent[0]["unsubscribe"] == unsubscribe_link(digest.pk)
    assert sent[0]["unsubscribe"].startswith("https://parity.example/unsubscribe/")
