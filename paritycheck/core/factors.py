"""The twelve factors of a project, environment by environment, from facts that its agents send (DESIGN.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from paritycheck.core import factors_built as built
from paritycheck.core import factors_running as running
from paritycheck.core.factor_cells import BROKEN, HOLDS, UNKNOWN, Cell, Standing, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["BROKEN", "HOLDS", "UNKNOWN", "Cell", "Factor", "Standing", "Trouble", "factors_of"]


class _Rule(NamedTuple):
    numeral: str
    name: str
    gist: str
    judge: Callable[[Standing, Sequence[Standing]], Cell]


_RULES: Final = (
    _Rule("I", "Codebase", "one repository, many deploys", built.codebase),
    _Rule("II", "Dependencies", "declared and isolated", built.dependencies),
    _Rule("III", "Config", "in the environment", built.config),
    _Rule("IV", "Backing services", "attached resources", running.services),
    _Rule("V", "Build, release, run", "strictly separated", built.release),
    _Rule("VI", "Processes", "stateless, share nothing", running.stateless),
    _Rule("VII", "Port binding", "exports its service by port", running.ports),
    _Rule("VIII", "Concurrency", "process model", running.concurrency),
    _Rule("IX", "Disposability", "fast start, graceful stop", running.disposability),
    _Rule("X", "Dev/prod parity", "the three gaps", running.parity),
    _Rule("XI", "Logs", "event streams", running.logs),
    _Rule("XII", "Admin processes", "one-off, same release", built.admin),
)


@dataclass(frozen=True, slots=True)
class Factor:
    """One row: `number` counts from 1, `cells` stand in the order of the environments given."""

    number: int
    numeral: str
    name: str
    gist: str
    cells: tuple[Cell, ...]

    @property
    def verdict(self) -> str:
        """Broken where any cell is; holds where each is known to."""
        found = {cell.verdict for cell in self.cells} or {UNKNOWN}
        return next((word for word in (BROKEN, UNKNOWN) if word in found), HOLDS)


def factors_of(standings: Sequence[Standing]) -> tuple[Factor, ...]:
    """All twelve, of environments of which at most one is the baseline. Those that never reported have empty sides."""
    return tuple(
        Factor(at, rule.numeral, rule.name, rule.gist, tuple(rule.judge(one, standings) for one in standings))
        for at, rule in enumerate(_RULES, 1)
    )
