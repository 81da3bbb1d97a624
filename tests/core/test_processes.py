"""Process types: the program that runs, its version, and how it is stopped and logs (facts.md, factors VII to XI)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paritycheck.core.comparison import Relation, compare
from paritycheck.core.expectations import judge
from paritycheck.core.facts import Fact, Side, State, present, unknown
from paritycheck.core.policy import default_policy, read_policy

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
    assert rules(laptop, production) == [("web", "kind", "warning", 4)]
    assert relations(laptop, production) == {"web": (Relation.DIFFERENT, 4)}


def test_a_kind_is_compared_where_a_side_does_not_know_the_version(side: MakeSide) -> None:
    staging = side("staging", processes=[present("web", kind="uvicorn"), present("worker", kind="celery")])
    production = side(
        "production", processes=[present("web", "26.2.0", kind="gunicorn"), present("worker", "5.7.0", kind="celery")]
    )
    assert rules(staging, production) == [("web", "kind", "warning", 4)]


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


def test_nothing_is_expected_of_processes_until_a_policy_says_so(side: MakeSide) -> None:
    laptop: list[Fact] = [present("web", kind="runserver")]
    production = side("production", processes=[present("web", kind="gunicorn")])
    assert judge(side("development", processes=laptop), production, default_policy()).findings == ()
