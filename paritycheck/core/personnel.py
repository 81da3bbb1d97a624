"""The personnel gap: whether those who write also ship, P1 to P4 of gaps.md. Nobody is ranked and nobody named."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from paritycheck.core.bands import Band, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from paritycheck.core.shipping import Carried

ENOUGH_KNOWN: Final = (4, 5)
"""P4 has to be 0.8; in whole numbers, so that 4 of 5 is enough however floats round."""
ENOUGH_DEPLOYS: Final = 5
ENOUGH_AUTHORS: Final = 3
OK_TO: Final = 0.4
WARNING_TO: Final = 0.8
_CHAIN: Final = ("trigger", "approver", "merger")
_TAKING_PART: Final = ("approver", "watcher")


class Actor(NamedTuple):
    """Somebody of a deploy; `person` is empty where nobody knows who."""

    role: str
    person: str
    bot: bool = False


@dataclass(frozen=True, slots=True)
class Shipment:
    """One successful deploy: what it carried, who took part. `first` of all that are recorded of its environment."""

    at: dt.datetime
    carried: Carried
    actors: tuple[Actor, ...] = ()
    first: bool = False
    commit: str = ""

    @property
    def humans(self) -> frozenset[str]:
        return frozenset(one.person for one in self.actors if one.person and not one.bot)

    @property
    def deployer(self) -> str | None:
        """The first human of trigger, approver and merger: who merged ships what a program then deploys."""
        for role in _CHAIN:
            for one in self.actors:
                if one.role == role and one.person and not one.bot:
                    return one.person
        return None

    @property
    def involved(self) -> frozenset[str]:
        """The deployer, and whoever approved or watched."""
        watching = {one.person for one in self.actors if one.role in _TAKING_PART and one.person and not one.bot}
        return frozenset(watching | {self.deployer} - {None}) if self.deployer else frozenset(watching)


Authors = tuple[str, ...]
"""The human authors and co-authors of a commit, the author first; empty for a commit of bots."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted in one window. `commits` are human ones: `shipped` by people who took part in a deploy, `never`
    by people who did not, `undecided` by people who may have: only deploys that nobody is known for carried those.
    """

    deploys: int = 0
    attributed: int = 0
    opaque: int = 0
    """Deploys, but for the first, of which nobody knows what they carried."""
    commits: int = 0
    shipped: int = 0
    never: int = 0
    undecided: int = 0
    bots: int = 0
    authors: int = 0
    judged: int = 0
    uninvolved: int = 0
    top: int = 0
    """Deploys by whoever deployed most often (P3)."""

    @property
    def enough(self) -> bool:
        """Whether so many deployed and wrote that a share says nothing of one of them."""
        return self.deploys >= ENOUGH_DEPLOYS and self.authors >= ENOUGH_AUTHORS

    @property
    def uninvolved_share(self) -> float | None:
        """P2: of the deploys with a known human and human commits, those with none of their authors involved."""
        return self.uninvolved / self.judged if self.enough and self.judged else None

    @property
    def top_share(self) -> float | None:
        """P3: the most frequent deployer's share of the deploys that somebody is known for."""
        return self.top / self.attributed if self.enough and self.attributed else None


@dataclass(frozen=True, slots=True)
class PersonnelGap:
    """P1 (0: who writes also ships, 1: others ship) with P4, the share of deploys with a known human, as coverage."""

    value: float | Unknown
    coverage: float | Unknown
    band: Band
    counts: Counts


def window_of(shipments: Iterable[Shipment], now: dt.datetime, length_s: int) -> list[Shipment]:
    """Those of the window that ends now: (now - length, now]."""
    try:
        since = now - dt.timedelta(seconds=length_s)
    except OverflowError:
        since = dt.datetime.min.replace(tzinfo=dt.UTC)
    return [one for one in shipments if since < one.at <= now]


def personnel_gap(
    shipments: Sequence[Shipment], authors: Mapping[str, Authors], *, mode: str = "involve", ever: bool = False
) -> PersonnelGap:
    """P1 and P4 of the shipments of one window. `authors` by commit; `ever` says that something was deployed before."""
    if mode == "off":
        return PersonnelGap(Unknown("switched off"), Unknown("switched off"), Band.UNKNOWN, Counts())
    counts = count(shipments, authors)
    if not counts.deploys:
        reason = Unknown("no deploy in the window" if ever else "no deploy yet")
        return PersonnelGap(reason, reason, Band.UNKNOWN, counts)
    value = _value(counts)
    return PersonnelGap(value, counts.attributed / counts.deploys, band_of(value), counts)


def count(shipments: Sequence[Shipment], authors: Mapping[str, Authors]) -> Counts:
    """Everything that P1 to P4 are made of."""
    carried = frozenset[str]().union(*(one.carried for one in shipments if one.carried))
    human = {sha for sha in carried if authors.get(sha)}
    taking_part = frozenset[str]().union(*(one.involved for one in shipments))
    shipped = {sha for sha in human if not taking_part.isdisjoint(authors[sha])}
    told = frozenset[str]().union(*(one.carried for one in shipments if one.carried and one.deployer))
    judged = [one for one in shipments if one.deployer and one.carried and human & one.carried]
    deployers = Counter(one.deployer for one in shipments if one.deployer)
    return Counts(
        deploys=len(shipments),
        attributed=deployers.total(),
        opaque=sum(one.carried is None and not one.first for one in shipments),
        commits=len(human),
        shipped=len(shipped),
        never=len((human - shipped) & told),
        undecided=len(human - shipped - told),
        bots=len(carried) - len(human),
        authors=len({person for sha in human for person in authors[sha]}),
        judged=len(judged),
        uninvolved=sum(one.involved.isdisjoint(writers(one, authors)) for one in judged),
        top=max(deployers.values(), default=0),
    )


def writers(shipment: Shipment, authors: Mapping[str, Authors]) -> frozenset[str]:
    """authors(C_x), humans only."""
    return frozenset(person for sha in shipment.carried or () for person in authors.get(sha, ()))


def _value(counts: Counts) -> float | Unknown:
    if counts.deploys < ENOUGH_DEPLOYS:
        return Unknown(f"{_plural(counts.deploys, 'deploy')} so far, {ENOUGH_DEPLOYS} needed")
    some, of = ENOUGH_KNOWN
    if counts.attributed * of < counts.deploys * some:
        return Unknown(f"somebody is known for {counts.attributed} of {counts.deploys} deploys, {some} of {of} needed")
    if counts.opaque * of > counts.deploys * (of - some):
        return Unknown(f"the commits of {counts.opaque} of {counts.deploys} deploys are not known")
    if counts.authors < ENOUGH_AUTHORS:
        return Unknown(f"{_plural(counts.authors, 'author')}, {ENOUGH_AUTHORS} needed")
    # Commits that only deploys of nobody known carried are in neither part: with them in the gap automation that cannot
    # be resolved would raise it, with them out of it the unknown would count as 0 (gaps.md forbids both).
    decided = counts.shipped + counts.never
    return counts.never / decided if decided else Unknown("nobody is known for the deploys of any commit")


def band_of(value: float | Unknown) -> Band:
    if isinstance(value, Unknown):
        return Band.UNKNOWN
    if value <= OK_TO:
        return Band.OK
    return Band.WARNING if value <= WARNING_TO else Band.ERROR


def unreviewed(shipments: Iterable[Shipment], authors: Mapping[str, Authors]) -> list[Shipment]:
    """Of mode `segregate`: deploys whose only actor is the only author of what they carried, and nobody reviewed."""
    return [one for one in shipments if len(one.humans) == 1 and writers(one, authors) == one.humans]


def _plural(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
