"""How far apart the tools are, by section; what is past its support; how laptops are spread, none of them by name."""

from typing import TYPE_CHECKING, Any

import pytest

from paritycheck.core.end_of_life import endings
from tests.api.test_reads import database, evaluate, packages

if TYPE_CHECKING:
    from tests.api.installation import Site

TOOLS = "/api/v1/projects/shop/tools"


def tools(site: "Site") -> dict[str, Any]:
    reply = site.get(TOOLS)
    assert reply.status == 200, reply.body
    return dict(reply.json())


def tell(site: "Site", who: str, version: str, python: str, instance: str = "web-1", kind: str = "container") -> None:
    sections = {
        "services": site.section("services", database("postgresql", version, "probe"), [""], who=who),
        "dependencies": site.section("dependencies", packages(3, "1.0.0"), ["pkg:pypi/"], who=who),
        "runtime": site.section("runtime", [{"name": "python", "value": python}], who=who),
        "processes": site.section("processes", [{"name": "web", "kind": "gunicorn", "value": "1"}], who=who),
    }
    report = site.report(sections=sections, instance={"id": instance, "kind": kind})
    assert site.post(report, who=who).status == 202
    evaluate(who)


def laptop(site: "Site", number: int, version: str, python: str) -> None:
    tell(site, "laptops", version, python, f"of-person-{number}", "laptop")


@pytest.fixture
def told(site: "Site") -> "Site":
    tell(site, "production", "16.9", "3.12.4")
    tell(site, "staging", "13.14", "3.12.1")
    return site


def test_each_section_has_a_parity_and_all_facts_that_differ_a_distance(told: "Site") -> None:
    found = tools(told)
    assert (found["project"], found["baseline"]) == ("shop", "production")
    (staging,) = [each for each in found["environments"] if each["environment"] == "staging"]
    assert (staging["band"], staging["open_drifts"]) == ("error", {"error": 1, "warning": 0, "note": 0})
    assert staging["by_distance"] == {"patch": 1, "minor": 0, "major": 1, "kind": 0}
    assert {each["section"]: each["parity"] for each in staging["sections"]} == {
        "services": pytest.approx(0.3), "runtime": pytest.approx(0.9), "dependencies": 1.0, "processes": None,
    }  # fmt: skip
    services = next(each for each in staging["sections"] if each["section"] == "services")
    assert (services["counts"], services["open_drifts"]["error"]) == ({"different": 1}, 1)
    (pair,) = [each for each in told.get("/api/v1/projects/shop/parity").json()["pairs"] if "staging" in each["pair"]]
    assert (pair["parity"], pair["coverage"]) == (staging["parity"], staging["coverage"])


def test_what_a_release_before_did_not_count_is_told_as_not_counted(told: "Site") -> None:
    from paritycheck.models import Pair

    Pair.objects.update(sections={})
    (staging,) = tools(told)["environments"]
    assert (staging["by_distance"], staging["sections"]) == (None, [])
    assert staging["parity"] == pytest.approx(1 - (10 * 0.7 + 5 * 0.1) / 21)


def test_an_end_of_support_names_everywhere_that_runs_it_and_the_drift(
    told: "Site", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paritycheck.core.end_of_life.endings", endings)
    tell(told, "staging", "13.14", "3.12.2")
    tell(told, "old", "13.2", "3.12.4")
    ended = [each for each in tools(told)["support"] if each["name"] == "postgresql"]
    assert (ended[0]["cycle"], ended[0]["ends"], ended[0]["state"]) == ("13", "2025-11-13", "ended")
    assert ended[0]["source_url"].startswith("https://")
    assert [place["environment"] for place in ended[0]["environments"]] == ["old", "staging"]
    for place in ended[0]["environments"]:
        drift = told.get(f"/api/v1/projects/shop/drifts/{place['drift']}").json()
        assert (drift["rule"], drift["severity"]) == ("end-of-life", place["severity"])


def test_laptops_are_one_population_and_none_is_named(told: "Site") -> None:
    for number, version in enumerate(("16.9", "15.2")):
        laptop(told, number, version, "3.12.4")
    (cohort,) = tools(told)["cohorts"]
    assert cohort == {"environment": "laptops", "laptops": 2, "conforming": None, "facts": []}
    laptop(told, 2, "16.9", "2.7.18")
    laptop(told, 3, "16.2", "3.12.4")
    (cohort,) = tools(told)["cohorts"]
    assert (cohort["laptops"], cohort["conforming"]) == (4, 1)
    by_name = {fact["name"]: fact for fact in cohort["facts"]}
    assert {name: fact["conforming"] for name, fact in by_name.items()} == {"database": 2, "python": 3}
    votes = [(vote["value"], vote["laptops"], vote["same"]) for vote in by_name["database"]["values"]]
    assert votes == [("16.9", 2, True), ("15.2", 1, False), ("16.2", 1, False)]
    assert "of-person" not in told.get(TOOLS).body.decode()


def test_a_laptop_that_is_silent_and_a_service_of_another_handle_are_told_as_they_are(told: "Site") -> None:
    from datetime import timedelta

    from django.utils import timezone

    from paritycheck.models import Instance

    for number in range(4):
        laptop(told, number, "15.2", "3.12.4")
    Instance.objects.filter(key="of-person-3").update(last_seen=timezone.now() - timedelta(days=2))
    for number in range(2):
        facts = database("postgresql", "15.2", "probe")
        renamed = [{**facts[0], "name": "main-db"}]
        sections = {"services": told.section("services", renamed, [""], who="laptops")}
        report = told.report(sections=sections, instance={"id": f"of-person-{number}", "kind": "laptop"})
        assert told.post(report, who="laptops").status == 202
    (cohort,) = tools(told)["cohorts"]
    assert (cohort["laptops"], cohort["conforming"]) == (3, 0)
    (fact,) = [fact for fact in cohort["facts"] if fact["name"] == "database"]
    assert [(vote["value"], vote["laptops"]) for vote in fact["values"]] == [("16.9", 0), ("15.2", 3)]


def test_an_environment_says_on_what_its_instances_disagree_and_who_says_what(told: "Site") -> None:
    tell(told, "production", "16.9", "3.12.4", "web-2")
    assert told.get("/api/v1/projects/shop/environments/production").json()["disagreements"] == []
    tell(told, "production", "16.9", "3.11.9", "web-3")
    found = told.get("/api/v1/projects/shop/environments/production").json()["disagreements"]
    assert found == [{"section": "runtime", "name": "python", "values": [
        {"state": "present", "kind": None, "value": "3.12.4", "instances": ["web-1", "web-2"], "count": 2},
        {"state": "present", "kind": None, "value": "3.11.9", "instances": ["web-3"], "count": 1},
    ]}]  # fmt: skip
