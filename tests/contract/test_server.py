"""The golden files, from the server's side: it takes the bytes that the agent makes, and reads the same in them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.conftest import site

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

__all__ = ["site"]
pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])

GOLDEN = Path(__file__).parent / "golden"
JOINED: dict[str, Any] = json.loads((GOLDEN / "joined.json").read_text())
DIGESTS: dict[str, Any] = json.loads((GOLDEN / "digests.json").read_text())
REPORT = (GOLDEN / "report.json").read_bytes()
NDJSON = "application/x-ndjson"


def send_bodies(site: "Site", who: str) -> None:
    for section in JOINED:
        for kind in ("facts", "evidence"):
            assert site.put((GOLDEN / f"{section}.{kind}.ndjson").read_bytes(), who=who, encoding="gzip").status == 201
    policy = (GOLDEN / "parity.toml").read_bytes()
    path = f"/api/v1/policies/{DIGESTS['policy'].removeprefix('sha256:')}"
    reply = site.send("PUT", path, policy, who=who, media="application/toml")
    assert (reply.status, reply.json()) == (201, {"errors": []})


def send_commits(site: "Site") -> "Reply":
    return site.send("POST", "/api/v1/commits", (GOLDEN / "commits.ndjson").read_bytes(), media=NDJSON)


@pytest.fixture
def told(site: "Site") -> "Site":
    """Everything of the golden report was sent, and the report was taken."""
    send_bodies(site, "production")
    assert send_commits(site).status == 202
    assert site.post(REPORT).status == 202
    return site


def test_the_golden_report_asks_for_what_it_names(site: "Site") -> None:
    answer = site.post(REPORT).json()
    named = {
        entry[member]
        for entry in json.loads(REPORT)["sections"].values()
        for member in ("digest", "evidence")
        if member in entry
    }
    assert set(answer["missing"]) == named | {DIGESTS["policy"], "commits"}
    assert answer["commits"] == {"have": [], "want": 500}


def test_the_golden_report_is_taken_once_its_bodies_are_here(told: "Site") -> None:
    from paritycheck.models import Instance

    instance = Instance.objects.get(key=json.loads(REPORT)["instance"]["id"])
    assert (instance.state, instance.seq) == (DIGESTS["report.state"], json.loads(REPORT)["seq"])
    assert told.post(REPORT).json()["duplicate"] is True


def test_the_golden_facts_are_read_back_as_they_were_joined(told: "Site") -> None:
    shown = told.get("/api/v1/projects/shop/environments/production/snapshots/1").json()
    sections = {section["name"]: section for section in shown["sections"]}
    assert sections["migrations"]["reason"] == "not-collected"
    for name, joined in JOINED.items():
        kept = [{key: value for key, value in fact.items() if key != "fps"} for fact in joined["facts"]]
        by_name = {fact["name"]: fact for fact in sections[name]["facts"]}
        assert by_name == {fact["name"]: fact for fact in kept}
        assert (sections[name]["covers"], sections[name]["warnings"]) == (joined["covers"], joined["warnings"])


def test_the_golden_policy_of_the_baseline_comes_in_force(told: "Site") -> None:
    policy = told.get("/api/v1/projects/shop").json()["policy"]
    assert policy == {"version": 1, "sha256": DIGESTS["policy"].removeprefix("sha256:")}


@pytest.mark.usefixtures("told")
def test_the_golden_commits_are_kept_without_an_address() -> None:
    from paritycheck.models import Commit

    lines = [json.loads(row) for row in (GOLDEN / "commits.ndjson").read_bytes().splitlines()[1:]]
    assert Commit.objects.count() == len(lines)
    kept = repr(list(Commit.objects.values()))
    for commit in lines:
        for _name, address in (commit["author"], *commit.get("with", [])):
            assert address not in kept


def test_the_golden_candidate_is_judged(told: "Site") -> None:
    send_bodies(told, "gate")
    answer = told.post((GOLDEN / "candidate.json").read_bytes(), who="gate", path="/api/v1/projects/shop/gate").json()
    assert (answer["schema"], answer["against"]["snapshot"]) == ("paritycheck.gate/1", "production#1")
    assert (answer["verdict"], answer["introduced"]) == ("pass", [])
