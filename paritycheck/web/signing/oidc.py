"""Single sign-on by OpenID Connect, stricter than django-allauth's own: the id token's signature is always checked,
with public keys alone, its nonce is ours, and the provider is the one that OIDC_ISSUER names.
"""

import hmac
import secrets
from typing import Any, Final

import jwt
from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from requests import RequestException
from typing_extensions import override

from paritycheck.web.signing import admission, words

PROVIDER: Final = "sso"
ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""With a public key. `none` and those with a shared secret are nobody's signature."""
REQUIRED: Final = ["iss", "sub", "aud", "exp", "iat"]
LEEWAY_S: Final = 60
KEPT: Final = ("sub", "email", "email_verified", "name")


class Adapter(OpenIDConnectOAuth2Adapter):
    """What is asked of the provider, and what is believed."""

    state: dict[str, Any]

    @property
    @override
    def openid_config(self) -> dict[str, Any]:
        """The provider's own description, once for a request. Raises OAuth2Error where it is another's."""
        found = super().openid_config
        if not isinstance(found, dict) or str(found.get("issuer", "")).rstrip("/") != settings.OIDC_ISSUER.rstrip("/"):
            raise OAuth2Error("the provider's description names another issuer")
        return found

    @override
    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """Never made of the request's Host."""
        return str(settings.PUBLIC_URL + reverse("openid_connect_callback", kwargs={"provider_id": PROVIDER}))

    @override
    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """The identity of a checked id token. Raises OAuth2Error."""
        claims = self._claims(str(kwargs["response"].get("id_token", "")), app.client_id)
        if "email" not in claims:
            claims = {**self._asked(token.token, claims["sub"]), **claims}
        return self.get_provider().sociallogin_from_response(
            request, {"id_token": {name: claims[name] for name in KEPT if name in claims}}
        )

    def _claims(self, id_token: str, client_id: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                id_token, self._key(id_token), algorithms=ALGORITHMS, audience=client_id,
                issuer=self.openid_config["issuer"], leeway=LEEWAY_S, options={"require": REQUIRED},
            )  # fmt: skip
        except jwt.PyJWTError as error:
            raise OAuth2Error(f"the id token is refused: {type(error).__name__}") from error
        nonce = self.state.get("nonce", "")
        if not nonce or not hmac.compare_digest(str(claims.get("nonce", "")).encode(), str(nonce).encode()):
            raise OAuth2Error("the id token answers another request")
        if claims.get("azp", client_id) != client_id:
            raise OAuth2Error("the id token was given to another client")
        return claims

    def _key(self, id_token: str) -> Any:
        """The key that the token names among the provider's, else its only one."""
        wanted = jwt.get_unverified_header(id_token).get("kid")
        keys = [key for key in self._keys() if key.key_type in {"RSA", "EC", "OKP"}]
        found = [key for key in keys if key.key_id == wanted] if wanted else keys
        if len(found) != 1:
            raise OAuth2Error("the id token names no key of the provider")
        return found[0].key

    def _keys(self) -> list[Any]:
        return list(jwt.PyJWKSet.from_dict(self._fetched(self.openid_config["jwks_uri"])).keys)

    def _asked(self, access_token: str, sub: str) -> dict[str, Any]:
        """What the provider says of the person when asked, which counts for the same person alone."""
        said = self._fetched(self.profile_url, {"Authorization": f"Bearer {access_token}"})
        if said.get("sub") != sub:
            raise OAuth2Error("the provider speaks of somebody else")
        return said

    @staticmethod
    def _fetched(url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        with get_adapter().get_requests_session() as session:
            response = session.get(url, headers=headers or {})
            response.raise_for_status()
            found = response.json()
        if not isinstance(found, dict):
            raise OAuth2Error("the provider's answer is no object")
        return found


class Provider(OpenIDConnectProvider):
    """The one provider of the installation."""

    oauth2_adapter_class = Adapter

    @override
    def redirect_from_request(self, request: HttpRequest) -> HttpResponse:
        """To the provider, to sign in and for nothing else: no scope or parameter comes from the address."""
        nonce = secrets.token_urlsafe(32)
        answer: HttpResponse = self.redirect(
            request, AuthProcess.LOGIN, get_next_redirect_url(request),
            nonce=nonce, auth_params={"nonce": nonce}, scope=self.get_default_scope(),
        )  # fmt: skip
        return answer


class Callback(OAuth2CallbackView):
    """The way back."""

    @override
    def _get_state(self, request: HttpRequest, provider: Any) -> Any:
        state, response = super()._get_state(request, provider)
        self.adapter.state = state or {}
        return state, response


def sign_in(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Leads to the provider; not there where single sign-on is off."""
    return _asked(OAuth2LoginView, request, provider_id)


def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where the provider sends people back to."""
    return _asked(Callback, request, provider_id)


def _asked(view: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    if not settings.OIDC_ON:
        raise Http404
    try:
        answer: HttpResponse = view.adapter_view(Adapter(request, provider_id))(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except (RequestException, OAuth2Error, KeyError, ValueError):
        admission.refuse(request, words.UNTRUE)
    else:
        return answer
