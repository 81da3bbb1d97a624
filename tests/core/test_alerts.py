"""Alerts and digests as data."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core.alerts import MOST_ROWS, Place, alert
from paritycheck.core.digests import Day, Standing, digest, percent
from paritycheck.core.message import Message, Row
from paritycheck.core.rows import Step, row
from paritycheck.core.sentences import Subject, view

AT = datetime(2026, 11, 23, 7, tzinfo=UTC)
URL = "https://parity.example/p/shop"
PLACE = Place("shop", "staging", "production", URL)


def make(name: str = "STRIPE_WEBHOOK_SECRET", change: str = "opened", severity: str = "error", **given: Any) -> Row:
    section = given.get("section", "config")
    left = {"environment": "staging", "state": "present"}
    right = {"environment": "production", "state": "absent"}
    subject = Subject(section, name, "missing", 4, "present", view(left), view(right))
    return row(subject, Step(change, AT, AT, severity, changes=5), f"{URL}/d/3f9a1c22e0")


def test_one_drift_is_its_sentence() -> None:
    message = alert(PLACE, [make()])
    assert message.subject == "[shop] error: production has no STRIPE_WEBHOOK_SECRET"
    assert message.title == "Production has no STRIPE_WEBHOOK_SECRET"
    assert message.badge == "error, new"
    assert message.links == {
        "project": URL,
        "drift": f"{URL}/d/3f9a1c22e0",
        "waive": f"{URL}/d/3f9a1c22e0/waive",
        "settings": f"{URL}/alerts/subscriptions",
    }
    assert message.actions == [("Open the drift", f"{URL}/d/3f9a1c22e0"), ("Waive", f"{URL}/d/3f9a1c22e0/waive")]
    assert message.pair == "staging..production"


@pytest.mark.parametrize(
    ("change", "subject", "badge"),
    [
        ("worsened", "[shop] error: production has no X", "error, worse"),
        ("reopened", "[shop] error: production has no X", "error, back"),
        ("resolved", "[shop] resolved: X no longer drifts", "resolved"),
        ("flapping", "[shop] flapping: X changes back and forth, 5 times in an hour", "error, flapping"),
    ],
)
def test_what_happened_stands_in_subject_and_badge(change: str, subject: str, badge: str) -> None:
    message = alert(PLACE, [make("X", change)])
    assert (message.subject, message.badge) == (subject, badge)


def test_several_drifts_are_counted_and_listed_worst_first() -> None:
    rows = [
        make("B", severity="note"),
        make("A", severity="error"),
        make("C", "resolved", "error"),
        make("D", "worsened"),
    ]
    message = alert(PLACE, rows)
    assert message.subject == "[shop] error: production has no A, and 3 more between staging and production"
    assert message.title == "Staging and production: 2 new, 1 worse, 1 resolved"
    assert message.lead == "2 errors, 1 note. By section: config 4."
    assert [block.heading for block in message.blocks] == ["New, 2", "Worse than before, 1", "Resolved, 1"]
    assert [one.name for one in message.blocks[0].rows] == ["A", "B"]


def test_the_first_evaluation_says_that_it_is_the_first() -> None:
    message = alert(replace(PLACE, initial=True), [make("A"), make("B")])
    assert message.subject == "[shop] error: first look at staging and production: 2 drifts"
    assert message.title == "First look at staging and production: 2 drifts"


def test_a_deploy_that_moves_five_hundred_packages_is_a_short_message() -> None:
    message = alert(PLACE, [make(f"pkg:pypi/p{number}", section="dependencies") for number in range(500)])
    assert sum(len(block.rows) for block in message.blocks) == MOST_ROWS
    assert message.blocks[0].more == "and 480 more"
    assert "500 new drifts" in message.title
    assert len(json.dumps(message.stored())) < 32_000


def test_packages_are_named_as_people_name_them_and_counted_as_people_count() -> None:
    names = [f"pkg:npm/%40acme/lib-{number}" for number in (10, 9, 1)]
    message = alert(PLACE, [make(name, section="dependencies") for name in names])
    rows = message.blocks[0].rows
    assert [row.shown for row in rows] == [f"npm/@acme/lib-{number}" for number in (1, 9, 10)]
    assert [row.name for row in rows] == [names[2], names[1], names[0]], "what machines read is the fact's own name"
    assert all(row.shown in row.sentence and row.key.startswith(f"dependencies/{row.name}:") for row in rows)


def test_only_resolved_drifts_are_good_news() -> None:
    message = alert(PLACE, [make("A", "resolved"), make("B", "resolved", "note")])
    assert message.subject == "[shop] resolved: staging and production: 2 drifts resolved"
    assert message.severity == message.badge == "resolved"


def test_a_finding_inside_one_environment_names_it_once() -> None:
    message = alert(Place("shop", "ci", "ci", URL), [make("A"), make("B")])
    assert message.title == "ci: 2 new drifts"


@given(st.text(max_size=600), st.text(max_size=80))
def test_any_name_gives_a_subject_of_one_line(name: str, project: str) -> None:
    message = alert(replace(PLACE, project=project), [make(name)])
    assert len(message.subject) <= 150
    assert message.subject.splitlines() in ([message.subject], [])


messages = st.sampled_from([alert(PLACE, [make()]), alert(PLACE, [make("A"), make("B", "resolved")])])


@given(messages)
def test_a_stored_message_reads_as_it_was(message: Message) -> None:
    assert Message.read(json.loads(json.dumps(message.stored()))) == message


def test_a_message_stored_by_another_release_still_reads() -> None:
    document = alert(PLACE, [make()]).stored()
    document["focus"]["colour"] = "new member"
    document["mood"] = "new member"
    del document["more_stands"]
    assert Message.read(document) == alert(PLACE, [make()])


def standing(left: str = "staging", right: str = "production", **given: Any) -> Standing:
    members: dict[str, Any] = {
        "time": {"value": 338_400, "band": "warning", "waiting": 14},
        "personnel": {"value": None, "band": "unknown", "reason": "not yet measured"},
        "parity": 0.79,
        "coverage": 0.93,
        "severities": {"error": 2, "note": 1},
        "trend": (1, 4, 3),
        **given,
    }
    return Standing(left, right, **members)


def day(**given: Any) -> Day:
    members: dict[str, Any] = {
        "before": 4, "opened": [make("A")], "changed": [], "resolved": [make("B", "resolved"), make("C", "resolved")],
        "still": [make("D"), make("E", severity="note")], "standings": [standing()], **given,
    }  # fmt: skip
    return Day(project="shop", url=URL, since=AT - timedelta(days=1), until=AT, **members)


def test_a_digest_judges_and_counts() -> None:
    message = digest(day())
    assert message.subject == "[shop] 23 Nov: 3 drifts, 1 new, 2 resolved"
    assert message.title == "Fewer drifts than on 22 Nov: 3, down from 4"
    assert message.lead == "The worst: production has no A."
    assert [block.heading for block in message.blocks] == ["New, 1", "Resolved, 2", "Still open, 2: 1 error, 1 note"]


@pytest.mark.parametrize(
    ("given", "title"),
    [
        ({"before": 3}, "As many drifts as on 22 Nov: 3"),
        ({"before": 1}, "More drifts than on 22 Nov: 3, up from 1"),
        ({"before": 0}, "3 drifts, none before"),
        ({"opened": [], "still": []}, "Nothing drifts any more"),
        ({"opened": [], "still": [], "resolved": []}, "Nothing drifts"),
    ],
)
def test_the_judgement_compares_with_the_day_before(given: dict[str, Any], title: str) -> None:
    assert digest(day(**given)).title == title


def test_each_pair_stands_with_its_gaps_and_a_score_beside_its_coverage() -> None:
    [stand] = digest(day()).stands
    time, personnel, tools = stand.gaps
    assert stand.heading == "staging and production"
    assert (time.value, time.band) == ("3 d 22 h", "warning")
    assert time.sentence == "oldest change waiting for production, 14 commits"
    assert (personnel.value, personnel.band, personnel.sentence) == ("?", "unknown", "not yet measured")
    assert (tools.value, tools.band, tools.was) == ("3 drifts", "error", "down from 4")
    assert tools.sentence == "2 errors, 1 note. Parity 79\N{NO-BREAK SPACE}%, coverage 93\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(
    ("waiting", "missing", "said"),
    [
        (0, 0, "nothing waits"),
        (1, 0, "oldest change waiting for production, 1 commit"),
        (2, 3, "oldest change waiting for production, 2 commits; diverged, production has 3 commits of its own"),
        (0, 3, "nothing waits, production is ahead by 3 commits"),
    ],
)
def test_the_time_gap_says_what_waits(waiting: int, missing: int, said: str) -> None:
    time = {"value": 60.0 * waiting, "band": "ok", "waiting": waiting, "missing": missing, "state": "behind"}
    assert digest(day(standings=[standing(time=time)])).stands[0].gaps[0].sentence == said


def test_unknown_is_never_ok() -> None:
    nothing = standing(parity=None, coverage=0.0, severities={}, time={}, trend=())
    assert [gap.band for gap in digest(day(standings=[nothing])).stands[0].gaps] == ["unknown"] * 3


def test_the_worst_pairs_come_first_and_many_are_cut() -> None:
    many = [standing(f"e{number}", severities={"error": number}) for number in range(9)]
    message = digest(day(standings=many))
    assert [stand.heading for stand in message.stands] == [f"e{number} and production" for number in (8, 7, 6, 5, 4, 3)]
    assert message.more_stands == "and 3 more pairs on the page"


@pytest.mark.parametrize(("fraction", "shown"), [(0, "0"), (0.001, "1"), (0.5, "50"), (0.9999, "99"), (1, "100")])
def test_only_a_whole_is_a_hundred_per_cent(fraction: float, shown: str) -> None:
    assert percent(fraction) == f"{shown}\N{NO-BREAK SPACE}%"
