"""Whether somebody signs in with more than a password."""

from typing import Any

from allauth.mfa.models import Authenticator


def has_second_step(user: Any) -> bool:
    """Whether the user has an authenticator app or a passkey."""
    rows = Authenticator.objects.filter(user_id=user.pk).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return bool(rows.exists())
