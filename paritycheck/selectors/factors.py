"""The twelve factors of a project as it stands now, from what is stored of it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from paritycheck.core.bands import tools_band
from paritycheck.core.factors import Factor, Standing, Trouble, factors_of
from paritycheck.core.facts import Section, Side
from paritycheck.core.labels import kind_label
from paritycheck.core.parity import Parity
from paritycheck.core.plain import plain
from paritycheck.core.sentences import Subject, brief, view
from paritycheck.models import Drift, Pair, Project
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.columns import Column, columns_of
from paritycheck.selectors.matrix import Matrix, live_drifts
from paritycheck.selectors.policies import policy_of
from paritycheck.selectors.states import evidence_of

PROCESSES = "processes"
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Sheet:
    """Environments in order of promotion, and the factors whose cells stand in that order."""

    columns: tuple[Column, ...]
    factors: tuple[Factor, ...]


def factor_sheet(project: Project, now: datetime) -> Sheet:
    """Of a project that the caller may see."""
    columns = columns_of(project, now)
    after = timedelta(seconds=policy_of(project).unknown_after_s)
    matrix = Matrix(project, columns, live_drifts(project), now, after)
    return Sheet(columns, factors_of([_standing(matrix, column) for column in columns]))


def _standing(matrix: Matrix, column: Column) -> Standing:
    environment = column.environment
    side = matrix.sides.get(column.slug) or Side(column.slug, environment.tier, environment.kind)
    stale = {name: Section(name, reason="stale") for name in matrix.stale.get(column.slug, ())}
    drifts = [drift for held in matrix.live.values() for drift in held.get(column.slug, ())]
    return Standing(
        replace(side, sections={**side.sections, **stale}),
        column.baseline,
        tuple(_trouble(drift) for drift in drifts),
        _bands(column.pair, drifts) if column.pair is not None else {},
        _exits(column) if PROCESSES not in stale else {},
    )


def _trouble(drift: Drift) -> Trouble:
    return Trouble(
        drift.id,
        drift.section,
        drift.name,
        drift.rule,
        drift.severity,
        _words(drift),
        drift.left_id == drift.right_id,
        drift.state == DriftState.WAIVED,
    )


def _words(drift: Drift) -> str:
    """`database is SQLite, not PostgreSQL`: what is here and not what is there."""
    left, right = view(drift.left_side), view(drift.right_side)
    name = plain(drift.name, LONGEST_NAME)
    if drift.rule == "kind":
        return f"{name} is {kind_label(left.kind)}, not {kind_label(right.kind)}"
    if drift.rule == "version":
        return f"{left.thing if left.kind else f'{name} {left.word}'}, not {right.word}"
    if drift.rule == "missing":
        return f"{name} missing"
    subject = Subject(drift.section, name, drift.rule, drift.distance, drift.expectation, left, right)
    return f"{name}: {brief(subject)}"


def _bands(pair: Pair, drifts: list[Drift]) -> dict[str, str]:
    severities = [
        drift.severity for drift in drifts if drift.state == DriftState.OPEN and drift.left_id != drift.right_id
    ]
    return {
        "time": str(pair.time.get("band", "unknown")),
        "personnel": str(pair.personnel.get("band", "unknown")),
        "tools": tools_band(Parity(pair.parity, pair.coverage), severities).value,
    }


def _exits(column: Column) -> dict[str, tuple[int, ...]]:
    """Exit codes seen last, by process type; what is no number says nothing."""
    evidence: dict[str, dict[str, Any]] = evidence_of(column.snapshot, PROCESSES) if column.snapshot else {}
    return {
        name: tuple(code for code in codes if isinstance(code, int))
        for name, row in evidence.items()
        if isinstance(codes := row.get("exit_codes"), list)
    }
