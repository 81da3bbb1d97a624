"""Letting in somebody who has no way in yet: a mail with a link under which they choose a password.

The link is good for a week and once: it is of the account as it is without a password, so that whatever gives it one
ends the link as well.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import transaction

from paritycheck.models import Project, User
from paritycheck.services.account_mail import send_invitation
from paritycheck.services.audit import record
from paritycheck.services.errors import Refused

SALT: Final = "paritycheck.invitation"
GOOD_FOR: Final = timedelta(days=7)
AGAIN: Final = timedelta(minutes=10)
"""An address gets no more mails than that, whoever asks for them."""
PATH: Final = "invited"


def is_invited(user: User) -> bool:
    """Whether they are let in and have never come."""
    return user.is_active and user.last_login is None and not user.has_usable_password()


@transaction.atomic
def invite_person(*, user: User, project: Project, by: User, now: datetime) -> bool:
    """Mail them how to get in, once this is committed; False where no mail leaves, they have been here already, or one
    went to them just now.
    """
    row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    recent = row.invited_at is not None and now - row.invited_at < AGAIN
    if not settings.EMAIL_URL or recent or not is_invited(row):
        return False
    row.invited_at = now
    row.save(update_fields=["invited_at"])
    record(action="member.invited", by=by, project=project, target=row.email)
    link = f"{settings.PUBLIC_URL}/sign-in" if settings.OIDC_ONLY else invitation_link(row)
    told = {"to": row.email, "link": link, "by": by.name or by.email, "project": project.slug}
    transaction.on_commit(lambda: send_invitation(**told))
    return True


def invitation_link(user: User) -> str:
    """The address of the page where they choose a password."""
    token = signing.dumps([str(user.pk), _digest(user)], salt=SALT)
    return f"{settings.PUBLIC_URL}/{PATH}/{token}"


def invited_by(token: str) -> User:
    """Whose link it is. Raises Refused(not-found) for one that is not ours, too old or used."""
    try:
        ident, digest = signing.loads(token, salt=SALT, max_age=GOOD_FOR)
        user = User.objects.filter(pk=UUID(ident), is_active=True).first()
    except (signing.BadSignature, ValueError, TypeError):
        user, digest = None, ""
    if user is None or user.has_usable_password() or digest != _digest(user) or settings.OIDC_ONLY:
        raise Refused("not-found", 404, "this link is not good any more")
    return user


@transaction.atomic
def accept_invitation(*, token: str, password: str) -> User:
    """Give the account its first password. Of two who use one link at once the second finds it used."""
    user = User.objects.select_for_update(no_key=True).get(pk=invited_by(token).pk)
    if user.has_usable_password():
        raise Refused("not-found", 404, "this link is not good any more")
    user.set_password(password)
    user.save(update_fields=["password"])
    record(action="account.password-chosen", by=user, target=user.email)
    return user


def _digest(user: User) -> str:
    """Of what stands in a password's place, which is random for each account that has none."""
    return hashlib.sha256(user.password.encode()).hexdigest()[:32]
