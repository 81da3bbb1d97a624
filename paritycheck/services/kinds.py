"""The kinds of channels there are: what each needs to be told, what is shown of it, how it sends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from paritycheck.channels import apprise, github, gitlab, pagerduty, slack, teams, webhook
from paritycheck.core.channel import Field, SettingsError

MAIL: Final = "mail"
WEBHOOK: Final = "webhook"
LONGEST_ADDRESS: Final = 254
MAIL_FIELDS: Final = (
    Field("address", "Address", "A team's. One that is no member's has to confirm by a link in a mail."),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `read` makes its frozen settings of a mapping that has every field, `send` takes them; `shown` is what
    people may see of a channel later. `digests` tells whether a summary has a form in it; where it has none the channel
    keeps a state of each drift, and takes one message at a time. `missing` says why it cannot be used here.
    """

    label: str
    fields: tuple[Field, ...]
    read: Callable[[Mapping[str, str]], Any]
    shown: Callable[[Mapping[str, str]], str]
    send: Callable[..., None] | None = None
    digests: bool = True
    missing: Callable[[], str] = str


def read_mail(given: Mapping[str, str]) -> str:
    """The address. Raises SettingsError."""
    try:
        validate_email(given["address"])
    except ValidationError:
        raise SettingsError("address", "is no e-mail address") from None
    if len(given["address"]) > LONGEST_ADDRESS:
        raise SettingsError("address", f"has at most {LONGEST_ADDRESS} characters")
    return given["address"]


def _host(given: Mapping[str, str]) -> str:
    """Of an address that is itself a secret, the host alone."""
    return urlsplit(given["url"]).hostname or ""


def _missing_apprise() -> str:
    return "" if apprise.installed() else apprise.INSTALL


KINDS: Final[Mapping[str, Kind]] = {
    MAIL: Kind("Mail", MAIL_FIELDS, read_mail, lambda given: given["address"]),
    WEBHOOK: Kind("Webhook", webhook.FIELDS, webhook.read, _host, webhook.send),
    "slack": Kind("Slack", slack.FIELDS, slack.read, _host, slack.send),
    "teams": Kind("Microsoft Teams", teams.FIELDS, teams.read, _host, teams.send),
    "github": Kind(
        "GitHub issues", github.FIELDS, github.read, lambda given: given["repository"], github.send, digests=False
    ),
    "gitlab": Kind(
        "GitLab issues", gitlab.FIELDS, gitlab.read, lambda given: given["project"], gitlab.send, digests=False
    ),
    "pagerduty": Kind("PagerDuty", pagerduty.FIELDS, pagerduty.read, lambda _: "", pagerduty.send, digests=False),
    "apprise": Kind(
        "Other (apprise)",
        apprise.FIELDS,
        apprise.read,
        lambda given: given["url"].partition("://")[0],
        apprise.send,
        missing=_missing_apprise,
    ),
}
"""In the order in which they are offered."""
