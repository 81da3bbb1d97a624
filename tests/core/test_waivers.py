"""What a waiver covers, until when, and that what gets worse than accepted counts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core.findings import RULES, SEVERITIES
from paritycheck.core.waiver_terms import TermsError, read_terms
from paritycheck.core.waivers import Accepted, Grant, Held, converged, is_worse, mark_of, matches, rule_on

NOW = dt.datetime(2026, 11, 23, 9, 14, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(days=18)
DRIFT = Held("ci..production", "services", "database", "version", "error", 2, "m1")
REASONED = {"reason": "upgrade planned, OPS-118", "owner": "maria@example.com"}


def covered(drift: Held, *grants: Grant, now: dt.datetime = NOW) -> str:
    grant = rule_on(drift, grants, now).grant
    return grant.key if grant else ""


@pytest.mark.parametrize(
    ("match", "takes"),
    [
        ("services/database", True),
        ("services/database:version", True),
        ("services/*:version", True),
        ("*/*", True),
        ("services/database:kind", False),
        ("services/cache", False),
        ("config/*", False),
    ],
)
def test_a_match_is_a_glob_over_the_fact_or_one_of_its_rules(*, match: str, takes: bool) -> None:
    assert matches(match, "services", "database", "version") is takes


def test_a_package_name_may_hold_a_colon() -> None:
    assert matches("dependencies/pkg:pypi/stripe", "dependencies", "pkg:pypi/stripe", "version")
    assert matches("dependencies/pkg:pypi/*:version", "dependencies", "pkg:pypi/stripe", "version")


def test_a_pair_narrows_and_a_date_ends() -> None:
    grant = Grant("a", "services/*", "ci..production", until=LATER)
    assert covered(DRIFT, grant) == "a"
    assert covered(replace(DRIFT, pair="staging..production"), grant) == ""
    assert covered(DRIFT, grant, now=LATER - dt.timedelta(seconds=1)) == "a"
    assert covered(DRIFT, grant, now=LATER) == ""


def test_what_gets_worse_than_accepted_counts_and_what_gets_better_does_not() -> None:
    grant = Grant("a", "services/*", until_converged=True)
    accepted = rule_on(DRIFT, [grant], NOW).accepted
    held = replace(DRIFT, accepted=accepted)
    worse = rule_on(replace(held, distance=3), [grant], NOW)
    assert (worse.grant, worse.why) == (None, {"a": "worse"})
    assert covered(replace(held, distance=1), grant) == "a"
    assert covered(replace(held, severity="warning", distance=3), grant) == "a"
    assert covered(replace(held, accepted=worse.accepted), grant) == "a", "back to what was accepted"


def test_until_change_ends_for_good_when_either_side_changes() -> None:
    grant = Grant("a", "services/*", until_changes=True)
    held = replace(DRIFT, accepted=rule_on(DRIFT, [grant], NOW).accepted)
    moved = rule_on(replace(held, mark="m2"), [grant], NOW)
    assert (moved.grant, moved.why) == (None, {"a": "changed"})
    assert covered(replace(held, mark="m1", accepted=moved.accepted), grant) == ""


def test_until_converged_ends_for_good_once_both_sides_were_the_same() -> None:
    grant = Grant("a", "services/*", until_converged=True)
    dated = Grant("b", "services/*", until=LATER)
    accepted = rule_on(DRIFT, [grant, dated], NOW).accepted
    back = replace(DRIFT, accepted=converged(accepted))
    assert covered(back, grant) == ""
    assert covered(back, grant, dated) == "b", "a date lasts whatever happens meanwhile"


def test_a_later_change_of_kind_or_a_disappearance_still_shows() -> None:
    gone = replace(DRIFT, rule="kind", distance=4)
    assert covered(gone, Grant("a", "services/*", until=LATER)) == ""
    assert covered(gone, Grant("a", "services/*:kind", until=LATER)) == "a", "its rule is named"
    assert covered(gone, Grant("a", "services/*", until=LATER, later=True)) == "a", "a reviewed file says what it means"


def test_without_a_match_only_what_was_accepted_is_covered() -> None:
    grant = Grant("a", until_converged=True)
    assert covered(DRIFT, grant) == ""
    assert covered(replace(DRIFT, accepted={"a": Accepted("error", 2, "m1", True)}), grant) == "a"


def test_where_and_when_a_side_was_read_is_no_change_of_it() -> None:
    side = {"state": "present", "kind": "postgresql", "value": "16.9", "sources": ["probe"], "read_at": "t1"}
    assert mark_of(side, side) == mark_of({**side, "sources": ["compose.yaml:3"], "read_at": "t2"}, side)
    assert mark_of(side, side) != mark_of({**side, "value": "17"}, side)
    assert mark_of(side, {**side, "value": "17"}) != mark_of({**side, "value": "17"}, side)


LEVELS = st.tuples(st.sampled_from(SEVERITIES), st.none() | st.integers(0, 4))


@given(st.lists(LEVELS, min_size=1, max_size=12))
def test_whatever_a_drift_does_it_is_covered_exactly_while_it_is_no_worse_than_at_first(
    life: list[tuple[str, int | None]],
) -> None:
    grant = Grant("a", "*/*", until=LATER, later=True)
    accepted: dict[str, Accepted] = {}
    first = Accepted(*life[0], "m1")
    for severity, distance in life:
        held = replace(DRIFT, severity=severity, distance=distance, accepted=accepted)
        ruling = rule_on(held, [grant], NOW)
        accepted = dict(ruling.accepted)
        assert (ruling.grant is not None) is not is_worse(held, first)


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(RULES))
def test_any_name_can_be_matched_without_an_error(match: str, name: str, rule: str) -> None:
    assert matches(match, "services", name, rule) in {True, False}


def terms(**said: object) -> list[str]:
    """The members at fault."""
    try:
        read_terms(said, NOW)
    except TermsError as error:
        return [member for member, _ in error.faults]
    return []


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ({"match": "services/*", "until": "2026-12-11"}, []),
        ({"match": "services/*", "until": "2026-12-11", "until_change": True}, []),
        ({"drift": "3f9a1c22e0", "until_converged": True}, []),
        ({"drifts": ["3f9a1c22e0", "4f9a1c22e0"], "until_change": True}, []),
        ({"ratchet": True}, []),
        ({"ratchet": True, "pair": "ci..production"}, []),
        ({"match": "services/*"}, ["until"]),
        ({"until": "2026-12-11"}, ["match"]),
        ({"match": "services/*", "ratchet": True, "until": "2026-12-11"}, ["match"]),
        ({"match": "services", "until": "2026-12-11"}, ["match"]),
        ({"match": "sevices/x", "until": "2026-12-11"}, ["match"]),
        ({"match": "services/x:versoin", "until": "2026-12-11"}, ["match"]),
        ({"match": "services/[x", "until": "2026-12-11"}, ["match"]),
        ({"match": "services/*", "until": "2026-11-22"}, ["until"]),
        ({"match": "services/*", "until": "soon"}, ["until"]),
        ({"match": "services/*", "until": "2999-01-01"}, ["until"]),
        ({"match": "services/*", "until_change": "yes"}, ["until_change"]),
        ({"drift": "3f9a1c22e0", "pair": "ci..production", "until_change": True}, ["pair"]),
        ({"drifts": [], "until_change": True}, ["drifts"]),
        ({"drifts": ["zz"], "until_change": True}, ["drifts"]),
        ({"match": "services/*", "until": "2026-12-11", "severity": "error"}, [""]),
    ],
)
def test_terms_name_what_is_wrong(said: dict[str, object], faults: list[str]) -> None:
    assert terms(**REASONED, **said) == faults


def test_reason_and_owner_are_needed() -> None:
    assert terms(ratchet=True) == ["reason", "owner"]
    assert terms(ratchet=True, reason="  ", owner="x" * 600) == ["reason", "owner"]
    assert terms(ratchet=True, reason="a\x00b", owner="x") == ["reason"]


def test_a_date_counts_to_its_end() -> None:
    told = read_terms({**REASONED, "match": "services/*", "until": "2026-11-23"}, NOW)
    assert told.until == dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
