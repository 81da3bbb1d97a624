"""How django-allauth is told of the one provider of single sign-on."""

from typing import Any


def single_sign_on(name: str, issuer: str, client_id: str, secret: str) -> dict[str, Any]:
    """The value of SOCIALACCOUNT_PROVIDERS; the provider is there and off where nothing is named."""
    app = {
        "provider_id": "sso",
        "name": name,
        "client_id": client_id,
        "secret": secret,
        "settings": {"server_url": issuer.rstrip("/")},
    }
    return {
        "openid_connect": {
            "provider_class": "paritycheck.web.signing.oidc.Provider",
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [app],
        }
    }
