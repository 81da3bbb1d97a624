"""Notices and what needs a decision: the environment is the subject, the number and the next step are said."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core.decisions import Ending, Quiet, decisions
from paritycheck.core.message import Message
from paritycheck.core.notices import band, channel_off, confirm, heard, silent, waiver_ending

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
URL = "https://parity.example/p/shop"
PLAIN: dict[str, dict[str, Any]] = {
    "silent": {"environment": "staging", "seen_at": NOW - timedelta(hours=3, minutes=12), "now": NOW},
    "heard": {"environment": "staging", "silent_since": NOW - timedelta(hours=2), "heard_at": NOW},
    "band": {"pair": ("staging", "production"), "gap": "time", "before": "ok", "after": "warning", "at": NOW},
    "waiver": {
        "name": "services/search:version", "ends_at": NOW + timedelta(days=7), "now": NOW, "reason": "OPS-118",
        "owner": "maria@example.com",
    },
    "channel": {"channel": "ops", "kind": "webhook", "reason": "410 Gone", "at": NOW},
}  # fmt: skip
BUILDERS: dict[str, Callable[..., Message]] = {
    "silent": silent, "heard": heard, "band": band, "waiver": waiver_ending, "channel": channel_off,
}  # fmt: skip


def make(kind: str, **changes: Any) -> Message:
    return BUILDERS[kind](**{"project": "shop", "url": URL, **PLAIN[kind], **changes})


def table_of(message: Message) -> dict[str, tuple[str, ...]]:
    assert message.table is not None
    return {line[0]: line[1:] for line in message.table.lines}


@pytest.mark.parametrize(
    ("kind", "changes", "subject", "title"),
    [
        ("silent", {}, "warning: staging has been silent for 3 h 12 min", "Staging has been silent for 3 h 12 min"),
        (
            "silent",
            {"environment": "ci", "agent": "runner-7", "severity": "error"},
            "error: ci: agent runner-7 has been silent for 3 h 12 min",
            "ci: agent runner-7 has been silent for 3 h 12 min",
        ),
        ("heard", {}, "resolved: staging reports again", "Staging reports again"),
        (
            "band",
            {},
            "warning: time gap of staging and production: warning, was ok",
            "Time gap of staging and production: warning, was ok",
        ),
        (
            "band",
            {"waits": "14 commits wait for production, the oldest for 3 d 22 h."},
            "warning: 14 commits wait for production, the oldest for 3 d 22 h",
            "14 commits wait for production, the oldest for 3 d 22 h",
        ),
        (
            "band",
            {"pair": ("production", ""), "gap": "personnel", "after": "unknown"},
            "unknown: personnel gap of production: unknown, was ok",
            "Personnel gap of production: unknown, was ok",
        ),
        (
            "waiver",
            {},
            "waiver: the waiver of services/search:version ends in 7 d",
            "The waiver of services/search:version ends in 7 d",
        ),
        ("channel", {}, "error: channel ops is switched off", "Channel ops is switched off"),
    ],
)
def test_the_subject_and_the_title_say_it(kind: str, changes: dict[str, Any], subject: str, title: str) -> None:
    message = make(kind, **changes)
    assert (message.subject, message.title) == (f"[shop] {subject}", title)


def test_silence_resolves_nothing_and_says_so() -> None:
    message = make("silent", unknown_after="24 h", interval_s=300)
    assert message.lead == (
        "Its drifts stay as they were: silence resolves nothing. After 24 h of silence its facts count as unknown."
    )
    assert table_of(message)["heard last"] == ("Mon 23 Nov, 04:48 UTC",)
    assert table_of(message)["expected every"] == ("5 min",)
    assert message.actions[0] == ("Open the environment", f"{URL}/environments/staging")


def test_a_band_shows_its_value_before_and_now() -> None:
    message = make("band", value_before="1 d 9 h", value_after="3 d 22 h", limit="3 d", coverage="100 %")
    assert message.table is not None
    assert message.table.heads == ("before", "now")
    assert table_of(message) == {"band": ("ok", "warning"), "value": ("1 d 9 h", "3 d 22 h")}
    assert message.lead == (
        "The time gap of staging and production is warning (3 d 22 h) since Mon 23 Nov, 08:00 UTC, it was ok. "
        "Limit 3 d, coverage 100 %."
    )
    assert (message.pair, message.severity) == ("staging..production", "warning")


@pytest.mark.parametrize(
    ("before", "after", "badge", "severity"),
    [
        ("ok", "error", "error, wider", "error"),
        ("error", "warning", "warning, better", "warning"),
        ("warning", "ok", "ok, better", "resolved"),
        ("ok", "unknown", "unknown", "unknown"),
        ("unknown", "warning", "warning", "warning"),
    ],
)
def test_what_is_unknown_is_neither_better_nor_worse(before: str, after: str, badge: str, severity: str) -> None:
    message = make("band", before=before, after=after)
    assert (message.badge, message.severity) == (badge, severity)


def test_a_waiver_that_ends_says_what_happens_then_and_how_to_extend_it() -> None:
    message = make("waiver", drifts=2, drift=f"{URL}/d/3f9a1c22e0", pair=("laptops", "production"))
    assert message.lead == "Then 2 drifts count again."
    assert table_of(message)["ends"] == ("Mon 30 Nov, 08:00 UTC",)
    assert table_of(message)["where"] == ("laptops and production",)
    assert message.actions == [("Extend the waiver", f"{URL}/waivers"), ("Open the drift", f"{URL}/d/3f9a1c22e0")]


def test_a_question_to_an_outsider_links_to_the_answer_alone() -> None:
    message = confirm(project="shop", address="team@harbour.example", link="https://x/c/t", by="maria@example.com")
    assert message.actions == [("Confirm this address", "https://x/c/t")]
    assert set(message.links) == {"confirm"}
    assert "maria@example.com asked for it" in message.lead


@given(st.sampled_from(sorted(BUILDERS)), st.text(max_size=300), st.text(max_size=300))
def test_what_agents_and_people_wrote_is_one_plain_line(kind: str, one: str, other: str) -> None:
    given = {"silent": ["agent"], "heard": ["agent"], "band": ["value_after"], "waiver": ["name", "reason", "owner"],
             "channel": ["channel", "reason"]}[kind]  # fmt: skip
    message = make(kind, **{name: other if at % 2 else one for at, name in enumerate(given)})
    texts = [message.subject, message.title, message.lead, message.badge]
    assert message.table is not None
    texts += [cell for line in message.table.lines for cell in line]
    for text in texts:
        assert not {unicodedata.category(character) for character in text} & {"Cc", "Zl", "Zp"}
        assert not set(text) & set("\u202e\u2066\u200b\ufeff")
    assert len(message.subject) <= 150


@pytest.mark.parametrize("kind", BUILDERS)
def test_a_notice_reads_as_it_was_stored(kind: str) -> None:
    message = make(kind)
    assert Message.read(message.stored()) == message
    assert replace(message, table=None).actions == message.actions


def test_decisions_come_with_the_most_urgent_first() -> None:
    endings = [
        Ending("services/*", "", NOW + timedelta(days=9), "", "", URL),
        Ending("config/A\nB", "ci and production", NOW + timedelta(days=2), "Maria", "OPS-118", URL),
    ]
    quiet = [Quiet("ci", NOW - timedelta(hours=1), URL, "runner-7"), Quiet("staging", NOW - timedelta(days=2), URL)]
    assert [(row.change, row.name, row.brief, row.note) for row in decisions(endings, quiet, NOW)] == [
        ("waiver", "config/A B", "accepted for ci and production, ends 25 Nov, 08:00 UTC", "Maria, OPS-118"),
        ("waiver", "services/*", "accepted, ends 2 Dec, 08:00 UTC", ""),
        ("silent", "staging", "has been silent for 2 d", "since 21 Nov, 08:00 UTC"),
        ("silent", "ci (runner-7)", "has been silent for 1 h", "since 23 Nov, 07:00 UTC"),
    ]
