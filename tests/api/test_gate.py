"""The gate: what a change introduces, fixes and leaves; promotions; how old evidence may be."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.wire.canonical import digest, split

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

GATE = "/api/v1/projects/shop/gate"


def postgres(version: str, **members: Any) -> list[dict[str, Any]]:
    said = {"name": "database", "kind": "postgresql", "value": version, "keys": ["DATABASE_URL"]}
    return [said | {"via": "declared", "sources": ["compose.yaml:12"]} | members]


def live(version: str) -> list[dict[str, Any]]:
    return postgres(version, via="auth", sources=["probe"])


def ask(site: "Site", entries: dict[str, Any], /, *, who: str = "gate", **members: Any) -> "Reply":
    document = {
        "schema": "paritycheck.candidate/1",
        "candidate": {"commit": "3f1c" * 10, "branch": "bump-pg", "dirty": False},
        "default_branch": "main",
        "sections": entries,
    }
    return site.post(document | members, who=who, path=GATE)


def candidate(site: "Site", version: str, **members: Any) -> "Reply":
    return ask(site, {"services": site.section("services", postgres(version), [""], who="gate")}, **members)


@pytest.fixture
def running(site: "Site") -> "Site":
    """Production runs PostgreSQL 16.9."""
    site.told(services=site.section("services", live("16.9"), [""]))
    return site


def test_bodies_that_are_missing_are_asked_for_and_nothing_is_kept(running: "Site") -> None:
    from paritycheck.models import Verdict

    bodies = split("services", [""], postgres("17"))
    entry = {"status": "ok", "digest": digest(bodies[0]), "evidence": digest(bodies[1])}
    assert ask(running, {"services": entry}).json() == {"missing": sorted(map(digest, bodies))}
    assert Verdict.objects.count() == 0


def test_a_change_without_a_base_answers_for_everything_and_says_so(running: "Site") -> None:
    answer = candidate(running, "17").json()
    assert (answer["verdict"], answer["exit_code"], answer["base"]["source"]) == ("fail", 1, "none")
    (found,) = answer["introduced"]
    assert {name: found[name] for name in ("section", "name", "rule", "severity", "distance")} == {
        "section": "services", "name": "database", "rule": "version", "severity": "error", "distance": 3,
    }  # fmt: skip
    assert (found["left"]["value"], found["left"]["sources"]) == ("17", ["compose.yaml:12"])
    assert (found["right"]["value"], found["right"]["sources"]) == ("16.9", ["probe"])
    assert len(found["id"]) == 64


def test_the_document_has_every_member_of_its_schema(running: "Site") -> None:
    answer = candidate(running, "16").json()
    assert set(answer) == {
        "schema", "verdict", "exit_code", "fail_on", "project", "candidate", "against", "base", "policy", "coverage",
        "introduced", "fixed", "remaining", "waived", "unknown", "warnings", "url",
    }  # fmt: skip
    assert (answer["schema"], answer["verdict"], answer["exit_code"]) == ("paritycheck.gate/1", "pass", 0)
    assert answer["candidate"] == {"commit": "3f1c" * 10, "branch": "bump-pg", "dirty": False}
    assert (answer["against"]["environment"], answer["against"]["snapshot"]) == ("production", "production#1")
    assert 0 <= answer["against"]["age_s"] < 60
    assert answer["coverage"] == 1.0


def test_what_main_has_already_is_left_and_not_introduced(running: "Site") -> None:
    recorded = candidate(running, "17", record=True, candidate={"commit": "9ab0" * 10, "branch": "main"}).json()
    answer = candidate(running, "17").json()
    assert (answer["verdict"], answer["introduced"]) == ("pass", [])
    assert [found["name"] for found in answer["remaining"]] == ["database"]
    assert (answer["base"]["source"], answer["base"]["commit"]) == ("default-branch", "9ab0" * 10)
    assert answer["remaining"][0]["id"] == recorded["introduced"][0]["id"]


def test_what_main_has_and_the_change_has_not_is_fixed(running: "Site") -> None:
    candidate(running, "17", record=True, candidate={"branch": "main"})
    answer = candidate(running, "16.9").json()
    assert (answer["verdict"], answer["introduced"], answer["remaining"]) == ("pass", [], [])
    assert [found["left"]["value"] for found in answer["fixed"]] == ["17"]


def test_a_greater_distance_than_on_main_is_introduced(running: "Site") -> None:
    candidate(running, "17", record=True, candidate={"branch": "main"})
    sqlite = running.section("services", [{"name": "database", "kind": "sqlite", "value": "3.45"}], [""], who="gate")
    answer = ask(running, {"services": sqlite}).json()
    assert [found["rule"] for found in answer["introduced"]] == ["kind"]


def test_a_verdict_that_is_not_recorded_is_nobodys_base(running: "Site") -> None:
    candidate(running, "17", candidate={"branch": "main"})
    assert candidate(running, "17").json()["base"]["source"] == "none"


def test_another_branchs_record_is_not_the_base_of_main(running: "Site") -> None:
    candidate(running, "17", record=True, candidate={"branch": "old"})
    assert candidate(running, "17").json()["base"]["source"] == "none"


def test_a_detached_head_records_for_the_default_branch(running: "Site") -> None:
    candidate(running, "17", record=True, candidate={"commit": "9ab0" * 10})
    assert candidate(running, "17").json()["base"]["commit"] == "9ab0" * 10


def test_sections_of_the_merge_base_are_the_base_where_nothing_was_recorded(running: "Site") -> None:
    entry = running.section("services", postgres("17"), [""], who="gate")
    answer = candidate(running, "17", base={"commit": "9ab0" * 10, "sections": {"services": entry}}).json()
    assert answer["base"] == {"source": "merge-base", "commit": "9ab0" * 10, "at": None}
    assert (answer["verdict"], len(answer["remaining"])) == ("pass", 1)


@pytest.mark.parametrize(("fail_on", "verdict"), [("error", "pass"), ("warning", "fail"), ("note", "fail")])
def test_what_fails_is_asked_for(running: "Site", fail_on: str, verdict: str) -> None:
    answer = candidate(running, "16.2", fail_on=fail_on).json()
    assert (answer["introduced"][0]["severity"], answer["verdict"]) == ("warning", verdict)


def test_row_58_an_environment_that_never_reported_is_no_evidence(site: "Site") -> None:
    answer = candidate(site, "17").json()
    assert (answer["verdict"], answer["exit_code"], answer["reason"]) == ("unknown", 4, "stale")
    assert answer["against"] == {"environment": "production", "snapshot": None, "age_s": None}


def test_row_58_evidence_older_than_asked_for_is_none(running: "Site") -> None:
    from paritycheck.models import Instance

    Instance.objects.update(last_seen=datetime.now(UTC) - timedelta(hours=2))
    assert candidate(running, "16", max_age_s=3_600).json()["reason"] == "stale"
    assert candidate(running, "16", max_age_s=8_000).json()["verdict"] == "pass"
    assert candidate(running, "16").json()["verdict"] == "pass"


def test_facts_that_are_unknown_are_listed_and_never_introduced(running: "Site") -> None:
    refused = [{"name": "database", "kind": "postgresql", "unknown": "auth-required"}]
    answer = ask(running, {"services": running.section("services", refused, who="gate")}).json()
    assert answer["unknown"] == [{"section": "services", "name": "database", "reason": "auth-required"}]
    assert (answer["introduced"], answer["verdict"]) == ([], "pass")


def test_too_little_coverage_is_no_pass(running: "Site") -> None:
    answer = ask(running, {}, min_coverage=50).json()
    assert (answer["verdict"], answer["reason"], answer["exit_code"]) == ("unknown", "coverage", 4)


def test_a_key_that_a_change_declares_fails_until_production_has_it(site: "Site") -> None:
    site.told(config=site.section("config", [{"name": "DEBUG", "shape": "bool", "declared": True}]))
    debug = {"name": "DEBUG", "shape": "bool", "declared": True}
    declared = [debug, {"name": "SENTRY_DSN", "absent": True, "declared": True}]
    answer = ask(site, {"config": site.section("config", declared, who="gate")}).json()
    assert [(found["name"], found["rule"]) for found in answer["introduced"]] == [("SENTRY_DSN", "missing")]
    assert answer["verdict"] == "fail"


def test_a_verdict_is_kept_with_what_was_judged(running: "Site") -> None:
    from paritycheck.models import Verdict

    answer = candidate(running, "17").json()
    kept = Verdict.objects.get()
    assert (kept.verdict, kept.document, kept.snapshot and kept.snapshot.number) == ("fail", answer, 1)
    assert kept.candidate["sections"]["services"]["status"] == "ok"
    assert answer["url"].endswith(f"/p/shop/gate/{kept.pk}")


def test_the_same_question_with_the_same_answer_is_the_same_verdict(running: "Site") -> None:
    from paritycheck.models import Instance, Verdict

    first = candidate(running, "17").json()
    other = candidate(running, "17", fail_on="warning").json()
    Instance.objects.update(last_seen=datetime.now(UTC) - timedelta(minutes=5))
    again = candidate(running, "17").json()
    assert again["url"] == first["url"] != other["url"]
    assert again["against"].pop("age_s") >= 300 > first["against"].pop("age_s")
    assert again == first
    assert candidate(running, "17", fail_on="warning").json()["url"] == other["url"]
    assert Verdict.objects.count() == 2


def test_another_answer_is_another_verdict_and_the_earlier_one_stays_as_it_was(running: "Site") -> None:
    from paritycheck.models import Instance, Verdict

    first = candidate(running, "17", max_age_s=60).json()
    Instance.objects.update(last_seen=datetime.now(UTC) - timedelta(hours=2))
    stale = candidate(running, "17", max_age_s=60).json()
    running.told(services=running.section("services", live("16.10"), [""]), seq=2)
    newer = candidate(running, "17", max_age_s=60).json()
    assert [answer["verdict"] for answer in (first, stale, newer)] == ["fail", "unknown", "fail"]
    assert newer["against"]["snapshot"] == "production#2"
    assert [row.document for row in Verdict.objects.order_by("created_at")] == [first, stale, newer]


def test_a_commit_that_is_recorded_twice_is_one_verdict_and_no_base_of_itself(running: "Site") -> None:
    from paritycheck.models import Verdict

    main = {"commit": "9ab0" * 10, "branch": "main"}
    first = candidate(running, "17", record=True, candidate=main).json()
    assert candidate(running, "17", record=True, candidate=main).json()["url"] == first["url"]
    assert Verdict.objects.count() == 1
    assert candidate(running, "17").json()["base"]["commit"] == "9ab0" * 10


BAD: dict[str, tuple[dict[str, Any], int, str]] = {
    "schema": ({"schema": "paritycheck.report/1"}, 422, "schema-unsupported"),
    "fail_on": ({"fail_on": "everything"}, 422, "invalid-candidate"),
    "max_age_s": ({"max_age_s": -1}, 422, "bad-number"),
    "min_coverage": ({"min_coverage": 101}, 422, "bad-number"),
    "record": ({"record": "yes"}, 422, "invalid-candidate"),
    "commit": ({"candidate": {"commit": "HEAD"}}, 422, "invalid-candidate"),
    "candidate": ({"candidate": []}, 422, "invalid-candidate"),
    "sections": ({"sections": None}, 422, "invalid-candidate"),
    "base": ({"base": 5}, 422, "invalid-candidate"),
    "policy": ({"policy": "latest"}, 422, "invalid-candidate"),
    "branch": ({"candidate": {"branch": "b" * 600}}, 422, "too-long|invalid-candidate"),
    "against": ({"against": "nowhere"}, 404, "not-found"),
    "against-foreign": ({"against": "../other"}, 404, "not-found"),
}


@pytest.mark.parametrize(("members", "status", "code"), BAD.values(), ids=BAD)
def test_a_bad_question_is_refused(running: "Site", members: dict[str, Any], status: int, code: str) -> None:
    reply = ask(running, {}, **members)
    assert reply.status == status
    assert reply.code in code.split("|")


@pytest.mark.parametrize(
    "members",
    [
        {"candidate": {"branch": "b" * 500}},
        {"sections": {"newer": 5}},
        {"base": {"sections": {"newer": []}}},
        {"candidate": {}, "default_branch": "d" * 256, "record": True},
        {"max_age_s": 2**63 - 1},
    ],
)
def test_no_question_is_a_failure_of_the_server(running: "Site", members: dict[str, Any]) -> None:
    assert ask(running, {}, **members).status in {200, 422}


def test_a_gate_needs_a_baseline_or_a_name(site: "Site") -> None:
    from paritycheck.models import Project

    Project.objects.update(baseline=None)
    reply = ask(site, {})
    assert (reply.status, reply.code) == (422, "invalid-candidate")
    assert reply.json()["errors"][0]["pointer"] == "/against"


class TestPromotion:
    """Would production drift if staging were promoted?"""

    @pytest.fixture
    def both(self, running: "Site") -> "Site":
        running.told(who="staging", services=running.section("services", live("17.1"), [""], who="staging"))
        return running

    def test_it_answers_as_the_gate_does_and_keeps_nothing(self, both: "Site") -> None:
        from paritycheck.models import Verdict

        answer = both.get(f"{GATE}?environment=staging", who="gate").json()
        assert (answer["verdict"], answer["exit_code"]) == ("fail", 1)
        assert answer["candidate"]["snapshot"] == "staging#1"
        assert answer["against"]["environment"] == "production"
        assert Verdict.objects.count() == 0

    @pytest.mark.parametrize(
        ("query", "status", "verdict"),
        [
            ("environment=staging&strict=1", 412, "fail"),
            ("environment=staging&strict=0", 200, "fail"),
            ("environment=production&strict=1", 200, "pass"),
            ("environment=laptops&strict=1", 424, "unknown"),
            ("environment=staging&against=laptops&strict=1", 424, "unknown"),
            ("environment=laptops", 200, "unknown"),
        ],
    )
    def test_strict_says_it_by_status(self, both: "Site", query: str, status: int, verdict: str) -> None:
        reply = both.get(f"{GATE}?{query}", who="gate")
        assert (reply.status, reply.json()["verdict"]) == (status, verdict)
        if status >= 400:
            assert reply.code in {"drift", "no-evidence"}

    def test_evidence_of_what_is_promoted_has_to_be_fresh_too(self, both: "Site") -> None:
        from paritycheck.models import Instance

        old = datetime.now(UTC) - timedelta(hours=2)
        Instance.objects.filter(environment__slug="staging").update(last_seen=old)
        answer = both.get(f"{GATE}?environment=staging&max_age_s=3600", who="gate").json()
        assert (answer["verdict"], answer["reason"]) == ("unknown", "stale")

    def test_an_environment_that_is_not_there_is_nothing(self, both: "Site") -> None:
        assert both.get(f"{GATE}?environment=nowhere", who="gate").code == "not-found"
        assert both.get(f"{GATE}?environment=staging&against=nowhere", who="gate").code == "not-found"
