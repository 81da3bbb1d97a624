"""The page of who writes and who ships."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.test_pages import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Ask = Callable[[str], str]

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])
Release = tuple[list[str], str]
TEAMS = """[teams]
web = ["ann@shop.example", "bo@shop.example", "cy@shop.example"]
data = ["di@shop.example", "ed@shop.example", "flo@shop.example"]
"""


def ship(project: Any, releases: Sequence[Release], environment: str = "production") -> None:
    """A line of commits, a deploy after those of each release; who deploys is `name` or, for nobody known, empty."""
    from paritycheck.models import Commit
    from paritycheck.services.commits import person_key

    place, parent, at = project.environments.get(slug=environment), "", 0
    for number, (authors, deployer) in enumerate(releases):
        for name in authors:
            at += 1
            when = datetime.now(UTC) - timedelta(days=60)
            address = name if "@" in name else f"{name}@shop.example"
            Commit.objects.create(
                project=project, sha=f"{at:040x}", parents=[parent] if parent else [], author_name=name,
                author_key=person_key(address), authored_at=when, committed_at=when,
            )  # fmt: skip
            parent = f"{at:040x}"
        key = person_key(deployer if "@" in deployer else f"{deployer}@shop.example") if deployer else ""
        place.deploys.create(
            project=project, commit=parent, source="api",
            deployed_at=datetime.now(UTC) - timedelta(days=len(releases) - 1 - number, minutes=5),
            actors=[{"role": "trigger", "key": key, "name": deployer, "bot": False}],
        )  # fmt: skip


def in_force(project: Any, text: str) -> None:
    from paritycheck.services.policies import keep_policy

    project.policy = keep_policy(project=project, digest=b"p" * 32, text=text)
    project.save()


SIX = ["ann", "bo", "cy", "di", "ed", "flo"]


def test_the_page_answers_and_shows_teams_by_name(shop: Any, ask: Ask) -> None:
    in_force(shop.project, TEAMS)
    ship(shop.project, [(SIX, ("ann", "bo", "cy")[at % 3]) for at in range(7)])
    page = text_of(ask("/p/shop/personnel"))
    assert "50 % of commits are by people who take part in no deploy warning" in page
    assert "36 commits in 90 days" in page
    assert "18 by people who also ship" in page
    assert "18 by people who never do" in page
    assert "coverage 100 % : 7 of 7 deploys have a known person" in page
    assert re.search(r"Written by web 3 people ship Not known 0 deploys data 3 people, 18 commits 18 100 % 0 web", page)
    assert "Deploys by the most frequent deployer 3 of 7 43 %" in page
    assert "If the 3 authors of data who take part in no deploy each took part in one, the gap would be 0.00" in page
    assert "now 0.50" in page


def test_nobody_else_is_named(shop: Any, ask: Ask) -> None:
    ship(shop.project, [(["wilma", "fred", "barney"], "wilma")] * 6)
    page = ask("/p/shop/personnel")
    assert "warning" in page
    assert not [name for name in ("wilma", "fred", "barney") if name in page]


def test_you_are_told_of_yourself_alone(shop: Any, ask: Ask) -> None:
    ship(shop.project, [(["maria@example.com", "bo", "cy"], ("maria@example.com", "bo")[at % 2]) for at in range(6)])
    assert "You wrote 5 commits . They reached production in 5 deploys, you took part in 2" in text_of(
        ask("/p/shop/personnel")
    )


def test_too_little_says_what_is_missing(shop: Any, ask: Ask) -> None:
    assert "production is not known unknown No deploy yet" in text_of(ask("/p/shop/personnel"))
    ship(shop.project, [(["ann", "bo"], "ann")] * 3)
    page = text_of(ask("/p/shop/personnel"))
    assert "3 deploys so far, 5 needed" in page
    assert "Fewer than three people wrote what was deployed" in page
    assert "Deploys by the most frequent deployer not told" in page


def test_environment_and_window_are_chosen_in_the_address(shop: Any, ask: Ask, signed_in: Any) -> None:
    ship(shop.project, [(SIX, "ann")] * 6, environment="staging")
    assert "No deploy yet" in text_of(ask("/p/shop/personnel"))
    assert "30 commits in 28 days" in text_of(ask("/p/shop/personnel?environment=staging&window=28d"))
    assert signed_in.get("/p/shop/personnel?environment=never").status_code == 404
    assert "90 days" in text_of(ask("/p/shop/personnel?window=nonsense"))


def test_segregate_lists_what_was_written_and_shipped_alone_and_off_judges_nothing(shop: Any, ask: Ask) -> None:
    in_force(shop.project, '[personnel]\nmode = { production = "segregate", staging = "off" }\n')
    ship(shop.project, [(SIX, "ann")] * 5 + [(["bo"], "bo")])
    page = text_of(ask("/p/shop/personnel"))
    assert page.count("had one actor, who is its only author") == 1
    assert "Switched off for staging" in text_of(ask("/p/shop/personnel?environment=staging"))


def test_hostile_team_names_stay_text(shop: Any, ask: Ask) -> None:
    in_force(shop.project, TEAMS.replace("web =", '"<b>web</b>" ='))
    ship(shop.project, [(SIX, ("ann", "bo", "cy")[at % 3]) for at in range(7)])
    page = ask("/p/shop/personnel")
    assert "<b>web</b>" not in page
    assert "&lt;b&gt;web&lt;/b&gt;" in page


def test_the_tile_and_the_list_of_projects_have_the_value(shop: Any, ask: Ask) -> None:
    ship(shop.project, [(SIX, ("ann", "bo", "cy")[at % 3]) for at in range(7)])
    for environment in ("production", "staging"):
        shop.report(environment, shop.facts())
    page = text_of(ask("/p/shop"))
    assert "Share of commits by day, from 0.50 to 0.50 18 of 36 commits are by people who take part in no" in page
    assert "Personnel warning 0.50 Share of commits" in text_of(ask("/"))
