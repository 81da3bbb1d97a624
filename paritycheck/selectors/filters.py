"""Which drifts are asked for, read from a query string the same way by API and pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from paritycheck.core.addresses import is_slug
from paritycheck.core.facts import SECTIONS
from paritycheck.core.findings import RULES, SEVERITIES
from paritycheck.models.drifts import DriftState

PARAMETERS: Final = frozenset({"state", "pair", "section", "severity", "rule", "q"})
ALL: Final = "all"
LONGEST: Final = 256
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "state": (*DriftState.values, ALL),
    "section": SECTIONS,
    "severity": SEVERITIES,
    "rule": RULES,
}


class FilterError(ValueError):
    """A filter that says nothing; the message names the parameter and what it takes, never the value."""


@dataclass(frozen=True, slots=True)
class DriftFilter:
    """`pair` is `left..right`, an environment alone means every pair it is in; `q` is a part of the name."""

    state: str = DriftState.OPEN
    pair: str = ""
    section: str = ""
    severity: str = ""
    rule: str = ""
    q: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "DriftFilter":
        """Raises FilterError. Parameters of other names are somebody else's."""
        said = {name: parameters[name] for name in PARAMETERS if parameters.get(name)}
        for name, choices in _CHOICES.items():
            if name in said and said[name] not in choices:
                raise FilterError(f"{name} is one of {', '.join(choices)}")
        if "pair" in said and not all(is_slug(slug) for slug in said["pair"].split("..", 1)):
            raise FilterError("pair is written left..right, or as one environment")
        if len(said.get("q", "")) > LONGEST or "\0" in said.get("q", ""):
            raise FilterError(f"q has at most {LONGEST} printable characters")
        return cls(**said)

    def condition(self) -> Q:
        """What a drift has to meet."""
        exact = {name: getattr(self, name) for name in ("section", "severity", "rule") if getattr(self, name)}
        condition = Q(**exact)
        if self.state != ALL:
            condition &= Q(state=self.state)
        if self.q:
            condition &= Q(name__icontains=self.q)
        return condition & self._of_pair()

    def _of_pair(self) -> Q:
        if not self.pair:
            return Q()
        left, dots, right = self.pair.partition("..")
        if dots:
            return Q(left__slug=left, right__slug=right)
        return Q(left__slug=left) | Q(right__slug=left)
