"""Digests as pages show them: each rule in words, whom it goes to, when it comes next."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from paritycheck.core.subscription_words import rule_words
from paritycheck.models import Project, Subscription
from paritycheck.selectors.recipients import terms_of
from paritycheck.selectors.subscriptions import Rights, digests_of, rights_of, sharers_of
from paritycheck.web import words
from paritycheck.web.alerting import kind_icon
from paritycheck.web.subscribing import next_words
from paritycheck.web.visible import visible

LOOKS = {"mail": "Mail", "text": "Text", "slack": "Slack"}
"""What a preview is shown as."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """One digest: its rule, whom it goes to, when it comes next by its own clock."""

    row: Subscription
    told: str
    to: str
    icon: str
    next: str
    changes: bool


def schedule_of(row: Subscription, rights: Rights) -> Schedule:
    """As pages show it to whoever has the rights."""
    mine = rights.user is not None and row.user_id == rights.user.pk
    to = "you" if mine else visible(row.channel.name if row.channel else row.user.email if row.user else "")
    icon = kind_icon(row.channel.kind) if row.channel else "mail"
    return Schedule(row, visible(rule_words(terms_of(row))), to, icon, next_words(row), rights.may_change(row))


def next_digest(request: HttpRequest, project: Project) -> dict[str, Any]:
    """The panel beside the deliveries: the digest that the address names, else the one that comes next."""
    rows = digests_of(project, request.user)  # type: ignore[arg-type]  # signed in: of_project
    asked, look = request.GET.get("digest", ""), request.GET.get("as", "")
    row = next((row for row in rows if str(row.pk) == asked), rows[0] if rows else None)
    if row is None:
        return {"schedule": None}
    sharers = sharers_of(row) if row.user_id else 0
    return {
        "schedule": schedule_of(row, rights_of(request.user, project)),  # type: ignore[arg-type]  # signed in
        "digest_to": words.plural(sharers, "person", "people") if sharers > 1 else None,
        "looks": LOOKS.items(),
        "look": look if look in LOOKS else _usual(row),
    }


def _usual(row: Subscription) -> str:
    """As its own recipient would see it."""
    return "slack" if row.channel is not None and row.channel.kind == "slack" else "mail"
