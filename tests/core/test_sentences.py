"""Drifts in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from paritycheck.core.consequences import consequence
from paritycheck.core.findings import RULES
from paritycheck.core.rows import Step, row
from paritycheck.core.sentences import Subject, brief, sentence, view

AT = datetime(2026, 11, 20, 16, 41, tzinfo=UTC)


def side(environment: str, value: str | list[str] = "", **members: Any) -> dict[str, Any]:
    stated = {"environment": environment, "state": "present", **members}
    return {**stated, "value": value} if value else stated


def subject(key: str, left: dict[str, Any], right: dict[str, Any], **given: Any) -> Subject:
    section, _, rest = key.partition("/")
    name, _, rule = rest.rpartition(":")
    return Subject(
        section, name, rule, given.get("distance"), given.get("expectation", "same"), view(left), view(right)
    )


GONE = {"state": "absent"}


@pytest.mark.parametrize(
    ("key", "left", "right", "said", "listed"),
    [
        (
            "services/database:version",
            side("ci", "13", kind="postgresql"),
            side("production", "16", kind="postgresql"),
            "ci runs PostgreSQL 13, production runs 16",
            "13 on ci, 16 in production",
        ),
        (
            "services/database:kind",
            side("development", "3.45", kind="sqlite"),
            side("production", "16.9", kind="postgresql"),
            "development runs SQLite 3.45, production runs PostgreSQL 16.9",
            "SQLite 3.45 on development, PostgreSQL 16.9 in production",
        ),
        (
            "services/search:missing",
            side("staging", **GONE),
            side("production", "8.12", kind="elasticsearch"),
            "staging has no search, production runs Elasticsearch 8.12",
            "missing on staging",
        ),
        (
            "services/database.setting.timezone:value",
            side("staging", "UTC"),
            side("production", "Europe/Berlin"),
            "database.setting.timezone is UTC on staging, Europe/Berlin in production",
            "UTC on staging, Europe/Berlin in production",
        ),
        (
            "services/database:shared-resource",
            side("development", "16", kind="postgresql"),
            side("production", "16", kind="postgresql"),
            "development and production attach the same PostgreSQL as database",
            "attached by development and production",
        ),
        (
            "config/STRIPE_WEBHOOK_SECRET:missing",
            side("staging", shape="text"),
            side("production", **GONE),
            "production has no STRIPE_WEBHOOK_SECRET",
            "missing in production",
        ),
        (
            "config/SENTRY_DSN:empty",
            side("staging", shape="empty"),
            side("production", shape="url"),
            "SENTRY_DSN is empty on staging",
            "empty on staging",
        ),
        (
            "config/SENTRY_DSN:empty",
            side("staging", shape="url"),
            side("production", shape="placeholder"),
            "SENTRY_DSN is a placeholder in production",
            "a placeholder in production",
        ),
        (
            "config/SECRET_KEY:shared-secret",
            side("staging", shape="text"),
            side("production", shape="text"),
            "staging and production share the secret SECRET_KEY",
            "shared by staging and production",
        ),
        (
            "config/DEBUG_TOOLBAR_ON:unwanted",
            side("staging", **GONE),
            side("production", shape="bool"),
            "production has DEBUG_TOOLBAR_ON, which the policy expects to be absent",
            "present in production",
        ),
        (
            "config/LOG_LEVEL:value",
            side("staging", shape="text", plain="DEBUG"),
            side("production", shape="text", plain="INFO"),
            "LOG_LEVEL is DEBUG on staging, INFO in production",
            "DEBUG on staging, INFO in production",
        ),
        (
            "config/FEATURE_X:value",
            side("staging", shape="text"),
            side("production", shape="text"),
            "FEATURE_X differs between staging and production",
            "differs between staging and production",
        ),
        (
            "dependencies/pkg:pypi/django:version",
            side("staging", "5.2.19"),
            side("production", "4.2.16"),
            "staging has pkg:pypi/django 5.2.19, production has 4.2.16",
            "5.2.19 on staging, 4.2.16 in production",
        ),
        (
            "dependencies/pkg:npm/%40types/node:missing",
            side("staging", ["20.11.0", "22.1.0"]),
            side("production", **GONE),
            "production has no pkg:npm/%40types/node, staging has 20.11.0, 22.1.0",
            "missing in production",
        ),
        (
            "runtime/python:version",
            side("ci", "3.11.2"),
            side("production", "3.12.4"),
            "ci runs Python 3.11.2, production runs 3.12.4",
            "3.11.2 on ci, 3.12.4 in production",
        ),
        (
            "runtime/os:kind",
            side("ci", "12", kind="debian"),
            side("production", "3.20", kind="alpine"),
            "ci runs Debian 12, production runs Alpine 3.20",
            "Debian 12 on ci, Alpine 3.20 in production",
        ),
        (
            "runtime/python:declared",
            side("staging", "3.12"),
            side("staging", "3.11.2"),
            "staging declares Python 3.12 and runs 3.11.2",
            "3.12 declared, 3.11.2 runs on staging",
        ),
        (
            "dependencies/pkg:pypi/celery:not-installed",
            side("staging", "5.4.0"),
            side("staging", **GONE),
            "staging has not installed pkg:pypi/celery 5.4.0",
            "5.4.0 locked, not installed on staging",
        ),
        (
            "dependencies/pkg:pypi/celery:not-locked",
            side("staging", "5.4.0"),
            side("staging", "5.3.0"),
            "staging has pkg:pypi/celery 5.3.0 installed, 5.4.0 is locked",
            "5.3.0 installed on staging, 5.4.0 locked",
        ),
        (
            "migrations/django/shop:behind",
            side("staging", "0014_add_sku"),
            side("production", "0015_drop_sku"),
            "django/shop is at 0014_add_sku on staging, 0015_drop_sku in production",
            "0014_add_sku on staging, 0015_drop_sku in production",
        ),
        (
            "processes/web:kind",
            side("staging", kind="gunicorn"),
            side("production", kind="uwsgi"),
            "staging runs web as gunicorn, production as uwsgi",
            "gunicorn on staging, uwsgi in production",
        ),
        (
            "processes/web:version",
            side("staging", "22.0.0", kind="gunicorn"),
            side("production", "23.0.0", kind="gunicorn"),
            "staging runs web as gunicorn 22.0.0, production as gunicorn 23.0.0",
            "22.0.0 on staging, 23.0.0 in production",
        ),
        (
            "processes/beat:missing",
            side("staging", **GONE),
            side("production", kind="celery"),
            "staging has no beat, production runs it as celery",
            "missing on staging",
        ),
        (
            "runtime/python:skew",
            side("production", state="unknown", reason="skew"),
            side("production", state="unknown", reason="skew"),
            "production has instances that disagree on python",
            "instances of production disagree",
        ),
        (
            "services/database:end-of-life",
            side("ci", "12", kind="postgresql"),
            side("production", "16", kind="postgresql"),
            "ci runs PostgreSQL 12, which is past its end of life",
            "12 on ci, past its end of life",
        ),
    ],
)
def test_each_rule_has_a_sentence(
    key: str, left: dict[str, Any], right: dict[str, Any], said: str, listed: str
) -> None:
    drift = subject(key, left, right)
    assert sentence(drift) == said
    assert brief(drift) == listed


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("left", [side("a"), side("a", "1", kind="redis"), side("a", **GONE), {}])
@pytest.mark.parametrize("right", [side("b"), side("b", "2"), side("b", state="unknown", reason="timeout")])
def test_no_rule_is_without_words_whatever_the_sides(rule: str, left: dict[str, Any], right: dict[str, Any]) -> None:
    drift = subject(f"services/cache:{rule}", left, right)
    for said in (sentence(drift), brief(drift), consequence(drift)):
        assert said.strip()
        assert "None" not in said


@pytest.mark.parametrize(
    ("rule", "distance", "expectation", "said"),
    [
        ("version", 3, "same-minor", "A major version apart; the policy expects the same minor version."),
        ("version", 2, "same", "A minor version apart; the policy expects both to be the same."),
        ("kind", 4, "same-minor", "A different kind; the policy expects the same minor version."),
        ("missing", 4, "present", "a has it; the policy expects it in both."),
        ("shared-secret", 0, "must-differ", "The policy expects different values."),
    ],
)
def test_the_consequence_says_how_far_and_what_is_expected(
    rule: str, distance: int, expectation: str, said: str
) -> None:
    drift = subject(f"config/X:{rule}", side("a", "1"), side("b", **GONE), distance=distance, expectation=expectation)
    assert consequence(drift) == said


@pytest.mark.parametrize(
    ("distance", "said"),
    [
        (1, "a has applied all that b has, and more; the policy expects both to be the same."),
        (3, "b has applied what a has not."),
    ],
)
def test_migrations_are_told_by_what_is_applied(distance: int, said: str) -> None:
    drift = subject("migrations/django/shop:behind", side("a", "2"), side("b", "3"), distance=distance)
    assert consequence(drift) == said


def made(left: dict[str, Any], right: dict[str, Any], key: str = "config/X:missing", change: str = "opened") -> Any:
    return row(subject(key, left, right), Step(change, AT, AT, "error"), "https://parity.example/p/shop/d/1")


def test_both_sides_stand_with_where_and_when_they_were_read() -> None:
    read: dict[str, Any] = {"sources": ["env"], "read_at": "2026-11-20T17:42:00+01:00", "snapshot": "staging#97"}
    left, right = made(side("staging", shape="text", **read), side("production", **GONE)).sides
    assert (left.label, left.mark, left.text) == ("staging", "same", "present")
    assert (left.source, left.read_at, left.snapshot) == ("the process environment", "20 Nov, 16:42 UTC", "staging#97")
    assert (right.label, right.mark, right.text) == ("production", "missing", "missing")


@pytest.mark.parametrize(
    ("key", "left", "right", "marks"),
    [
        ("services/a:version", side("x", "1"), side("y", "2"), ["different", ""]),
        ("services/a:kind", side("x", state="unknown", reason="skew"), side("y", "2"), ["unknown", ""]),
        ("config/A:shared-secret", side("x"), side("y"), ["shared", "shared"]),
        ("runtime/a:declared", side("x", "1"), side("x", "2"), ["", "different"]),
        ("runtime/a:skew", side("x", state="unknown", reason="skew"), side("x", state="unknown"), ["unknown"]),
    ],
)
def test_shape_says_the_relation(key: str, left: dict[str, Any], right: dict[str, Any], marks: list[str]) -> None:
    assert [seen.mark for seen in made(left, right, key).sides] == marks


def test_what_is_resolved_shows_what_was_and_marks_nothing() -> None:
    shown = made(side("staging"), side("production", **GONE), change="resolved")
    assert shown.sentence == "X no longer drifts"
    assert shown.consequence == "It was: production has no X."
    assert {seen.mark for seen in shown.sides} == {""}


@pytest.mark.parametrize(
    "document", [{}, {"environment": 7, "state": None, "value": {"a": 1}, "sources": "x", "read_at": "no date"}]
)
def test_a_side_that_is_not_what_it_should_be_still_reads(document: dict[str, Any]) -> None:
    assert made(document, document).sides


def test_migrations_that_wait_inside_one_environment_are_told_as_code_and_database() -> None:
    one = side("production", "0015_drop_sku")
    drift = subject("migrations/django/shop:behind", one, side("production", "0014_add_sku"))
    assert sentence(drift) == "production runs code with django/shop 0015_drop_sku, its database is at 0014_add_sku"
    assert brief(drift) == "0015_drop_sku in the code, the database is at 0014_add_sku in production"
    assert consequence(drift) == "Its code expects what its database has not, for longer than a deploy takes."
    empty = subject("migrations/django/shop:behind", one, side("production", state="absent"))
    assert sentence(empty).endswith("its database has none of its migrations")
