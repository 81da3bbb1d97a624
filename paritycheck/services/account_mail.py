"""Mails with a link to a password, the first or a new one. They are of no project's deliveries: nobody else may read
such a link, and so they stand in no outbox.

They are sent by threads of their own: an address that has an account is answered as fast as one that has none.
"""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import utf8_charset_qp
from django.template.loader import render_to_string

from paritycheck.core.inlining import inlined, rules_of, tight
from paritycheck.core.plain import plain

log = structlog.get_logger(__name__)
LONGEST_NAME: Final = 80
_SENDERS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="account-mail")


def send_reset(*, to: str, link: str) -> Future[None]:
    """Send it soon, once; a failure is in the log, and the person asks again."""
    return _SENDERS.submit(_send, compose_reset(to=to, link=link))


def compose_reset(*, to: str, link: str) -> EmailMultiAlternatives:
    """The mail to whoever forgot theirs, text first."""
    return _composed("password", "A new password", to, {"link": link})


def send_invitation(*, to: str, link: str, by: str, project: str) -> Future[None]:
    """Send it soon, once; a failure is in the log, and an owner sends it again."""
    return _SENDERS.submit(_send, compose_invitation(to=to, link=link, by=by, project=project))


def compose_invitation(*, to: str, link: str, by: str, project: str) -> EmailMultiAlternatives:
    """The mail to whoever is let in, text first; `by` is what somebody calls themselves."""
    sso = (settings.OIDC_NAME or "single sign-on") if settings.OIDC_ONLY else ""
    said = {"to": to, "link": link, "by": plain(by, LONGEST_NAME), "project": project, "sso": sso}
    return _composed("invitation", f"You are let into {project}", to, said)


def _composed(template: str, subject: str, to: str, said: Mapping[str, str]) -> EmailMultiAlternatives:
    context = {**said, "place": settings.SITE_NAME, "public_url": settings.PUBLIC_URL}
    message = EmailMultiAlternatives(
        subject=f"[{settings.SITE_NAME}] {subject}",
        body=tight(render_to_string(f"mail/{template}.txt", context)),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.encoding = utf8_charset_qp
    page = render_to_string(f"mail/{template}.html", context)
    message.attach_alternative(inlined(page, rules_of(render_to_string("mail/inline.css"))), "text/html")
    return message


def _send(message: EmailMultiAlternatives) -> None:
    try:
        message.send()
    except Exception as error:  # noqa: BLE001  a provider's library raises what it likes; its text may hold a secret
        log.error("mail with a link to a password not sent", error=type(error).__name__)  # noqa: TRY400  as above
