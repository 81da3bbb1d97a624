"""Channels are made by maintainers, checked, limited, confirmed; what they are told is sealed and never read back."""

import base64
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from paritycheck.config import checks
from paritycheck.models import Channel, Delivery, Membership, User
from paritycheck.services.channels import (
    KINDS,
    add_channel,
    change_channel,
    confirm_channel,
    rotate_secret,
    send_test,
    switch_off,
    switch_on,
)
from paritycheck.services.confirming import confirm_token
from paritycheck.services.errors import Refused
from paritycheck.services.sealed import SealError, seal, settings_of, unseal
from tests.mailbox import Mailbox, running_mailbox, texts_of
from tests.receiver import Receiver
from tests.services.channels.conftest import KEY, Place, make_place, sent

NOW = datetime.now(UTC)


def key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def refusal(place: Place, kind: str, told: dict[str, str]) -> Refused:
    with pytest.raises(Refused) as caught:
        place.channel(kind, told)
    return caught.value


# --- Sealed ---


def test_what_is_sealed_opens_for_its_own_channel_alone(place: Place) -> None:
    one = place.channel("slack", {"url": "https://hooks.example.com/a"})
    other = place.channel("slack", {"url": "https://hooks.example.com/b"})
    assert settings_of(one) == {"url": "https://hooks.example.com/a"}
    one.config = other.config
    with pytest.raises(SealError):
        settings_of(one)
    foreign = make_place("other").project
    with pytest.raises(SealError):
        unseal(bytes(other.config), project_id=foreign.pk, channel_id=other.pk)


@pytest.mark.parametrize("place_of", [0, 1, 5, 17, -1])
def test_a_changed_byte_does_not_open(place: Place, place_of: int) -> None:
    channel = place.channel("slack", {"url": "https://hooks.example.com/a"})
    changed = bytearray(bytes(channel.config))
    changed[place_of] ^= 1
    with pytest.raises(SealError):
        unseal(bytes(changed), project_id=channel.project_id, channel_id=channel.pk)
    with pytest.raises(SealError):
        unseal(bytes(channel.config)[:10], project_id=channel.project_id, channel_id=channel.pk)


def test_the_same_settings_are_never_sealed_the_same(place: Place) -> None:
    channel = place.channel("slack", {"url": "https://hooks.example.com/a"})
    sealed = {seal({"url": "x"}, project_id=channel.project_id, channel_id=channel.pk)[5:] for _ in range(50)}
    assert len(sealed) == 50


def test_a_key_is_changed_without_losing_a_channel(place: Place, settings: Settings) -> None:
    old, new = settings.FIELD_KEY[0], key()
    channels = [place.channel("slack", {"url": f"https://hooks.example.com/{number}"}) for number in range(3)]
    settings.FIELD_KEY = [new, old]
    fresh = place.channel("slack", {"url": "https://hooks.example.com/new"})
    assert [settings_of(channel)["url"][-1] for channel in channels] == ["0", "1", "2"]
    out = StringIO()
    call_command("reseal", stdout=out)
    assert out.getvalue() == "3 sealed again with the first key.\n"
    out = StringIO()
    call_command("reseal", stdout=out)
    assert out.getvalue() == "0 sealed again with the first key.\n"
    settings.FIELD_KEY = [new]
    for channel in (*channels, fresh):
        channel.refresh_from_db()
        assert settings_of(channel)["url"].startswith("https://hooks.example.com/")
    assert checks.sealed_channels(databases=["default"]) == []


def test_a_key_that_is_gone_is_told_by_number(place: Place, settings: Settings) -> None:
    place.channel("slack", {"url": "https://hooks.example.com/a"})
    settings.FIELD_KEY = [key()]
    (found,) = checks.sealed_channels(databases=["default"])
    assert (found.id, found.hint is not None) == ("paritycheck.E005", True)
    with pytest.raises(CommandError, match="1 are opened by no key"):
        call_command("reseal", stdout=StringIO())
    settings.FIELD_KEY = []
    assert [each.id for each in checks.sealed_channels(databases=["default"])] == ["paritycheck.E005"]
    error = refusal(place, "slack", {"url": "https://hooks.example.com/a"})
    assert (error.code, error.status) == ("unavailable", 503)
    assert "FIELD_KEY" in error.detail
    with pytest.raises(CommandError, match="FIELD_KEY is not set"):
        call_command("reseal", stdout=StringIO())


@pytest.mark.parametrize("bad", ["canary", "Y2FuYXJ5", "Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5LWNhbmFyeQ=="])
def test_a_key_that_is_none_is_told_by_number_and_not_repeated(settings: Settings, bad: str) -> None:
    settings.FIELD_KEY = [key(), bad]
    (found,) = checks.field_key()
    assert found.id == "paritycheck.E004"
    assert bad not in str(found)
    settings.FIELD_KEY = []
    assert checks.field_key() == []


def test_networks_and_authorities_that_cannot_be_read_are_told_by_number(settings: Settings, tmp_path: object) -> None:
    settings.WEBHOOK_ALLOW_CIDRS, settings.WEBHOOK_CA_FILE = ["10.0.0.1/8"], f"{tmp_path}/none.pem"
    assert [each.id for each in checks.outgoing()] == ["paritycheck.E006", "paritycheck.E006"]
    settings.WEBHOOK_ALLOW_CIDRS, settings.WEBHOOK_CA_FILE = ["10.0.0.0/8", "fd00::/8"], ""
    assert checks.outgoing() == []


# --- Making and changing ---


GOOD = {
    "webhook": {"url": "https://hooks.example.com/canary"},
    "slack": {"url": "https://hooks.slack.com/services/canary"},
    "teams": {"url": "https://x.webhook.office.com/canary?sig=1"},
    "github": {"repository": "acme/shop", "token": "ghp_canary"},
    "gitlab": {"project": "acme/shop", "token": "glpat-canary"},
    "pagerduty": {"routing_key": "canary" + KEY[6:]},
    "mail": {"address": "team@example.com"},
}


@pytest.mark.parametrize("kind", list(GOOD))
def test_a_channel_of_each_kind_keeps_who_made_it(place: Place, kind: str) -> None:
    channel = place.channel(kind, GOOD[kind])
    channel.refresh_from_db()
    assert (channel.kind, channel.made_by, channel.state) == (
        kind, "maria@shop.example", "pending" if kind == "mail" else "on",
    )  # fmt: skip
    assert "canary" not in f"{channel.shown} {channel!r}"
    assert KINDS[kind].read(settings_of(channel)) is not None
    assert "canary" not in repr(KINDS[kind].read(settings_of(channel)))


@pytest.mark.parametrize(
    ("kind", "told", "pointer"),
    [
        ("smoke", {}, "/kind"), ("webhook", {}, "/settings/url"), ("webhook", {"url": ""}, "/settings/url"),
        ("webhook", {"url": "http://hooks.example.com/canary"}, "/settings/url"),
        ("webhook", {"url": "https://127.0.0.1/canary"}, "/settings/url"),
        ("webhook", {"url": "https://hooks.example.com:22/canary"}, "/settings/url"),
        ("webhook", {"url": f"https://hooks.example.com/{'canary' * 500}"}, "/settings/url"),
        ("webhook", {"url": "https://hooks.example.com/\ncanary"}, "/settings/url"),
        ("webhook", {**GOOD["webhook"], "secret": "canary"}, "/settings/secret"),
        ("github", {"repository": "canary", "token": "x"}, "/settings/repository"),
        ("github", {"repository": "../canary", "token": "x"}, "/settings/repository"),
        ("github", {"repository": "a/b"}, "/settings/token"),
        ("github", {**GOOD["github"], "base_url": "http://10.0.0.1/canary"}, "/settings/base_url"),
        ("gitlab", {"project": "a/../canary", "token": "x"}, "/settings/project"),
        ("pagerduty", {"routing_key": "canary"}, "/settings/routing_key"),
        ("mail", {"address": "canary"}, "/settings/address"), ("mail", {"confirmed": "canary"}, "/settings"),
        ("webhook", {**GOOD["webhook"], "old_secret": "canary"}, "/settings"),
        ("mail", {"address": "a@b\r\nBcc: canary"}, "/settings/address"),
        ("slack", {**GOOD["slack"], "canary": "x"}, "/settings"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_where_it_stands_and_not_repeated(
    place: Place, kind: str, told: dict[str, str], pointer: str
) -> None:
    error = refusal(place, kind, told)
    assert error.status == 422
    assert error.errors[0]["pointer"] == pointer
    assert "canary" not in f"{error} {error.errors}"
    assert Channel.objects.count() == 0


def test_names_are_plain_and_one_each(place: Place) -> None:
    channel = place.channel("slack", GOOD["slack"], "ops\u202e\n chat")
    assert channel.name == "ops chat"
    with pytest.raises(Refused, match="another channel"):
        place.channel("slack", GOOD["slack"], "ops chat")
    assert make_place("other").channel("slack", GOOD["slack"], "ops chat").name == "ops chat"


def test_only_maintainers_make_change_try_and_remove(place: Place) -> None:
    channel = place.channel("slack", GOOD["slack"])
    member = User.objects.create_user("member@shop.example")
    Membership.objects.create(project=place.project, user=member, role="member")
    for attempt in (
        lambda: add_channel(project=place.project, kind="slack", name="x", settings=GOOD["slack"], by=member, now=NOW),
        lambda: change_channel(channel=channel, by=member, now=NOW, name="y"),
        lambda: send_test(channel=channel, by=member, now=NOW),
    ):
        with pytest.raises(Refused) as caught:
            attempt()
        assert caught.value.code == "forbidden"


def test_there_is_an_end_to_how_many(place: Place) -> None:
    for number in range(20):
        place.channel("mail", {"address": f"team{number}@example.com"})
    with pytest.raises(Refused, match="20 mail addresses"):
        place.channel("mail", {"address": "one.more@example.com"})
    for _ in range(30):
        place.channel("slack", GOOD["slack"])
    with pytest.raises(Refused, match="50 channels"):
        place.channel("slack", GOOD["slack"])


def test_five_tests_a_minute_are_enough(place: Place) -> None:
    channels = [place.channel("slack", GOOD["slack"]) for _ in range(2)]
    for number in range(5):
        send_test(channel=channels[number % 2], by=place.maria, now=NOW)
    with pytest.raises(Refused) as caught:
        send_test(channel=channels[0], by=place.maria, now=NOW)
    assert (caught.value.status, caught.value.retry_after) == (429, 60)
    Delivery.objects.update(created_at=NOW - timedelta(minutes=2))
    assert send_test(channel=channels[0], by=place.maria, now=NOW).kind == "test"


def test_a_change_keeps_what_it_does_not_name(place: Place, receiver: Receiver) -> None:
    channel = place.channel("github", GOOD["github"])
    changed = change_channel(channel=channel, by=place.maria, now=NOW, settings={"repository": "acme/other"})
    assert settings_of(changed) == {
        "repository": "acme/other", "token": "ghp_canary", "label": "paritycheck", "base_url": "https://api.github.com",
    }  # fmt: skip
    assert changed.shown == "acme/other"
    hook = place.channel("webhook", GOOD["webhook"])
    secret = rotate_secret(channel=hook, now=NOW)
    hook = change_channel(channel=hook, by=place.maria, now=NOW, settings={"url": receiver.url()}, name="renamed")
    told = settings_of(hook)
    assert (told["secret"], hook.name, "old_secret" in told) == (secret, "renamed", True)


def test_a_change_of_one_that_was_off_tries_it_again(place: Place) -> None:
    channel = place.channel("slack", GOOD["slack"])
    switch_off(channel=channel, reason="the chat answered 410 (gone)", now=NOW)
    changed = change_channel(channel=channel, by=place.maria, now=NOW, settings=GOOD["slack"])
    assert (changed.state, changed.off_reason, changed.off_at) == ("on", "", None)


def test_only_webhooks_have_a_secret_of_ours(place: Place) -> None:
    with pytest.raises(Refused):
        rotate_secret(channel=place.channel("slack", GOOD["slack"]), now=NOW)


# --- Mail addresses ---


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    with running_mailbox() as box:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{box.port}"
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", box.port, 5
        yield box


def test_an_outside_address_is_asked_first(place: Place, mailbox: Mailbox) -> None:
    channel = place.channel("mail", {"address": "team@example.com"}, "team")
    assert sent(place.put_out(channel)).error == "the address is not confirmed yet"
    with pytest.raises(Refused):
        send_test(channel=channel, by=place.maria, now=NOW)
    row = Delivery.objects.get(kind="confirm")
    assert sent(row).state == "sent"
    (mail,) = mailbox.messages
    assert mail["To"] == "team@example.com"
    assert "maria@shop.example" in texts_of(mail)
    (token,) = set(re.findall(r"/confirm/([\w:.-]+)", texts_of(mail)))
    assert token not in str(row.content), "who reads the outbox must not be able to confirm"
    assert confirm_channel(token=token, now=NOW).state == "on"
    assert confirm_channel(token=token, now=NOW).state == "on"
    channel.refresh_from_db()
    assert sent(place.put_out(channel)).state == "sent"
    assert mailbox.messages[-1]["To"] == "team@example.com"


def test_a_members_address_is_not_asked(place: Place) -> None:
    assert place.channel("mail", {"address": "Maria@Shop.example"}).state == "on"
    assert Delivery.objects.count() == 0


def test_a_link_is_of_one_address_and_one_week(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = place.channel("mail", {"address": "team@example.com"})
    token = confirm_token(channel, "team@example.com")
    changed = change_channel(channel=channel, by=place.maria, now=NOW, settings={"address": "other@example.com"})
    with pytest.raises(Refused):
        confirm_channel(token=token, now=NOW)
    token = confirm_token(changed, "other@example.com")
    for wrong in (token[:-1], token.replace(":", ";"), "", "a:b:c", confirm_token(changed, "third@example.com")):
        with pytest.raises(Refused):
            confirm_channel(token=wrong, now=NOW)
    with monkeypatch.context() as later:
        later.setattr("paritycheck.services.confirming.GOOD_FOR", timedelta(seconds=-1))
        with pytest.raises(Refused):
            confirm_channel(token=token, now=NOW)
    assert confirm_channel(token=token, now=NOW).state == "on"


def test_switching_on_does_not_get_round_the_question(place: Place) -> None:
    channel = place.channel("mail", {"address": "team@example.com"})
    switch_off(channel=channel, reason="by hand", now=NOW)
    with pytest.raises(Refused, match="not confirmed"):
        send_test(channel=channel, by=place.maria, now=NOW)
    switch_on(channel=channel, now=NOW)
    channel.refresh_from_db()
    assert channel.state == "pending"
    confirm_channel(token=confirm_token(channel, "team@example.com"), now=NOW)
    switch_off(channel=channel, reason="by hand", now=NOW)
    switch_on(channel=channel, now=NOW)
    channel.refresh_from_db()
    assert channel.state == "on", "it said yes before"


def test_nobody_is_asked_for_ever(place: Place) -> None:
    channel = place.channel("mail", {"address": "team@example.com"})
    for number in range(19):
        change_channel(channel=channel, by=place.maria, now=NOW, settings={"address": f"a{number}@example.com"})
    with pytest.raises(Refused) as caught:
        change_channel(channel=channel, by=place.maria, now=NOW, settings={"address": "victim@example.com"})
    assert caught.value.code == "rate-limited"
