"""Hands a delivery to its channel: the message as the channel's kind takes it, its settings opened, a way to post."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from django.conf import settings

from paritycheck.channels import mail
from paritycheck.core.channel import ChannelError, Envelope, Post, SettingsError
from paritycheck.core.message import Message
from paritycheck.models import Channel, Delivery
from paritycheck.selectors import clock
from paritycheck.services import outgoing
from paritycheck.services.confirming import confirm_link
from paritycheck.services.kinds import KINDS, MAIL, Kind
from paritycheck.services.sealed import SealError, settings_of
from paritycheck.services.threads import ChannelThreads, identities_of, over_of
from paritycheck.services.unsubscribing import unsubscribe_link

CONFIRM: Final = "confirm"
ALL_REQUESTS_S: Final = 24.0
"""For every request of one delivery: less than its lease."""


def send_mail(row: Delivery) -> None:
    """To a member's own address, or to that of a channel. Raises ChannelError."""
    message, to = Message.read(row.content), row.recipient
    if row.target is not None:
        to = _opened(row.target)["address"]
        if row.kind == CONFIRM:
            # Made now and kept nowhere: who reads the outbox could confirm an address that is not theirs.
            message = replace(message, links={**message.links, CONFIRM: confirm_link(row.target, to)})
    leave = unsubscribe_link(row.subscription_id) if row.subscription_id else ""
    mail.send(message, to=to, ident=row.pk, settings=mail_settings(), thread=row.thread, unsubscribe=leave)


def send_out(kind: Kind, row: Delivery) -> None:
    """To a channel of another kind. Raises ChannelError."""
    channel = row.target
    if channel is None or kind.send is None:
        raise ChannelError("the channel is gone", permanent=True, blameless=True)
    message = Message.read(row.content)
    try:
        ready = kind.read(_opened(channel))
    except SettingsError as error:
        raise ChannelError(f"the channel's settings cannot be used: {error}", permanent=True) from None
    kind.send(message, _envelope(row, channel, message), ready, _post())


def _post() -> Post:
    given = outgoing.rules(within_s=ALL_REQUESTS_S)
    return lambda request: outgoing.send(request, given)


def _opened(channel: Channel) -> dict[str, str]:
    try:
        return settings_of(channel)
    except SealError as error:
        raise ChannelError(f"FIELD_KEY {error.reason}", permanent=False, blameless=True) from None


def _envelope(row: Delivery, channel: Channel, message: Message) -> Envelope:
    identities = identities_of(message, row.project_id)
    return Envelope(
        ident=str(row.pk),
        attempt=row.attempts,
        now=clock.now(),
        made_at=row.created_at,
        kind=row.kind,
        site=settings.SITE_NAME,
        threads=ChannelThreads(channel, row.pk),
        identities=identities,
        over=over_of(identities),
    )


def mail_settings() -> mail.MailSettings:
    """The mail server and the sender, as EMAIL_URL and MAIL_FROM give them."""
    return mail.MailSettings(
        backend=settings.EMAIL_BACKEND,
        host=settings.EMAIL_HOST,
        port=settings.EMAIL_PORT,
        user=settings.EMAIL_HOST_USER,
        password=settings.EMAIL_HOST_PASSWORD,
        use_tls=settings.EMAIL_USE_TLS,
        use_ssl=settings.EMAIL_USE_SSL,
        timeout_s=settings.EMAIL_TIMEOUT,
        sender=settings.DEFAULT_FROM_EMAIL,
        site=settings.SITE_NAME,
        options=settings.EMAIL_OPTIONS,
    )


CHANNELS: Final[Mapping[str, Callable[[Delivery], None]]] = {
    MAIL: send_mail,
    **{name: partial(send_out, kind) for name, kind in KINDS.items() if kind.send is not None},
}
