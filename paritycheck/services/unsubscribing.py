"""The link in a mail that ends the subscription it came by, without signing in (RFC 8058)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core import signing

from paritycheck.models import Subscription
from paritycheck.services.subscriptions import UNSUBSCRIBED, end_subscription

SALT: Final = "paritycheck.unsubscribe"
PATH: Final = "unsubscribe"
LONGEST: Final = 200


def unsubscribe_link(subscription_id: UUID) -> str:
    """The address for `List-Unsubscribe`: GET asks, POST does it. It is good as long as the mail is kept."""
    return f"{settings.PUBLIC_URL}/{PATH}/{unsubscribe_token(subscription_id)}"


def unsubscribe_token(subscription_id: UUID) -> str:
    """What the address ends with: it names one subscription and is of no other use."""
    return signing.dumps(subscription_id.hex, salt=SALT)


def subscription_by(token: str) -> Subscription | None:
    """The subscription that a token of ours names, if it is still there."""
    try:
        if len(token) > LONGEST:
            return None
        ident = UUID(signing.loads(token, salt=SALT))
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None
    return Subscription.objects.filter(pk=ident).select_related("project", "user", "channel").first()


def unsubscribe(*, token: str, now: datetime) -> Subscription | None:
    """End the subscription that the token names; None where there is none. Twice is once."""
    row = subscription_by(token)
    if row is not None:
        end_subscription(subscription=row, why=UNSUBSCRIBED, now=now)
    return row
