"""Parts of a repository by path: `/time?scope=`, and what agents are asked for when `[scopes]` changes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.wire.canonical import line
from paritycheck_agent.wire.scopes import scope_marks
from tests.api.test_deploys import DEPLOYS, SHAS, TIME, zulu

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

POLICY = '[scopes]\napi = ["services/api", "libs/*"]\nweb = "web"\n'
SCOPES = {"api": ["libs/*", "services/api"], "web": ["web"]}
# Of the eight commits in a row: the first, fourth and seventh touch api, the last one both.
TOUCHED = {0: ["api"], 3: ["api"], 6: ["api"], 7: ["api", "web"]}


def send(site: Site, scopes: dict[str, list[str]], touched: dict[int, list[str]]) -> None:
    """Commits in a row, two hours apart, as an agent sends them whose `parity.toml` has these scopes."""
    rows: list[dict[str, Any]] = [{"head": SHAS[-1], "shallow": False, "scopes": scope_marks(scopes)}]
    for index, sha in enumerate(SHAS):
        at = zulu(hours=15 - 2 * index)
        rows.append({
            "sha": sha, "parents": SHAS[index - 1 : index] if index else [], "author": ["Ann", "ann@example.com"],
            "authored": at, "committed": at, "scopes": touched.get(index, []),
        })  # fmt: skip
    body = b"\n".join(map(line, rows)) + b"\n"
    reply = site.send("POST", "/api/v1/commits", body, who="production", media="application/x-ndjson")
    assert reply.status == 202, reply.body


def report(site: Site, policy: str, **members: Any) -> Reply:
    """Production reports, with its `parity.toml` and the last of the commits as its head."""
    digest = hashlib.sha256(policy.encode()).hexdigest()
    put = site.send("PUT", f"/api/v1/policies/{digest}", policy.encode(), media="application/toml")
    assert (put.status, put.json()["errors"]) == (201, [])
    instance = {"id": "web-1", "kind": "container"}
    return site.post(site.report(policy=f"sha256:{digest}", head=SHAS[-1], instance=instance, **members))


@pytest.fixture
def behind(site: Site) -> Site:
    """Production runs the third of eight commits and staging the last, each for a while; scopes are in force."""
    send(site, SCOPES, TOUCHED)
    for slug, commit, hours in (("staging", SHAS[0], 15), ("production", SHAS[2], 9), ("staging", SHAS[-1], 1)):
        told = {"environment": slug, "commit": commit, "deployed_at": zulu(hours=hours)}
        assert site.post(told, who="gate", path=DEPLOYS).status == 201
    assert report(site, POLICY).json().get("commits") is None
    return site


def waits(site: Site, scope: str) -> dict[str, Any]:
    found: dict[str, Any] = site.get(f"{TIME}?pair=staging..production&scope={scope}").json()
    return found


def test_only_commits_that_touch_the_scope_count(behind: Site) -> None:
    everything = waits(behind, "")
    assert (everything["scope"], everything["scopes"]) == (None, ["api", "web"])
    assert everything["now"]["waiting"] == 5
    api, web = waits(behind, "api"), waits(behind, "web")
    assert [(one["scope"], one["now"]["waiting"]) for one in (api, web)] == [("api", 3), ("web", 1)]
    assert {row["sha"] for row in api["waiting"]} == {SHAS[3], SHAS[6], SHAS[7]}
    assert {row["sha"] for row in web["waiting"]} == {SHAS[7]}
    assert [point["waiting"] for point in web["series"]] == [None, 0, 1]


def test_a_scope_that_the_policy_does_not_name_is_refused(behind: Site) -> None:
    assert behind.get(f"{TIME}?pair=staging..production&scope=docs").code == "bad-parameter"


def test_other_globs_make_it_unknown_until_the_agent_looked_again(behind: Site) -> None:
    changed = POLICY.replace('"web"', '"site"')
    asked = report(behind, changed).json()["commits"]
    assert asked == {"tips": SHAS[::-1], "want": 500}
    now = waits(behind, "web")["now"]
    assert (now["state"], now["waiting"], now["reason"], now["band"]) == ("unknown", None, "not-collected", "unknown")
    assert waits(behind, "api")["now"]["waiting"] == 3
    send(behind, {**SCOPES, "web": ["site"]}, {**TOUCHED, 5: ["web"]})
    assert {row["sha"] for row in waits(behind, "web")["waiting"]} == {SHAS[5], SHAS[7]}
    assert waits(behind, "api")["now"]["waiting"] == 3


def test_an_agent_is_asked_by_each_report_until_all_was_looked_at(behind: Site) -> None:
    changed = POLICY.replace('"web"', '"site"')
    assert report(behind, changed).json()["commits"]["tips"] == SHAS[::-1]
    assert report(behind, changed).json()["commits"]["tips"] == SHAS[::-1]
    send(behind, {**SCOPES, "web": ["site"]}, TOUCHED)
    assert "commits" not in report(behind, changed).json()
    assert report(behind, changed).json()["unchanged"] is True


def test_an_agent_with_other_scopes_than_those_in_force_is_not_asked(behind: Site) -> None:
    report(behind, POLICY.replace('"web"', '"site"'))
    digest = hashlib.sha256(POLICY.encode()).hexdigest()
    staging = site_report(behind, digest)
    assert staging.status == 202
    assert "commits" not in staging.json()


def site_report(site: Site, digest: str) -> Reply:
    return site.post(site.report(policy=f"sha256:{digest}", head=SHAS[-1]), who="staging")


def test_commits_that_come_without_marks_are_not_judged_by_scope(site: Site) -> None:
    send(site, {}, {})
    for slug, commit in (("production", SHAS[2]), ("staging", SHAS[-1])):
        told = {"environment": slug, "commit": commit, "deployed_at": zulu(hours=1)}
        assert site.post(told, who="gate", path=DEPLOYS).status == 201
    report(site, POLICY)
    found = waits(site, "api")
    assert found["now"]["reason"] == "not-collected"
    assert waits(site, "")["now"]["waiting"] == 5


def test_a_shallow_clone_says_so(site: Site) -> None:
    """Its commits end before the one that production runs."""
    rows: list[dict[str, Any]] = [{"head": SHAS[-1], "shallow": True}]
    rows += [
        {"sha": SHAS[at], "parents": [SHAS[at - 1]], "author": ["Ann", "ann@example.com"], "authored": zulu(hours=2),
         "committed": zulu(hours=2)}
        for at in (6, 7)
    ]  # fmt: skip
    body = b"\n".join(map(line, rows)) + b"\n"
    assert site.send("POST", "/api/v1/commits", body, who="staging", media="application/x-ndjson").status == 202
    for slug, commit in (("production", SHAS[2]), ("staging", SHAS[-1])):
        told = {"environment": slug, "commit": commit, "deployed_at": zulu(hours=1)}
        assert site.post(told, who="gate", path=DEPLOYS).status == 201
    now = site.get(f"{TIME}?pair=staging..production").json()["now"]
    assert (now["waiting"], now["age_s"], now["reason"], now["band"]) == (None, None, "shallow", "unknown")
