"""Services that apprise knows and we do not: https://appriseit.com. Needs the extra `notify`.

Its requests are not made by our rules, so only services are taken whose host is the service's own: none of the URL
chooses it. What else an apprise URL may say (a template's file, certificates left unverified) is not taken at all.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from paritycheck.core.channel import ChannelError, Envelope, Field, SettingsError
from paritycheck.core.markup import cut, line_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck.core.channel import Post
    from paritycheck.core.message import Message

PACKAGE: Final = "apprise"
INSTALL: Final = "apprise is not installed here: pip install 'paritycheck[notify]'"
SERVICES: Final = (
    "discord", "gchat", "ifttt", "incidentio", "line", "opsgenie", "pagertree", "pbul", "pover", "signl4", "spike",
    "squadcast", "tgram", "threema", "twilio", "wxteams",
)  # fmt: skip
LONGEST_BODY: Final = 3_000
CONNECT_S: Final = 5.0
READ_S: Final = 10.0
_TYPES: Final = {"error": "failure", "warning": "warning", "note": "info", "resolved": "success"}
_URL: Final = re.compile(r"([a-z0-9]{2,12})://[!-~]{1,1000}")
FIELDS: Final = (Field("url", "apprise URL", f"Of one of {', '.join(SERVICES)}; without a query.", secret=True),)


@dataclass(frozen=True, slots=True)
class AppriseSettings:
    """The service and the credentials, in apprise's own form."""

    url: str = field(repr=False)


def installed() -> bool:
    """Whether the extra is there."""
    return find_spec(PACKAGE) is not None


def read(given: Mapping[str, str]) -> AppriseSettings:
    """Raises SettingsError."""
    if not installed():
        raise SettingsError("url", f"cannot be used: {INSTALL}")
    found = _URL.fullmatch(given["url"])
    if found is None or found[1] not in SERVICES:
        raise SettingsError("url", f"is that of a service whose host is fixed: {', '.join(SERVICES)}")
    if set(given["url"]) & set("?#\\%"):
        raise SettingsError("url", "takes no query, fragment or escape")
    if service_of(given["url"]) is None:
        raise SettingsError("url", "is not one that apprise can read")
    return AppriseSettings(given["url"])


def service_of(url: str) -> Any:
    """What apprise makes of the URL; None where it can make nothing of it."""
    import apprise

    # What it and its HTTP client log may hold the URL.
    logging.getLogger("apprise").disabled = True
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    asset = apprise.AppriseAsset(app_id="paritycheck", app_desc="paritycheck", async_mode=False, plugin_paths=[])
    service = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if service is None:
        return None
    service.verify_certificate, service.redirects = True, False
    service.socket_connect_timeout, service.socket_read_timeout = CONNECT_S, READ_S
    return service


def send(message: Message, envelope: Envelope, settings: AppriseSettings, post: Post) -> None:
    """Hand it to the service. Raises ChannelError: apprise says yes or no, not why."""
    del envelope, post
    if not installed():
        raise ChannelError(INSTALL, permanent=False, blameless=True)
    service = service_of(settings.url)
    if service is None:
        raise ChannelError("apprise cannot read the URL any more", permanent=True)
    kind = _TYPES.get(message.severity, "info")
    try:
        taken = service.notify(title=cut(message.subject, 200), body=body_of(message), notify_type=kind)
    except Exception as error:  # noqa: BLE001  what its plug-ins raise may hold the URL
        raise ChannelError(f"apprise failed: {type(error).__name__}", permanent=False) from None
    if not taken:
        raise ChannelError("the service did not take it", permanent=False)


def body_of(message: Message) -> str:
    """Plain text: what every service can show."""
    lines = [message.lead]
    if message.focus:
        lines += [f"{side.label}: {side.text}" for side in message.focus.sides]
    if message.table:
        lines += [": ".join(line) for line in message.table.lines]
    for stand in message.stands:
        lines += [stand.heading, *(f"  {gap.name}: {gap.value} ({gap.band})" for gap in stand.gaps)]
    for block in message.blocks:
        lines += [block.heading, *(f"  {line_of(row)}" for row in block.rows), block.more]
    lines.append(message.links.get("drift") or message.links.get("project", ""))
    return cut("\n".join(line for line in lines if line), LONGEST_BODY)
