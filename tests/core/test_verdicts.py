"""The gate: only what a change introduces fails (DESIGN.md, The gate)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from paritycheck.core.expectations import Judgement, judge
from paritycheck.core.facts import CANDIDATE, Fact, present, unknown
from paritycheck.core.policy import default_policy
from paritycheck.core.verdicts import Outcome, Verdict, decide

if TYPE_CHECKING:
    from tests.core.conftest import MakeSide


class Gate:
    def __init__(self, side: MakeSide) -> None:
        self._side = side
        self._production = side(
            "production",
            services=[present("database", "16.9", kind="postgresql"), present("cache", "7.2.5", kind="redis")],
        )

    def judged(self, *services: Fact) -> Judgement:
        candidate = self._side("pull-request", tier="other", kind=CANDIDATE, services=list(services))
        return judge(candidate, self._production, default_policy())


@pytest.fixture
def gate(side: MakeSide) -> Gate:
    return Gate(side)


def postgres(version: str) -> Fact:
    return present("database", version, kind="postgresql")


def redis(version: str) -> Fact:
    return present("cache", version, kind="redis")


def sorted_out(verdict: Verdict) -> dict[str, list[str]]:
    return {
        word: [found.name for found in getattr(verdict, word)]
        for word in ("introduced", "fixed", "remaining", "waived")
    }


def test_drift_that_the_base_has_already_remains_and_does_not_fail(gate: Gate) -> None:
    verdict = decide(gate.judged(postgres("13"), redis("7.2")), gate.judged(postgres("13"), redis("7.2")))
    assert (verdict.verdict, verdict.exit_code) == (Outcome.PASS, 0)
    assert sorted_out(verdict) == {"introduced": [], "fixed": [], "remaining": ["database"], "waived": []}


def test_what_the_change_brings_is_introduced_and_fails(gate: Gate) -> None:
    verdict = decide(gate.judged(postgres("17"), redis("7.2")), gate.judged(postgres("16"), redis("6.0")))
    assert (verdict.verdict, verdict.exit_code) == (Outcome.FAIL, 1)
    assert sorted_out(verdict) == {"introduced": ["database"], "fixed": ["cache"], "remaining": [], "waived": []}


def test_a_greater_distance_than_the_bases_is_introduced(gate: Gate) -> None:
    verdict = decide(gate.judged(postgres("16"), redis("6.2")), gate.judged(postgres("16"), redis("7.0")))
    assert sorted_out(verdict)["introduced"] == ["cache"]
    back = decide(gate.judged(postgres("16"), redis("7.0")), gate.judged(postgres("16"), redis("6.2")))
    assert sorted_out(back)["remaining"] == ["cache"]


def test_without_a_base_everything_counts_as_introduced(gate: Gate) -> None:
    assert sorted_out(decide(gate.judged(postgres("13"), redis("7.2")), None))["introduced"] == ["database"]


def test_fail_on_sets_the_least_severity_that_fails(gate: Gate) -> None:
    warned = gate.judged(postgres("16"), redis("7.0.0"))
    assert decide(warned, None, fail_on="error").verdict is Outcome.PASS
    assert decide(warned, None, fail_on="warning").verdict is Outcome.FAIL


def test_an_unknown_fact_is_listed_with_its_reason_and_neither_introduced_nor_fixed(gate: Gate) -> None:
    candidate = gate.judged(unknown("database", "unpinned"), redis("7.2"))
    verdict = decide(candidate, gate.judged(postgres("13"), redis("7.2")))
    assert verdict.verdict is Outcome.PASS
    assert sorted_out(verdict) == {"introduced": [], "fixed": [], "remaining": [], "waived": []}
    assert [(one.section, one.name, one.reason) for one in verdict.unknown] == [("services", "database", "unpinned")]


@pytest.mark.parametrize("why", ["stale", "missing"])
def test_against_a_snapshot_that_is_no_evidence_there_is_no_verdict(gate: Gate, why: str) -> None:
    verdict = decide(gate.judged(postgres("13")), None, against=why)
    assert (verdict.verdict, verdict.exit_code, verdict.reason) == (Outcome.UNKNOWN, 4, why)


def test_too_little_coverage_is_no_evidence_unless_a_drift_is_seen_all_the_same(gate: Gate) -> None:
    half = gate.judged(postgres("16"), unknown("cache", "unpinned"))
    assert decide(half, None, min_coverage=0.5).exit_code == 0
    verdict = decide(half, None, min_coverage=0.51)
    assert (verdict.exit_code, verdict.reason, verdict.coverage) == (4, "coverage", 0.5)
    assert decide(gate.judged(postgres("13"), unknown("cache", "unpinned")), None, min_coverage=0.9).exit_code == 1
