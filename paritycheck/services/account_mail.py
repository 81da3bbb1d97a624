"""The mail with the link to a new password. It belongs to no project and so to no outbox.

It is sent by a thread of its own: an address that has an account is answered as fast as one that has none.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import utf8_charset_qp
from django.template.loader import render_to_string

from paritycheck.core.inlining import inlined, rules_of, tight

log = structlog.get_logger(__name__)
_SENDERS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="account-mail")


def send_reset(*, to: str, link: str) -> Future[None]:
    """Send it soon, once; a failure is in the log, and the person asks again."""
    return _SENDERS.submit(_send, compose_reset(to=to, link=link))


def compose_reset(*, to: str, link: str) -> EmailMultiAlternatives:
    """The mail, text first."""
    context = {"link": link, "place": settings.SITE_NAME, "public_url": settings.PUBLIC_URL}
    message = EmailMultiAlternatives(
        subject=f"[{settings.SITE_NAME}] A new password",
        body=tight(render_to_string("mail/password.txt", context)),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.encoding = utf8_charset_qp
    page = render_to_string("mail/password.html", context)
    message.attach_alternative(inlined(page, rules_of(render_to_string("mail/inline.css"))), "text/html")
    return message


def _send(message: EmailMultiAlternatives) -> None:
    try:
        message.send()
    except Exception as error:  # noqa: BLE001  a provider's library raises what it likes; its text may hold a secret
        log.error("mail with a new password not sent", error=type(error).__name__)  # noqa: TRY400  as above
