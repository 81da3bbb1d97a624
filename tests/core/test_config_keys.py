"""Configuration keys: presence, emptiness, fingerprints (facts.md, gaps.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from paritycheck.core.comparison import Relation, compare
from paritycheck.core.expectations import judge
from paritycheck.core.facts import CANDIDATE, Fact, Side, absent, present
from paritycheck.core.policy import Policy, default_policy, read_policy

if TYPE_CHECKING:
    from tests.core.conftest import MakeSide

ONE = "pc1:aaaaaaaa:mfrggzdfmztwq2lkmfrggzdfmz"
TWO = "pc1:aaaaaaaa:nfrggzdfmztwq2lkmfrggzdfmz"
ELSEWHERE = "pc1:bbbbbbbb:mfrggzdfmztwq2lkmfrggzdfmz"


def found(left: Side, right: Side, policy: Policy | None = None) -> list[tuple[str, str, str]]:
    return [(one.name, one.rule, one.severity) for one in judge(left, right, policy or default_policy()).findings]


def key(name: str, *, shape: str = "text", **members: object) -> Fact:
    return present(name, kind=None, shape=shape, **members)


@pytest.mark.parametrize(("baseline", "severity"), [("production", "error"), ("staging", "warning")])
def test_a_key_that_one_side_lacks_is_missing(side: MakeSide, baseline: str, severity: str) -> None:
    ci = side("ci", tier="testing", config=[absent("SENTRY_DSN", declared=True), key("NEW_KEY")])
    against = side(baseline, config=[key("SENTRY_DSN"), absent("NEW_KEY")])
    assert found(ci, against) == [("NEW_KEY", "missing", severity), ("SENTRY_DSN", "missing", severity)]


def test_a_key_that_is_absent_on_both_sides_or_was_not_asked_for_is_no_drift(side: MakeSide) -> None:
    staging = side("staging", config=[absent("OLD", declared=True), key("UNASKED")])
    assert found(staging, side("production", config=[absent("OLD", declared=True)])) == []


@pytest.mark.parametrize("name", ["PATH", "HOSTNAME", "KUBERNETES_PORT", "REDIS_SERVICE_HOST", "CI", "GITHUB_SHA"])
def test_names_that_describe_where_a_process_runs_are_ignored_and_weigh_nothing(side: MakeSide, name: str) -> None:
    staging, production = side("staging", config=[key(name)]), side("production", config=[absent(name)])
    judged = judge(staging, production, default_policy())
    assert judged.findings == ()
    assert [row.weight for row in judged.rows] == [0.0]


@pytest.mark.parametrize("shape", ["empty", "placeholder"])
@pytest.mark.parametrize("slug", ["staging", "production"])
def test_set_but_empty_in_staging_or_production_is_rule_empty(side: MakeSide, slug: str, shape: str) -> None:
    hollow, full = [key("SMTP_HOST", shape=shape)], [key("SMTP_HOST")]
    here, there = (hollow, full) if slug == "staging" else (full, hollow)
    assert found(side("staging", config=here), side("production", config=there)) == [("SMTP_HOST", "empty", "error")]


def test_a_placeholder_on_a_laptop_is_no_drift_nor_is_emptiness_on_both_sides(side: MakeSide) -> None:
    hollow = [key("SMTP_HOST", shape="placeholder")]
    assert found(side("development", config=hollow), side("production", config=[key("SMTP_HOST")])) == []
    assert found(side("staging", config=hollow), side("production", config=hollow)) == []


def test_shapes_alone_open_no_drift(side: MakeSide) -> None:
    staging = side("staging", config=[key("WORKERS", shape="int", length="1-7")])
    assert found(staging, side("production", config=[key("WORKERS", shape="text", length="64+")])) == []


@pytest.mark.parametrize("name", ["SECRET_KEY", "STRIPE_TOKEN", "DATABASE_PASSWORD"])
def test_one_secret_in_two_tiers_is_a_shared_secret(side: MakeSide, name: str) -> None:
    staging = side("staging", config=[key(name, fps=[ONE])])
    assert found(staging, side("production", config=[key(name, fps=[ONE])])) == [(name, "shared-secret", "error")]
    assert found(staging, side("production", config=[key(name, fps=[TWO])])) == []


def test_within_one_tier_a_secret_may_be_shared_but_not_missing(side: MakeSide) -> None:
    eu = side("eu", tier="production", config=[key("SECRET_KEY", fps=[ONE])])
    assert found(eu, side("production", config=[key("SECRET_KEY", fps=[ONE])])) == []
    assert found(eu, side("production", config=[absent("SECRET_KEY")])) == [("SECRET_KEY", "missing", "error")]


def test_a_second_fingerprint_under_the_lower_tiers_key_makes_the_two_comparable(side: MakeSide) -> None:
    laptop = side("development", config=[key("SECRET_KEY", fps=[ELSEWHERE])])
    production = side("production", config=[key("SECRET_KEY", fps=[ONE, ELSEWHERE])])
    assert found(laptop, production) == [("SECRET_KEY", "shared-secret", "error")]


def test_different_key_ids_are_unknown_and_never_drift_so_that_a_rotation_makes_no_storm(side: MakeSide) -> None:
    policy = read_policy('[tools.config]\nsame = ["TIME_ZONE"]')
    staging = side("staging", config=[key("SECRET_KEY", fps=[ONE]), key("TIME_ZONE", fps=[ONE])])
    production = side("production", config=[key("SECRET_KEY", fps=[ELSEWHERE]), key("TIME_ZONE", fps=[ELSEWHERE])])
    judged = judge(staging, production, policy)
    assert judged.findings == ()
    assert {row.reason for row in judged.rows} == {"key-mismatch"}
    assert not judged.settles("config", "SECRET_KEY", "shared-secret")
    assert not judged.settles("config", "TIME_ZONE", "value")
    assert judged.settles("config", "TIME_ZONE", "missing")


def test_same_compares_plain_values_and_fingerprints(side: MakeSide) -> None:
    policy = read_policy('[tools.config]\nsame = ["TZ", "FEATURE_*"]')
    staging = side("staging", config=[key("TZ", plain="UTC"), key("FEATURE_A", fps=[ONE]), key("FEATURE_B", fps=[ONE])])
    production = side(
        "production",
        config=[key("TZ", plain="Europe/Berlin"), key("FEATURE_A", fps=[TWO]), key("FEATURE_B", fps=[ONE])],
    )
    assert found(staging, production, policy) == [("FEATURE_A", "value", "error"), ("TZ", "value", "error")]


def test_without_fingerprints_same_is_left_open(side: MakeSide) -> None:
    policy = read_policy('[tools.config]\nsame = ["TZ"]')
    judged = judge(side("staging", config=[key("TZ")]), side("production", config=[key("TZ")]), policy)
    assert judged.findings == ()
    assert not judged.settles("config", "TZ", "value")
    assert [row.distance for row in judged.rows] == [None]


def test_only_in_keeps_a_key_out_of_everywhere_else(side: MakeSide) -> None:
    policy = read_policy('[tools.config]\nonly-in = { development = ["DEBUG_TOOLBAR_*"] }')
    name = "DEBUG_TOOLBAR_PANELS"
    laptop, production = side("development", config=[key(name)]), side("production", config=[absent(name)])
    assert found(laptop, production, policy) == []
    assert found(laptop, side("production", config=[key(name)]), policy) == [(name, "unwanted", "error")]
    assert found(side("staging", config=[key(name)]), production, policy) == [(name, "unwanted", "error")]


def test_the_comparison_says_of_values_what_is_known_and_keeps_presence_apart(side: MakeSide) -> None:
    staging = side("staging", config=[key("A", fps=[ONE]), key("B", fps=[ONE]), key("C"), key("D", fps=[ONE])])
    production = side(
        "production", config=[key("A", fps=[TWO]), key("B", fps=[ONE]), key("C"), key("D", fps=[ELSEWHERE])]
    )
    rows = {row.name: (row.relation, row.distance) for row in compare(staging, production)}
    assert rows == {
        "A": (Relation.DIFFERENT, 0),
        "B": (Relation.SAME, 0),
        "C": (Relation.SAME, 0),
        "D": (Relation.UNKNOWN, 0),
    }


def test_a_key_that_a_candidate_declares_is_missing_in_production_until_it_has_it(side: MakeSide) -> None:
    declared = [absent("STRIPE_WEBHOOK_SECRET", declared=True), absent("OTHER")]
    candidate = side("pull-request", tier="other", kind=CANDIDATE, config=declared)
    asked_not = side("production", config=[])
    not_set = side("production", config=[absent("STRIPE_WEBHOOK_SECRET")])
    has_it = side("production", config=[key("STRIPE_WEBHOOK_SECRET")])
    assert found(candidate, asked_not) == [("STRIPE_WEBHOOK_SECRET", "missing", "error")]
    assert found(candidate, not_set) == [("STRIPE_WEBHOOK_SECRET", "missing", "error")]
    assert found(candidate, has_it) == []
    remark = judge(candidate, asked_not, default_policy()).findings[0].right.word("remark")
    assert remark == "not-asked"


def test_against_a_config_section_that_failed_a_candidates_key_is_unknown(side: MakeSide) -> None:
    candidate = side("pull-request", tier="other", kind=CANDIDATE, config=[absent("NEW", declared=True)])
    judged = judge(candidate, side("production", config="no-permission"), default_policy())
    assert judged.findings == ()
    assert judged.unknown == {("config", "NEW")}


def test_in_a_report_declared_but_not_set_stays_absent(side: MakeSide) -> None:
    staging = side("staging", config=[absent("STRIPE_WEBHOOK_SECRET", declared=True)])
    assert found(staging, side("production", config=[])) == []
