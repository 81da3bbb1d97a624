"""The page of what waits and how long."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.lived import deployer, in_force, row_of_commits, run, send, three_months
from tests.web.test_pages import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    Ask = Callable[[str], str]

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def behind(shop: Any) -> Any:
    """Twelve commits in six days; staging runs all since four hours ago, production the first two."""
    made = row_of_commits(12, days=6)
    send(shop, made)
    tell = deployer(shop)
    for at, hours in ((0, 140), (1, 130), (11, 4)):
        tell("staging", made[at].sha, now() - timedelta(hours=hours), source="cli", release=f"v{at}")
    actors = [{"role": "trigger", "name": "Ann"}, {"role": "approver", "name": "Bo"}]
    tell("production", made[1].sha, now() - timedelta(hours=100), actors=actors, url="https://ci.example/7")
    return shop


def test_the_first_line_is_the_answer_and_the_pair_stands_in_the_table(behind: Any, ask: Ask) -> None:
    del behind
    page = text_of(ask("/p/shop/time"))
    assert "10 commits wait for production, the oldest for 4 h ok" in page
    assert "staging → to production behind 10 0 4 h ok 1 of 5 deploys" in page
    assert "ci → to staging unknown no deploy yet unknown 3 of 5 deploys" in page


def test_what_waits_is_listed_eight_at_first_with_who_wrote_it(behind: Any, ask: Ask) -> None:
    del behind
    short, whole = ask("/p/shop/time"), ask("/p/shop/time?commits=all")
    assert "10 commits by 6 people" in text_of(short)
    assert "Show 2 more" in text_of(short)
    listed = [page.partition("Waiting for production")[2].partition("Deploys")[0] for page in (short, whole)]
    assert [section.count("<tr data-row>") for section in listed] == [8, 10]
    assert "Show" not in text_of(listed[1])
    assert "Retry webhooks with the same idempotency key Tomás Ruiz" in text_of(whole)


def test_commits_lead_to_a_known_host_alone(behind: Any, ask: Ask) -> None:
    sha = row_of_commits(12, days=6)[11].sha
    run(behind, "production", row_of_commits(12, days=6)[1].sha)
    link = f'href="https://github.com/harbour/shop/commit/{sha}"'
    assert link in ask("/p/shop/time?commits=all")
    for said in ("evil.example/harbour/shop", "github.com/../../x", "github.com/a/b?c", "github.com"):
        facts = {**behind.facts(), "release": [{"name": "repository", "value": said}]}
        behind.report("production", facts)
        page = ask("/p/shop/time?commits=all")
        assert sha[:7] in page
        assert "rel=" not in page.partition("Waiting for production")[2].partition("Deploys")[0], said


def test_deploys_say_when_who_and_who_told(behind: Any, ask: Ask) -> None:
    del behind
    page = ask("/p/shop/time")
    assert re.search(r"production \w{7} Ann, approved by Bo the API", text_of(page))
    assert re.search(r"staging \w{7} v11 not known parity deploy", text_of(page))
    assert 'href="https://ci.example/7"' in page


def test_many_deploys_are_shown_by_and_by(shop: Any, ask: Ask) -> None:
    made = row_of_commits(3, days=3)
    send(shop, made)
    place = shop.project.environments.get(slug="production")
    for at in range(110):
        place.deploys.create(
            project=shop.project, commit=made[at % 3].sha, source="api", deployed_at=now() - timedelta(hours=at)
        )
    assert "Show 92 more 10 older ones by the API" in text_of(ask("/p/shop/time"))
    assert ask("/p/shop/time?deploys=all").partition('id="deploys-title"')[2].count("<tr data-row>") == 100


def test_nothing_waits_and_what_only_downstream_has(behind: Any, ask: Ask) -> None:
    deployer(behind)("production", row_of_commits(12, days=6)[11].sha, now() - timedelta(hours=1))
    page = text_of(ask("/p/shop/time"))
    assert "Nothing waits for production ok" in page
    assert "in step 0 0 nothing" in page
    deployer(behind)("staging", row_of_commits(12, days=6)[9].sha, now() - timedelta(minutes=30))
    page = text_of(ask("/p/shop/time"))
    assert "Nothing waits for production ok Production has 2 commits that staging lacks." in page
    assert "ahead 0 2 nothing" in page


def test_the_chart_has_axes_limits_a_name_and_its_numbers_as_a_table(behind: Any, ask: Ask) -> None:
    del behind
    page = ask("/p/shop/time")
    svg = page.partition('class="gap-chart lag-chart"')[2].partition("</details>")[0]
    assert 'aria-label="Age of the oldest change on staging that production lacks, over time"' in svg
    scale = re.findall(r"<span>([^<]+)</span>", svg.partition("gap-days")[0])
    assert (scale[0], scale[-1]) == ("1\xa0d", "0")
    assert "1\xa0d warning" in svg
    assert re.search(r">4\xa0h</text>", svg)
    assert svg.count("lag-tick") == 1
    rows = [text_of(row) for row in re.findall(r"<tr>.*?</tr>", svg, re.DOTALL)[1:]]
    assert len(rows) == 4
    assert re.search(r"staging \w{7} 10 0 0 s$", rows[0])
    assert re.search(r"production \w{7} 0 0 nothing$", rows[1])
    assert rows[3].endswith("unknown: no deploy yet")


def test_a_deploy_of_an_unknown_commit_breaks_the_line(behind: Any, ask: Ask) -> None:
    made = row_of_commits(12, days=6)
    tell = deployer(behind)
    tell("production", "f" * 40, now() - timedelta(hours=60))
    tell("production", made[1].sha, now() - timedelta(hours=30))
    page = ask("/p/shop/time")
    line = re.search(r'<path class="gap-line" d="([^"]+)"', page)
    assert line is not None
    assert line[1].count("M") == 2
    (blank,) = re.findall(r'lag-unknown" x="([\d.]+)%" width="([\d.]+)%"', page)
    # The chart begins with production's first deploy, 100 hours ago.
    assert [round(float(part)) for part in blank] == [40, 30]
    assert ">?</text>" in page
    assert "10 commits wait for production" in text_of(page)


def test_what_is_not_known_is_hatched_and_said(shop: Any, ask: Ask) -> None:
    page = text_of(ask("/p/shop/time"))
    assert "What waits for production is not known unknown No deploy yet" in page
    assert "Lead time shows after 5 deploys, 0 so far" in page
    made = row_of_commits(12, days=6)
    send(shop, made[8:], shallow=True)
    tell = deployer(shop)
    tell("production", made[1].sha, now() - timedelta(hours=9))
    tell("staging", made[11].sha, now() - timedelta(hours=4))
    page = ask("/p/shop/time")
    assert "Shallow clone. Its history ends too early." in text_of(page)
    assert "behind" not in text_of(page).partition("Lag over time")[0]
    assert "not known: shallow clone" in page
    send(shop, made[10:])
    assert "Not collected. Commits between the two are not known here yet." in text_of(ask("/p/shop/time"))


def test_a_part_of_the_repository_is_chosen_in_the_address(behind: Any, ask: Ask, signed_in: Any) -> None:
    assert "All paths" not in ask("/p/shop/time")
    in_force(behind, '[scopes]\napi = "services/api"\nweb = "web"\n')
    assert "All paths" in ask("/p/shop/time")
    page = text_of(ask("/p/shop/time?scope=api"))
    assert "7 commits wait for production" in page
    assert "that production lacks, in api" in page
    assert signed_in.get("/p/shop/time?scope=docs").status_code == 404
    in_force(behind, '[scopes]\napi = "elsewhere"\n')
    page = text_of(ask("/p/shop/time?scope=api"))
    assert "What waits for production is not known unknown Not collected. Agents with the same [scopes]" in page


def test_pair_and_window_are_chosen_in_the_address(behind: Any, ask: Ask, signed_in: Any) -> None:
    del behind
    page = text_of(ask("/p/shop/time?pair=production..staging"))
    assert "Nothing waits for staging ok Staging has 10 commits that production lacks." in page
    assert "production → to staging ahead 0 10 nothing" in page
    for pair in ("staging", "staging..staging", "staging..never", "..", "a..b..c"):
        assert signed_in.get(f"/p/shop/time?pair={pair}").status_code == 404, pair
    assert 'window=90d" aria-current="true"' in ask("/p/shop/time?window=nonsense")
    assert text_of(ask("/p/shop/time?window=28d"))


def test_three_months_have_lead_times_and_a_rhythm(shop: Any, ask: Ask) -> None:
    three_months(shop)
    page = ask("/p/shop/time")
    text = text_of(page)
    assert re.search(r"\d commits wait for production, the oldest for 3 d \d+ h warning", text)
    assert re.search(r"staging → to production behind \d 0 3 d \d+ h warning 4 d", text)
    assert re.search(r"production p50 \d d .* p90 \d d .* commits", text)
    counts = re.search(r'aria-label="Lead times of production: ([^"]+)"', page)
    assert counts is not None
    bars = [int(part.rpartition(" ")[2]) for part in counts[1].split(", ")]
    assert len(bars) == 6
    told = re.search(r"p90 .*? (\d+) commits < 1 h", text.partition("production p50")[2])
    assert told is not None
    assert sum(bars) == int(told[1])


def test_laptops_are_counted_and_never_err(behind: Any, ask: Ask) -> None:
    made = row_of_commits(12, days=6)
    run(behind, "development", made[11].sha)
    run(behind, "development", made[11].sha, instance="laptop-2")
    page = text_of(ask("/p/shop/time?pair=development..staging"))
    assert "development → to staging in step, 2 laptops 0 0 nothing" in page
    assert "7 d warning" in page
    assert "7 d error" not in page


def test_hostile_words_of_commits_and_deploys_stay_text(behind: Any, ask: Ask) -> None:
    words = "<b>x</b>\u202e"
    behind.project.commits.update(subject=words, author_name=words)
    behind.project.deploys.update(release=words, actors=[{"role": "trigger", "name": words, "key": "k", "bot": False}])
    page = ask("/p/shop/time")
    assert "<b>x</b>" not in page
    assert "\u202e" not in page
    assert page.count("&lt;b&gt;x&lt;/b&gt;") > 16


def test_one_environment_alone_has_nothing_to_wait_for(shop: Any, ask: Ask) -> None:
    shop.project.environments.exclude(slug="production").delete()
    assert "Time is told between two environments" in text_of(ask("/p/shop/time"))


def test_the_tile_of_the_matrix_leads_here(behind: Any, ask: Ask) -> None:
    for environment in ("production", "staging"):
        behind.report(environment, behind.facts())
    assert '<a class="ink" href="/p/shop/time">Time</a>' in ask("/p/shop")
