"""What a project expects: the shapes that `parity.toml` is read into. The grammar is in DESIGN.md, judgement in
gaps.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, TypedDict

from paritycheck.core.globs import Globs

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

EXPECTATIONS: Final = ("same", "same-minor", "same-major", "present", "absent", "must-differ", "ignore")
TIERS: Final = ("development", "testing", "staging", "production", "other")
KINDS: Final = ("persistent", "cohort", "ephemeral")
MODES: Final = ("involve", "segregate", "off")
MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


class Mistake(TypedDict):
    """`line` and `column` count from 1; 0 where the text as a whole is meant."""

    line: int
    column: int
    detail: str


class PolicyError(Exception):
    """A `parity.toml` that cannot come into force; `errors` holds its first 20 mistakes in the order of the text."""

    def __init__(self, errors: list[Mistake]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"line {e['line']}, column {e['column']}: {e['detail']}" for e in errors))


@dataclass(frozen=True, slots=True)
class Environment:
    """What the file says of an environment; None where it says nothing. `ttl_s` in seconds, ephemeral ones only."""

    tier: str | None = None
    kind: str | None = None
    ttl_s: int | None = None


class Demand(NamedTuple):
    """An expectation. `places` goes with `absent`: environments or tiers that may have the name all the same."""

    word: str
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SectionRules:
    """Expectations of one section. `globs` go first; `fallbacks` hold what the section's own words demand of the
    rest: `direct` and `transitive` of dependencies, `expect` of config.
    """

    globs: Globs[Demand] = field(default_factory=Globs)
    fallbacks: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Waiver:
    """An accepted drift. `match` is a glob over `section/name`, with `:rule` where one rule is meant; `pair`
    None means each pair. At least one end stands: `until` (the drift counts again from the start of that day or
    instant, UTC), `until_changes` (either side's value moves), `until_converged` (both are equal).
    """

    match: str
    pair: str | None
    reason: str
    owner: str
    until: dt.datetime | None = None
    until_changes: bool = False
    until_converged: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a project's policy; immutable. `tools` are the general expectations by section,
    `pair_tools` those of `u..v` alone, which go first. `max_age` is seconds by environment or tier (gap time,
    T2). `mode` is the personnel gap's, `modes` those of an environment or tier, which go first. `scopes` are parts of
    the repository by name, each the globs of its paths.
    """

    name: str | None = None
    baseline: str | None = None
    environments: Mapping[str, Environment] = field(default_factory=dict, hash=False)
    max_age: Mapping[str, int] = field(default_factory=dict, hash=False)
    mode: str = "involve"
    modes: Mapping[str, str] = field(default_factory=dict, hash=False)
    window_s: int = 90 * DAY
    tools: Mapping[str, SectionRules] = field(default_factory=dict, hash=False)
    pair_tools: Mapping[str, Mapping[str, SectionRules]] = field(default_factory=dict, hash=False)
    grace_s: int = 30 * MINUTE
    unknown_after_s: int = DAY
    owners: Globs[str] = field(default_factory=Globs)
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    waivers: tuple[Waiver, ...] = ()
    scopes: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    def personnel_mode(self, slug: str, tier: str) -> str:
        """One of MODES: the environment's own, its tier's, else the project's."""
        return self.modes.get(slug) or self.modes.get(tier) or self.mode

    def owner(self, section: str, name: str) -> str | None:
        """The person or team named for a fact, else None."""
        hit = self.owners.find(f"{section}/{name}")
        return hit.value if hit is not None else None


def default_policy() -> Policy:
    """What holds where a project has no policy: the shipped expectations alone (`core/defaults.py`)."""
    return Policy()


def read_policy(text: str) -> Policy:
    """The policy of a `parity.toml`. Raises PolicyError with each mistake's line and column."""
    from paritycheck.core.policy_file import read

    return read(text)
