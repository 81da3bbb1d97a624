"""EMAIL_URL: a mail server by SMTP, or a provider's API by django-anymail.

    smtp://host:25  smtp+tls://user:password@host:587  smtps://user:password@host:465
    anymail+postmark://TOKEN@              anymail+mailgun://KEY@mg.example.com
    anymail+mailjet://KEY:SECRET@          anymail+ses://KEY:SECRET@eu-central-1, or anymail+ses:// with AWS's own ways

What a provider takes besides stands behind a question mark (`?message_stream=alerts`, `?api_url=https://...`). No
problem that is noted repeats the URL or a part of it: it holds a credential.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import environ

from paritycheck.config import env

PREFIX = "anymail+"
NAME = "EMAIL_URL"


@dataclass(frozen=True, slots=True)
class Provider:
    """A backend of django-anymail. `secrets` are its settings that user and password of the URL give, `host` the one
    that the host gives where it takes one (`{}` in `form` is the host), `takes` what may stand in the query.
    """

    module: str
    secrets: tuple[str, ...] = ("api_key",)
    host: str = ""
    form: str = "{}"
    needs_host: bool = False
    takes: tuple[str, ...] = ("api_url",)


PROVIDERS = {
    "brevo": Provider("brevo"),
    "mailersend": Provider("mailersend", ("api_token",)),
    "mailgun": Provider("mailgun", host="sender_domain"),
    "mailjet": Provider("mailjet", ("api_key", "secret_key")),
    "mailtrap": Provider("mailtrap", ("api_token",), takes=("api_url", "sandbox_id")),
    "mandrill": Provider("mandrill"),
    "postal": Provider("postal", host="api_url", form="https://{}", needs_host=True, takes=()),
    "postmark": Provider("postmark", ("server_token",), takes=("api_url", "message_stream")),
    "resend": Provider("resend"),
    "scaleway": Provider("scaleway", ("secret_key",), host="project_id", needs_host=True, takes=("api_url", "region")),
    "sendgrid": Provider("sendgrid"),
    "ses": Provider("amazon_ses", (), takes=("configuration_set_name",)),
    "sparkpost": Provider("sparkpost", takes=("api_url", "subaccount")),
    "unisender-go": Provider(
        "unisender_go", host="api_url", form="https://{}/en/transactional/api/v1/", needs_host=True, takes=()
    ),
}


def mail(value: str) -> dict[str, Any]:
    """Django's mail settings of EMAIL_URL, and `OPTIONS` for the backend of a provider. Empty with a problem noted
    where it cannot be read.
    """
    if not value:
        return {}
    return _provided(value) if value.lower().startswith(PREFIX) else _smtp(value)


def _smtp(value: str) -> dict[str, Any]:
    """`smtp+tls` upgrades by STARTTLS, `smtps` and `smtp+ssl` speak TLS at once.

    An option that nothing reads is a problem: `?tls=true` looks like encryption and would be none.
    """
    read = env.url(NAME, value, environ.Env.email_url_config)
    if read.pop("OPTIONS", None):
        _problem("has options that nothing reads; TLS is written smtp+tls:// or smtp+ssl://")
    if value.lower().startswith("smtps://"):
        read |= {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": True}
    return read


def _provided(value: str) -> dict[str, Any]:
    try:
        parts = urlsplit(value)
        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        return _problem("is no URL that can be read; compare with the table of variables in the README")
    provider = PROVIDERS.get(parts.scheme.removeprefix(PREFIX))
    if provider is None:
        return _problem(f"names a mail provider that is none of {', '.join(PROVIDERS)}")
    if set(options) - set(provider.takes) or parts.path.strip("/"):
        known = " and ".join(provider.takes)
        return _problem(f"has an option that this provider does not take{f'; it takes {known}' if known else ''}")
    told = _amazon(parts) if provider.module == "amazon_ses" else _told(parts, provider)
    if told is None:
        return {}
    return {"EMAIL_BACKEND": f"anymail.backends.{provider.module}.EmailBackend", "OPTIONS": {**told, **options}}


def _told(parts: SplitResult, provider: Provider) -> dict[str, Any] | None:
    """What user, password and host say; None with a problem noted where something is missing or too much."""
    given = [unquote(part) for part in (parts.username, parts.password) if part]
    if len(given) != len(provider.secrets):
        form = ":".join(name.upper() for name in provider.secrets)
        _problem(f"has to be {parts.scheme}://{form}@{'host' if provider.needs_host else ''}")
        return None
    host = parts.netloc.rpartition("@")[2]
    if bool(host) > bool(provider.host) or bool(host) < provider.needs_host:
        _problem("lacks the host that this provider needs" if not host else "has a host, which this provider has not")
        return None
    said = {provider.host: provider.form.format(host)} if host else {}
    return {**dict(zip(provider.secrets, given, strict=True)), **said}


def _amazon(parts: SplitResult) -> dict[str, Any] | None:
    """Key, secret and region for boto3, which finds what is not given by its own ways (a role, its variables)."""
    if bool(parts.username) != bool(parts.password):
        _problem("has to be anymail+ses://KEY:SECRET@region, or anymail+ses:// with the variables of AWS")
        return None
    keys = {"aws_access_key_id": parts.username, "aws_secret_access_key": parts.password}
    found = {name: unquote(value) for name, value in keys.items() if value}
    if parts.hostname:
        found["region_name"] = parts.hostname
    return {"client_params": found} if found else {}


def _problem(hint: str) -> dict[str, Any]:
    env.problems.append((NAME, hint))
    return {}
