"""Where django-allauth asks what this product does."""

from typing import Any, ClassVar
from urllib.parse import quote

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from qrcode.image.svg import SvgPathFillImage
from typing_extensions import override

from paritycheck.core.networks import peer_of
from paritycheck.services.account_mail import send_reset
from paritycheck.services.sealed_texts import open_text, seal_text
from paritycheck.web.signing import admission, words
from paritycheck.web.signing.outgoing import BoundedSession


class AccountAdapter(DefaultAccountAdapter):
    """Passwords: who is asked by which address, and the words."""

    error_messages: ClassVar[dict[str, Any]] = {**DefaultAccountAdapter.error_messages, **words.ERRORS}

    @override
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People come by invitation, a command or single sign-on."""
        return False

    @override
    def get_client_ip(self, request: HttpRequest) -> str:
        """The peer, or the n-th address from the right where TRUSTED_PROXIES says that n proxies of ours add one."""
        passed = request.headers.get("X-Forwarded-For", "")
        return peer_of(request.META.get("REMOTE_ADDR", ""), passed, settings.TRUSTED_PROXIES) or "unknown"

    @override
    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """One count for an address, whatever name the installation was called by."""
        return str(credentials.get("email", "")).strip().lower()

    @override
    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Our words for what a person wants to be told, nothing for the rest."""
        said = str(message) if message else words.MESSAGES.get(message_template or "")
        if said:
            messages.add_message(request, level, said, extra_tags=extra_tags)

    @override
    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """A closed account is told as any that does not open."""
        messages.error(request, words.NO_LONGER)
        return HttpResponseRedirect(reverse("account_login"))

    @override
    def get_reset_password_from_key_url(self, key: str) -> str:
        """Never made of the request's Host."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.PUBLIC_URL + path.replace("UID-KEY", quote(key))

    @override
    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """To the address of the account, and not for accounts that single sign-on alone may open."""
        if settings.EMAIL_URL and not settings.OIDC_ONLY:
            send_reset(to=user.email, link=context["password_reset_url"])

    @override
    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")


class SecondFactorAdapter(DefaultMFAAdapter):
    """Codes and passkeys: secrets are sealed with FIELD_KEY where there is one."""

    error_messages: ClassVar[dict[str, Any]] = {**DefaultMFAAdapter.error_messages, **words.FACTOR_ERRORS}

    @override
    def encrypt(self, text: str) -> str:
        return seal_text(text)

    @override
    def decrypt(self, encrypted_text: str) -> str:
        return open_text(encrypted_text)

    @override
    def build_totp_svg(self, url: str) -> str:
        """On a white ground of its own: an app reads no black code on a dark page."""
        return str(qrcode.make(url, image_factory=SvgPathFillImage).to_string(encoding="unicode"))

    @override
    def _get_site_name(self) -> str:
        return str(settings.SITE_NAME)

    @override
    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """For a passkey that was given no name."""
        return "Passkey"


class ProviderAdapter(DefaultSocialAccountAdapter):
    """Single sign-on: who is let in."""

    @override
    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """`admit` made the account already, or refused."""
        return False

    @override
    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        admission.admit(request, sociallogin)

    @override
    def on_authentication_error(self, request: HttpRequest, provider: Any, **about: Any) -> None:
        """One page for all that can go wrong on the way."""
        admission.refuse(request, words.of_error(about.get("error"), about.get("exception")))

    @override
    def get_requests_session(self) -> BoundedSession:
        return BoundedSession()
