"""Who comes in by single sign-on: a known identity, else the account of a verified address, else who is let in anew."""

from typing import Any, NoReturn

import structlog
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import render

from paritycheck.models import User
from paritycheck.services.admitting import admit_person
from paritycheck.web.signing import words

log = structlog.get_logger(__name__)


def admit(request: HttpRequest, login: Any) -> None:
    """Give the sign-in its account, or stop it with a page that says why."""
    if login.state.get("process") != AuthProcess.LOGIN:
        refuse(request, words.TOO_OLD)
    address = _address(request, login)
    if not _is_of_domain(address):
        refuse(request, words.NOT_LET_IN)
    if not login.is_existing:
        login.connect(request, _account(request, address, login.account.extra_data))
    if not login.user.is_active:
        refuse(request, words.NO_LONGER)


def refuse(request: HttpRequest, why: str) -> NoReturn:
    """End the sign-in with a page; nobody is signed in by it."""
    log.info("sign-in by the provider refused", why=why)
    raise ImmediateHttpResponse(render(request, "web/account/refused.html", {"why": why}, status=403))


def _address(request: HttpRequest, login: Any) -> str:
    """The verified address, in lower case as accounts have it."""
    found = [row.email.strip().lower() for row in login.email_addresses if row.verified]
    if not found:
        refuse(request, words.UNVERIFIED)
    return str(found[0])


def _is_of_domain(address: str) -> bool:
    allowed = settings.OIDC_DOMAINS
    return not allowed or "*" in allowed or address.rpartition("@")[2] in allowed


def _account(request: HttpRequest, address: str, said: dict[str, Any]) -> User:
    user = User.objects.filter(email=address).first()
    if user is not None:
        return user
    if settings.OIDC_NEW_USERS == "no":
        refuse(request, words.NOT_LET_IN)
    name = said.get("id_token", {}).get("name", "")
    return admit_person(email=address, name=name if isinstance(name, str) else "", role=settings.OIDC_NEW_USERS)
