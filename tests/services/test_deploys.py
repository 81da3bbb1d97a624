"""Deploys are kept once each: as agents see them, as pipelines tell of them, and as both do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from datetime import datetime

    from paritycheck.models import Deploy
    from tests.services.conftest import Shop

pytestmark = pytest.mark.django_db
A, B, C = ("a" * 40, "b" * 40, "c" * 40)


def ran(shop: Shop, commit: str, slug: str = "production", *, instance: str = "web-1", **facts: str) -> None:
    """An agent reports that this commit runs."""
    rows = [{"name": name.replace("_", "-"), "value": value} for name, value in {"commit": commit, **facts}.items()]
    shop.report(slug, sorted(rows, key=lambda row: row["name"]), section="release", covers=(), instance=instance)


def told(shop: Shop, commit: str, *, at: datetime | None = None, slug: str = "production", **members: Any) -> Deploy:
    from paritycheck.services.deploys import Told, record_deploy

    said = Told(commit=commit, deployed_at=at or shop.now, **{"source": "api", **members})
    return record_deploy(environment=shop.environment(slug), told=said, now=shop.now)[0]


def kept(shop: Shop) -> list[tuple[str, str, str]]:
    """Commit, source and status, in the order of deployment."""
    rows = shop.project.deploys.order_by("deployed_at", "created_at")
    return [(row.commit[0] if row.commit else "", row.source, row.status) for row in rows]


def test_a_deploy_is_kept_when_the_reported_commit_changes_and_only_then(shop: Shop) -> None:
    ran(shop, A)
    shop.later(hours=1)
    ran(shop, A, id="v2")
    shop.later(hours=1)
    ran(shop, B)
    shop.later(hours=1)
    ran(shop, A)
    assert kept(shop) == [("a", "report", "success"), ("b", "report", "success"), ("a", "report", "success")]
    assert [row.deployed_at for row in shop.project.deploys.order_by("deployed_at")][-1] == shop.now


def test_what_the_agent_knows_of_the_release_stands_in_the_record(shop: Shop) -> None:
    from paritycheck.services.commits import person_key

    ran(shop, A)
    at = shop.now + timedelta(minutes=20)
    shop.later(hours=1)
    ran(
        shop, B, actor="Ann", id="v42", artifact="sha256:00ff", repository="github.com/acme/shop",
        deployed_at=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )  # fmt: skip
    row = shop.project.deploys.get(commit=B)
    assert (row.release, row.artifact, row.deployed_at) == ("v42", "sha256:00ff", at.replace(microsecond=0))
    assert row.actors == [
        {"role": "trigger", "key": person_key("ann@users.noreply.github.com"), "name": "Ann", "bot": False}
    ]


@pytest.mark.parametrize("said", ["2001-01-01T00:00:00Z", "2190-01-01T00:00:00Z", "yesterday", "2026-13-45T00:00:00Z"])
def test_a_time_of_deployment_that_cannot_be_is_not_believed(shop: Shop, said: str) -> None:
    ran(shop, A)
    shop.later(hours=1)
    ran(shop, B, deployed_at=said)
    assert shop.project.deploys.get(commit=B).deployed_at == shop.now


def test_an_address_among_the_facts_is_not_kept(shop: Shop) -> None:
    from paritycheck.services.commits import person_key

    ran(shop, A, actor="Ann.Smith@Example.com")
    (actor,) = shop.project.deploys.get().actors
    assert actor == {"role": "trigger", "key": person_key("ann.smith@example.com"), "name": "Ann.Smith", "bot": False}


def test_who_commits_and_who_deploys_is_a_bot_by_one_rule() -> None:
    from paritycheck.core.people import is_bot
    from paritycheck.services.deploys import Actor

    said = {"jane-abbot": False, "talbot": False, "Copilot": True, "renovate[bot]": True, "shop-bot": True}
    assert {login: Actor("trigger", login=login).kept()["bot"] for login in said} == said
    assert {login: is_bot(login, f"5+{login}@users.noreply.github.com") for login in said} == said
    assert Actor("trigger", name="deploybot@shop.example").kept()["bot"]


def test_a_cohort_deploys_nothing(shop: Shop) -> None:
    shop.project.environments.filter(slug="development").update(kind="cohort")
    ran(shop, A, "development")
    ran(shop, B, "development", instance="other")
    assert kept(shop) == []


def test_a_rolling_deploy_is_one_deploy_at_its_end(shop: Shop) -> None:
    for instance in ("web-1", "web-2"):
        ran(shop, A, instance=instance)
    shop.later(minutes=5)
    ran(shop, B, instance="web-1")
    assert kept(shop) == [("a", "report", "success")]
    ran(shop, B, instance="web-2")
    assert kept(shop) == [("a", "report", "success"), ("b", "report", "success")]


def test_a_rolling_deploy_that_is_given_up_is_none(shop: Shop) -> None:
    for instance in ("web-1", "web-2"):
        ran(shop, A, instance=instance)
    ran(shop, B, instance="web-1")
    ran(shop, A, instance="web-1")
    assert kept(shop) == [("a", "report", "success")]


def test_told_before_it_is_seen_it_is_one_deploy(shop: Shop) -> None:
    ran(shop, A)
    shop.later(hours=1)
    at = told(shop, B, external_id="run-7", source="cli").deployed_at
    shop.later(minutes=1)
    ran(shop, A, id="something else")
    shop.later(hours=5)
    ran(shop, B, artifact="sha256:00ff")
    assert kept(shop) == [("a", "report", "success"), ("b", "cli", "success")]
    row = shop.project.deploys.get(commit=B)
    assert (row.deployed_at, row.artifact, row.external_id) == (at, "sha256:00ff", "run-7")


def test_seen_before_it_is_told_it_is_one_deploy_at_the_time_told(shop: Shop) -> None:
    from paritycheck.services.deploys import Actor

    ran(shop, A)
    shop.later(hours=1)
    at = shop.now
    shop.later(hours=2)
    ran(shop, B)
    told(shop, B, at=at, external_id="run-7", source="github", actors=[Actor("trigger", login="ann")])
    told(shop, B, at=at, external_id="run-7", source="github")
    assert kept(shop) == [("a", "report", "success"), ("b", "github", "success")]
    row = shop.project.deploys.get(commit=B)
    assert (row.deployed_at, [one["name"] for one in row.actors]) == (at, ["ann"])


def test_two_that_tell_of_it_are_one_deploy_with_the_actors_of_both(shop: Shop) -> None:
    from paritycheck.services.deploys import Actor

    told(shop, B, external_id="1", source="github", actors=[Actor("trigger", login="ann")])
    shop.later(minutes=3)
    told(shop, B, source="cli", external_id="x", actors=[Actor("trigger", login="Ann"), Actor("approver", login="bo")])
    assert kept(shop) == [("b", "github", "success")]
    assert [(one["role"], one["name"]) for one in shop.project.deploys.get().actors] == [
        ("trigger", "ann"), ("approver", "bo"),
    ]  # fmt: skip


def test_deployed_again_an_hour_later_it_is_two(shop: Shop) -> None:
    told(shop, B, source="github", external_id="1")
    shop.later(hours=1)
    told(shop, B, source="cli", external_id="2")
    assert len(kept(shop)) == 2


def test_a_deploy_of_another_commit_between_makes_it_two(shop: Shop) -> None:
    told(shop, A, source="github")
    shop.later(minutes=5)
    told(shop, B, source="github")
    shop.later(minutes=5)
    told(shop, A, source="cli")
    assert kept(shop) == [("a", "github", "success"), ("b", "github", "success"), ("a", "cli", "success")]


def test_a_failure_is_kept_and_is_no_deploy_that_something_ran(shop: Shop) -> None:
    from paritycheck.selectors.deploys import runs_of

    told(shop, A, external_id="1")
    shop.later(hours=1)
    told(shop, B, external_id="2", status="failure")
    assert kept(shop) == [("a", "api", "success"), ("b", "api", "failure")]
    assert [run.commit for run in runs_of(shop.environment("production"))] == [A]
    shop.later(hours=1)
    told(shop, B, external_id="2")
    assert kept(shop) == [("a", "api", "success"), ("b", "api", "success")]
    assert shop.project.deploys.get(commit=B).deployed_at == shop.now


def test_previous_is_the_success_before(shop: Shop) -> None:
    from paritycheck.selectors.deploys import deploys_of

    for commit, status in ((A, "success"), (B, "failure"), (C, "success")):
        told(shop, commit, status=status)
        shop.later(hours=1)
    rows: Any = deploys_of(shop.project).order_by("deployed_at")
    assert [row.previous for row in rows] == [None, A, A]


def test_another_commit_under_a_known_id_is_refused(shop: Shop) -> None:
    from paritycheck.services.errors import Refused

    told(shop, A, external_id="1")
    with pytest.raises(Refused, match="idempotency-mismatch"):
        told(shop, B, external_id="1")


def test_a_time_to_come_counts_as_now(shop: Shop) -> None:
    assert told(shop, A, at=shop.now + timedelta(days=3)).deployed_at == shop.now


def test_a_change_counts_as_seen_from_the_deploy_that_brought_it_not_from_when_an_agent_saw_it(shop: Shop) -> None:
    from paritycheck.models import Commit
    from paritycheck.selectors.deploys import runs_of

    for sha, parents in ((A, []), (B, [A])):
        Commit.objects.create(
            project=shop.project, sha=sha, parents=parents, authored_at=shop.now, committed_at=shop.now
        )
    for slug in ("staging", "production"):
        ran(shop, A, slug)
    shop.later(hours=1)
    told(shop, B, slug="staging", source="cli")
    shop.later(hours=3)
    ran(shop, B, "staging")
    shop.later(hours=2)
    shop.evaluate()
    gap = shop.project.pairs.get(left__slug="staging", right__slug="production").time
    assert (gap["value"], gap["waiting"]) == (5 * 3600, 1)
    assert [run.commit for run in runs_of(shop.environment("staging"))] == [A, B]


def test_snapshots_of_before_there_were_records_still_count(shop: Shop) -> None:
    from paritycheck.selectors.deploys import runs_of

    for commit in (A, B, A):
        ran(shop, commit)
        shop.later(hours=1)
    shop.project.deploys.all().delete()
    ran(shop, C)
    assert [run.commit for run in runs_of(shop.environment("production"))] == [A, B, A, C]
