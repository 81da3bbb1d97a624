"""Changes of an account go into the audit log, whichever page made them."""

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as factors
from allauth.socialaccount import signals as providers

from paritycheck.models import User
from paritycheck.services.audit import record


def listen() -> None:
    """Connect, once."""
    account.password_changed.connect(_password_changed, dispatch_uid="audit")
    account.password_reset.connect(_password_reset, dispatch_uid="audit")
    factors.authenticator_added.connect(_factor_added, dispatch_uid="audit")
    factors.authenticator_removed.connect(_factor_removed, dispatch_uid="audit")
    factors.authenticator_reset.connect(_factor_reset, dispatch_uid="audit")
    providers.social_account_added.connect(_provider_linked, dispatch_uid="audit")


def _note(action: str, user: User, **detail: str) -> None:
    record(action=f"account.{action}", by=user, target=user.email, detail=detail)


def _password_changed(user: User, **_: Any) -> None:
    _note("password-changed", user)


def _password_reset(user: User, **_: Any) -> None:
    _note("password-reset", user)


def _factor_added(user: User, authenticator: Any, **_: Any) -> None:
    _note("factor-added", user, factor=str(authenticator.type))


def _factor_removed(user: User, authenticator: Any, **_: Any) -> None:
    _note("factor-removed", user, factor=str(authenticator.type))


def _factor_reset(user: User, authenticator: Any, **_: Any) -> None:
    _note("factor-renewed", user, factor=str(authenticator.type))


def _provider_linked(sociallogin: Any, **_: Any) -> None:
    _note("provider-linked", sociallogin.user)
