"""Backing services: handles, kinds, versions, settings, shared resources (facts.md, gaps.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paritycheck.core.comparison import Relation, compare
from paritycheck.core.expectations import Finding, judge
from paritycheck.core.facts import Fact, Side, absent, present, unknown
from paritycheck.core.policy import default_policy

if TYPE_CHECKING:
    from tests.core.conftest import MakeSide


def findings(left: Side, right: Side) -> dict[tuple[str, str], Finding]:
    return {(found.name, found.rule): found for found in judge(left, right, default_policy()).findings}


def relations(left: Side, right: Side) -> dict[str, tuple[Relation, int | None]]:
    return {row.name: (row.relation, row.distance) for row in compare(left, right)}


def test_another_major_is_an_error_and_another_minor_a_warning(side: MakeSide) -> None:
    production = side(
        "production", services=[present("a", "16.9", kind="postgresql"), present("b", "7.2.5", kind="redis")]
    )
    staging = side("staging", services=[present("a", "13.14", kind="postgresql"), present("b", "7.0.1", kind="redis")])
    found = findings(staging, production)
    assert {key: (one.severity, one.distance) for key, one in found.items()} == {
        ("a", "version"): ("error", 3),
        ("b", "version"): ("warning", 2),
    }


def test_a_patch_is_no_drift(side: MakeSide) -> None:
    staging = side("staging", services=[present("cache", "7.2.4", kind="redis")])
    production = side("production", services=[present("cache", "7.2.5", kind="redis")])
    assert findings(staging, production) == {}
    assert relations(staging, production) == {"cache": (Relation.DIFFERENT, 1)}


def test_sqlite_against_postgresql_on_one_handle_is_rule_kind_and_hides_version_and_settings(side: MakeSide) -> None:
    laptop = side("development", services=[present("database", "3.45", kind="sqlite")])
    production = side(
        "production",
        services=[present("database", "16.9", kind="postgresql"), present("database.setting.timezone", "UTC")],
    )
    found = findings(laptop, production)
    assert [(key, one.severity, one.distance) for key, one in found.items()] == [(("database", "kind"), "error", 4)]


def test_kinds_that_differ_are_known_even_where_a_version_is_not(side: MakeSide) -> None:
    laptop = side("development", services=[present("database", "3.45", kind="sqlite")])
    production = side("production", services=[unknown("database", "auth-required", kind="postgresql")])
    assert list(findings(laptop, production)) == [("database", "kind")]


def test_mariadb_is_not_mysql_and_valkey_is_not_redis(side: MakeSide) -> None:
    staging = side(
        "staging", services=[present("db", "10.11.6", kind="mariadb"), present("cache", "8.0", kind="valkey")]
    )
    production = side(
        "production", services=[present("db", "8.0.36", kind="mysql"), present("cache", "7.2", kind="redis")]
    )
    assert sorted(findings(staging, production)) == [("cache", "kind"), ("db", "kind")]


def test_an_absent_service_is_one_drift_and_hides_its_settings(side: MakeSide) -> None:
    staging = side("staging", services=[])
    production = side(
        "production",
        services=[present("search", "8.12", kind="elasticsearch"), present("search.setting.shards", "3")],
    )
    found = findings(staging, production)
    assert [(key, one.severity, one.distance) for key, one in found.items()] == [(("search", "missing"), "error", 4)]


def test_a_service_that_was_not_looked_for_is_unknown_and_no_drift(side: MakeSide) -> None:
    staging = side("staging", covers={}, services=[])
    production = side("production", services=[present("search", "8.12", kind="elasticsearch")])
    assert relations(staging, production) == {"search": (Relation.UNKNOWN, None)}
    assert findings(staging, production) == {}


def test_a_handle_whose_key_the_config_section_states_absent_is_absent(side: MakeSide) -> None:
    staging = side("staging", covers={}, services=[], config=[absent("SEARCH_URL", declared=True)])
    search = present("search", "8.12", kind="elasticsearch", keys=["SEARCH_URL"])
    production = side("production", covers={}, services=[search], config=[present("SEARCH_URL")])
    assert ("search", "missing") in findings(staging, production)


def test_services_left_over_pair_by_kind_under_the_baselines_handle(side: MakeSide) -> None:
    staging = side(
        "staging",
        services=[present("redis", "6.2.1", kind="redis"), present("redis.setting.maxmemory-policy", "noeviction")],
    )
    production = side(
        "production",
        services=[present("cache", "7.2.5", kind="redis"), present("cache.setting.maxmemory-policy", "allkeys-lru")],
    )
    found = findings(staging, production)
    assert sorted(found) == [("cache", "version"), ("cache.setting.maxmemory-policy", "value")]
    assert found["cache", "version"].left.name == "redis"
    assert found["cache.setting.maxmemory-policy", "value"].severity == "warning"


def test_a_handle_that_is_looked_for_and_not_there_does_not_stand_in_the_way_of_pairing(side: MakeSide) -> None:
    staging = side("staging", services=[present("redis", "6.2", kind="redis"), absent("cache")])
    production = side("production", services=[present("cache", "7.2", kind="redis"), absent("redis")])
    assert list(findings(staging, production)) == [("cache", "version")]
    assert list(findings(production, staging)) == [("redis", "version")]


def test_two_of_one_kind_left_over_do_not_pair(side: MakeSide) -> None:
    staging = side("staging", services=[present("one", "7.2", kind="redis"), present("two", "7.2", kind="redis")])
    production = side("production", services=[present("cache", "7.2", kind="redis")])
    assert sorted(findings(staging, production)) == [("cache", "missing"), ("one", "missing"), ("two", "missing")]


def test_an_equal_handle_goes_before_an_equal_kind(side: MakeSide) -> None:
    staging = side(
        "staging", services=[present("cache", "1.6", kind="memcached"), present("queue", "7.2", kind="redis")]
    )
    production = side("production", services=[present("cache", "7.2", kind="redis")])
    assert sorted(findings(staging, production)) == [("cache", "kind"), ("queue", "missing")]


def test_settings_and_extensions_differ_as_warnings(side: MakeSide) -> None:
    def services(timezone: str, trgm: str) -> list[Fact]:
        return [
            present("database", "16.9", kind="postgresql", via="auth"),
            present("database.setting.timezone", timezone),
            present("database.extension.pg_trgm", trgm),
        ]

    staging = side("staging", services=services("Europe/Berlin", "1.5"))
    production = side("production", services=services("UTC", "1.6"))
    found = findings(staging, production)
    assert {key: (one.severity, one.distance) for key, one in found.items()} == {
        ("database.extension.pg_trgm", "version"): ("warning", 2),
        ("database.setting.timezone", "value"): ("warning", 3),
    }


def test_an_extension_that_an_authenticated_probe_did_not_list_is_missing(side: MakeSide) -> None:
    database = present("database", "16.9", kind="postgresql", via="auth")
    plpgsql = present("database.extension.plpgsql", "1.0")
    staging = side("staging", services=[database, plpgsql])
    production = side("production", services=[database, plpgsql, present("database.extension.pg_trgm", "1.6")])
    assert list(findings(staging, production)) == [("database.extension.pg_trgm", "missing")]


def test_one_resource_reached_by_two_handles_is_one_drift_with_also(side: MakeSide) -> None:
    def services(version: str) -> list[Fact]:
        return [present(name, version, kind="redis", resource="r1") for name in ("cache", "celery-broker")]

    staging = side("staging", services=services("6.2.1"))
    production = side("production", services=services("7.2.5"))
    found = findings(staging, production)
    assert list(found) == [("cache", "version")]
    assert found["cache", "version"].also == ("celery-broker",)


def test_two_resources_under_two_handles_stay_two_drifts(side: MakeSide) -> None:
    def services(version: str) -> list[Fact]:
        return [
            present("cache", version, kind="redis", resource="r1"),
            present("queue", version, kind="redis", resource="r2"),
        ]

    found = findings(side("staging", services=services("6.2")), side("production", services=services("7.2")))
    assert sorted(found) == [("cache", "version"), ("queue", "version")]


def test_development_attached_to_productions_database_is_a_shared_resource(side: MakeSide) -> None:
    shared = "pc1:9f2c1a7b:mfrggzdfmztwq2lkmfrggzdfmz"
    laptop = side("development", services=[present("database", "16.9", kind="postgresql", fps=[shared])])
    production = side("production", services=[present("database", "16.9", kind="postgresql", fps=[shared])])
    found = findings(laptop, production)
    assert [(key, one.severity) for key, one in found.items()] == [(("database", "shared-resource"), "error")]


def test_a_resource_shared_under_another_handle_is_found_too(side: MakeSide) -> None:
    shared = "pc1:9f2c1a7b:mfrggzdfmztwq2lkmfrggzdfmz"
    reports = present("reports", "16.9", kind="postgresql", fps=[shared])
    database = present("database", "16.9", kind="postgresql", fps=["pc1:9f2c1a7b:another"])
    staging = side("staging", services=[database, reports])
    production = side("production", services=[present("database", "16.9", kind="postgresql", fps=[shared]), reports])
    found = findings(staging, production)
    assert ("database", "shared-resource") in found
    assert found["database", "shared-resource"].left.name == "reports"


def test_within_one_tier_a_shared_resource_is_no_finding(side: MakeSide) -> None:
    fact = present("database", "16.9", kind="postgresql", fps=["pc1:9f2c1a7b:mfrggzdfmztwq2lkmfrggzdfmz"])
    assert findings(side("eu", tier="production", services=[fact]), side("production", services=[fact])) == {}


def test_another_key_id_says_nothing_about_a_shared_resource(side: MakeSide) -> None:
    laptop = side("development", services=[present("database", "16", kind="postgresql", fps=["pc1:aaaaaaaa:same"])])
    production = side("production", services=[present("database", "16", kind="postgresql", fps=["pc1:bbbbbbbb:same"])])
    judged = judge(laptop, production, default_policy())
    assert judged.findings == ()
    assert not judged.settles("services", "database", "shared-resource")


def test_a_version_that_is_not_known_leaves_the_version_open_and_nothing_else(side: MakeSide) -> None:
    staging = side("staging", services=[unknown("cache", "auth-required", kind="redis")])
    production = side("production", services=[present("cache", "7.2.5", kind="redis")])
    judged = judge(staging, production, default_policy())
    assert judged.findings == ()
    assert not judged.settles("services", "cache", "version")
    assert judged.settles("services", "cache", "kind")
    assert judged.settles("services", "cache", "missing")


def test_settings_of_a_service_that_is_unknown_are_not_settled(side: MakeSide) -> None:
    staging = side("staging", services=[unknown("database", "connection-refused")])
    production = side(
        "production",
        services=[present("database", "16.9", kind="postgresql"), present("database.setting.timezone", "UTC")],
    )
    judged = judge(staging, production, default_policy())
    assert judged.findings == ()
    assert not judged.settles("services", "database.setting.timezone", "value")
    assert not judged.settles("services", "database", "missing")
