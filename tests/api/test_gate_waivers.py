"""What is accepted already fails no gate: by the file in force, by people, and by the change itself, listed first."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.wire.canonical import digest
from tests.api.test_gate import GATE, ask, candidate, live, postgres

if TYPE_CHECKING:
    from tests.api.installation import Site


@pytest.fixture
def running(site: "Site") -> "Site":
    """Production runs PostgreSQL 16.9."""
    site.told(services=site.section("services", live("16.9"), [""]))
    return site


def policy(site: "Site", text: str, who: str = "gate") -> str:
    """Send a `parity.toml`; its digest."""
    found = digest(text.encode())
    path = f"/api/v1/policies/{found.removeprefix('sha256:')}"
    assert site.send("PUT", path, text.encode(), who=who, media="application/toml").status == 201
    return found


def waiver(match: str, until: str = "2099-12-31", **more: str) -> str:
    said = {"match": match, "reason": "planned", "owner": "ann", "until": until, **more}
    lines = "\n".join(f'{key} = "{value}"' for key, value in said.items())
    return f"[[waivers]]\n{lines}\n"


def waive(site: "Site", **said: Any) -> None:
    document = {"reason": "planned", "owner": "ann", "until_converged": True, **said}
    assert site.post(document, who="admin", path="/api/v1/projects/shop/waivers").status == 201


def test_a_waiver_that_the_candidates_file_adds_counts_and_is_listed_first(running: "Site") -> None:
    two = [*postgres("17"), {"name": "cache", "kind": "redis", "value": "7", "via": "declared", "sources": []}]
    entry = running.section("services", two, [""], who="gate")
    before = ask(running, {"services": entry}).json()
    assert [found["name"] for found in before["introduced"]] == ["cache", "database"]
    for rule in ("unwanted", "missing", "kind"):
        waive(running, match=f"services/cache:{rule}")
    added = policy(running, waiver("services/database:version"))
    answer = ask(running, {"services": entry}, policy=added).json()
    assert [(found["name"], found["waiver"]["source"]) for found in answer["waived"]] == [
        ("database", "candidate"),
        ("cache", "person"),
    ]
    assert (answer["verdict"], answer["introduced"], answer["remaining"]) == ("pass", [], [])
    assert answer["warnings"] == ["parity.toml of this change waives 1 of its own drifts"]


@pytest.mark.parametrize(
    "text",
    [
        waiver("services/database:version", until="2020-01-01"),
        waiver("services/cache"),
        waiver("services/database", pair="staging..production"),
        waiver("services/database") + "mistake = 1\n",
        '[tools.services]\n"*" = "ignore"\n',
    ],
    ids=["ended", "another fact", "another pair", "with a mistake", "no waiver"],
)
def test_what_a_candidates_file_says_otherwise_changes_nothing(running: "Site", text: str) -> None:
    answer = candidate(running, "17", policy=policy(running, text)).json()
    assert (answer["verdict"], len(answer["introduced"]), answer["waived"]) == ("fail", 1, [])


def test_a_waiver_in_force_counts_and_is_the_files_and_not_the_changes(running: "Site") -> None:
    sent = policy(running, waiver("services/database:version"), who="production")
    running.post(running.report(policy=sent))
    answer = candidate(running, "17", policy=sent).json()
    assert [found["waiver"]["source"] for found in answer["waived"]] == ["policy"]
    assert (answer["verdict"], answer["warnings"]) == ("pass", [])


def test_a_persons_waiver_counts_but_not_for_a_change_of_kind(running: "Site") -> None:
    waive(running, match="services/database")
    answer = candidate(running, "17").json()
    assert [(found["name"], found["waiver"]["source"]) for found in answer["waived"]] == [("database", "person")]
    sqlite = running.section("services", [{"name": "database", "kind": "sqlite", "value": "3.45"}], [""], who="gate")
    assert [found["rule"] for found in ask(running, {"services": sqlite}).json()["introduced"]] == ["kind"]


def test_a_promotion_counts_what_was_accepted_in_its_pair(running: "Site") -> None:
    from paritycheck.models import Project
    from paritycheck.services.evaluate import evaluate_environment

    running.told(who="staging", services=running.section("services", live("17.2"), [""], who="staging"))
    staging = Project.objects.get(slug="shop").environments.get(slug="staging")
    evaluate_environment(environment_id=staging.pk, now=datetime.now(UTC))
    path = f"{GATE}?environment=staging"
    assert running.get(path).json()["verdict"] == "fail"
    waive(running, ratchet=True, pair="staging..production")
    answer = running.get(path).json()
    assert (answer["verdict"], [found["name"] for found in answer["waived"]]) == ("pass", ["database"])


def test_a_waiver_until_something_changes_covers_no_change(running: "Site") -> None:
    waive(running, match="services/database", until_converged=False, until_change=True)
    assert candidate(running, "17").json()["verdict"] == "fail"
