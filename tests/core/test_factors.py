"""The twelve factors from facts: what holds, what is broken, and what nobody saw. None holds on half the evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck.core.factors import BROKEN, HOLDS, UNKNOWN, Cell, Standing, Trouble, factors_of
from paritycheck.core.facts import Fact, Side, absent, present, unknown

if TYPE_CHECKING:
    from tests.core.conftest import MakeSide

ALL: dict[str, tuple[str, ...]] = {"processes": ("",), "services": ("",), "dependencies": ("pkg:pypi/",)}
CHAIN = ["0001_a", "0002_b"]
ROWS = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
NEVER_WHOLE = ("II", "V", "VI", "IX", "XI", "XII")
"""Factors of which a half shows in no fact: system tools, assets made at start, sticky sessions, start-up time, files
that code opens, one-off runs.
"""
CALM = {"time": "ok", "personnel": "ok", "tools": "ok"}


def good(fps: str) -> dict[str, list[Fact]]:
    """All that a deploy can show, and nothing of it is wrong."""
    return {
        "release": [
            present("repository", "github.com/acme/shop"),
            present("commit", "3e81f02" + "0" * 33),
            present("dirty", "false"),
            present("id", f"v{fps}"),
            present("artifact", "sha256:91c4"),
        ],
        "dependencies": [present("pkg:pypi/django", "5.2.19", scope="direct")],
        "config": [present("SECRET_KEY", shape="text", fps=[f"pc1:k:{fps}"]), present("REGION", shape="text")],
        "services": [present("database", "16.9", kind="postgresql", keys=["DATABASE_URL"], fps=[f"pc1:k:{fps}"])],
        "processes": [
            present("web", kind="gunicorn", port="true"),
            present("web.stop-signal", "SIGTERM"),
            present("web.log-driver", "json-file"),
        ],
        "migrations": [present("django/shop", CHAIN[1], code=CHAIN[1], chain=CHAIN)],
    }


def standing(side: MakeSide, slug: str, *, baseline: bool = False, **changed: Any) -> Standing:
    members = {key: changed.pop(key) for key in ("troubles", "bands", "exits") if key in changed}
    made = side(slug, covers=ALL, **{**good(slug), **changed})
    return Standing(made, baseline, **{"bands": {} if baseline else CALM, **members})


def cells(side: MakeSide, slug: str = "staging", production: Standing | None = None, **changed: Any) -> dict[str, Cell]:
    pair = [standing(side, slug, **changed), production or standing(side, "production", baseline=True)]
    return {factor.numeral: factor.cells[0] for factor in factors_of(pair)}


def test_twelve_rows_in_order_with_a_cell_for_each_environment(side: MakeSide) -> None:
    found = factors_of([standing(side, "staging"), standing(side, "production", baseline=True)])
    assert [factor.numeral for factor in found] == ROWS
    assert {tuple(cell.environment for cell in factor.cells) for factor in found} == {("staging", "production")}
    assert factors_of([])[0].verdict == UNKNOWN


@pytest.mark.parametrize("at", [0, 1])
def test_where_all_that_can_be_shown_is_well_the_observed_half_never_makes_a_factor_hold(
    side: MakeSide, at: int
) -> None:
    found = factors_of([standing(side, "staging"), standing(side, "production", baseline=True)])
    for factor in found:
        cell = factor.cells[at]
        expected = UNKNOWN if factor.numeral in NEVER_WHOLE else HOLDS
        assert (factor.numeral, cell.verdict) == (factor.numeral, expected), cell
        assert bool(cell.unobserved) is (expected == UNKNOWN)
        assert 1 <= len(cell.evidence.split()) <= 5, cell.evidence


def test_of_an_environment_that_never_reported_nothing_is_said(side: MakeSide) -> None:
    found = factors_of(
        [Standing(Side("staging", "staging", "persistent")), standing(side, "production", baseline=True)]
    )
    assert {factor.cells[0].verdict for factor in found} == {UNKNOWN}
    assert all(factor.cells[0].evidence for factor in found)


def test_a_section_that_could_not_be_read_says_why(side: MakeSide) -> None:
    found = cells(side, services="collector-failed", migrations="stale")
    assert (found["IV"].verdict, found["IV"].evidence) == (UNKNOWN, "services: collector failed")
    assert (found["XII"].verdict, found["XII"].evidence) == (UNKNOWN, "migrations: stale")


def swapped(section: str, *facts: Fact) -> dict[str, list[Fact]]:
    """The good section with these facts in place of those of the same name."""
    rows = {fact.name: fact for fact in good("staging")[section]} | {fact.name: fact for fact in facts}
    return {section: list(rows.values())}


@pytest.mark.parametrize(
    ("numeral", "changed", "severity", "words"),
    [
        ("I", swapped("release", present("repository", "github.com/acme/fork")), "error",
         "not the baseline's repository"),
        ("I", swapped("release", present("dirty", "true")), "warning", "3e81f02 with uncommitted changes"),
        (
            "III",
            swapped("config", present("DJANGO_SETTINGS_MODULE", plain="shop.settings_staging")),
            "warning",
            "DJANGO_SETTINGS_MODULE names a group",
        ),
        ("V", swapped("release", present("id", "vproduction"), present("artifact", "sha256:aaaa")), "error",
         "also names production's content"),
        ("V", swapped("release", present("artifact", "sha256:aaaa")), "warning", "built anew since production"),
        ("VI", swapped("services", present("database", "3.45", kind="sqlite")), "warning", "database is SQLite"),
        ("VII", swapped("processes", present("web", kind="runserver", port="true")), "warning", "runserver in staging"),
        ("IX", swapped("processes", present("web.stop-signal", "SIGKILL")), "warning", "web stops by SIGKILL"),
        ("IX", {"exits": {"web": (0, 137)}}, "warning", "web killed, exit 137"),
        ("X", {"bands": {**CALM, "time": "error"}}, "error", "time gap"),
        ("XI", swapped("config", present("LOG_FILE", shape="path")), "warning", "LOG_FILE is set"),
        ("XI", swapped("processes", present("web.log-driver", "none")), "warning", "web logs to none"),
    ],
)  # fmt: skip
def test_what_breaks_a_factor_without_being_a_drift(
    side: MakeSide, numeral: str, changed: dict[str, Any], severity: str, words: str
) -> None:
    found = cells(side, **changed)
    assert (found[numeral].verdict, found[numeral].severity, found[numeral].evidence) == (BROKEN, severity, words)
    others = {key for key, cell in found.items() if cell.verdict == BROKEN} - {numeral}
    assert not others


def drift(section: str, name: str, rule: str, severity: str = "error", **more: bool) -> Trouble:
    return Trouble("ab" * 32, section, name, rule, severity, f"{name} {rule}", **more)


@pytest.mark.parametrize(
    ("numeral", "trouble"),
    [
        ("II", drift("dependencies", "pkg:pypi/django", "not-locked", inside=True)),
        ("III", drift("config", "SENTRY_DSN", "missing")),
        ("III", drift("config", "SECRET_KEY", "shared-secret")),
        ("IV", drift("services", "database", "version")),
        ("IV", drift("services", "database", "shared-resource")),
        ("VII", drift("processes", "web", "kind")),
        ("VIII", drift("processes", "worker", "missing")),
        ("XII", drift("migrations", "django/shop", "behind", inside=True)),
    ],
)
def test_a_drift_breaks_its_factor_and_parity_and_no_other(side: MakeSide, numeral: str, trouble: Trouble) -> None:
    found = cells(side, troubles=(trouble,))
    assert {key for key, cell in found.items() if cell.verdict == BROKEN} == {numeral, "X"}
    assert found[numeral].drifts == (trouble.ident,)
    assert (trouble.section, trouble.name) in found[numeral].facts


def test_a_waived_drift_counts_as_held_and_a_half_that_nobody_saw_still_does_not(side: MakeSide) -> None:
    waived = (
        replace(drift("services", "database", "version"), waived=True),
        replace(drift("dependencies", "pkg:pypi/django", "not-locked", inside=True), waived=True),
    )
    found = cells(side, troubles=waived)
    assert (found["IV"].verdict, found["IV"].waived) == (HOLDS, True)
    assert (found["II"].verdict, found["II"].waived) == (UNKNOWN, True)
    assert found["X"].verdict == HOLDS


@pytest.mark.parametrize(
    ("numeral", "changed", "half"),
    [
        ("I", swapped("release", unknown("dirty", "no-git")), "whether the tree is clean"),
        ("III", swapped("config", present("SECRET_KEY", shape="text")), "shared secrets"),
        ("III", swapped("config", present("DJANGO_SETTINGS_MODULE", shape="text")), "the settings module's name"),
        ("III", swapped("config", unknown("REGION", "no-permission")), "unread keys"),
        ("IV", swapped("services", present("database", "16.9", kind="postgresql", keys=["DATABASE_URL"])),
         "sharing across tiers"),
        ("IV", swapped("services", unknown("cache", "auth-required")), "cache (auth required)"),
        ("IV", swapped("services", present("database", "16.9", kind="postgresql", fps=["pc1:k:s"])),
         "how database is attached"),
        ("X", {"bands": {**CALM, "personnel": "unknown"}}, "personnel gap"),
    ],
)  # fmt: skip
def test_a_half_that_was_not_observed_is_named_and_nothing_holds(
    side: MakeSide, numeral: str, changed: dict[str, Any], half: str
) -> None:
    found = cells(side, **changed)[numeral]
    assert found.verdict == UNKNOWN
    assert half in found.unobserved


def test_a_baseline_that_said_nothing_lets_nothing_hold_that_is_compared_with_it(side: MakeSide) -> None:
    silent = Standing(Side("production", "production", "persistent"), baseline=True)
    found = cells(side, production=silent)
    for numeral in ("I", "III", "IV", "VII", "VIII"):
        assert found[numeral].verdict == UNKNOWN, numeral


def test_a_laptop_may_have_work_in_progress_and_serve_as_it_likes(side: MakeSide) -> None:
    changed = swapped("release", present("dirty", "true")) | swapped(
        "processes", present("web", kind="runserver", port="true")
    )
    found = cells(side, "development", None, **changed)
    assert found["I"].verdict == HOLDS
    assert found["VII"].verdict == HOLDS


def test_migrations_that_wait_within_the_grace_are_neither_held_nor_broken(side: MakeSide) -> None:
    waiting = [present("django/shop", CHAIN[0], code=CHAIN[1], chain=CHAIN)]
    assert cells(side, migrations=waiting)["XII"].evidence == "migrations wait, within grace"
    assert cells(side, migrations=[absent("django/shop", code=CHAIN[1], chain=CHAIN)])["XII"].verdict == UNKNOWN
