"""PagerDuty by Events API v2: an incident a drift, triggered, updated and resolved under the drift's identity.

https://developer.pagerduty.com/docs/events-api-v2. Sending one again changes nothing there, so an attempt that ends
halfway is simply made again.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from paritycheck.core.channel import TEST, ChannelError, Envelope, Field, Request, SettingsError, accepted
from paritycheck.core.markup import cut, rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paritycheck.core.channel import Post
    from paritycheck.core.message import Message, Row

EVENTS: Final = "https://events.pagerduty.com"
LONGEST_SUMMARY: Final = 1_024
SEVERITIES: Final = {"error": "error", "warning": "warning", "note": "info"}
NO_DIGESTS: Final = "a digest is no incident"
_KEY: Final = re.compile(r"[0-9A-Za-z]{32}")
FIELDS: Final = (
    Field("routing_key", "Integration key", "Of an Events API v2 integration: 32 letters and digits.", secret=True),
    Field("base_url", "Server", "In the EU https://events.eu.pagerduty.com.", required=False, url=True, default=EVENTS),
)


@dataclass(frozen=True, slots=True)
class PagerdutySettings:
    """The service's key, and where its region listens."""

    base_url: str
    routing_key: str = field(repr=False)


def read(given: Mapping[str, str]) -> PagerdutySettings:
    """Raises SettingsError."""
    if not _KEY.fullmatch(given["routing_key"]):
        raise SettingsError("routing_key", "is 32 letters and digits")
    return PagerdutySettings(given["base_url"].rstrip("/"), given["routing_key"])


def send(message: Message, envelope: Envelope, settings: PagerdutySettings, post: Post) -> None:
    """Send an event for each drift. Raises ChannelError."""
    if message.stands:
        raise ChannelError(NO_DIGESTS, permanent=True, blameless=True)
    for event in events(message, envelope):
        document = {"routing_key": settings.routing_key, "client": envelope.site, **event}
        body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
        request = Request("POST", f"{settings.base_url}/v2/enqueue", body, {"Content-Type": "application/json"})
        accepted(post(request), "PagerDuty")


def events(message: Message, envelope: Envelope) -> list[dict[str, Any]]:
    """One for each drift; for a message about something else one of its own; a test ends what it begins."""
    rows = [row for row in rows_of(message) if envelope.identity(row)]
    if rows and envelope.kind != TEST:
        return [_of_row(message, row, envelope) for row in envelope.current(rows)]
    trigger = _trigger(message, envelope.ident, message.title, SEVERITIES.get(message.severity, "info"))
    ends = {"event_action": "resolve", "dedup_key": envelope.ident}
    return [trigger, ends] if envelope.kind == TEST else [trigger]


def _of_row(message: Message, row: Row, envelope: Envelope) -> dict[str, Any]:
    identity = envelope.identity(row)
    if row.change == "resolved":
        return {"event_action": "resolve", "dedup_key": identity}
    event = _trigger(message, identity, row.sentence, SEVERITIES[row.severity])
    event["payload"] |= {"component": row.name, "class": row.key, "custom_details": _details(row)}
    event["links"] = [{"href": row.url, "text": "Open the drift"}]
    return event


def _trigger(message: Message, key: str, sentence: str, severity: str) -> dict[str, Any]:
    payload = {
        "summary": cut(f"[{message.project}] {sentence}", LONGEST_SUMMARY),
        "source": message.pair or message.project,
        "severity": severity,
        "group": message.project,
    }
    return {
        "event_action": "trigger",
        "dedup_key": key,
        "client_url": message.links.get("project", ""),
        "payload": payload,
    }


def _details(row: Row) -> dict[str, str]:
    sides = {cut(side.label, 100): cut(side.text, 500) for side in row.sides}
    said = {"expected": row.expectation, "consequence": row.consequence, "since": row.since, "change": row.by}
    return {**sides, **{name: text for name, text in said.items() if text}}
