"""The first line of a page is its answer, with numbers: who is told, who may what, what a policy does."""

from __future__ import annotations

import re
from html import unescape
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck.models.channels import ChannelState
from paritycheck.selectors.deliveries import Sums
from paritycheck.services.preview import Preview
from paritycheck.web import headlines

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

ALERTS, SETTINGS = "/p/shop/alerts", "/p/shop/settings"
IGNORING = '[tools.services]\n"*" = "ignore"\n'


def health(state: str = ChannelState.ON, *, failing: bool = False) -> Any:
    return SimpleNamespace(channel=SimpleNamespace(state=state), failing=failing)


def headline_of(page: str) -> str:
    """What its one heading of the first rank says."""
    found = re.findall(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    assert len(found) == 1
    return " ".join(unescape(re.sub(r"<[^>]+>", "", found[0])).replace("\xa0", " ").split())


@pytest.mark.parametrize(
    ("sums", "off", "told"),
    [
        ((0, 0, 0, 0), 0, "No message in 30 days"),
        ((1, 0, 0, 0), 0, "1 message in 30 days, it was sent"),
        ((1_212, 0, 0, 0), 0, "1,212 messages in 30 days, all of them sent"),
        ((212, 1, 1, 0), 1, "212 messages in 30 days, 1 waits, 1 was given up, 1 channel is off"),
        ((9, 2, 3, 4), 0, "9 messages in 30 days, 2 wait, 3 were given up, 4 were not sent"),
    ],
)
def test_deliveries_are_counted_with_what_went_wrong(sums: tuple[int, ...], off: int, told: str) -> None:
    channels = [health(ChannelState.OFF)] * off + [health()]
    assert headlines.of_deliveries(Sums(*sums), channels) == told


def test_channels_say_which_of_them_need_a_look() -> None:
    assert headlines.of_channels([]) == "No channel yet, only members are told"
    assert headlines.of_channels([health()]) == "1 channel, it is on"
    assert headlines.of_channels([health()] * 3) == "3 channels, all of them on"
    sick = [health(ChannelState.OFF), health(failing=True), health(ChannelState.PENDING), health()]
    assert headlines.of_channels(sick) == "4 channels, 1 is off, 1 fails, 1 waits for its confirmation"


@pytest.mark.parametrize(
    ("mine", "others", "told"),
    [
        (0, 0, "No rule tells anybody of shop"),
        (1, 0, "1 rule, it tells you"),
        (2, 7, "9 rules, 2 of them tell you"),
        (0, 3, "3 rules, none of them tells you"),
    ],
)
def test_subscriptions_say_how_many_rules_are_ones_own(mine: int, others: int, told: str) -> None:
    assert headlines.of_subscriptions(mine, others, "shop") == told


def test_a_draft_says_what_it_would_do() -> None:
    moves: Any = [SimpleNamespace(what=what) for what in ("opens", "opens", "resolves")]
    assert headlines.of_draft(Preview(moves, 9, 3, 0)) == "This draft would open 2 drifts and resolve 1"
    assert headlines.of_draft(Preview((), 9, 3, 0)) == "This draft would move no drift, 9 drifts would stay"
    assert headlines.of_policy(7, 0, 2, Preview(moves, 9, 3, 0)).startswith("This draft would open")
    assert headlines.of_policy(7, 0, 0, Preview(moves, 1, 3, 0)) == "Version 7 is in force, 1 drift stands under it"
    assert headlines.of_policy(0, 2, 4, None) == "2 mistakes in this draft, the shipped expectations stay in force"


@pytest.mark.django_db(databases=["default", "heartbeat"])
def test_pages_begin_with_their_answer(drifted: Any, signed_in: Client, ask: Callable[[str], str]) -> None:
    standing = drifted.project.drifts.filter(state="open").count()
    assert headline_of(ask(f"{SETTINGS}/policy")).endswith(f"in force, {standing} drifts stand under them")
    trial = signed_in.post(f"{SETTINGS}/policy/trial", {"text": IGNORING}).content.decode()
    assert re.match(r"This draft would .*resolve \d+", headline_of(trial))
    assert 'hx-swap-oob="true">This draft' in trial
    assert re.match(r"\d+ members?, \d+ owners?$", headline_of(ask(f"{SETTINGS}/members")))
    assert re.match(r"\d+ tokens$", headline_of(ask(f"{SETTINGS}/tokens")))
    assert headline_of(ask(f"{SETTINGS}/badge")) == "shop has no badge"
    assert re.match(r"\d+ changes? on record, the last|Nothing was changed yet", headline_of(ask(f"{SETTINGS}/audit")))
    assert re.match(r"No message|\d+ message", headline_of(ask(ALERTS)))
    assert headline_of(ask(f"{ALERTS}/channels")) == "No channel yet, only members are told"
    assert headline_of(ask(f"{ALERTS}/digests")) != "Digests"
    assert "rule" in headline_of(ask(f"{ALERTS}/subscriptions"))
    assert headline_of(ask("/account/tokens")) == "You have no token"
