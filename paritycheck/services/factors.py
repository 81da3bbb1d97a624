"""Takes second factors away from somebody who has lost them."""

from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from paritycheck.models import User
from paritycheck.services.audit import record


@transaction.atomic
def drop_factors(*, user: User) -> int:
    """Delete authenticator app, passkeys and recovery codes and end every session; how many were deleted."""
    count, _ = Authenticator.objects.filter(user_id=user.pk).delete()
    for session in Session.objects.filter(expire_date__gt=timezone.now()):
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()
    record(action="account.factors-dropped", by=None, target=user.email, detail={"count": count})
    return int(count)
