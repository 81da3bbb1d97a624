"""From where a token may be used, and what becomes of a request that comes from elsewhere."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Q

from paritycheck.core.networks import NetworkError, read_networks, stands_in
from paritycheck.models import Token, User
from paritycheck.selectors import clock
from paritycheck.services.audit import record
from paritycheck.services.errors import Refused
from paritycheck.services.tokens import forget_known

QUIET: Final = timedelta(hours=1)
"""Refusals that follow each other more closely are one entry of the log and a count."""


def may_come_from(token: Token, address: str) -> bool:
    """Whether a token may be used from this address, empty where it is not known."""
    return not token.allowed_from or stands_in(address, token.allowed_from.split())


def refuse_place(*, token: Token, address: str) -> Refused:
    """Count a use from elsewhere, the first of a row of them in the log, and give the refusal.

    It names neither the address nor the networks: whoever found the token learns nothing of where it is at home.
    """
    now = clock.now()
    with transaction.atomic():
        rows = Token.objects.filter(pk=token.pk)
        first = Q(refused_at=None) | Q(refused_at__lt=now - QUIET)
        begun = rows.filter(first).update(refused=F("refused") + 1, refused_at=now, refused_from=address or None)
        if begun:
            detail = {"name": token.name, "from": address or None}
            record(action="token.refused", by=None, project=token.project, target=str(token), detail=detail, at=now)
        else:
            rows.update(refused=F("refused") + 1, refused_at=now, refused_from=address or None)
    return Refused("address-refused", 403, "this token may not be used from the address that this request comes from")


@transaction.atomic
def change_places(*, token: Token, networks: Iterable[str], by: User) -> Token:
    """Let a token be used from these networks alone, from everywhere where there are none.

    At once in this process, within five seconds in every other. Raises Refused(invalid-token).
    """
    wanted = networks_of(networks)
    row = Token.objects.select_for_update(no_key=True).get(pk=token.pk)
    if row.allowed_from != wanted:
        was, row.allowed_from = row.allowed_from.split(), wanted
        row.save(update_fields=["allowed_from"])
        detail = {"name": row.name, "was": was, "from": wanted.split()}
        record(action="token.changed", by=by, project=token.project, target=str(token), detail=detail)
        forget_known()
        # Another thread may have looked it up as it was before this is committed.
        transaction.on_commit(forget_known)
    token.allowed_from = wanted
    return token


def networks_of(said: Iterable[str]) -> str:
    """Networks as a token keeps them. Raises Refused(invalid-token) with a pointer."""
    try:
        return " ".join(read_networks(said))
    except NetworkError as error:
        place = {"pointer": "/from", "code": "invalid-token", "detail": str(error)}
        raise Refused("invalid-token", 422, f"from: {error}", errors=[place]) from None
