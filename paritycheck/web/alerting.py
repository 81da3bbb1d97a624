"""Deliveries and channels as pages show them: a word, an icon and a colour for each state."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from paritycheck.models import Channel, Delivery, DeliveryAttempt
from paritycheck.models.channels import ChannelState
from paritycheck.models.deliveries import HELD_BY_RESTORE, DeliveryState
from paritycheck.selectors.channels import Health
from paritycheck.selectors.deliveries import Traffic
from paritycheck.services.deliveries import SEND_NOW
from paritycheck.web import words
from paritycheck.web.visible import visible

KINDS: Final = {
    "mail": ("mail", "mail"),
    "webhook": ("webhook", "webhook"),
    "slack": ("Slack", "hash"),
    "teams": ("Teams", "users"),
    "github": ("GitHub issues", "circle-dot"),
    "gitlab": ("GitLab issues", "circle-dot"),
    "pagerduty": ("PagerDuty", "siren"),
    "apprise": ("apprise", "bell"),
}
SEVERITIES: Final = frozenset({"error", "warning", "note"})
LATE: Final = timedelta(minutes=2)
NO_EMAIL_URL: Final = "off: the server has no EMAIL_URL"
STATES: Final = {
    "": "All",
    DeliveryState.DUE: "Waiting",
    DeliveryState.SENT: "Sent",
    DeliveryState.DEAD: "Given up",
    DeliveryState.DROPPED: "Not sent",
}


def kind_name(kind: str) -> str:
    """`Slack`, `GitHub issues`."""
    return KINDS.get(kind, (visible(kind), "bell"))[0]


def kind_icon(kind: str) -> str:
    """The icon of a kind of channel."""
    return KINDS.get(kind, ("", "bell"))[1]


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a delivery stands, in one word or two."""

    word: str
    icon: str
    tone: str = ""
    why: str = ""


def stand_of(row: Delivery, now: datetime) -> Stand:
    """`again in 2 min`, `held (quiet hours)`, `sent`, `given up`."""
    why = visible(row.error)
    if row.state == DeliveryState.SENT:
        return Stand("sent", "check")
    if row.state == DeliveryState.DEAD:
        return Stand("given up", "circle-x", "error", why)
    if row.state == DeliveryState.DROPPED:
        return Stand("not sent", "circle-x", "", why)
    return _waiting(row, now, why)


def _waiting(row: Delivery, now: datetime, why: str) -> Stand:
    if row.lease_until is not None and row.lease_until > now:
        return Stand("being sent", "send")
    left = (row.due_at - now).total_seconds()
    if row.held_for == HELD_BY_RESTORE:
        return Stand(f"held ({HELD_BY_RESTORE})", "moon", "warning", "until an administrator decides")
    if row.held_for:
        until = f"{row.due_at:%H:%M} UTC" if row.due_at.date() == now.date() else f"{words.day(row.due_at, now)}"
        return Stand(f"held ({visible(row.held_for)})", "moon", "", f"until {until}")
    if left <= 0:
        late = now - row.due_at > LATE
        return Stand("waits for a sender", "clock", "warning", why) if late else Stand("on its way", "send", "", why)
    if row.attempts:
        return Stand(f"again in {words.duration(left)}", "rotate-ccw", "warning", why)
    return Stand(f"in {words.duration(left)}", "clock", "", why)


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery in the table; `band` is the colour of its badge, empty for a plain tag."""

    row: Delivery
    title: str
    badge: str
    band: str
    to: str
    to_icon: str
    stand: Stand
    opened: bool


def line_of(row: Delivery, to: str | None, opened: str, now: datetime) -> Line:
    """A delivery that `deliveries_of` gave."""
    badge = visible(getattr(row, "badge", None) or row.kind)
    severity = getattr(row, "severity", "")
    band = "ok" if badge == "resolved" else severity if severity in SEVERITIES and badge != row.kind else ""
    title = visible(getattr(row, "title", None) or row.subject)
    return Line(row, title, badge, band, _to(to), kind_icon(row.channel), stand_of(row, now), str(row.pk) == opened)


def _to(to: str | None) -> str:
    if to is None:
        return "a member"
    return "a removed channel" if to.startswith("channel:") else visible(to)


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt, or what comes next."""

    number: int
    at: datetime
    said: str
    took: str
    ahead: bool = False


def tries_of(row: Delivery, attempts: list[DeliveryAttempt], now: datetime) -> list[Try]:
    """What was tried, and when it is tried next."""
    tried = [Try(one.number, one.at, visible(one.error) or "accepted", took(one.took_ms)) for one in attempts]
    if row.state == DeliveryState.DUE and row.due_at > now:
        tried.append(Try(row.attempts + 1, row.due_at, "", "", ahead=True))
    return tried


def took(milliseconds: int | None) -> str:
    """`812 ms`, `15 s`."""
    if milliseconds is None:
        return ""
    if milliseconds < 1_000:  # noqa: PLR2004  from a second on people count seconds
        return f"{milliseconds}{words.NBSP}ms"
    return words.duration(milliseconds / 1_000)


def act_words(row: Delivery) -> str:
    """`Sent now by maria@example.com`."""
    if not row.acted:
        return ""
    return f"{'Sent now' if row.acted == SEND_NOW else 'Given up'} by {visible(row.acted_by)}"


@dataclass(frozen=True, slots=True)
class Card:
    """One place that alerts go to; `told` is its second line, `at` the instant after it."""

    name: str
    icon: str
    told: str
    at: datetime | None = None
    state: str = "on"
    tone: str = ""
    address: str = ""


def cards_of(healths: list[Health], own: Traffic, members: int) -> list[Card]:
    """Members' own mail, then each channel."""
    return [_own_card(own, members), *(_card(health) for health in healths)]


def _own_card(own: Traffic, members: int) -> Card:
    name = "Members' mail"
    if not settings.EMAIL_URL:
        return Card(name, "mail", NO_EMAIL_URL, state="off", tone="error", address="mail")
    who = f"mail, {words.plural(members, 'person', 'people')}"
    told, at = _traffic(own, own.sent_at)
    return Card(name, "mail", f"{who}, {told}", at, address="mail")


def _traffic(traffic: Traffic, sent_at: datetime | None) -> tuple[str, datetime | None]:
    if traffic.waiting:
        return f"{traffic.waiting:,} {'waits' if traffic.waiting == 1 else 'wait'} since", traffic.since
    return ("sent", sent_at) if sent_at else ("nothing sent yet", None)


def _card(health: Health) -> Card:
    channel, kind = health.channel, kind_name(health.channel.kind)
    name, icon, address = visible(channel.name), kind_icon(channel.kind), str(channel.pk)
    if channel.state == ChannelState.OFF:
        why = off_words(channel)
        return Card(name, icon, f"{kind}, {why}, off since", channel.off_at, "off", "error", address)
    if channel.state == ChannelState.PENDING:
        return Card(name, icon, f"{kind}, waits for its confirmation", None, "pending", "", address)
    if health.failing:
        return Card(name, icon, f"{kind}, fails since", channel.failing_since, "on", "warning", address)
    if not health.rules:
        return Card(name, icon, f"{kind}, no rule tells it anything", address=address)
    if health.threads:
        return Card(name, icon, f"{kind}, {health.threads:,} open", address=address)
    told, at = _traffic(health.traffic, channel.sent_at)
    return Card(name, icon, f"{kind}, {told}", at, address=address)


def off_words(channel: Channel) -> str:
    """Why it is off, as one clause."""
    return visible(channel.off_reason).rstrip(".") or "switched off by hand"
