"""The way from a token to the first comparison, step by step, and what is in the way of a report that does not come."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from paritycheck.core.facts import SECTIONS
from paritycheck.core.labels import capital
from paritycheck.models import Environment
from paritycheck.selectors.arrivals import Arrival
from paritycheck.web import words
from paritycheck.web.visible import visible

QUICK: Final = timedelta(minutes=10)
"""For how long the page asks every two seconds; later every ten."""
ADVICE: Final = {
    "forbidden": "This token may not report. Make a token for this environment here, not one for the gate.",
    "schema-unsupported": "The agent is of another version than the server. Fetch parity.pyz from here again.",
    "bad-timestamp": "The clock of the host is off. Let it follow NTP.",
    "idempotency-mismatch": "Two agents remember the same state. Give each a PARITY_STATE_DIR of its own.",
    "body-too-large": "The report is larger than the server takes: look for what parity show prints most of.",
    "decoded-too-large": "The report is larger than the server takes: look for what parity show prints most of.",
    "secret-suspected": "A name in parity.toml looks like a secret. Take it off the list.",
    "value-not-allowed": "Something would have sent a value, and values stay on the host.",
}
UNSEEN: Final = "The server has not seen this token."
WHY_UNSEEN: Final = (
    "The command has not run yet, it had another token, or the host has no way to {}: "
    "a firewall, a proxy that is not set (HTTPS_PROXY), a certificate it does not know (PARITY_CA_FILE)."
)
OTHERWISE: Final = "parity status, on the host, tells what the agent keeps and why."


@dataclass(frozen=True, slots=True)
class Chip:
    """A section: `state` is ok, unknown with its reason, or open for one that has not come."""

    name: str
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One of the way: `state` is done, now, or open; `at` is when it was done, `note` what else there is to say."""

    name: str
    state: str
    text: str
    mono: str = ""
    at: datetime | None = None
    note: str = ""
    chips: tuple[Chip, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the page's side shows; `every_s` is when to ask again, 0 for never; `version` changes with all of it."""

    title: str
    state: str
    steps: tuple[Step, ...]
    late: bool
    trouble: str
    advice: str
    every_s: int
    version: str


def waiting_of(arrival: Arrival, now: datetime, where: str) -> Waiting:
    """The state of one environment's way."""
    steps = _steps(arrival)
    late = arrival.late(now)
    trouble, advice = _trouble(arrival, late=late)
    state = "done" if arrival.environment.latest_id else "late" if late else "open"
    title = _title(arrival, late=late)
    said = repr((title, state, steps, late, trouble, where)).encode()
    return Waiting(
        title, state, steps, late, trouble, advice, _every(arrival, now), hashlib.sha256(said).hexdigest()[:16]
    )


def _title(arrival: Arrival, *, late: bool) -> str:
    name = arrival.environment.slug
    if arrival.environment.latest_id:
        return f"{capital(name)} reports"
    if arrival.reported:
        return f"{capital(name)} has reported"
    if arrival.token is None:
        return "Waiting for its token"
    return "No report yet" if late else "Waiting for the first report"


def _every(arrival: Arrival, now: datetime) -> int:
    if arrival.environment.latest_id and arrival.others:
        return 0
    fresh = arrival.token is not None and now - arrival.token.created_at < QUICK
    return 2 if fresh else 10


def _steps(arrival: Arrival) -> tuple[Step, ...]:
    found = (_token(arrival), _signed_in(arrival), _report(arrival), _snapshot(arrival), _second(arrival))
    first = next((at for at, step in enumerate(found) if step.state != "done"), len(found))
    return tuple(_now(step) if at == first else step for at, step in enumerate(found))


def _now(step: Step) -> Step:
    return Step(step.name, "now", step.text, step.mono, step.at, step.note, step.chips)


def _token(arrival: Arrival) -> Step:
    if arrival.token is None:
        return Step("token", "done" if arrival.reported else "open", "Token", note="none works now")
    return Step("token", "done", "Token made", at=arrival.token.created_at)


def _signed_in(arrival: Arrival) -> Step:
    seen = arrival.instance
    if seen is not None:
        return Step("sign-in", "done", "Agent signed in from", visible(seen.key), arrival.used or seen.last_seen)
    if arrival.used is not None:
        return Step("sign-in", "done", "Agent signed in", at=arrival.used)
    return Step("sign-in", "open", "Agent signs in")


def _report(arrival: Arrival) -> Step:
    if arrival.instance is not None:
        read = sum(entry.get("status") == "ok" for entry in arrival.instance.sections.values())
        text = f"First report, {read} of {len(SECTIONS)} sections read"
        return Step("report", "done", text, at=arrival.instance.last_seen, chips=_chips(arrival))
    note = "sections arrive now" if arrival.coming else ""
    return Step("report", "open", "First report", note=note, chips=_chips(arrival) if arrival.used else ())


def _chips(arrival: Arrival) -> tuple[Chip, ...]:
    if arrival.instance is None:
        return tuple(Chip(name, "ok" if name in arrival.coming else "open") for name in SECTIONS)
    said = arrival.instance.sections
    return tuple(_chip(name, said.get(name)) for name in SECTIONS)


def _chip(name: str, entry: dict[str, str] | None) -> Chip:
    if not entry:
        return Chip(name, "open")
    if entry.get("status") == "ok":
        return Chip(name, "ok")
    return Chip(name, "unknown", visible(entry.get("reason") or "unknown").replace("-", " "))


def _snapshot(arrival: Arrival) -> Step:
    latest = arrival.environment.latest
    if latest is None:
        return Step("snapshot", "open", "First snapshot")
    return Step("snapshot", "done", "Snapshot", f"{arrival.environment.slug}#{latest.number}", latest.opened_at)


def _second(arrival: Arrival) -> Step:
    if not arrival.others:
        return Step("second", "open", "Second environment to compare with")
    return Step("second", "done", f"{capital(words.listed([each.slug for each in arrival.others]))} to compare with")


def _trouble(arrival: Arrival, *, late: bool) -> tuple[str, str]:
    """What is in the way, and what to do about it; empty while nothing is known to be."""
    if arrival.refused is not None:
        detail = visible(str(arrival.refused["detail"])).rstrip(".")
        code = str(arrival.refused["code"])
        return f"The server refused what the agent sent: {detail}.", ADVICE.get(code, OTHERWISE)
    if not late:
        return "", ""
    if arrival.used is not None:
        text = "The agent signed in, and its report was not taken. It may still be reading, or wait for an answer."
        return text, OTHERWISE
    return UNSEEN, WHY_UNSEEN.format(settings.PUBLIC_URL)


def next_to_connect(arrival: Arrival, environments: list[Environment]) -> Environment | None:
    """Once this one reports: the next in order of promotion that does not, the baseline before all others."""
    left = [each for each in environments if each.latest_id is None and each.pk != arrival.environment.pk]
    baseline = environments[-1] if environments else None
    return baseline if baseline in left else next(iter(left), None)
