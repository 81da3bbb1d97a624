"""Who is who, and who is a bot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core.people import People, account_of, is_bot, link, unlink


@pytest.mark.parametrize(
    ("address", "account"),
    [
        (" Tom@Shop.Example ", "tom@shop.example"),
        ("12345+Tom@users.noreply.github.com", "github:tom"),
        ("tom@users.noreply.github.com", "github:tom"),
        ("12345-tom@users.noreply.gitlab.com", "gitlab:tom"),
        ("12345-tom@users.noreply.github.com", "github:12345-tom"),
        ("7+tom@users.noreply.git.shop.example", "git.shop.example:tom"),
        ("7-tom@users.noreply.gitlab.shop.example", "gitlab.shop.example:tom"),
        ("GitHub:Tom", "github:tom"),
        ("noreply@users.example", "noreply@users.example"),
        ("+@users.noreply.github.com", "github:+"),
        ("", ""),
    ],
)
def test_both_hidden_addresses_of_a_login_are_one_account(address: str, account: str) -> None:
    assert account_of(address) == account


@given(st.text(max_size=60))
def test_an_account_is_its_own_account(text: str) -> None:
    assert account_of(account_of(text)) == account_of(text)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"),
        ("Renovate (Bot)", "renovate@shop.example"),
        ("Release Bot", "release@shop.example"),
        ("Shop", "deploybot@shop.example"),
        ("GitHub", "noreply@github.com"),
        ("Copilot", "198982749+Copilot@users.noreply.github.com"),
        ("dependabot", "49699333+dependabot[bot]@users.noreply.github.com"),
        ("Coding agent", "198982749+Copilot@users.noreply.github.com"),
        ("Copilot Autofix powered by AI", "175728472+Copilot@users.noreply.github.com"),
        ("copilot-swe-agent", ""),
        ("github-actions", ""),
        ("shop_bot", ""),
        ("Shop", "no-reply@shop.example"),
        ("Shop", "7+shop-bot@users.noreply.github.com"),
    ],
)
def test_bots(name: str, address: str) -> None:
    assert is_bot(name, address)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Tom Okafor", "tom@shop.example"),
        ("tom", "12345+tom@users.noreply.github.com"),
        ("Jane Abbot", "5+jane-abbot@users.noreply.github.com"),
        ("Bottomley", "bottomley@shop.example"),
        ("jane-abbot", ""),
        ("talbot", "talbot@users.noreply.github.com"),
        ("Copilotti", "copilotti@shop.example"),
        ("Élise Jabot", "elise@shop.example"),
        ("", ""),
    ],
)
def test_people(name: str, address: str) -> None:
    assert not is_bot(name, address)


def test_linking_joins_all_that_was_linked_before() -> None:
    people = People(link(link({}, ["a", "b"]), ["b", "c"]))
    assert len({people.person(key) for key in "abc"}) == 1
    assert people.person("d") == "d"


def test_taking_one_out_leaves_the_others_together() -> None:
    links = unlink(link({}, ["a", "b", "c"]), ["a"])
    people = People(links)
    assert people.person("b") == people.person("c") != people.person("a") == "a"
    assert unlink(links, ["b"]) == {}


KEYS = st.sampled_from("abcdef")


@given(st.lists(st.tuples(st.booleans(), st.lists(KEYS, min_size=1, max_size=3)), max_size=8))
def test_a_person_is_always_one_of_its_own_accounts(steps: list[tuple[bool, list[str]]]) -> None:
    links: dict[str, str] = {}
    for joined, keys in steps:
        links = link(links, keys) if joined else unlink(links, keys)
        people = People(links)
        assert len({people.person(key) for key in keys}) == (1 if joined else len(set(keys)))
        assert all(links.get(person, person) == person for person in links.values())
