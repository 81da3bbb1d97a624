"""The policy as scripts work with it: read, saved, refused with a place, previewed, back-tested."""

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

POLICY = "/api/v1/projects/shop/policy"
LAX = '[tools.services]\n"*" = "same-major"\n'


def save(site: "Site", who: str = "admin", **members: Any) -> "Reply":
    return site.send("PUT", POLICY, json.dumps(members).encode(), who=who)


def tell(site: "Site", who: str, version: str, policy: str = "") -> None:
    """An environment's one instance reports its database, and a policy where one is given."""
    entry = site.section("services", [{"name": "database", "kind": "postgresql", "value": version}], [""], who=who)
    more = {"policy": send_policy(site, who, policy)} if policy else {}
    instance = {"id": f"{who}-1", "kind": "container"}
    reply = site.post(site.report(sections={"services": entry}, instance=instance, **more), who=who)
    assert reply.status == 202, reply.body


def send_policy(site: "Site", who: str, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    path = f"/api/v1/policies/{digest}"
    assert site.send("PUT", path, text.encode(), who=who, media="application/toml").status == 201
    return f"sha256:{digest}"


def evaluate(site: "Site") -> None:
    from django.utils import timezone

    from paritycheck.models import Environment
    from paritycheck.services.evaluate import evaluate_pairs

    del site
    for environment in Environment.objects.filter(project__slug="shop", latest__isnull=False):
        evaluate_pairs(environment_id=environment.pk, now=timezone.now())


def open_drifts(site: "Site") -> set[str]:
    return {row["id"] for row in site.get("/api/v1/projects/shop/drifts").json()["results"]}


def test_without_a_policy_the_shipped_expectations_are_version_0(site: "Site") -> None:
    told = site.get(POLICY).json()
    assert (told["version"], told["origin"], told["text"], told["effective"]) == (0, "shipped", None, True)
    assert (told["policy_from"], told["in_repository"]) == ("production", False)


def test_a_saved_text_is_in_force_with_who_and_when(site: "Site") -> None:
    told = save(site, text=LAX).json()
    assert (told["version"], told["origin"], told["user"], told["text"]) == (1, "saved", "admin@example.com", LAX)
    assert told["sha256"] == hashlib.sha256(LAX.encode()).hexdigest()
    assert told["at"]
    assert site.get("/api/v1/projects/shop").json()["policy"] == {"version": 1, "sha256": told["sha256"]}
    assert save(site, text=LAX).json()["version"] == 1


def test_every_version_is_kept_and_can_be_read_again(site: "Site") -> None:
    for text in (LAX, "", LAX):
        assert save(site, text=text).status == 200
    rows = site.get("/api/v1/projects/shop/policies").json()["results"]
    assert [row["version"] for row in rows] == [3, 2, 1]
    first = site.get(f"{POLICY}?version=1").json()
    assert (first["text"], first["effective"]) == (LAX, False)
    assert site.get(f"{POLICY}?version=9").code == "not-found"
    assert site.get(f"{POLICY}?version=x").code == "bad-parameter"


def test_a_mistake_has_line_column_and_what_was_meant(site: "Site") -> None:
    text = '[tools.dependencies]\ndirect = "same"\ntransitive = "same-magor"\n'
    for reply in (save(site, text=text), *(site.post({"text": text}, who="admin", path=f"{POLICY}/{call}")
                                           for call in ("preview", "backtest"))):  # fmt: skip
        assert (reply.status, reply.code) == (422, "bad-policy")
        detail = "`same-magor` is no expectation. Did you mean `same-major`?"
        assert reply.json()["errors"] == [{"line": 3, "column": 14, "detail": detail}]
    assert site.get(POLICY).json()["version"] == 0


def test_row_53_a_bad_pattern_is_422_with_its_place(site: "Site") -> None:
    many = "".join(f'"a{index}" = "same"\n' for index in range(201))
    for pattern in (f'"{"a" * 257}" = "same"\n', many, '"a\\u0007" = "same"\n', '"a[b" = "same"\n'):
        reply = save(site, text=f"[tools.services]\n{pattern}")
        assert (reply.status, reply.code) == (422, "bad-pattern"), pattern[:40]
        assert reply.json()["errors"][0]["line"] >= 2


def test_the_file_in_the_codebase_wins(site: "Site") -> None:
    assert save(site, text=LAX).status == 200
    tell(site, "production", "16.1", policy="[time]\n")
    told = site.get(POLICY).json()
    assert (told["version"], told["origin"], told["environment"], told["text"]) == (
        2, "repository", "production", "[time]\n"
    )  # fmt: skip
    reply = save(site, text=LAX)
    assert (reply.status, reply.code) == (409, "policy-in-repository")
    assert "production reports a parity.toml" in reply.json()["detail"]


def test_a_codebase_without_the_file_any_more_lets_people_save_again(site: "Site") -> None:
    tell(site, "production", "16.1", policy="[time]\n")
    tell(site, "production", "16.2")
    assert site.get(POLICY).json()["text"] == "[time]\n"
    assert save(site, text=LAX).json()["version"] == 2


def test_a_reported_file_with_a_mistake_is_told_and_stays_out_of_force(site: "Site") -> None:
    tell(site, "production", "16.1", policy="[time]\n")
    tell(site, "production", "16.1", policy="[tyme]\n")
    told = site.get(POLICY).json()
    assert told["text"] == "[time]\n"
    assert told["refused"]["errors"] == [
        {"line": 1, "column": 2, "detail": "`tyme` is not known here. Did you mean `time`?"}
    ]


def test_policy_from_names_the_environment_whose_file_counts(site: "Site") -> None:
    tell(site, "staging", "16.1", policy=LAX)
    assert site.get(POLICY).json()["version"] == 0
    told = save(site, policy_from="staging").json()
    assert (told["policy_from"], told["version"], told["environment"], told["text"]) == ("staging", 1, "staging", LAX)
    tell(site, "production", "16.1", policy="[time]\n")
    assert site.get(POLICY).json()["text"] == LAX
    assert save(site, policy_from=None).json()["text"] == "[time]\n"


def test_a_laptops_file_never_counts_by_itself(site: "Site") -> None:
    tell(site, "laptops", "16.1", policy=LAX)
    assert site.get(POLICY).json()["version"] == 0


def test_two_who_save_at_once_do_not_overwrite_each_other(site: "Site") -> None:
    assert save(site, text=LAX, version=0).status == 200
    reply = save(site, text="", version=0)
    assert (reply.status, reply.code) == (409, "policy-moved")
    assert site.get(POLICY).json()["text"] == LAX


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"text": LAX, "colour": 1}, "unknown-field"),
        ({}, "bad-policy"),
        ({"text": 3}, "bad-policy"),
        ({"text": LAX, "version": True}, "bad-policy"),
        ({"policy_from": "nowhere"}, "bad-policy"),
        ({"policy_from": 3}, "bad-policy"),
        ([], "bad-policy"),
        ({"text": "a\0"}, "control-character"),
        ({"text": "a" * 65_537}, "bad-policy"),
    ],
)
def test_what_cannot_be_taken_is_422_and_changes_nothing(site: "Site", body: Any, code: str) -> None:
    reply = site.send("PUT", POLICY, json.dumps(body).encode(), who="admin")
    assert (reply.status, reply.code) == (422, code)
    assert site.get(POLICY).json()["version"] == 0


def test_days_are_1_to_90(site: "Site") -> None:
    for days in (0, 91, -1):
        assert site.post({"days": days}, who="admin", path=f"{POLICY}/backtest").code == "bad-policy"


def test_what_the_preview_promises_happens(site: "Site") -> None:
    tell(site, "production", "16.1")
    tell(site, "staging", "15.4")
    tell(site, "laptops", "16.9")
    evaluate(site)
    before = open_drifts(site)
    assert before
    for text in (LAX, '[tools.services]\n"*" = "same"\n', '[tools.services]\n"*" = "ignore"\n', ""):
        told = site.post({"text": text}, who="admin", path=f"{POLICY}/preview").json()
        assert open_drifts(site) == before, "a preview writes nothing"
        assert save(site, text=text).status == 200
        evaluate(site)
        after = open_drifts(site)
        moved: dict[str, set[str]] = {"opens": set(), "changes": set(), "resolves": set()}
        for move in told["moves"]:
            moved[move["what"]].add(move["drift"])
        assert (moved["opens"], moved["resolves"]) == (after - before, before - after), text
        assert told["totals"]["stays"] == len(after & before) - len(moved["changes"])
        before = after


def apart(site: "Site", minutes: int) -> None:
    """Put every snapshot that is stored so many minutes further back."""
    from datetime import timedelta

    from django.db.models import F

    from paritycheck.models import Snapshot

    del site
    Snapshot.objects.update(opened_at=F("opened_at") - timedelta(minutes=minutes))


def test_a_back_test_counts_what_came_and_went(site: "Site") -> None:
    tell(site, "production", "16.1")
    for version in ("16.1", "15.4", "16.1", "14.2"):
        apart(site, 10)
        tell(site, "staging", version)
    told = site.post({"text": "", "days": 30}, who="admin", path=f"{POLICY}/backtest").json()
    assert (told["opened"], told["gone_within_an_hour"], told["complete"]) == (2, 1, True)
    assert told["rules"] == [{"section": "services", "rule": "version", "opened": 2, "gone_within_an_hour": 1}]
    assert [one["gone_at"] is None for one in told["openings"]] == [True, False]
    ignoring = '[tools.services]\n"*" = "ignore"\n'
    assert site.post({"text": ignoring}, who="admin", path=f"{POLICY}/backtest").json()["opened"] == 0
    assert open_drifts(site) == set()
