"""The pages of signing in and of one's account: django-allauth's views with our templates."""

import json
from http import HTTPStatus
from typing import Any

from allauth.account import views as account_views
from allauth.account.internal.decorators import login_not_required
from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url
from allauth.core.internal.httpkit import authenticated_user
from allauth.mfa.base import views as factor_views
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as code_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as passkey_views
from allauth.mfa.webauthn.internal import auth as ceremony
from allauth.mfa.webauthn.internal import flows as passkey_flows
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from typing_extensions import override

from paritycheck.web.signing.forms import SignInForm


def has_host_name(request: HttpRequest) -> bool:
    """Whether browsers make passkeys for this address: they are bound to a name, and need TLS except on localhost."""
    host = request.get_host().rpartition(":")[0] or request.get_host()
    is_address = host.replace(".", "").isdigit() or host.startswith("[")
    return not is_address and (request.is_secure() or host == "localhost")


def _options(found: Any) -> str:
    """What passkeys.js hands to the browser, for an attribute of its form."""
    return json.dumps(found, cls=DjangoJSONEncoder)


class SignIn(account_views.LoginView):
    """Address and password, a passkey, or single sign-on."""

    form_class = SignInForm
    template_name = "web/account/sign_in.html"

    @override
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "next": self.get_next_url() or "",
            "sso": settings.OIDC_NAME if settings.OIDC_ON else "",
            "sso_only": settings.OIDC_ONLY,
            "passkeys": has_host_name(self.request) and not settings.OIDC_ONLY,
        }

    @override
    def form_invalid(self, form: SignInForm) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        if form.too_many:
            response.status_code = HTTPStatus.TOO_MANY_REQUESTS
        return response


@login_required
@require_safe
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """How I sign in."""
    user = authenticated_user(request)
    factors = list(Authenticator.objects.filter(user_id=user.pk).order_by("created_at"))
    codes = next((row for row in factors if row.type == Authenticator.Type.RECOVERY_CODES), None)
    context = {
        "totp": next((row for row in factors if row.type == Authenticator.Type.TOTP), None),
        "passkeys": [row for row in factors if row.type == Authenticator.Type.WEBAUTHN],
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else None,
        "has_password": user.has_usable_password(),
        "sso": settings.OIDC_NAME if settings.OIDC_ON else "",
        "sso_only": settings.OIDC_ONLY,
        "linked": SocialAccount.objects.filter(user_id=user.pk).order_by("date_joined"),
        "passkeys_work": has_host_name(request),
    }
    return render(request, "web/account/page.html", context)


class ChangePassword(account_views.PasswordChangeView):
    """Asks for the old one; every other session ends."""

    template_name = "web/account/password.html"

    @override
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and (settings.OIDC_ONLY or not request.user.has_usable_password()):
            return HttpResponseRedirect(reverse("account"))
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response

    @override
    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        return response


class Forgotten(account_views.PasswordResetView):
    """Asks for the address; the answer is the same for every address."""

    template_name = "web/account/forgotten.html"

    @override
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "mail": bool(settings.EMAIL_URL) and not settings.OIDC_ONLY}


class ForgottenSent(account_views.PasswordResetDoneView):
    template_name = "web/account/forgotten_sent.html"


class NewPassword(account_views.PasswordResetFromKeyView):
    """Behind the link of the mail."""

    template_name = "web/account/new_password.html"

    @override
    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        return response


class NewPasswordDone(account_views.PasswordResetFromKeyDoneView):
    template_name = "web/account/new_password_done.html"


class Again(account_views.ReauthenticateView):
    """Before something that matters: the password, again."""

    template_name = "web/account/again.html"


class AgainByCode(factor_views.ReauthenticateView):
    template_name = "web/account/again.html"
    extra_context = {"by_code": True}  # noqa: RUF012  Django's own form of it


class AgainByPasskey(passkey_views.ReauthenticateWebAuthnView):
    template_name = "web/account/again_passkey.html"

    @override
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = super().get_context_data(**kwargs)
        alternatives = self.get_reauthentication_alternatives()
        return {
            **found,
            "options": _options(found["js_data"]["request_options"]),
            "reauthentication_alternatives": alternatives,
        }


class SecondStep(factor_views.AuthenticateView):
    """After the password: a code or a passkey."""

    template_name = "web/account/second_step.html"

    @override
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kinds = set(Authenticator.objects.filter(user=self.stage.login.user).values_list("type", flat=True))
        found = super().get_context_data(**kwargs)
        return {
            **found,
            "options": _options(found["js_data"]["request_options"]),
            "with_codes": bool(kinds & {Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES}),
            "with_passkey": Authenticator.Type.WEBAUTHN in kinds,
        }


class TwoFactor(totp_views.ActivateTOTPView):
    template_name = "web/account/two_factor.html"


class TwoFactorOff(totp_views.DeactivateTOTPView):
    template_name = "web/account/two_factor_off.html"


class Codes(code_views.ViewRecoveryCodesView):
    template_name = "web/account/codes.html"


class NewCodes(code_views.GenerateRecoveryCodesView):
    template_name = "web/account/new_codes.html"


class Passkeys(passkey_views.ListWebAuthnView):
    template_name = "web/account/passkeys.html"

    @override
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "passkeys_work": has_host_name(self.request)}


class AddPasskey(passkey_views.AddWebAuthnView):
    """One that the device keeps and guards by its lock, so that it signs in alone."""

    template_name = "web/account/passkey_add.html"

    @override
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = super().get_context_data(**kwargs)
        return {**found, "options": _options(ceremony.begin_registration(self.request.user, passwordless=True))}


class RemovePasskey(passkey_views.RemoveWebAuthnView):
    template_name = "web/account/passkey_remove.html"


@method_decorator(login_not_required, name="dispatch")
class PasskeySignIn(passkey_views.LoginWebAuthnView):
    """GET is what passkeys.js asks for, POST signs in."""

    @override
    def form_valid(self, form: Any) -> HttpResponse:
        factor = form.cleaned_data["credential"]
        login = Login(user=factor.user, redirect_url=get_next_redirect_url(self.request))
        response: HttpResponse = passkey_flows.perform_passwordless_login(self.request, factor, login)
        return response
