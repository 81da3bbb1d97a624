"""Which drifts are asked for, read from a query string by the same words and the same code for API and pages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from django.db.models import Q

from paritycheck.codec.times import instant, is_instant
from paritycheck.core.addresses import is_slug
from paritycheck.core.facts import SECTIONS
from paritycheck.core.findings import RULES, SEVERITIES
from paritycheck.models.drifts import DriftState

Asked = Mapping[str, Sequence[str]]
_TEXTS: Final = ("q", "name", "owner")
_FLAGS: Final = ("initial", "waived")
MANY: Final = ("section", "severity")
PARAMETERS: Final = frozenset({"state", "pair", "rule", "changed_since", *MANY, *_TEXTS, *_FLAGS})
ALL: Final = "all"
LIVE: Final = "live"
LONGEST: Final = 256
# What a matrix counts by: drifts that are accepted stand apart, and facts that nobody could read are no drifts.
WAIVED: Final = "waived"
UNKNOWN: Final = "unknown"
KINDS: Final = (*SEVERITIES, WAIVED, UNKNOWN)
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "state": (*DriftState.values, LIVE, ALL),
    "section": SECTIONS,
    "severity": KINDS,
    "rule": RULES,
    "initial": ("0", "1"),
    "waived": ("0", "1"),
}


class FilterError(ValueError):
    """A filter that says nothing; the message names the parameter and what it takes, never the value."""


@dataclass(frozen=True, slots=True)
class DriftFilter:
    """`pair` is `left..right`, an environment alone means every pair it is in; `q` is a part of name or owner, or of
    a configuration name that leads to the service.

    `name` is the whole name, with `*` for any characters and `?` for one; `owner` is the whole owner. `section` and
    `severity` may be several, of which one has to hold.
    """

    state: str = DriftState.OPEN
    pair: str = ""
    section: frozenset[str] = frozenset()
    severity: frozenset[str] = frozenset()
    rule: str = ""
    q: str = ""
    name: str = ""
    owner: str = ""
    initial: str = ""
    waived: str = ""
    changed_since: str = ""

    @classmethod
    def read(cls, asked: Asked, usual: str = DriftState.OPEN) -> "DriftFilter":
        """`asked` holds lists, the last counts where one is wanted. Parameters of other names are somebody else's.

        `usual` is the state where none is said and no severity narrows; among severities `waived` makes it `live`.
        Raises FilterError.
        """
        several = {name: frozenset(asked.get(name, ())) - {""} for name in MANY}
        said = {name: asked[name][-1].strip() for name in PARAMETERS - set(MANY) if asked.get(name)}
        said = {name: text for name, text in said.items() if text or name == "changed_since"}
        _check(said, several)
        if several["severity"]:
            usual = LIVE if WAIVED in several["severity"] else DriftState.OPEN
        words: dict[str, Any] = {"state": usual, **several, **said}
        return cls(**words)

    @property
    def words(self) -> list[tuple[str, str]]:
        """It in the words of a query string, which read the same whatever the usual state is."""
        one = [name for name in sorted(PARAMETERS - set(MANY)) if getattr(self, name)]
        several = [(name, each) for name in MANY for each in sorted(getattr(self, name))]
        return [*((name, getattr(self, name)) for name in one), *several]

    def condition(self) -> Q:
        """What a drift has to meet."""
        condition = self._of_kind()
        if self.section:
            condition &= Q(section__in=sorted(self.section))
        if self.rule:
            condition &= Q(rule=self.rule)
        if self.name:
            condition &= Q(name__regex=glob_pattern(self.name))
        if self.owner:
            condition &= Q(owner=self.owner)
        return condition & self._of_text() & self._of_life() & self._of_pair()

    def _of_kind(self) -> Q:
        states = {LIVE: Q(state__in=(DriftState.OPEN, DriftState.WAIVED)), ALL: Q()}
        condition = states[self.state] if self.state in states else Q(state=self.state)
        if not self.severity:
            return condition
        wanted = Q(severity__in=sorted(self.severity & set(SEVERITIES)))
        if WAIVED in self.severity:
            wanted = (wanted & ~Q(state=DriftState.WAIVED)) | Q(state=DriftState.WAIVED)
        return condition & wanted

    def _of_text(self) -> Q:
        if not self.q:
            return Q()
        keys = Q(left_side__keys__icontains=self.q) | Q(right_side__keys__icontains=self.q)
        return Q(name__icontains=self.q) | Q(name__icontains=_as_purl(self.q)) | Q(owner__icontains=self.q) | keys

    def takes_unknown(self, section: str, name: str) -> bool:
        """Whether a fact that nobody could read, which is no drift, is asked for as well."""
        of_drifts = (self.pair, self.rule, self.owner, self.initial, self.waived, self.changed_since)
        wanted = UNKNOWN in self.severity or (not self.severity and self.state in {LIVE, ALL})
        return wanted and not any(of_drifts) and (not self.section or section in self.section) and self.names(name)

    def names(self, name: str) -> bool:
        """Whether `q` and `name` leave the name of a fact that has no drift."""
        text, held = self.q.casefold(), name.casefold()
        return (text in held or _as_purl(text) in held) and (
            not self.name or fnmatchcase(name, self.name.replace("[", "[[]"))
        )

    def _of_life(self) -> Q:
        condition = Q(initial=self.initial == "1") if self.initial else Q()
        if self.waived:
            waived = Q(state=DriftState.WAIVED)
            condition &= waived if self.waived == "1" else ~waived
        if self.changed_since:
            condition &= Q(changed_at__gte=instant(self.changed_since))
        return condition

    def _of_pair(self) -> Q:
        if not self.pair:
            return Q()
        left, dots, right = self.pair.partition("..")
        if dots:
            return Q(left__slug=left, right__slug=right)
        return Q(left__slug=left) | Q(right__slug=left)


def _check(said: Mapping[str, str], several: Mapping[str, frozenset[str]]) -> None:
    for name, choices in _CHOICES.items():
        if not (several[name] if name in MANY else {said.get(name, choices[0])}) <= set(choices):
            raise FilterError(f"{name} is one of {', '.join(choices)}")
    if "pair" in said and not all(is_slug(slug) for slug in said["pair"].split("..", 1)):
        raise FilterError("pair is written left..right, or as one environment")
    for name in _TEXTS:
        if len(said.get(name, "")) > LONGEST or "\0" in said.get(name, ""):
            raise FilterError(f"{name} has at most {LONGEST} printable characters")
    if "changed_since" in said and not is_instant(said["changed_since"]):
        raise FilterError("changed_since is a time as RFC 3339 has it, with a zone")


def _as_purl(text: str) -> str:
    """An npm scope is written `@scope` by people and `%40scope` in a fact's name."""
    return text.replace("@", "%40")


def glob_pattern(glob: str) -> str:
    """A glob as PostgreSQL's regular expression, which takes time linear in the text; rows of stars are one."""
    signs = {"*": ".*", "?": "."}
    parts = re.findall(r"\*+|.", glob, re.DOTALL)
    return "^" + "".join(signs.get(part[0]) or _literal(part) for part in parts) + "$"


def _literal(character: str) -> str:
    return character if character.isalnum() else f"[{character}]" if character not in "^]\\[" else f"\\{character}"
