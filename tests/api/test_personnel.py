"""The personnel gap over HTTP: commits as agents send them, deploys as they are kept, read back by people."""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.wire.canonical import line

if TYPE_CHECKING:
    from tests.api.installation import Site

P = "/api/v1/projects/shop"
MAIL = "{}@shop.example"
TEAM = ("ann", "bo", "cy", "di")
Releases = list[tuple[list[str], list[tuple[str, str]]]]


def sha(number: int) -> str:
    return f"{number:040x}"


def moment(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def address(name: str) -> str:
    return name if "@" in name or ":" in name else MAIL.format(name)


def commits(authors: list[str]) -> bytes:
    """A line of history, one commit by each; `ann+bo` has a co-author."""
    rows: list[Any] = [{"head": sha(len(authors)), "shallow": False}]
    for number, names in enumerate(authors, 1):
        first, *others = ([name.partition("@")[0], address(name)] for name in names.split("+"))
        at = {"authored": moment(80), "committed": moment(80)}
        parents = [sha(number - 1)] if number > 1 else []
        rows.append({"sha": sha(number), "parents": parents, "author": first, "with": others, "subject": "Work", **at})
    return b"".join(line(row) + b"\n" for row in rows)


def ship(site: "Site", releases: Releases, *, environment: str = "production", every: float = 1) -> None:
    """Send all commits, and keep a deploy after those of each release, the last one just now."""
    from paritycheck.models import Environment
    from paritycheck.services.commits import person_key

    sent = commits([names for release, _ in releases for names in release])
    reply = site.send("POST", "/api/v1/commits", sent, media="application/x-ndjson")
    assert reply.status == 202, reply.body
    place = Environment.objects.get(project__slug="shop", slug=environment)
    done = 0
    for at, (release, who) in enumerate(releases):
        done += len(release)
        actors = [
            {"role": role, "key": person_key(address(name)) if name else "", "name": name, "bot": name == "ci"}
            for role, name in who
        ]
        back = timedelta(days=every * (len(releases) - 1 - at), minutes=1)
        place.deploys.create(
            project=place.project, commit=sha(done), deployed_at=datetime.now(UTC) - back, source="api", actors=actors
        )


def shapes() -> dict[str, tuple[Releases, str]]:
    """The four of gaps.md."""
    everybody = list(TEAM)
    return {
        "rotating team": ([(everybody, [("trigger", TEAM[at % 4])]) for at in range(9)], "ok"),
        "release captain": ([(everybody, [("trigger", "zoe")]) for _ in range(9)], "error"),
        "continuous deployment": (
            [([TEAM[at % 4]], [("trigger", "ci"), ("merger", TEAM[(at + 1) % 4])]) for at in range(20)],
            "ok",
        ),
        "unresolved automation": ([(everybody, [("trigger", "ci")]) for _ in range(9)], "unknown"),
    }


def personnel(site: "Site", query: str = "", who: str = "admin") -> dict[str, Any]:
    reply = site.get(f"{P}/personnel{query}", who=who)
    assert reply.status == 200, reply.body
    return dict(reply.json())


@pytest.mark.parametrize("shape", shapes())
def test_the_four_shapes(site: "Site", shape: str) -> None:
    releases, band = shapes()[shape]
    ship(site, releases)
    found = personnel(site)
    assert (found["band"], found["environment"], found["window_s"]) == (band, "production", 90 * 86_400)
    assert (found["value"] is None) == ("reason" in found) == (band == "unknown")


def test_everything_is_told_and_nobody_named(site: "Site") -> None:
    ship(site, [(["ann", "bo", "cy", "cy", "renovate[bot]@shop.example"], [("trigger", "ann"), ("watcher", "bo")])] * 6)
    found = personnel(site)
    assert (found["value"], found["band"]) == (0.5, "warning")
    assert found["commits"] == {"all": 20, "shipped": 10, "never": 10, "undecided": 0, "bots": 5}
    assert found["uninvolved_deploys"] == {"value": 0.0, "part": 0, "whole": 5}
    assert found["concentration"] == {"value": 1.0, "part": 6, "whole": 6}
    assert found["coverage"] == {"value": 1.0, "part": 6, "whole": 6}
    assert found["limits"]["needed"] == {"coverage": 0.8, "deploys": 5, "authors": 3}
    assert not re.search(r"\b(ann|bo|cy|renovate)\b|@", str(found))


def test_teams_stand_in_order_of_name_and_small_ones_are_merged(site: "Site") -> None:
    policy = '[teams]\nweb = ["ann@shop.example", "BO@shop.example", "github:cy"]\ndata = ["di@shop.example"]\n'
    put_policy(policy)
    who = ["ann", "bo", "7+cy@users.noreply.github.com"]
    everybody = ["ann", "bo", "cy@users.noreply.github.com", "di", "ed", "flo"]
    ship(site, [(everybody, [("trigger", who[at % 3]), ("approver", "di")]) for at in range(6)])
    teams = personnel(site)["teams"]
    assert [(row["name"], row["people"], row["commits"], row["deployed_by"]) for row in teams["rows"]] == [
        ("web", 3, 15, [15]), ("Smaller groups", 3, 15, [15]),
    ]  # fmt: skip
    assert [(one["name"], one["people"]) for one in teams["columns"]] == [("web", 3)]


def put_policy(text: str) -> None:
    """In force as if the baseline had reported it."""
    from paritycheck.models import Project
    from paritycheck.services.policies import keep_policy

    project = Project.objects.get(slug="shop")
    kept = keep_policy(project=project, digest=b"p" * 32, text=text)
    assert kept.errors == []
    Project.objects.filter(pk=project.pk).update(policy=kept, policy_version=1)


def test_you_are_told_of_yourself_alone(site: "Site") -> None:
    releases, _ = shapes()["rotating team"]
    ship(site, releases)
    for name in ("ann", "eve"):
        site.tokens[name] = person(name)
    assert personnel(site, who="ann")["you"] == {"commits": 8, "deploys": 8, "took_part": 2}
    assert personnel(site, who="eve")["you"] == {"commits": 0, "deploys": 0, "took_part": 0}


def person(name: str, role: str = "viewer") -> str:
    """A member of the project; their token."""
    from paritycheck.models import Project, User
    from paritycheck.services.tokens import issue_token

    user = User.objects.create_user(address(name))
    Project.objects.get(slug="shop").memberships.create(user=user, role=role)
    return issue_token(kind="u", user=user)[1]


def test_the_window_moves_with_time_and_by_parameter(site: "Site") -> None:
    ship(site, shapes()["rotating team"][0], every=10)
    assert personnel(site)["coverage"]["whole"] == 9
    short = personnel(site, "?window=28d")
    assert (short["coverage"]["whole"], short["reason"]) == (3, "3 deploys so far, 5 needed")
    assert short["commits"] == {"all": 12, "shipped": None, "never": None, "undecided": None, "bots": 0}
    assert len(short["trend"]) == 26


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("?window=1d", 400, "bad-parameter"),
        ("?environment=No", 400, "bad-parameter"),
        ("?environment=never", 404, "not-found"),
        ("?team=web", 400, "bad-parameter"),
    ],
)
def test_what_is_asked_wrongly(site: "Site", query: str, status: int, code: str) -> None:
    reply = site.get(f"{P}/personnel{query}")
    assert (reply.status, reply.code) == (status, code)


def test_modes(site: "Site") -> None:
    put_policy('[personnel]\nmode = { production = "segregate", staging = "off" }\nwindow = "28d"\n')
    ship(site, [(["ann", "bo", "cy"], [("trigger", "ann")])] * 5 + [(["bo"], [("trigger", "bo")])])
    found = personnel(site)
    assert (found["mode"], found["window_s"]) == ("segregate", 28 * 86_400)
    assert [one["commit"] for one in found["unreviewed"]] == [sha(16)]
    off = personnel(site, "?environment=staging")
    assert (off["mode"], off["band"], off["reason"], off["teams"]) == ("off", "unknown", "switched off", None)


def test_two_accounts_linked_by_hand_are_one_person_until_they_are_taken_apart(site: "Site") -> None:
    ship(site, [(["ann", "bo", "cy@laptop.lan"], [("trigger", "cy")])] * 6)
    assert personnel(site)["value"] == 1.0
    pair = ["cy@shop.example", "CY@laptop.lan"]
    reply = site.post({"accounts": pair}, who="admin", path=f"{P}/people/links")
    assert reply.status == 200, reply.body
    assert [len(one["accounts"]) for one in reply.json()["people"]] == [2]
    linked = personnel(site)
    assert (round(linked["value"], 2), linked["linked_people"]) == (0.67, 1)
    site.post({"accounts": pair[:1], "linked": False}, who="admin", path=f"{P}/people/links")
    assert (personnel(site)["value"], personnel(site)["linked_people"]) == (1.0, 0)


def test_accounts_are_linked_by_the_ids_of_the_list_too(site: "Site") -> None:
    ship(site, [(["ann", "cy@laptop.lan"], [("trigger", "cy")])])
    people = site.get(f"{P}/people").json()["people"]
    assert [one["name"] for one in people] == ["ann", "cy", "cy"]
    idents = [account["id"] for one in people for account in one["accounts"] if one["name"] == "cy"]
    assert site.post({"accounts": idents}, who="admin", path=f"{P}/people/links").status == 200
    after = site.get(f"{P}/people").json()
    assert [(one["name"], len(one["accounts"])) for one in after["people"]] == [("ann", 1), ("cy", 2)]
    assert set(after["people"][0]) == {"name", "bot", "team", "accounts"}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"accounts": ["a@shop.example"]}, "invalid-link"),
        ({"accounts": ["a@shop.example", "A@shop.example"]}, "invalid-link"),
        ({"accounts": ["a@shop.example", "no account"]}, "invalid-link"),
        ({"accounts": ["a@shop.example", "0123456789abcdef"]}, "invalid-link"),
        ({"accounts": ["a@shop.example"] * 51}, "invalid-link"),
        ({"accounts": "a@shop.example"}, "invalid-link"),
        ({"accounts": [1, 2]}, "invalid-link"),
        ({"accounts": [], "linked": False}, "invalid-link"),
        ({"accounts": ["a@b.c", "d@e.f"], "linked": "yes"}, "invalid-link"),
        ({"accounts": ["a@b.c", "d@e.f"], "name": "A"}, "unknown-field"),
        ([], "invalid-link"),
    ],
)
def test_links_that_are_none(site: "Site", document: Any, code: str) -> None:
    reply = site.post(document, who="admin", path=f"{P}/people/links")
    assert (reply.status, reply.code) == (422, code)


def test_addresses_are_not_kept(site: "Site") -> None:
    from django.db import connection

    ship(site, [(["ann", "cy@users.noreply.github.com"], [("trigger", "cy")])])
    site.post({"accounts": ["secret-ann@shop.example", "github:secret-cy"]}, who="admin", path=f"{P}/people/links")
    with connection.cursor() as cursor:
        for table in ("commit", "deploy", "personlink"):
            cursor.execute(f"SELECT t::text FROM paritycheck_{table} t")  # noqa: S608  names of tables from above
            text = str(cursor.fetchall())
            assert "shop.example" not in text, table
            assert "noreply" not in text, table
            assert "secret-" not in text, table


def test_the_stored_gap_is_judged_again_when_accounts_are_linked_and_when_time_moves_the_window(site: "Site") -> None:
    from django.utils import timezone

    from paritycheck.models import Environment, Job
    from paritycheck.services.evaluate import evaluate_environment

    for who in ("production", "staging"):
        site.told(who=who, services={"status": "unknown", "reason": "disabled"})
    ship(site, [(["ann", "bo", "cy@laptop.lan"], [("trigger", "cy")])] * 6)

    def stored(moment: datetime) -> dict[str, Any]:
        staging = Environment.objects.get(project__slug="shop", slug="staging")
        Job.objects.filter(environment=staging).update(due_at=timezone.now() - timedelta(seconds=1), state="due")
        evaluate_environment(environment_id=staging.pk, now=moment)
        [pair] = site.get(f"{P}/parity").json()["pairs"]
        return dict(pair["gaps"]["personnel"])

    now = timezone.now()
    assert stored(now)["band"] == "error"
    job = Job.objects.get(environment__slug="staging", environment__project__slug="shop")
    assert timedelta(days=84) < job.due_at - now < timedelta(days=86)
    assert (
        site.post({"accounts": ["cy@shop.example", "cy@laptop.lan"]}, who="admin", path=f"{P}/people/links").status
        == 200
    )
    job.refresh_from_db()
    assert job.due_at <= timezone.now()
    found = stored(now)
    assert (found["band"], round(found["value"], 2), found["coverage"]) == ("warning", 0.67, 1.0)
    assert stored(now + timedelta(days=87))["reason"] == "3 deploys so far, 5 needed"
    assert stored(now + timedelta(days=200))["reason"] == "no deploy in the window"


def test_what_reports_told_counts_and_a_first_deploy_says_what_is_missing(site: "Site") -> None:
    """As in the demo: one report of production with a commit and an actor is one deploy, and no value yet."""
    site.send("POST", "/api/v1/commits", commits(["ann", "bo", "cy"]), media="application/x-ndjson")
    facts = [{"name": "actor", "value": "ann@shop.example"}, {"name": "commit", "value": sha(3)}]
    site.told(release=site.section("release", facts))
    found = personnel(site)
    assert (found["value"], found["reason"]) == (None, "1 deploy so far, 5 needed")
    assert found["coverage"] == {"value": 1.0, "part": 1, "whole": 1}
