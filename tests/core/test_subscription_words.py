"""A rule in plain words says all that its terms say."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest

from paritycheck.core.subscription_words import rule_words, schedule_words
from paritycheck.core.subscriptions import DEFAULTS, SubscriptionTerms


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, "Errors of all gaps, at once"),
        ({"at_least": "note"}, "Everything, at once"),
        ({"at_least": "note", "gaps": ("time",)}, "Everything of the time gap, at once"),
        ({"gaps": ("tools", "time"), "at_least": "warning"}, "Errors and warnings of the time and tools gaps, at once"),
        ({"gaps": ("time", "personnel", "tools")}, "Errors of all gaps, at once"),
        ({"environments": ("prod*",)}, "Errors of all gaps, in prod*, at once"),
        ({"pairs": ("a..b", "c..d")}, "Errors of all gaps, between a..b and c..d, at once"),
        ({"names": ("a/*", "b/*", "c/*", "d/*")}, "Errors of all gaps, named a/*, b/*, c/* and 1 more, at once"),
        ({"only_owned": True}, "Errors of all gaps, only what I own, at once"),
        (
            {"quiet_from": time(22), "quiet_to": time(7, 30)},
            "Errors of all gaps, at once but held from 22:00 to 07:30 UTC",
        ),
    ],
)
def test_a_rule(said: dict[str, Any], told: str) -> None:
    assert rule_words(SubscriptionTerms(**said)) == told


def test_what_members_begin_with() -> None:
    assert [rule_words(terms) for terms in DEFAULTS] == [
        "Errors of all gaps, at once",
        "Everything, every Monday at 08:00 UTC",
    ]


@pytest.mark.parametrize(
    ("cron", "told"),
    [
        ("0 8 * * 1", "every Monday at 08:00"),
        ("30 17 * * 1-5", "every working day at 17:30"),
        ("5 9 * * *", "every day at 09:05"),
        ("0 8 * * mon,thu", "every Monday and Thursday at 08:00"),
        ("0 8 * * 7", "every Sunday at 08:00"),
        ("0 8 1 * *", "on day 1 of each month at 08:00"),
    ],
)
def test_a_schedule(cron: str, told: str) -> None:
    assert schedule_words(cron) == told


@pytest.mark.parametrize("cron", ["0 */6 * * *", "0 8 1 1 *", "0 8 * * 1#2", "0 8 L * *", "0 8 1 * 1"])
def test_any_other_schedule_is_explained_and_never_as_a_simpler_one(cron: str) -> None:
    told = schedule_words(cron)
    assert told
    assert not told.startswith(("every Monday at", "every day at 08:00", "on day 1 of each month at"))


@pytest.mark.parametrize("cron", ["", "x", "0 8 * *", "99 99 99 99 99", "\x00" * 64])
def test_what_is_no_schedule_is_no_exception(cron: str) -> None:
    assert isinstance(schedule_words(cron), str)
