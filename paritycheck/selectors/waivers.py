"""The waivers of a project: those of its policy in force and those made by people, by one form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from paritycheck.core.policy import Policy
from paritycheck.core.waivers import Accepted, Grant, Held, mark_of, policy_grant
from paritycheck.models import Drift, Project, Waiver
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.filters import FilterError
from paritycheck.selectors.policies import policy_of

SOON = timedelta(days=14)
SOURCES: Final = ("person", "policy")
PARAMETERS: Final = frozenset({"unused", "ending", "within", "source"})
DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Granted:
    """A waiver at work, and how it is shown; `document` is what the drifts that it covers keep of it."""

    grant: Grant
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stand:
    """A waiver and what it does now: how many live drifts it covers, whether it ends within 14 days."""

    document: dict[str, Any]
    covers: int
    ending: bool

    @property
    def unused(self) -> bool:
        """Whether nothing is hidden by it."""
        return not self.covers


def granted(project: Project, policy: Policy) -> list[Granted]:
    """Those of the file in its order, then those of people that have not ended, by when they were made."""
    rows = Waiver.objects.filter(project=project, ended_at=None).select_related("left", "right")
    return [*granted_by(policy), *(_of_person(row) for row in rows.order_by("made_at", "pk"))]


def granted_by(policy: Policy, source: str = "policy") -> list[Granted]:
    """Those of a file."""
    found = []
    for waiver in policy.waivers:
        grant = policy_grant(waiver)
        document = {
            "id": None,
            "key": grant.key,
            "source": source,
            "match": waiver.match,
            "title": waiver.match,
            "pair": waiver.pair,
            "ratchet": False,
            "reason": waiver.reason,
            "owner": waiver.owner,
            "until": waiver.until.isoformat() if waiver.until else None,
            "until_change": waiver.until_changes,
            "until_converged": waiver.until_converged,
            "made_by": None,
            "made_at": None,
            "line": waiver.line,
        }
        found.append(Granted(grant, document))
    return found


def key_of(waiver: Waiver) -> str:
    """How a waiver made by a person is named among all of its project."""
    return f"person:{waiver.pk}"


def document_of(waiver: Waiver) -> dict[str, Any]:
    """A waiver made by a person, times as ISO text."""
    pair = f"{waiver.left.slug}..{waiver.right.slug}" if waiver.left and waiver.right else None
    return {
        "id": str(waiver.pk),
        "key": key_of(waiver),
        "source": "person",
        "match": waiver.match or None,
        "title": waiver.title or waiver.match,
        "pair": pair,
        "ratchet": waiver.ratchet,
        "reason": waiver.reason,
        "owner": waiver.owner,
        "until": waiver.until.isoformat() if waiver.until else None,
        "until_change": waiver.until_change,
        "until_converged": waiver.until_converged,
        "made_by": waiver.made_by,
        "made_at": waiver.made_at.isoformat(),
        "line": None,
    }


def _of_person(waiver: Waiver) -> Granted:
    return Granted(grant_of(waiver), document_of(waiver))


def grant_of(waiver: Waiver) -> Grant:
    """A waiver made by a person, at work."""
    pair = f"{waiver.left.slug}..{waiver.right.slug}" if waiver.left and waiver.right else None
    ends = (waiver.until, waiver.until_change, waiver.until_converged)
    return Grant(key_of(waiver), waiver.match, pair, *ends)


def held(drift: Drift) -> Held:
    """A stored drift as waivers look at it."""
    return Held(
        f"{drift.left.slug}..{drift.right.slug}",
        drift.section,
        drift.name,
        drift.rule,
        drift.severity,
        drift.distance,
        mark_of(drift.left_side, drift.right_side),
        accepted_of(drift),
    )


def accepted_of(drift: Drift) -> dict[str, Accepted]:
    """What waivers accepted of it."""
    return {key: Accepted(*taken) for key, taken in (drift.accepted or {}).items()}


def find_waiver(project: Project, ident: str) -> Waiver | None:
    """One of the project's own."""
    return Waiver.objects.filter(project=project, pk=ident).select_related("left", "right").first()


def standing(project: Project, now: datetime) -> list[Stand]:
    """Every waiver that has not ended, with what it covers now; three queries however many there are."""
    waived = Drift.objects.filter(project=project, state=DriftState.WAIVED).values_list("waiver", flat=True)
    counts: dict[str, int] = {}
    for document in waived:
        key = (document or {}).get("key", "")
        counts[key] = counts.get(key, 0) + 1
    return [
        Stand(each.document, counts.get(each.grant.key, 0), ending=_ends_within(each.grant.until, now, SOON))
        for each in granted(project, policy_of(project))
    ]


def ending_within(project: Project, now: datetime, span: timedelta) -> list[Stand]:
    """Those whose date lies in (now, now + span], the nearest first."""
    ends = [(until_of(stand), stand) for stand in standing(project, now)]
    found = [(until, stand) for until, stand in ends if until is not None and _ends_within(until, now, span)]
    return [stand for _, stand in sorted(found, key=lambda each: each[0])]


@dataclass(frozen=True, slots=True)
class WaiverFilter:
    """Which waivers in force; with `within`, those whose date lies so near, the nearest first."""

    unused: bool = False
    ending: bool = False
    within: timedelta | None = None
    source: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "WaiverFilter":
        """Raises FilterError. Parameters of other names are somebody else's."""
        source, days = parameters.get("source", ""), parameters.get("within")
        if {parameters.get("unused", "1"), parameters.get("ending", "1")} != {"1"}:
            raise FilterError("unused and ending are 1")
        if "source" in parameters and source not in SOURCES:
            raise FilterError(f"source is one of {', '.join(SOURCES)}")
        if days is not None and not (days.isascii() and days.isdecimal() and len(days) <= DIGITS and int(days)):
            raise FilterError("within is a number of days, 1 to 9999")
        within = timedelta(days=int(days)) if days else None
        return cls("unused" in parameters, "ending" in parameters, within, source)

    def stands(self, project: Project, now: datetime) -> list[Stand]:
        """Those asked for, in the order of `key`."""
        found = standing(project, now) if self.within is None else ending_within(project, now, self.within)
        return sorted((stand for stand in found if self._takes(stand)), key=self.key)

    def _takes(self, stand: Stand) -> bool:
        return (
            (stand.unused or not self.unused)
            and (stand.ending or not self.ending)
            and self.source in {"", stand.document["source"]}
        )

    def key(self, stand: Stand) -> tuple[str, str, str]:
        """Where it stands: the file's by their lines, then people's by when they were made; after that by its key."""
        until = until_of(stand) if self.within is not None else None
        made_at, line = stand.document["made_at"], stand.document["line"]
        made = made_at or f"{line or 0:08}"
        return until.astimezone(UTC).isoformat() if until else "", made, stand.document["key"]


def unused_waivers(project: Project, now: datetime) -> list[Stand]:
    """Those that hide nothing now, in the order of all."""
    return [stand for stand in standing(project, now) if stand.unused]


def until_of(stand: Stand) -> datetime | None:
    """The date at which it ends, where it ends by one."""
    text = stand.document["until"]
    return datetime.fromisoformat(text) if text else None


def _ends_within(until: datetime | None, now: datetime, span: timedelta) -> bool:
    """A date that has passed is no end to come: a file keeps its waivers after that."""
    return until is not None and timedelta(0) < until - now <= span
