"""`/deploys` and `/time`: told once, read back, and what waits between two environments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.wire.canonical import line

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

DEPLOYS, TIME = "/api/v1/projects/shop/deploys", "/api/v1/projects/shop/time"
SHAS = [f"{number:040x}" for number in range(1, 9)]
NOW = datetime.now(UTC).replace(microsecond=0)


def told(site: Site, commit: str = SHAS[0], *, who: str = "gate", **members: Any) -> Reply:
    return site.post({"environment": "production", "commit": commit, **members}, who=who, path=DEPLOYS)


def zulu(**ago: float) -> str:
    return (NOW - timedelta(**ago)).isoformat().replace("+00:00", "Z")


def commits(site: Site) -> None:
    """Eight in a row, two hours apart, the newest an hour old, by Ann and Bo in turns."""
    rows = [line({"head": SHAS[-1], "shallow": False})]
    for index, sha in enumerate(SHAS):
        at = zulu(hours=15 - 2 * index)
        rows.append(
            line({
                "sha": sha, "parents": SHAS[index - 1 : index] if index else [], "author": [
                    ("Ann", "ann@example.com"), ("Bo", "bo@example.com")][index % 2],
                "authored": at, "committed": at, "subject": f"Change {index}",
            })
        )  # fmt: skip
    body = b"\n".join(rows) + b"\n"
    reply = site.send("POST", "/api/v1/commits", body, who="production", media="application/x-ndjson")
    assert (reply.status, reply.json()) == (202, {"commits": 8})


def test_a_deploy_is_kept_once_and_read_back(site: Site) -> None:
    said: dict[str, Any] = {
        "status": "success", "deployed_at": zulu(hours=2), "external_id": "run-7", "release": "v42",
        "artifact": "sha256:00ff", "url": "https://ci.example/7", "source": "cli",
        "actors": [
            {"role": "trigger", "name": "Ann", "email": "Ann@example.com"},
            {"role": "approver", "login": "bo", "provider": "gitlab"},
            {"role": "trigger", "login": "renovate[bot]"},
        ],
    }  # fmt: skip
    first, again = told(site, **said), told(site, **said)
    assert (first.status, again.status) == (201, 200)
    assert (first.json()["created"], again.json()["created"]) == (True, False)
    (row,) = site.get(DEPLOYS).json()["results"]
    assert {**row, "created": True} == first.json()
    assert {name: row[name] for name in said if name != "actors"} == {k: v for k, v in said.items() if k != "actors"}
    assert row["actors"] == [
        {"role": "trigger", "name": "Ann", "bot": False},
        {"role": "approver", "name": "bo", "bot": False},
        {"role": "trigger", "name": "renovate[bot]", "bot": True},
    ]


def test_no_address_is_kept_or_shown(site: Site) -> None:
    from django.db import connection

    told(site, actors=[{"role": "trigger", "name": "ann@example.com", "email": "ann@example.com"}])
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(d)::text FROM paritycheck_deploy d")
        (stored,) = cursor.fetchone() or ("",)
    assert "@" not in stored
    assert b"@" not in site.get(DEPLOYS).body


def test_deploys_are_listed_newest_first_by_environment_and_time_in_pages(site: Site) -> None:
    for index, sha in enumerate(SHAS):
        told(site, sha, deployed_at=zulu(hours=20 - index), environment=("production", "staging")[index % 2])
    every = [row["commit"] for row in site.get(DEPLOYS).json()["results"]]
    assert every == SHAS[::-1]
    mine = site.get(f"{DEPLOYS}?environment=staging").json()["results"]
    assert [row["commit"] for row in mine] == SHAS[1::2][::-1]
    assert [row["previous"] for row in mine] == [*SHAS[1:-1:2][::-1], None]
    since = site.get(f"{DEPLOYS}?since={zulu(hours=15)}").json()["results"]
    assert [row["commit"] for row in since] == SHAS[5:][::-1]
    seen, address = [], f"{DEPLOYS}?page_size=3"
    while address:
        page = site.get("/api" + address.partition("/api")[2]).json()
        seen += [row["commit"] for row in page["results"]]
        address = page["next"] or ""
    assert seen == every


BAD: dict[str, dict[str, Any]] = {
    "no environment": {"environment": None}, "environment": {"environment": "Production!"},
    "commit": {"commit": "main"}, "status": {"status": "maybe"}, "source": {"source": "report"},
    "deployed_at": {"deployed_at": "yesterday"}, "url": {"url": "javascript:alert(1)"},
    "login in url": {"url": "https://ann:secret@ci.example/"}, "unknown": {"deployd_at": "x"},
    "long": {"release": "x" * 300}, "actors": {"actors": {}}, "role": {"actors": [{"role": "boss", "name": "x"}]},
    "nameless": {"actors": [{"role": "trigger"}]}, "odd actor": {"actors": [{"role": "trigger", "phone": "1"}]},
    "many": {"actors": [{"role": "trigger", "name": str(number)} for number in range(21)]},
    "odd url": {"url": "https://[::1/"}, "secret": {"release": "pcg_000000000000_" + "0" * 38},
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_valid_is_422_and_keeps_nothing(site: Site, name: str) -> None:
    reply = told(site, **BAD[name])
    assert reply.status == 422, reply.body
    assert reply.code
    assert site.get(DEPLOYS).json()["results"] == []


def test_bytes_and_parameters_that_are_wrong_are_400(site: Site) -> None:
    assert site.post(b"[", who="gate", path=DEPLOYS).code == "bad-json"
    assert site.post(b"[]", who="gate", path=DEPLOYS).code == "invalid-deploy"
    others: tuple[Any, ...] = ([], {}, 1, None)
    for provider in others:
        actor = {"role": "trigger", "login": "ann", "provider": provider}
        asked = {"environment": "production", "commit": "a" * 40, "actors": [actor]}
        assert site.post(asked, who="gate", path=DEPLOYS).code == "invalid-deploy"
    for query in ("environment=No", "since=then", "sort=1", "cursor=x", "page_size=0"):
        assert site.get(f"{DEPLOYS}?{query}").code == "bad-parameter", query
    for query in ("", "?pair=staging", "?pair=staging..staging", "?pair=a..b..c", "?pair=A..b"):
        assert site.get(f"{TIME}{query}").code == "bad-parameter", query


def test_an_environment_that_is_not_there_is_404(site: Site) -> None:
    assert told(site, environment="nowhere").code == "not-found"
    assert site.get(f"{DEPLOYS}?environment=nowhere").code == "not-found"
    assert site.get(f"{TIME}?pair=staging..nowhere").code == "not-found"


def test_another_commit_under_a_known_id_is_422(site: Site) -> None:
    told(site, external_id="1")
    assert told(site, SHAS[1], external_id="1").code == "idempotency-mismatch"


def test_a_token_that_writes_may_tell_and_one_that_reads_may_not(site: Site) -> None:
    assert told(site, who="admin").status == 201
    assert told(site, who="production").code == "forbidden"


def test_hostile_words_come_back_as_they_were(site: Site) -> None:
    words = "<script>alert('x')</script> {{7*7}} '; DROP TABLE--"
    told(site, release=words, actors=[{"role": "trigger", "name": words}])
    (row,) = site.get(DEPLOYS).json()["results"]
    assert (row["release"], row["actors"][0]["name"]) == (words, words)


def test_time_tells_what_waits_how_long_and_how_it_went(site: Site) -> None:
    commits(site)
    # staging: 1 at -14 h, 4 at -8 h, 8 at -0.5 h; production: 1 at -13 h, 4 at -3 h.
    for slug, index, hours in (
        ("staging", 0, 14), ("production", 0, 13), ("staging", 3, 8), ("production", 3, 3), ("staging", 7, 0.5),
    ):  # fmt: skip
        told(site, SHAS[index], environment=slug, deployed_at=zulu(hours=hours))
    found = site.get(f"{TIME}?pair=staging..production").json()
    now = found["now"]
    assert (found["pair"], now["state"], now["waiting"], now["missing"]) == ("staging..production", "behind", 4, 0)
    assert 1800 <= now["age_s"] <= 1800 + (datetime.now(UTC) - NOW).total_seconds()
    assert (now["band"], now["limit_s"], now["by_commit_date"]) == ("ok", 86_400, False)
    series = [
        (row["environment"], row["state"], row["waiting"], row["age_before_s"], row["age_s"]) for row in found["series"]
    ]
    assert series == [
        ("staging", "unknown", None, None, None),
        ("production", "in_sync", 0, None, 0.0),
        ("staging", "behind", 3, 0.0, 0.0),
        ("production", "in_sync", 0, 5 * 3600.0, 0.0),
        ("staging", "behind", 4, 0.0, 0.0),
    ]
    assert found["series"][0]["reason"] == "no deploy yet"
    assert [row["sha"] for row in found["waiting"]] == SHAS[4:]
    assert {(row["author"], row["since"]) for row in found["waiting"]} == {
        ("Ann", zulu(hours=0.5)), ("Bo", zulu(hours=0.5)),
    }  # fmt: skip
    assert [(one["environment"], one["deploys"]) for one in found["environments"]] == [
        ("staging", 3),
        ("production", 2),
    ]
    assert found["environments"][0]["lead_time"]["reason"] == "insufficient data"


def test_time_gives_lead_time_and_interval_from_five_deploys_on(site: Site) -> None:
    commits(site)
    # Committed at -15, -13, ..., -1 h; deployed at -14.5, -12.5, ..., -0.5 h: half an hour after each.
    for index, sha in enumerate(SHAS):
        told(site, sha, deployed_at=zulu(hours=14.5 - 2 * index))
    production = site.get(f"{TIME}?pair=staging..production").json()["environments"][1]
    assert production["lead_time"] == {
        "p50_s": 1800.0, "p90_s": 1800.0, "commits": 7, "older": 0, "undecided": 0, "skewed": 0,
        "bars": [
            {"below_s": below, "commits": count}
            for below, count in ((3600.0, 7), (14_400.0, 0), (86_400.0, 0), (259_200.0, 0), (604_800.0, 0), (None, 0))
        ],
    }  # fmt: skip
    assert (production["deploys"], production["interval"]) == (8, {"median_s": 7200.0})


def test_time_before_any_deploy_says_so(site: Site) -> None:
    found = site.get(f"{TIME}?pair=staging..production").json()
    assert (found["now"]["state"], found["now"]["reason"], found["now"]["band"]) == (
        "unknown",
        "no deploy yet",
        "unknown",
    )
    assert (found["series"], found["waiting"]) == ([], [])
    assert found["environments"][0]["interval"] == {"median_s": None, "reason": "no deploy yet"}
