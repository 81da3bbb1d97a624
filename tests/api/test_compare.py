"""Any two snapshots side by side, as scripts ask for them."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

COMPARE = "/api/v1/projects/shop/compare"


def package(number: int, version: str, **members: Any) -> dict[str, Any]:
    return {"name": f"pkg:pypi/p{number:03}", "value": version, "scope": "direct", "sources": ["uv.lock:7"], **members}


@pytest.fixture
def told(site: "Site") -> "Site":
    """Two snapshots of production; of staging one, where a key has gone, and a service cannot be asked."""
    for version in ("1.0.0", "1.0.1"):
        facts = [package(0, version), *(package(number, "2.0") for number in range(1, 8))]
        tell(
            site,
            dependencies=site.section("dependencies", facts, ["pkg:pypi/"]),
            config=site.section("config", [{"name": "ONLY_HERE", "shape": "text"}], ["ONLY_"]),
            services=site.section("services", [{"name": "database", "kind": "postgresql", "value": "16.9"}], [""]),
        )
    site.told(
        who="staging",
        dependencies=site.section("dependencies", [package(0, "3.0"), package(9, "1")], ["pkg:pypi/"], who="staging"),
        config=site.section("config", [], ["ONLY_"], who="staging"),
        services=site.section(
            "services", [{"name": "database", "kind": "postgresql", "unknown": "auth-required"}], [""], who="staging"
        ),
    )
    return site


def tell(site: "Site", **sections: Any) -> None:
    """A report of one and the same instance, so that the last one is what is there."""
    instance = {"id": "web-1", "kind": "container"}
    assert site.post(site.report(sections=sections, instance=instance)).status == 202


def compare(site: "Site", query: str, **asked: str) -> "Reply":
    return site.send("GET", f"{COMPARE}?{query}", None, who="admin", headers=asked)


def test_what_changed_between_two_snapshots_with_both_sides_and_where_each_was_read(told: "Site") -> None:
    answer = compare(told, "left=production~1&right=production").json()
    assert (answer["left"]["address"], answer["right"]["address"]) == ("production#1", "production#2")
    assert answer["counts"] == {"different": 1, "left": 0, "right": 0, "unknown": 0, "same": 9}
    assert answer["sections"]["dependencies"]["same"] == 7
    (row,) = answer["results"]
    assert (row["section"], row["name"], row["bucket"], row["distance"]) == (
        "dependencies", "pkg:pypi/p000", "different", 1,
    )  # fmt: skip
    assert (row["left"]["value"], row["right"]["value"]) == ("1.0.0", "1.0.1")
    assert row["left"]["sources"] == ["uv.lock:7"]
    assert row["right"]["read_at"].endswith("Z")


def test_every_fact_is_in_one_bucket_and_each_bucket_can_be_asked_for(told: "Site") -> None:
    both = "left=staging&right=production%232"
    counts = compare(told, both).json()["counts"]
    assert counts == {"different": 1, "left": 1, "right": 8, "unknown": 1, "same": 0}
    for bucket, count in counts.items():
        rows = compare(told, f"{both}&only={bucket}").json()["results"]
        assert [row["bucket"] for row in rows] == [bucket] * count
    (row,) = compare(told, f"{both}&only=unknown").json()["results"]
    assert (row["name"], row["reason"], row["distance"]) == ("database", "auth-required", None)


def test_a_snapshot_is_the_same_as_itself(told: "Site") -> None:
    answer = compare(told, "left=production&right=production~0&only=same").json()
    assert answer["counts"] == {"different": 0, "left": 0, "right": 0, "unknown": 0, "same": 10}
    assert len(answer["results"]) == 10
    assert {row["distance"] for row in answer["results"]} == {0}


def test_section_and_name_filter_the_rows_and_leave_the_counts(told: "Site") -> None:
    both = "left=staging&right=production"
    answer = compare(told, f"{both}&section=dependencies&q=P00").json()
    assert {row["section"] for row in answer["results"]} == {"dependencies"}
    assert answer["counts"]["unknown"] == 1
    assert [row["name"] for row in compare(told, f"{both}&q=only_").json()["results"]] == ["ONLY_HERE"]


def test_pages_by_cursor_show_every_row_once_forwards_and_back(told: "Site") -> None:
    path: str | None = f"{COMPARE}?left=staging&right=production&page_size=4"
    seen: list[str] = []
    answer: Any = None
    while path:
        answer = told.get(path).json()
        seen += [row["name"] for row in answer["results"]]
        path = answer["next"] and "?".join(urlsplit(answer["next"])[2:4])
    every = [row["name"] for row in compare(told, "left=staging&right=production").json()["results"]]
    assert seen == every
    back = told.get("?".join(urlsplit(answer["previous"])[2:4])).json()
    assert [row["name"] for row in back["results"]] == every[4:8]


def test_an_answer_that_one_has_is_not_sent_again(told: "Site") -> None:
    query = "left=production~1&right=production"
    first = compare(told, query)
    again = compare(told, query, **{"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    other = compare(told, f"{query}&only=same", **{"If-None-Match": first.headers["etag"]})
    assert other.status == 200


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("right=production", "left is needed"),
        ("left=production", "right is needed"),
        ("left=Production&right=production", "left: This is no address of a snapshot, such as production"),
        ("left=production&right=production@{soon}", "right: The moment is no date, time or age"),
        ("left=production&right=production&only=both", "only is one of different, left, right, unknown, same"),
        ("left=production&right=production&section=all", "section is one of config"),
        ("left=production&right=production&cursor=x", "cursor is not one"),
        ("left=production&right=production&x=1", "a query parameter is not known"),
    ],
)
def test_what_is_wrong_is_said_and_never_repeated(told: "Site", query: str, said: str) -> None:
    tell(told, config=told.section("config", [{"name": "NEW", "shape": "text"}], []))
    query = query.replace("left=production&right=production&c", "left=production~1&right=production&c")
    reply = compare(told, query)
    assert (reply.status, reply.code) == (400, "bad-parameter")
    assert said in reply.json()["detail"]


@pytest.mark.parametrize("address", ["production%2399", "production~99", "nowhere", "production@{99999.years.ago}"])
def test_a_snapshot_that_is_not_there_is_not_found(told: "Site", address: str) -> None:
    assert compare(told, f"left={address}&right=production").status == 404


def test_every_form_of_address_finds_its_snapshot(told: "Site") -> None:
    moments = ("production@{2100-01-01T00:00Z}", "production@{0.days.ago}")
    forms = ("production", "production%232", "production~0", *moments)
    found = {compare(told, f"left={form}&right=production").json()["left"]["address"] for form in forms}
    assert found == {"production#2"}


def test_a_comparison_seen_before_costs_no_comparison(told: "Site", monkeypatch: pytest.MonkeyPatch) -> None:
    from paritycheck.selectors import comparisons

    first = compare(told, "left=staging&right=production").json()
    monkeypatch.delattr(comparisons, "compare_bodies")
    assert compare(told, "left=staging&right=production").json() == first


def test_fingerprints_stay_on_the_server(site: "Site") -> None:
    code = "pc1:0a1b2c3d:" + "a" * 26
    for shape in ("text", "hex"):
        fact = {"name": "API_TOKEN", "shape": shape, "length": "32-63", "fps": [code], "sources": ["env"]}
        tell(site, config=site.section("config", [fact], ["API_"]))
    reply = site.get(f"{COMPARE}?left=production~1&right=production&only=same")
    assert len(reply.json()["results"]) == 1
    assert b"pc1:" not in reply.body
