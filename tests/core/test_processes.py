"""Process types: the program that runs, its version, and how it is stopped and logs (facts.md, factors VII to XI)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paritycheck.core.comparison import Relation, compare
from paritycheck.core.expectations import judge
from paritycheck.core.facts import Fact, Side, State, present, unknown
from paritycheck.core.policy import read_policy

if TYPE_CHECKING:
    from tests.core.conftest import MakeSide

ASKED = '[tools.processes]\n"*" = "same-minor"\n"*.stop-signal" = "same"\n"*.log-driver" = "same"\n'
ALL: dict[str, tuple[str, ...]] = {"processes": ("",)}


def rules(left: Side, right: Side, text: str = ASKED) -> list[tuple[str, str, str, int | None]]:
    found = judge(left, right, read_policy(text)).findings
    return [(one.name, one.rule, one.severity, one.distance) for one in found]


def relations(left: Side, right: Side) -> dict[str, tuple[Relation, int | None]]:
    return {row.name: (row.relation, row.distance) for row in compare(left, right)}


def test_a_development_server_in_one_and_gunicorn_in_another_is_rule_kind(side: MakeSide) -> None:
    laptop = side("development", processes=[present("web", "5.2.19", kind="runserver", port="true")])
    production = side("production", processes=[present("web", "26.2.0", kind="gunicorn", port="true")])
    assert rules(laptop, production) == [("web", "kind", "note", 4)]
    assert relations(laptop, production) == {"web": (Relation.DIFFERENT, 4)}


def test_a_kind_is_compared_where_a_side_does_not_know_the_version(side: MakeSide) -> None:
    staging = side("staging", processes=[present("web", kind="uvicorn"), present("worker", kind="celery")])
    production = side(
        "production", processes=[present("web", "26.2.0", kind="gunicorn"), present("worker", "5.7.0", kind="celery")]
    )
    assert rules(staging, production) == [("web", "kind", "error", 4)]


def test_a_minor_of_the_program_is_let_pass_as_the_policy_says(side: MakeSide) -> None:
    def made(slug: str, version: str) -> Side:
        return side(slug, processes=[present("web", version, kind="gunicorn")])

    assert rules(made("staging", "26.2.1"), made("production", "26.2.0")) == []
    assert rules(made("staging", "25.1.0"), made("production", "26.2.0")) == [("web", "version", "warning", 3)]


def test_another_stop_signal_and_logging_driver_are_rule_value(side: MakeSide) -> None:
    def made(slug: str, signal: str, driver: str) -> Side:
        named = [present("web", kind="gunicorn"), present("web.stop-signal", signal), present("web.log-driver", driver)]
        return side(slug, covers=ALL, processes=named)

    staging, production = made("staging", "SIGQUIT", "json-file"), made("production", "SIGTERM", "journald")
    assert rules(staging, production) == [
        ("web.log-driver", "value", "warning", 3),
        ("web.stop-signal", "value", "warning", 3),
    ]
    assert rules(production, production) == []


def test_types_that_one_side_lists_and_another_has_not_are_missing_once(side: MakeSide) -> None:
    web = present("web", kind="gunicorn")
    both = [web, present("worker", kind="celery"), present("worker.stop-signal", "SIGTERM")]
    staging, production = side("staging", covers=ALL, processes=[web]), side("production", covers=ALL, processes=both)
    assert rules(staging, production) == [("worker", "missing", "warning", 4)]
    assert rules(side("staging", processes=[web]), production) == []


def test_a_list_of_types_says_nothing_of_how_they_log(side: MakeSide) -> None:
    """A Procfile names every type and no logging driver."""
    procfile = side("staging", covers=ALL, processes=[present("web", kind="gunicorn")])
    docker = side(
        "production", covers=ALL, processes=[present("web", kind="gunicorn"), present("web.log-driver", "journald")]
    )
    assert procfile.look_up("processes", "web.log-driver").state is State.UNKNOWN
    assert procfile.look_up("processes", "worker.log-driver").state is State.ABSENT
    assert rules(procfile, docker) == []


def test_a_program_that_could_not_be_told_is_no_drift(side: MakeSide) -> None:
    staging = side("staging", processes=[unknown("web", "unsupported-format")])
    production = side("production", processes=[present("web", kind="gunicorn")])
    judged = judge(staging, production, read_policy(ASKED))
    assert judged.findings == ()
    assert judged.unknown == {("processes", "web")}


SHIPPED = ""
"""No policy: what ships counts."""


def running(side: MakeSide, slug: str, *facts: Fact, tier: str | None = None, kind: str = "persistent") -> Side:
    return side(slug, tier=tier, kind=kind, covers=ALL, processes=list(facts))


def test_a_development_server_counts_most_where_a_release_is_tested_last(side: MakeSide) -> None:
    """Factor VII; a laptop runs what suits it, and hears of it as a note."""
    server = present("web", "26.2.0", kind="gunicorn", port="true")
    toy = present("web", kind="runserver", port="true")
    production = running(side, "production", server)
    assert rules(running(side, "staging", toy), production, SHIPPED) == [("web", "kind", "error", 4)]
    assert rules(running(side, "ci", toy, tier="testing"), production, SHIPPED) == [("web", "kind", "warning", 4)]
    assert rules(running(side, "development", toy), production, SHIPPED) == [("web", "kind", "note", 4)]
    laptops = running(side, "laptops", toy, tier="other", kind="cohort")
    assert rules(laptops, production, SHIPPED) == [("web", "kind", "note", 4)]


def test_a_type_that_production_runs_alone_is_missing_and_one_of_the_next_release_is_a_note(side: MakeSide) -> None:
    """Factor VIII."""
    web, worker = present("web", kind="gunicorn"), present("worker", kind="celery")
    fewer, more = running(side, "staging", web), running(side, "staging", web, worker)
    assert rules(fewer, running(side, "production", web, worker), SHIPPED) == [("worker", "missing", "warning", 4)]
    assert rules(more, running(side, "production", web), SHIPPED) == [("worker", "missing", "note", 4)]
    assert rules(running(side, "development", web), more, SHIPPED) == [("worker", "missing", "note", 4)]


def test_the_version_of_a_program_is_its_packages_and_how_it_stops_and_logs_nobodys(side: MakeSide) -> None:
    """Shipped: one cause, one drift. gunicorn's version is a dependency, which is compared there."""
    here = [present("web", "20.0.0", kind="gunicorn"), present("web.stop-signal", "SIGQUIT")]
    there = [present("web", "26.2.0", kind="gunicorn"), present("web.stop-signal", "SIGTERM")]
    assert rules(running(side, "staging", *here), running(side, "production", *there), SHIPPED) == []


def test_a_policy_takes_the_shipped_expectation_away_and_puts_another_there(side: MakeSide) -> None:
    here, there = present("web", "25.0.0", kind="gunicorn"), present("web", "26.2.0", kind="gunicorn")
    staging = running(side, "staging", here, present("mail", kind="mailpit"))
    production = running(side, "production", there)
    assert rules(staging, production, SHIPPED) == [("mail", "missing", "note", 4)]
    assert rules(staging, production, '[tools.processes]\nignore = ["mail"]\n') == []
    asked = '[tools.processes]\nweb = "same"\nonly-in = { staging = ["mail"] }\n'
    assert rules(staging, production, asked) == [("web", "version", "warning", 3)]
