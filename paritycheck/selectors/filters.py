"""Which drifts are asked for, read from a query string the same way by API and pages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from paritycheck.codec.times import instant, is_instant
from paritycheck.core.addresses import is_slug
from paritycheck.core.facts import SECTIONS
from paritycheck.core.findings import RULES, SEVERITIES
from paritycheck.models.drifts import DriftState

_TEXTS: Final = ("q", "name", "owner")
_FLAGS: Final = ("initial", "waived")
PARAMETERS: Final = frozenset({"state", "pair", "section", "severity", "rule", "changed_since", *_TEXTS, *_FLAGS})
ALL: Final = "all"
LONGEST: Final = 256
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "state": (*DriftState.values, ALL),
    "section": SECTIONS,
    "severity": SEVERITIES,
    "rule": RULES,
    "initial": ("0", "1"),
    "waived": ("0", "1"),
}


class FilterError(ValueError):
    """A filter that says nothing; the message names the parameter and what it takes, never the value."""


@dataclass(frozen=True, slots=True)
class DriftFilter:
    """`pair` is `left..right`, an environment alone means every pair it is in; `q` is a part of name or owner.

    `name` is the whole name, with `*` for any characters and `?` for one; `owner` is the whole owner.
    """

    state: str = DriftState.OPEN
    pair: str = ""
    section: str = ""
    severity: str = ""
    rule: str = ""
    q: str = ""
    name: str = ""
    owner: str = ""
    initial: str = ""
    waived: str = ""
    changed_since: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "DriftFilter":
        """Raises FilterError. Parameters of other names are somebody else's."""
        said = {name: parameters[name] for name in PARAMETERS if parameters.get(name)}
        for name, choices in _CHOICES.items():
            if name in said and said[name] not in choices:
                raise FilterError(f"{name} is one of {', '.join(choices)}")
        if "pair" in said and not all(is_slug(slug) for slug in said["pair"].split("..", 1)):
            raise FilterError("pair is written left..right, or as one environment")
        for name in _TEXTS:
            if len(said.get(name, "")) > LONGEST or "\0" in said.get(name, ""):
                raise FilterError(f"{name} has at most {LONGEST} printable characters")
        if "changed_since" in parameters and not is_instant(parameters["changed_since"]):
            raise FilterError("changed_since is a time as RFC 3339 has it, with a zone")
        return cls(**said)

    def condition(self) -> Q:
        """What a drift has to meet."""
        exact = {name: getattr(self, name) for name in ("section", "severity", "rule") if getattr(self, name)}
        condition = Q(**exact)
        if self.state != ALL:
            condition &= Q(state=self.state)
        if self.q:
            condition &= Q(name__icontains=self.q) | Q(owner__icontains=self.q)
        if self.name:
            condition &= Q(name__regex=glob_pattern(self.name))
        if self.owner:
            condition &= Q(owner=self.owner)
        return condition & self._of_life() & self._of_pair()

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


def glob_pattern(glob: str) -> str:
    """A glob as PostgreSQL's regular expression, which takes time linear in the text; rows of stars are one."""
    signs = {"*": ".*", "?": "."}
    parts = re.findall(r"\*+|.", glob, re.DOTALL)
    return "^" + "".join(signs.get(part[0]) or _literal(part) for part in parts) + "$"


def _literal(character: str) -> str:
    return character if character.isalnum() else f"[{character}]" if character not in "^]\\[" else f"\\{character}"
