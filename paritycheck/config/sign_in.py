"""The settings of signing in by django-allauth, of which web/signing mounts what is needed. Nobody signs up."""

from typing import Any

from paritycheck.config import env

TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0, least=0)
ACCOUNT_ADAPTER = "paritycheck.web.signing.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # an administrator or the provider vouches for addresses
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_METHODS = ("password", "mfa")
# Of sign-ins the failed ones count.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": "10/m/ip,5/15m/key", "reset_password": "10/m/ip,3/15m/key"}

MFA_ADAPTER = "paritycheck.web.signing.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = env.text("SITE_NAME", "paritycheck")
MFA_TOTP_TOLERANCE = 1

# Single sign-on by OpenID Connect, on when issuer and client are named; E011 says so when it is half-set.
OIDC_NAME = env.text("OIDC_NAME", "single sign-on")
OIDC_ISSUER = env.text("OIDC_ISSUER")
OIDC_CLIENT_ID = env.text("OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = env.text("OIDC_CLIENT_SECRET")
OIDC_DOMAINS = [domain.lower().lstrip("@") for domain in env.words("OIDC_DOMAINS", [])]
OIDC_NEW_USERS = env.choice("OIDC_NEW_USERS", "NO", ("NO", "NONE", "VIEWER", "MEMBER")).lower()
OIDC_ONLY = env.choice("OIDC_ONLY", "NO", ("NO", "YES")) == "YES"
OIDC_ON = bool(OIDC_ISSUER and OIDC_CLIENT_ID and OIDC_CLIENT_SECRET)
SOCIALACCOUNT_ADAPTER = "paritycheck.web.signing.adapters.ProviderAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True  # a form's redirect to another site is refused by our policy; the state guards it
_APP = {"provider_id": "sso", "name": OIDC_NAME, "client_id": OIDC_CLIENT_ID, "secret": OIDC_CLIENT_SECRET}
_APP_SETTINGS = {"settings": {"server_url": OIDC_ISSUER.rstrip("/")}}
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    "openid_connect": {
        "provider_class": "paritycheck.web.signing.oidc.Provider",
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [_APP | _APP_SETTINGS],
    }
}
