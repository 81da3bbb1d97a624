"""Channels of a project: made, changed, tried, switched off and removed; who did it is kept and logged.

Secrets go in and never come out: what a channel was told is sealed, and only a secret that we made ourselves is shown,
once.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from paritycheck.channels import webhook
from paritycheck.core.channel import TEST
from paritycheck.core.message import ALERT, Message
from paritycheck.core.notices import confirm
from paritycheck.core.plain import plain
from paritycheck.models import Channel, Delivery, Membership, Project, User
from paritycheck.models.channels import ChannelState
from paritycheck.selectors.access import may_maintain
from paritycheck.services.channel_acts import record_channel
from paritycheck.services.channel_health import turn_off
from paritycheck.services.channel_settings import CONFIRMED, Ready, invalid, ready
from paritycheck.services.confirming import confirmed, is_of
from paritycheck.services.deliver import TO_CHANNEL
from paritycheck.services.dispatch import CONFIRM
from paritycheck.services.errors import Refused
from paritycheck.services.jobs import DELIVER, note
from paritycheck.services.kinds import KINDS, MAIL, WEBHOOK
from paritycheck.services.sealed import SealError, seal, settings_of
from paritycheck.services.telling import project_link

__all__ = [
    "KINDS", "add_channel", "change_channel", "confirm_channel", "find_channel", "invalid", "made_secret",
    "remove_channel", "require_maintaining", "rotate_secret", "send_test", "switch_off", "switch_on",
]  # fmt: skip

log = structlog.get_logger(__name__)
MOST_CHANNELS: Final = 50
MOST_ADDRESSES: Final = 20
MOST_TESTS: Final = 5
TESTS_WITHIN: Final = timedelta(minutes=1)
MOST_ASKED: Final = 20
ASKED_WITHIN: Final = timedelta(hours=1)
LONGEST_NAME: Final = 80


def require_maintaining(*, user: User | None, project: Project) -> User:
    """The person, if their role in the project allows it; Refused(forbidden) else."""
    if user is None or not may_maintain(user, project):
        raise Refused("forbidden", 403, "channels take the role of a maintainer or more")
    return user


@transaction.atomic
def add_channel(
    *, project: Project, kind: str, name: str, settings: Mapping[str, str], by: User, now: datetime
) -> Channel:
    """A new channel. One to a mail address that is no member's waits until a link in a mail to it is followed.

    Raises Refused: forbidden, invalid-channel with a pointer, unknown-field, unavailable where there is no FIELD_KEY.
    """
    require_maintaining(user=by, project=project)
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if kind not in KINDS:
        raise invalid("kind", f"is one of {', '.join(KINDS)}")
    _check_room(project, kind)
    channel = Channel(id=uuid4(), project=project, kind=kind, name=_name(project, name), made_by=by.email, made_at=now)
    made = {"secret": webhook.make_secret()} if kind == WEBHOOK else {}
    _tell(channel, ready(kind, settings, made))
    channel.save(force_insert=True)
    log.info("channel added", channel=str(channel.pk), kind=kind, by=str(by.pk))
    record_channel("channel.added", channel, by)
    _ask(channel)
    return channel


@transaction.atomic
def change_channel(
    *,
    channel: Channel,
    by: User,
    now: datetime,
    name: str | None = None,
    settings: Mapping[str, str] | None = None,
) -> Channel:
    """The channel with another name, or with these settings in place of those it had; others stay as they are.

    One that was off because it failed is on again: it was changed to be tried. Raises Refused as `add_channel`.
    """
    require_maintaining(user=by, project=channel.project)
    channel = _locked(channel)
    named = channel.name
    if name is not None and name != channel.name:
        channel.name = _name(channel.project, name)
    before = channel.state
    if settings:
        _tell(channel, ready(channel.kind, settings, _known(channel)))
        channel.failing_since, channel.off_reason, channel.off_at = None, "", None
    channel.save()
    log.info("channel changed", channel=str(channel.pk), by=str(by.pk), at=now.isoformat(), was=before)
    if settings or named != channel.name:
        record_channel("channel.changed", channel, by, settings=sorted(settings or ()), was=named)
    if settings:
        _ask(channel)
    return channel


@transaction.atomic
def rotate_secret(*, channel: Channel, now: datetime, by: User | None = None) -> str:
    """A new signing secret; for a day messages are signed with the old one too. Returns it; it is not shown again."""
    channel = _locked(channel)
    if channel.kind != WEBHOOK:
        raise invalid("kind", "has no secret that is made here; change its settings instead")
    values = webhook.rotated(_known(channel), now)
    channel.config = _sealed(channel, values)
    channel.save(update_fields=["config"])
    log.info("channel's secret rotated", channel=str(channel.pk))
    record_channel("channel.rotated", channel, by)
    return values["secret"]


def made_secret(channel: Channel) -> str | None:
    """The secret that was made for the channel, to be shown with the answer that made it; None for other kinds."""
    return _known(channel)["secret"] if channel.kind == WEBHOOK else None


@transaction.atomic
def switch_off(*, channel: Channel, reason: str, now: datetime, by: User | None = None) -> None:
    """Send nothing to it, because a person says so. What is due to it is dropped, with the reason."""
    if turn_off(channel=channel, reason=reason, now=now):
        log.info("channel off", channel=str(channel.pk), reason=reason)
        record_channel("channel.off", channel, by, reason=reason)


@transaction.atomic
def switch_on(*, channel: Channel, now: datetime, by: User | None = None) -> None:
    """Send to it again, from now on. An address that was never confirmed is asked again."""
    channel = _locked(channel)
    if channel.state == ChannelState.ON:
        return
    channel.state = _first_state(channel.kind, channel.project, _known(channel))
    channel.off_reason, channel.off_at, channel.failing_since = "", None, None
    channel.save()
    log.info("channel on", channel=str(channel.pk), state=channel.state, at=now.isoformat())
    record_channel("channel.on", channel, by)
    _ask(channel)


@transaction.atomic
def remove_channel(*, channel: Channel, by: User, now: datetime) -> None:
    """Forget it and what it was told. Its deliveries stay, as what was sent; those that are due are dropped."""
    require_maintaining(user=by, project=channel.project)
    ident = channel.pk
    record_channel("channel.removed", channel, by)
    channel.delete()
    log.info("channel removed", channel=str(ident), by=str(by.pk), at=now.isoformat())


@transaction.atomic
def send_test(*, channel: Channel, by: User, now: datetime) -> Delivery:
    """A message that says what it is, on its way now. Five a minute and project. Raises Refused(rate-limited)."""
    require_maintaining(user=by, project=channel.project)
    Project.objects.select_for_update(no_key=True).get(pk=channel.project_id)
    if _first_state(channel.kind, channel.project, _known(channel)) == ChannelState.PENDING:
        raise invalid("state", "the address is not confirmed yet")
    lately = Delivery.objects.filter(project_id=channel.project_id, kind=TEST, created_at__gt=Now() - TESTS_WITHIN)
    if lately.count() >= MOST_TESTS:
        said = f"{MOST_TESTS} tests a minute are enough"
        raise Refused("rate-limited", 429, said, retryable=True, retry_after=60, extra={"limit": MOST_TESTS})
    log.info("channel tried", channel=str(channel.pk), by=str(by.pk), at=now.isoformat())
    lead = "Nothing drifted. Somebody asked for this message to see whether the channel works: it does."
    return _put(channel, TEST, _message(channel, f"Test of the channel {channel.name}", lead))


@transaction.atomic
def confirm_channel(*, token: str, now: datetime) -> Channel:
    """The channel whose address the token confirms; it is on from now on. Raises Refused(not-found)."""
    ident, digest = confirmed(token)
    gone = Refused("not-found", 404, "this link is not valid any more; ask for another one")
    channel = Channel.objects.select_for_update(of=("self",)).select_related("project").filter(pk=ident).first()
    if channel is None or channel.kind != MAIL or not is_of(digest, _known(channel)["address"]):
        raise gone
    if channel.state == ChannelState.PENDING:
        values = _known(channel)
        channel.config = _sealed(channel, {**values, CONFIRMED: values["address"]})
        channel.state = ChannelState.ON
        channel.save(update_fields=["state", "config"])
        log.info("channel confirmed", channel=str(channel.pk), at=now.isoformat())
        record_channel("channel.confirmed", channel, None)
    return channel


def _locked(channel: Channel) -> Channel:
    return Channel.objects.select_for_update(of=("self",)).select_related("project").get(pk=channel.pk)


def _check_room(project: Project, kind: str) -> None:
    if project.channels.count() >= MOST_CHANNELS:
        raise invalid("kind", f"a project has at most {MOST_CHANNELS} channels")
    if kind == MAIL and project.channels.filter(kind=MAIL).count() >= MOST_ADDRESSES:
        raise invalid("kind", f"a project has at most {MOST_ADDRESSES} mail addresses besides its members'")


def _name(project: Project, name: str) -> str:
    said = plain(name, LONGEST_NAME)
    if not said:
        raise invalid("name", "is empty")
    if project.channels.filter(name=said).exists():
        raise invalid("name", "another channel of this project has it")
    return said


def _tell(channel: Channel, told: Ready) -> None:
    channel.shown = told.shown
    channel.config = _sealed(channel, told.values)
    channel.state = _first_state(channel.kind, channel.project, told.values)


def _first_state(kind: str, project: Project, values: Mapping[str, str]) -> str:
    """A member's address needs no asking: they signed in with it."""
    if kind != MAIL or values.get(CONFIRMED) == values["address"]:
        return ChannelState.ON
    members = Membership.objects.filter(project=project, user__is_active=True)
    known = members.filter(user__email=values["address"].lower()).exists()
    return ChannelState.ON if known else ChannelState.PENDING


def _sealed(channel: Channel, values: Mapping[str, str]) -> bytes:
    try:
        return seal(values, project_id=channel.project_id, channel_id=channel.pk)
    except SealError as error:
        raise _closed(error) from None


def _known(channel: Channel) -> dict[str, str]:
    try:
        return settings_of(channel)
    except SealError as error:
        raise _closed(error) from None


def _closed(error: SealError) -> Refused:
    return Refused("unavailable", 503, f"FIELD_KEY of this server {error.reason}, so channels cannot be kept or opened")


def _ask(channel: Channel) -> None:
    """The mail with the link that confirms, where one is needed."""
    if channel.state != ChannelState.PENDING:
        return
    lately = Delivery.objects.filter(project=channel.project, kind=CONFIRM, created_at__gt=Now() - ASKED_WITHIN)
    if lately.count() >= MOST_ASKED:
        said = f"{MOST_ASKED} addresses an hour are asked at most"
        raise Refused("rate-limited", 429, said, retryable=True, retry_after=600, extra={"limit": MOST_ASKED})
    slug, site = channel.project.slug, settings.SITE_NAME
    _put(channel, CONFIRM, confirm(project=slug, address=channel.shown, link="", by=channel.made_by, site=site))


def _message(channel: Channel, title: str, lead: str) -> Message:
    slug = channel.project.slug
    return Message(
        kind=ALERT,
        project=slug,
        pair="",
        severity="note",
        badge="",
        subject=f"[{slug}] {title}",
        title=title,
        lead=lead,
        links={"project": project_link(slug)},
        why=f"You get this because it is the channel {channel.name} of {slug}.",
    )


def _put(channel: Channel, kind: str, message: Message) -> Delivery:
    row = Delivery.objects.create(
        project_id=channel.project_id,
        channel=channel.kind,
        target=channel,
        kind=kind,
        recipient=f"{TO_CHANNEL}{channel.pk}",
        subject=message.subject[:200],
        content=message.stored(),
        dedupe=f"{kind}:{uuid4()}",
        due_at=Now(),
    )
    note(DELIVER, row.pk)
    return row


def find_channel(project: Project, ident: UUID) -> Channel | None:
    """A channel of the project."""
    return Channel.objects.select_related("project").filter(project=project, pk=ident).first()
