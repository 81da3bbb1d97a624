"""Numbered system checks: each bad setting says what it is and what to do."""

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004  Django's own name for the level
from django.db.utils import ProgrammingError

from paritycheck.config import env

LONGEST_ISSUER = 200
KEY_HINT = (
    "Give 32 bytes in base64, several with commas to change them: "
    'python3 -c "import base64, secrets; print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())"'
)
_GUARDED = ("https://", "http://127.0.0.1", "http://localhost")


def environment(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """`paritycheck.E001`: a variable of the environment that is missing or cannot be read."""
    del app_configs
    return [Error(f"{name} {hint}.", id="paritycheck.E001") for name, hint in dict.fromkeys(env.problems)]


def public_url(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """`paritycheck.E002`: links in mails and verdicts are built from PUBLIC_URL, so it has to be whole."""
    del app_configs
    if settings.PUBLIC_URL.startswith(("http://", "https://")):
        return []
    return [
        Error(
            "PUBLIC_URL does not begin with http:// or https://.",
            hint="Give it as https://parity.example.com",
            id="paritycheck.E002",
        )
    ]


def mail_provider(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """`paritycheck.E010`: EMAIL_URL names a provider whose package is not installed."""
    del app_configs
    if not settings.EMAIL_BACKEND.startswith("anymail."):
        return []
    needed = {"anymail": "'paritycheck[email]'"} | (
        {"boto3": "boto3"} if "amazon_ses" in settings.EMAIL_BACKEND else {}
    )
    lacking = [package for module, package in needed.items() if find_spec(module) is None]
    if not lacking:
        return []
    said = "EMAIL_URL names a mail provider whose package is not installed."
    return [Error(said, hint=f"Run: pip install {' '.join(lacking)}", id="paritycheck.E010")]


def single_sign_on(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """`paritycheck.E011`: single sign-on is half-set, would send its secret in the open, or is asked for and off."""
    del app_configs
    names = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
    lacking = [name for name in names if not getattr(settings, name)]
    in_the_open = settings.OIDC_ISSUER and not settings.OIDC_ISSUER.startswith(_GUARDED)
    found = [
        (
            0 < len(lacking) < len(names),
            f"Single sign-on is half-set: {' and '.join(lacking)} lacking.",
            "Give all of OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET, or none",
        ),
        (in_the_open, "OIDC_ISSUER does not begin with https://.", "Give it as the provider names itself"),
        (
            settings.OIDC_ONLY and not settings.OIDC_ON,
            "OIDC_ONLY leaves no way to sign in.",
            "Set up single sign-on, or take OIDC_ONLY out",
        ),
        (
            settings.OIDC_ON and settings.OIDC_NEW_USERS != "no" and not settings.OIDC_DOMAINS,
            "OIDC_NEW_USERS needs OIDC_DOMAINS.",
            "Give the domains of your addresses with commas; * is everybody whom the provider knows",
        ),
    ]
    return [Error(said, hint=hint, id="paritycheck.E011") for wrong, said, hint in found if wrong]


def pooled_database(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """`paritycheck.W001`: LISTEN and advisory locks need a session of their own."""
    del app_configs
    if str(settings.DATABASES["default"].get("PORT", "")) != "6432":
        return []
    return [
        Warning(
            "DATABASE_URL names port 6432, where PgBouncer listens by default.",
            hint="Give the address of PostgreSQL itself, or pool by session.",
            id="paritycheck.W001",
        )
    ]


def field_key(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """`paritycheck.E004`: FIELD_KEY holds something that is no key."""
    del app_configs
    from paritycheck.services.sealed import SealError, keys

    try:
        keys()
    except SealError as error:
        return [Error(f"FIELD_KEY {error.reason}.", hint=KEY_HINT, id="paritycheck.E004")]
    return []


def sealed_channels(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """`paritycheck.E005`: there are channels whose secrets no key of FIELD_KEY opens."""
    if not databases or "default" not in databases:
        return []
    from paritycheck.services.sealed import SealError, channels_without_key

    try:
        count = channels_without_key()
    except (SealError, ProgrammingError):  # E004 says so; before the first migration there are no channels
        return []
    if not count:
        return []
    said = f"FIELD_KEY opens the settings of every channel but {count}; these send nothing."
    hint = "Add the key that sealed them to FIELD_KEY, after a comma, then run: paritycheck reseal"
    return [Error(said, hint=hint, id="paritycheck.E005")]


def outgoing(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """`paritycheck.E006`: what may be reached by webhooks cannot be read."""
    del app_configs
    from paritycheck.core.destinations import networks_of

    found: list[CheckMessage] = []
    try:
        networks_of(settings.WEBHOOK_ALLOW_CIDRS)
    except ValueError:
        hint = "Give networks with commas, as 10.20.0.0/16,fd12:3456::/32, without bits set beyond the length"
        found.append(Error("WEBHOOK_ALLOW_CIDRS is no list of networks.", hint=hint, id="paritycheck.E006"))
    if settings.WEBHOOK_CA_FILE and not _certificates(settings.WEBHOOK_CA_FILE):
        hint = "Give the path of a readable file with certificates in PEM"
        found.append(Error("WEBHOOK_CA_FILE names no file of certificates.", hint=hint, id="paritycheck.E006"))
    return found


def revocations_file(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """`paritycheck.E014`: what is revoked could not be kept outside of the database."""
    del app_configs
    path = Path(settings.REVOCATIONS_FILE) if settings.REVOCATIONS_FILE else None
    if path is None or os.access(path if path.exists() else path.parent, os.W_OK):
        return []
    hint = "Give the path of a file in a folder that this process may write to, on a disk that is copied elsewhere"
    return [Error("REVOCATIONS_FILE names a file that cannot be written.", hint=hint, id="paritycheck.E014")]


def oidc_issuers(app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[CheckMessage]:
    """`paritycheck.E012`: an issuer of id tokens whose keys could not be fetched safely."""
    del app_configs
    if all(issuer.startswith("https://") and len(issuer) <= LONGEST_ISSUER for issuer in settings.OIDC_ISSUERS):
        return []
    hint = "Give addresses with commas, as https://gitlab.example.com, as the `iss` of their tokens has them"
    return [Error("OIDC_ISSUERS holds what is no https address.", hint=hint, id="paritycheck.E012")]


def _certificates(path: str) -> bool:
    import ssl

    try:
        ssl.create_default_context(cafile=path)
    except OSError:  # SSLError is one
        return False
    return True


def pgmq_version(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """`paritycheck.E003`: the queue's tables come from another release of its client than the one installed."""
    if settings.BROKER_URL or not databases or "default" not in databases:
        return []
    from paritycheck.selectors.broker import installed_pgmq, shipped_pgmq

    installed = installed_pgmq()
    if installed is None or installed == shipped_pgmq():
        return []
    return [
        Error(
            "The queue's tables were made by another release of pgmq.",
            hint="Run: paritycheck reset_queue (it holds wake-ups only, nothing is lost)",
            id="paritycheck.E003",
        )
    ]
