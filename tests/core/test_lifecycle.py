"""A drift's life: opened, changed, worsened, resolved, reopened; unknown does neither (gaps.md)."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from paritycheck.core.expectations import Finding, judge
from paritycheck.core.facts import Fact, Side, present, unknown
from paritycheck.core.lifecycle import Change, Known, Transition, advance, apply, drift_identity
from paritycheck.core.policy import default_policy

if TYPE_CHECKING:
    from tests.core.conftest import MakeSide

PROJECT = "0193f0c2-0000-7000-8000-000000000001"
STAGING = "0193f0c2-0000-7000-8000-000000000002"
PRODUCTION = "0193f0c2-0000-7000-8000-000000000003"
POSTGRES = present("database", "16.9", kind="postgresql")


def identity(finding: Finding) -> str:
    return drift_identity(PROJECT, STAGING, PRODUCTION, *finding.key)


class History:
    """One pair's drifts through a series of reports of staging against one production."""

    def __init__(self, side: MakeSide, *baseline: Fact) -> None:
        self._side = side
        self._production = side("production", services=list(baseline))
        self.known: dict[str, Known] = {}

    def report(self, *services: Fact, initial: bool = False, reason: str | None = None) -> list[Transition]:
        left = self._side("staging", services=reason if reason is not None else list(services))
        return self.judge(left, initial=initial)

    def judge(self, left: Side, *, initial: bool = False) -> list[Transition]:
        steps = advance(self.known, judge(left, self._production, default_policy()), identity, initial=initial)
        self.known = apply(self.known, steps)
        return list(steps)


def kinds(steps: list[Transition]) -> list[tuple[str, Change]]:
    return [(step.name, step.kind) for step in steps]


def test_the_identity_is_the_sha256_of_canonical_json() -> None:
    text = f'["{PROJECT}","{STAGING}","{PRODUCTION}","services","database","kind"]'
    expected = hashlib.sha256(text.encode()).hexdigest()
    assert drift_identity(PROJECT, STAGING, PRODUCTION, "services", "database", "kind") == expected


def test_a_name_in_another_script_is_hashed_as_utf_8_and_not_escaped() -> None:
    text = f'["{PROJECT}","{STAGING}","{PRODUCTION}","config","schlüssel","missing"]'
    expected = hashlib.sha256(text.encode()).hexdigest()
    assert drift_identity(PROJECT, STAGING, PRODUCTION, "config", "schlüssel", "missing") == expected


def test_a_drift_opens_once_and_stays(side: MakeSide) -> None:
    history = History(side, POSTGRES)
    old = present("database", "13.14", kind="postgresql")
    assert kinds(history.report(old)) == [("database", Change.OPENED)]
    assert history.report(old) == []


def test_the_first_evaluation_of_a_pair_marks_what_it_opens(side: MakeSide) -> None:
    history = History(side, POSTGRES)
    old = present("database", "13.14", kind="postgresql")
    assert [step.initial for step in history.report(old, initial=True)] == [True]
    assert [step.initial for step in History(side, POSTGRES).report(old)] == [False]


def test_a_changed_value_updates_the_drift_and_a_greater_distance_or_severity_worsens_it(side: MakeSide) -> None:
    history = History(side, present("cache", "7.2.5", kind="redis"))
    history.report(present("cache", "7.0.1", kind="redis"))
    assert kinds(history.report(present("cache", "7.0.2", kind="redis"))) == [("cache", Change.CHANGED)]
    assert kinds(history.report(present("cache", "6.2.0", kind="redis"))) == [("cache", Change.WORSENED)]
    assert kinds(history.report(present("cache", "7.0.2", kind="redis"))) == [("cache", Change.CHANGED)]


def test_it_resolves_when_the_expectation_holds_and_reopens_counting(side: MakeSide) -> None:
    history = History(side, POSTGRES)
    old = present("database", "13.14", kind="postgresql")
    history.report(old)
    resolved = history.report(POSTGRES)
    assert kinds(resolved) == [("database", Change.RESOLVED)]
    assert resolved[0].finding is None
    assert [(step.kind, step.reopened) for step in history.report(old)] == [(Change.REOPENED, 1)]
    history.report(POSTGRES)
    assert [(step.kind, step.reopened) for step in history.report(old)] == [(Change.REOPENED, 2)]
    assert len(history.known) == 1


def test_unknown_neither_opens_nor_resolves(side: MakeSide) -> None:
    history = History(side, POSTGRES)
    refused = unknown("database", "connection-refused")
    assert history.report(refused) == []
    history.report(present("database", "13.14", kind="postgresql"))
    assert history.report(refused) == []
    assert history.report(unknown("database", "auth-required", kind="postgresql")) == []
    assert history.report(unknown("database", "skew", kind="postgresql")) == []
    assert history.report(reason="collector-failed") == []
    assert history.judge(side("staging")) == []
    assert kinds(history.report(POSTGRES)) == [("database", Change.RESOLVED)]


def test_a_kind_that_is_right_again_resolves_even_while_the_version_is_unknown(side: MakeSide) -> None:
    history = History(side, POSTGRES)
    history.report(present("database", "3.45", kind="sqlite"))
    steps = history.report(unknown("database", "auth-required", kind="postgresql"))
    assert [(step.rule, step.kind) for step in steps] == [("kind", Change.RESOLVED)]


def test_one_cause_is_one_drift_when_a_service_goes_the_drifts_of_its_settings_go_with_it(side: MakeSide) -> None:
    utc = present("database.setting.timezone", "UTC")
    history = History(side, POSTGRES, utc)
    history.report(POSTGRES, present("database.setting.timezone", "Europe/Berlin"))
    assert kinds(history.report()) == [
        ("database", Change.OPENED),
        ("database.setting.timezone", Change.RESOLVED),
    ]


def test_settings_of_a_service_that_only_falls_silent_stay_as_they_were(side: MakeSide) -> None:
    history = History(side, POSTGRES, present("database.setting.timezone", "UTC"))
    history.report(POSTGRES, present("database.setting.timezone", "Europe/Berlin"))
    assert history.report(unknown("database", "timeout")) == []


def test_a_drift_under_a_handle_that_is_now_paired_with_another_resolves(side: MakeSide) -> None:
    redis = present("redis", "7.2", kind="redis")
    alone = judge(side("staging", services=[redis]), side("production", services=[]), default_policy())
    known = apply({}, advance({}, alone, identity, initial=False))
    production = side("production", covers={}, services=[present("cache", "7.2", kind="redis")])
    paired = judge(side("staging", covers={}, services=[redis]), production, default_policy())
    assert kinds(list(advance(known, paired, identity, initial=False))) == [("redis", Change.RESOLVED)]


def test_a_name_that_both_sides_stop_listing_resolves_only_where_both_cover_it(side: MakeSide) -> None:
    production = side("production", dependencies=[])
    first = judge(side("staging", dependencies=[present("pkg:npm/left-pad", "1")]), production, default_policy())
    known = apply({}, advance({}, first, identity, initial=False))
    uncovered = judge(side("staging", covers={}, dependencies=[]), production, default_policy())
    covered = judge(side("staging", dependencies=[]), production, default_policy())
    assert advance(known, uncovered, identity, initial=False) == ()
    assert [step.kind for step in advance(known, covered, identity, initial=False)] == [Change.RESOLVED]


def test_a_waived_drift_stays_waived_while_it_changes_and_resolves_like_any(side: MakeSide) -> None:
    history = History(side, POSTGRES)
    history.report(present("database", "13.14", kind="postgresql"))
    history.known = {key: replace(drift, state="waived") for key, drift in history.known.items()}
    history.report(present("database", "13.15", kind="postgresql"))
    assert [drift.state for drift in history.known.values()] == ["waived"]
    assert kinds(history.report(POSTGRES)) == [("database", Change.RESOLVED)]


def test_transitions_come_sorted(side: MakeSide) -> None:
    names = ["b", "c", "a"]
    history = History(side, *(present(name, "16", kind="postgresql") for name in names))
    steps = history.report(*(present(name, "13", kind="postgresql") for name in names))
    assert kinds(steps) == [("a", Change.OPENED), ("b", Change.OPENED), ("c", Change.OPENED)]
