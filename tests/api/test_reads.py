"""What scripts read: projects, environments, snapshots, drifts, parity; by page, by filter, by address."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest

if TYPE_CHECKING:
    from tests.api.installation import Site

SHOP = "/api/v1/projects/shop"


def database(kind: str, value: str, source: str) -> list[dict[str, Any]]:
    said = {"name": "database", "kind": kind, "value": value, "keys": ["DATABASE_URL"], "via": "auth"}
    return [said | {"sources": [source]}]


def packages(count: int, version: str) -> list[dict[str, Any]]:
    return [{"name": f"pkg:pypi/p{number:03}", "value": version, "scope": "direct"} for number in range(count)]


def evaluate(slug: str = "staging") -> None:
    from django.utils import timezone

    from paritycheck.models import Environment
    from paritycheck.services.evaluate import evaluate_environment

    environment = Environment.objects.get(project__slug="shop", slug=slug)
    evaluate_environment(environment_id=environment.pk, now=timezone.now() + timedelta(seconds=1))


@pytest.fixture
def apart(site: "Site") -> "Site":
    """Staging runs PostgreSQL 13 where production runs 16, and three packages at another major."""
    site.told(
        services=site.section("services", database("postgresql", "16.9", "probe"), [""]),
        dependencies=site.section("dependencies", packages(3, "2.0.0"), ["pkg:pypi/"]),
    )
    site.told(
        who="staging",
        services=site.section("services", database("postgresql", "13.14", "compose.yaml:12"), [""], who="staging"),
        dependencies=site.section("dependencies", packages(3, "1.0.0"), ["pkg:pypi/"], who="staging"),
    )
    evaluate()
    return site


def drifts(site: "Site", query: str = "") -> list[dict[str, Any]]:
    reply = site.get(f"{SHOP}/drifts{query}")
    assert reply.status == 200, reply.body
    return list(reply.json()["results"])


def test_a_drift_is_as_the_documentation_says(apart: "Site") -> None:
    (drift,) = drifts(apart, "?section=services")
    assert set(drift) == {
        "id", "pair", "section", "name", "rule", "severity", "distance", "expectation", "state", "initial", "also",
        "left", "right", "opened_at", "changed_at", "resolved_at", "reopened", "owner", "waiver", "url",
    }  # fmt: skip
    said = (drift["pair"], drift["name"], drift["rule"], drift["severity"], drift["distance"], drift["state"])
    assert said == ("staging..production", "database", "version", "error", 3, "open")
    assert (drift["initial"], drift["reopened"], drift["owner"], drift["waiver"]) == (True, 0, None, None)
    left, right = drift["left"], drift["right"]
    assert (left["environment"], left["snapshot"], left["state"]) == ("staging", "staging#1", "present")
    assert (left["kind"], left["value"], left["sources"]) == ("postgresql", "13.14", ["compose.yaml:12"])
    assert (right["value"], right["sources"]) == ("16.9", ["probe"])
    for instant in (left["read_at"], right["read_at"], drift["opened_at"], drift["changed_at"]):
        assert instant.endswith("Z")
        assert datetime.now(UTC) - datetime.fromisoformat(instant) < timedelta(minutes=5)
    assert drift["url"] == f"http://127.0.0.1:8000/p/shop/d/{drift['id'][:10]}"


def test_a_drift_is_found_by_its_first_ten_digits_with_its_life(apart: "Site") -> None:
    (drift,) = drifts(apart, "?section=services")
    found = apart.get(f"{SHOP}/drifts/{drift['id'][:10]}").json()
    assert found.pop("events")[0]["kind"] == "opened"
    since = found.pop("since")
    assert (since["snapshot"], since["exact"]) in {("staging#1", False), ("production#1", False)}
    assert found == drift
    assert apart.get(f"{SHOP}/drifts/{drift['id']}").status == 200
    assert apart.get(f"{SHOP}/drifts/{drift['id'][:9]}").code == "not-found"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 4),
        ("?state=open", 4),
        ("?state=resolved", 0),
        ("?state=all", 4),
        ("?pair=staging..production", 4),
        ("?pair=staging", 4),
        ("?pair=laptops..production", 0),
        ("?section=dependencies", 3),
        ("?severity=error", 4),
        ("?severity=note", 0),
        ("?rule=version&section=services", 1),
        ("?rule=missing", 0),
        ("?q=p00", 3),
        ("?q=P001", 1),
        ("?q=%25", 0),
        ("?section=dependencies&section=services", 4),
        ("?severity=warning&severity=error", 4),
        ("?severity=waived", 0),
        ("?severity=unknown", 0),
        ("?state=live", 4),
        ("?q=database_url", 1),
    ],
)
def test_drifts_are_filtered(apart: "Site", query: str, count: int) -> None:
    assert len(drifts(apart, query)) == count


def test_a_drift_that_is_gone_is_resolved(apart: "Site") -> None:
    apart.told(
        who="staging",
        services=apart.section("services", database("postgresql", "16.9", "compose.yaml:12"), [""], who="staging"),
    )
    from paritycheck.models import Instance

    first = Instance.objects.filter(environment__slug="staging").order_by("created_at").first()
    assert first is not None
    first.delete()
    apart.told(
        who="staging",
        services=apart.section("services", database("postgresql", "16.9", "compose.yaml:13"), [""], who="staging"),
    )
    evaluate()
    assert drifts(apart, "?section=services") == []
    (resolved,) = drifts(apart, "?state=resolved&section=services")
    assert resolved["resolved_at"] is not None


class TestPages:
    """Cursor pages hold under rows that arrive meanwhile."""

    def test_pages_hold_every_row_once_forwards_and_backwards(self, apart: "Site") -> None:
        whole = [drift["id"] for drift in drifts(apart)]
        pages, address = [], f"{SHOP}/drifts?page_size=1"
        while address:
            page = apart.get(address).json()
            pages.append(page)
            address = road(page["next"])
        assert [row["id"] for page in pages for row in page["results"]] == whole
        assert pages[0]["previous"] is None
        back, address = [pages[-1]], road(pages[-1]["previous"])
        while address:
            back.append(apart.get(address).json())
            address = road(back[-1]["previous"])
        assert [row["id"] for page in back for row in page["results"]] == whole[::-1]

    def test_a_page_keeps_the_filter(self, apart: "Site") -> None:
        page = apart.get(f"{SHOP}/drifts?section=dependencies&page_size=2").json()
        rest = apart.get(road(page["next"])).json()
        assert [row["section"] for row in rest["results"]] == ["dependencies"]
        assert rest["next"] is None

    def test_links_are_built_from_the_public_url(self, apart: "Site") -> None:
        page = apart.send("GET", f"{SHOP}/drifts?page_size=1", who="admin", headers={"Host": "localhost"}).json()
        assert page["next"].startswith("http://127.0.0.1:8000/api/v1/")

    @pytest.mark.parametrize("cursor", ["", "W10=", "bnVsbA==", "WzEsMiwzXQ==", "WzEsInh4IiwiYSJd", "é", "A" * 2_000])
    def test_a_cursor_that_no_page_gave_is_refused(self, apart: "Site", cursor: str) -> None:
        assert apart.get(f"{SHOP}/drifts?cursor={quote(cursor)}").code in {"bad-parameter", "url-too-long"}

    def test_hostile_cursors_are_refused(self, apart: "Site") -> None:
        import base64
        import json

        for key in HOSTILE:
            cursor = base64.urlsafe_b64encode(json.dumps(key).encode()).decode()
            assert apart.get(f"{SHOP}/drifts?cursor={quote(cursor)}").code == "bad-parameter", key
            assert apart.get(f"{SHOP}/environments?cursor={quote(cursor)}").code == "bad-parameter", key

    def test_the_address_beyond_numbers_is_nothing(self, apart: "Site") -> None:
        import base64

        cursor = base64.urlsafe_b64encode(b"[false,%d]" % 10**30).decode()
        reply = apart.get(f"{SHOP}/environments/production/snapshots?cursor={quote(cursor)}")
        assert reply.status in {200, 400}


HOSTILE = (
    [False, None, "a"], [False, 5, "a"], [0, {}, []], [True, "2026-01-01", "a"], [False, "9" * 50, "a"],
    [True, "0001-01-01T00:00:00+14:00", "\ud800"], [True, "2026-01-01T00:00:00+00:00", "\0"],
)  # fmt: skip


def road(url: str | None) -> str:
    parts = urlsplit(url or "")
    return f"{parts.path}?{parts.query}" if url else ""


def test_parity_shows_three_gaps_with_band_and_coverage(apart: "Site") -> None:
    said = apart.get(f"{SHOP}/parity").json()
    (pair,) = said["pairs"]
    assert (said["project"], said["baseline"], pair["pair"]) == ("shop", "production", "staging..production")
    assert (pair["left"]["snapshot"], pair["right"]["snapshot"]) == ("staging#1", "production#1")
    for gap in ("time", "personnel", "tools"):
        assert {"value", "band", "coverage"} <= pair["gaps"][gap].keys()
    tools = pair["gaps"]["tools"]
    assert (tools["band"], tools["value"]) == ("error", pair["parity"])
    assert 0 < pair["parity"] < 1
    assert pair["coverage"] == 1.0
    assert pair["open_drifts"] == {"error": 4, "warning": 0, "note": 0}
    assert pair["gaps"]["personnel"]["band"] == "unknown"


def test_parity_says_whether_an_evaluation_is_due(apart: "Site") -> None:
    assert apart.get(f"{SHOP}/parity").json()["pairs"][0]["pending"] is True
    evaluate("production")
    assert apart.get(f"{SHOP}/parity").json()["pairs"][0]["pending"] is False
    apart.told(who="staging", runtime=apart.section("runtime", [{"name": "python", "value": "3.12.4"}], who="staging"))
    said = apart.get(f"{SHOP}/parity").json()
    assert (said["pairs"][0]["pending"], said["pending"]) == (True, True)
    evaluate()
    assert apart.get(f"{SHOP}/parity").json()["pairs"][0]["pending"] is False


def test_a_project_counts_its_open_drifts(apart: "Site") -> None:
    found = apart.get(SHOP).json()
    assert found["open_drifts"] == {"error": 4, "warning": 0, "note": 0}
    assert (found["baseline"], found["environments"]) == ("production", 7)
    listed = apart.get("/api/v1/projects").json()["results"]
    assert [row for row in listed if row["slug"] == "shop"] == [found]


def test_an_environment_shows_who_reports(apart: "Site") -> None:
    found = apart.get(f"{SHOP}/environments/staging").json()
    (instance,) = found["reporting"]
    assert (found["latest"], found["instances"], found["baseline"]) == ("staging#1", 1, False)
    assert (instance["kind"], instance["fresh"], instance["interval_s"]) == ("container", True, 300)
    assert {section["name"] for section in instance["sections"]} == {"services", "dependencies"}
    listed = [row["slug"] for row in apart.get(f"{SHOP}/environments").json()["results"]]
    assert listed == ["flood", "flood-proxied", "gone", "laptops", "old", "production", "staging"]


def test_an_instance_past_its_interval_is_not_fresh(apart: "Site") -> None:
    from paritycheck.models import Instance

    Instance.objects.update(last_seen=datetime.now(UTC) - timedelta(seconds=700))
    assert apart.get(f"{SHOP}/environments/staging").json()["reporting"][0]["fresh"] is False


@pytest.fixture
def history(site: "Site") -> "Site":
    """Production at three snapshots."""
    instance = {"id": "web-1", "kind": "host"}
    for version in ("14", "15", "16"):
        entry = site.section("services", database("postgresql", version, f"v{version}:1"), [""])
        assert site.post(site.report(instance=instance, sections={"services": entry})).status == 202
    return site


@pytest.mark.parametrize(
    ("place", "number"), [("1", 1), ("3", 3), ("latest", 3), ("~1", 2), ("~2", 1), ("~0", 3), ("@{1.hours.ago}", None),
                          ("@{2100-01-01T00:00Z}", 3), ("4", None), ("~3", None)],
)  # fmt: skip
def test_a_snapshot_is_found_by_every_address(history: "Site", place: str, number: int | None) -> None:
    reply = history.get(f"{SHOP}/environments/production/snapshots/{quote(place)}")
    if number is None:
        assert reply.code == "not-found"
        return
    found = reply.json()
    assert (found["address"], found["number"]) == (f"production#{number}", number)
    (section,) = found["sections"]
    (fact,) = section["facts"]
    assert (fact["value"], fact["sources"]) == (str(13 + number), [f"v{13 + number}:1"])


def test_snapshots_are_listed_newest_first(history: "Site") -> None:
    rows = history.get(f"{SHOP}/environments/production/snapshots?page_size=2").json()
    assert [row["address"] for row in rows["results"]] == ["production#3", "production#2"]
    rest = history.get(road(rows["next"])).json()
    assert [row["address"] for row in rest["results"]] == ["production#1"]


def test_every_answer_is_hardened(apart: "Site") -> None:
    answers = (apart.get(SHOP), apart.get(f"{SHOP}/nothing"), apart.get(SHOP, who=None))
    for reply, kept in zip(answers, ("private, no-cache", "no-store", "no-store"), strict=True):
        assert reply.headers["cache-control"] == kept
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["x-frame-options"] == "DENY"
        assert reply.headers["referrer-policy"] == "same-origin"
        assert reply.headers["content-security-policy"].startswith("default-src 'none'")
        assert "set-cookie" not in reply.headers
