"""The next digest as it would be sent now, to look at or to mail to oneself."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from paritycheck.channels import mail, slack
from paritycheck.core.mail_headers import Copy
from paritycheck.core.message import Message
from paritycheck.models import Subscription, User
from paritycheck.services.digests import preview_digest
from paritycheck.services.dispatch import mail_settings
from paritycheck.services.errors import Refused
from paritycheck.services.outbox import put_out

_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Preview:
    """A mail that is not sent, and the same for a chat."""

    subject: str
    sender: str
    text: str
    html: str
    slack: dict[str, Any]


def preview_of(*, subscription: Subscription, now: datetime) -> Preview:
    """Both parts of the mail, and what Slack would get; nothing is kept."""
    return _mail_of(preview_digest(subscription=subscription, now=now))


def _mail_of(message: Message) -> Preview:
    composed = mail.compose(message, Copy("you@example.com", _NOBODY), mail_settings())
    html = next(str(content) for content, kind in composed.alternatives if kind == "text/html")
    return Preview(str(composed.subject), composed.from_email, str(composed.body), html, slack.payload(message))


def send_preview(*, subscription: Subscription, user: User, now: datetime) -> None:
    """Mail it to the user, once for each time they ask. Raises Refused(not-a-member)."""
    if not subscription.project.memberships.filter(user=user).exists():
        raise Refused("not-a-member", 409, "mail of a project goes to its members only, and you are none")
    message = replace(
        preview_digest(subscription=subscription, now=now), why="You asked for this copy on the project's page."
    )
    put_out(project_id=subscription.project_id, message=message, recipients=[user.email], dedupe=f"copy:{uuid4()}")
