"""The weekly digest: a judgement against last week, three gaps with their course, and what needs a decision."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from paritycheck.core.digests import Standing, digest
from tests.channels.samples import MONDAY, URL, a_row, a_week

if TYPE_CHECKING:
    from paritycheck.core.message import Message


def headings(message: Message) -> list[str]:
    return [block.heading for block in message.blocks]


def test_the_subject_counts_the_week_that_ended() -> None:
    """Monday 23 November begins week 48; what is told is week 47."""
    message = digest(a_week())
    assert message.subject == "[shop] week 47: 21 drifts, 4 new, 7 resolved"
    assert message.title == "Fewer drifts than last week: 21, down from 24"
    assert message.lead == "The worst: production has no STRIPE_WEBHOOK_SECRET."
    assert message.why == "Every Monday at 08:00 Europe/Berlin, left out when nothing changed."


@pytest.mark.parametrize("hours", [167, 168, 169])
def test_a_week_is_a_week_when_the_clocks_change(hours: int) -> None:
    assert digest(a_week(since=MONDAY - timedelta(hours=hours))).subject.startswith("[shop] week 47:")


@pytest.mark.parametrize("days", [1, 2, 6, 8, 30])
def test_any_other_period_is_named_by_its_end(days: int) -> None:
    message = digest(a_week(since=MONDAY - timedelta(days=days)))
    assert message.subject.startswith("[shop] 23 Nov:")
    assert "last week" not in message.title


def test_the_last_week_of_a_year_is_counted_as_calendars_do() -> None:
    until = datetime(2027, 1, 4, 8, tzinfo=UTC)
    assert "week 53" in digest(a_week(since=until - timedelta(days=7), until=until)).subject


def test_each_gap_has_its_course_and_how_it_moved_since_last_week() -> None:
    gaps = digest(a_week()).stands[0].gaps
    assert [(gap.name, gap.value, gap.was, len(gap.trend)) for gap in gaps] == [
        ("Time", "3 d 22 h", "up from 1 d 9 h", 8),
        ("Personnel", "0.62", "up from 0.59", 8),
        ("Tools", "21 drifts", "up from 9", 8),
    ]
    assert all("overage 93" in gap.sentence for gap in gaps[1:])


def test_what_reads_the_same_has_not_moved() -> None:
    pair = Standing("ci", "production", {"value": 60.2, "band": "ok"}, {"value": 0.621, "band": "ok"}, 1, 1, {}, (2, 2),
                    time_trend=(60.9, 60.2), personnel_trend=(0.619, 0.621))  # fmt: skip
    assert [gap.was for gap in digest(a_week(standings=[pair])).stands[0].gaps] == ["", "", ""]


def test_new_before_resolved_before_decisions_before_what_was_told() -> None:
    message = digest(a_week())
    assert headings(message) == [
        "New this week, 4", "Resolved, 7", "Needs a decision, 2", "Still open, 17: 17 warnings",
    ]  # fmt: skip
    assert [len(block.rows) for block in message.blocks] == [4, 3, 2, 5]
    assert message.blocks[1].more == "and 4 more"


def test_it_is_read_in_a_minute_however_much_there_is() -> None:
    """About 250 words a minute; a row is read by its first line."""
    many = [a_row(f"KEY_{number}") for number in range(200)]
    message = digest(a_week(opened=many, changed=many, resolved=many, still=many))
    said = [message.title, message.lead]
    said += [gap.sentence for stand in message.stands[:1] for gap in stand.gaps]
    said += [f"{row.name} {row.brief}" for block in message.blocks for row in block.rows]
    assert len(" ".join(said).split()) < 250


def test_it_offers_to_compare_the_baseline_with_how_it_was() -> None:
    assert digest(a_week()).links["compare"] == (
        f"{URL}/compare?left=production%40%7B2026-11-16T08%3A00Z%7D&right=production"
    )
    assert "compare" not in digest(a_week(standings=[])).links
