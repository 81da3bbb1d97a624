"""What people and tokens change leaves an entry that maintainers read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.api.installation import Site

P = "/api/v1/projects/shop"
HOOK = {"kind": "webhook", "name": "ops", "settings": {"url": "https://hooks.example.com/secret-path"}}
WAIVER = {"match": "config/*", "reason": "accepted", "owner": "ann", "until_change": True}


def done(site: Site, method: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    reply = site.send(method, P + path, data, who="admin")
    assert reply.status < 300, reply.body
    return reply.json() if reply.body else None


def told(site: Site, query: str = "") -> list[dict[str, Any]]:
    reply = site.get(f"{P}/audit{query}")
    assert reply.status == 200, reply.body
    return list(reply.json()["results"])


def test_each_change_is_an_entry_with_who_and_what_and_no_secret(site: Site) -> None:
    from django.utils import timezone

    from paritycheck.models import Delivery, Project

    waiver = done(site, "POST", "/waivers", WAIVER)
    for _ in range(2):
        done(site, "DELETE", f"/waivers/{waiver['id']}")
    for _ in range(2):
        done(site, "PUT", "/policy", {"text": "[time]"})
    for _ in range(2):
        done(site, "PUT", "/policy", {"policy_from": "staging"})
    made = done(site, "POST", "/channels", HOOK)
    channel = f"/channels/{made['id']}"
    rotated = done(site, "POST", f"{channel}/rotate")
    done(site, "PATCH", channel, {})
    for state in ("off", "off", "on", "on"):
        done(site, "PATCH", channel, {"state": state})
    done(site, "PATCH", channel, {"name": "ops-2"})
    rule = done(site, "POST", "/subscriptions", {"channel": made["id"]})
    own = done(site, "POST", "/subscriptions", {})
    for each in (rule, own):
        done(site, "PATCH", f"/subscriptions/{each['id']}", {"at_least": "note"})
        done(site, "DELETE", f"/subscriptions/{each['id']}")
    done(site, "DELETE", channel)
    done(site, "POST", "/people/links", {"accounts": ["a@example.com", "github:a"]})
    done(site, "POST", "/people/links", {"accounts": ["github:a"], "linked": False})
    row = Delivery.objects.create(
        project=Project.objects.get(slug="shop"), kind="alert", recipient="ann@example.com", subject="[shop] redis",
        content={}, dedupe="a", due_at=timezone.now(),
    )  # fmt: skip
    done(site, "POST", f"/deliveries/{row.pk}/send")
    done(site, "POST", f"/deliveries/{row.pk}/give-up")
    entries = [entry for entry in reversed(told(site)) if entry["actor"] != "system"]
    assert [(entry["action"], entry["target"]) for entry in entries] == [
        ("waiver.created", "config/*"), ("waiver.ended", "config/*"),
        ("policy.saved", "v1"), ("policy.source-chosen", "staging"),
        ("channel.added", "ops"), ("channel.rotated", "ops"), ("channel.off", "ops"), ("channel.on", "ops"),
        ("channel.changed", "ops-2"),
        ("subscription.added", "ops-2"), ("subscription.changed", "ops-2"), ("subscription.ended", "ops-2"),
        ("channel.removed", "ops-2"), ("people.linked", ""), ("people.unlinked", ""),
        ("delivery.sent-again", "[shop] redis"), ("delivery.given-up", "[shop] redis"),
    ]  # fmt: skip
    assert {entry["actor"] for entry in entries} == {"admin@example.com"}
    kept = json.dumps(entries)
    for secret in (made["secret"], rotated["secret"], "secret-path", "a@example.com", *site.tokens.values()):
        assert secret not in kept.replace("admin@example.com", "")


def test_what_bootstrap_made_is_the_systems_and_the_tokens_secrets_are_not_there(site: Site) -> None:
    entries = told(site)
    assert {entry["actor"] for entry in entries} == {"system"}
    nouns = {entry["action"] for entry in entries}
    assert nouns == {"project.created", "environment.created", "baseline.chosen", "token.issued", "member.added"}
    assert site.tokens["gate"][:16] in {entry["target"] for entry in entries}


def test_entries_come_newest_first_by_filters_and_hang_on_the_head(site: Site) -> None:
    for _ in range(2):
        assert site.post(WAIVER, who="admin", path=f"{P}/waivers").status == 201
    page = site.get(f"{P}/audit?page_size=1").json()
    assert page["head"]["number"] == page["results"][0]["number"]
    assert page["head"]["sha256"] == page["results"][0]["sha256"]
    second = site.get("/api" + page["next"].partition("/api")[2]).json()
    assert second["results"][0]["sha256"] == page["results"][0]["previous"]
    at = second["results"][0]["at"].replace("+", "%2B")
    for query, count in (
        ("?action=waiver", 2), ("?action=waiver.created", 2), ("?action=waiver.c", 0), ("?action=w", 0),
        ("?actor=admin%40example.com", 2), ("?actor=eve%40example.com", 0), (f"?since={at}", 2),
        ("?since=2999-01-01T00:00:00Z", 0), ("?actor=admin%40example.com&action=token", 0),
    ):  # fmt: skip
        assert len(told(site, query)) == count, query
    for query in ("since=yesterday", "since=2026-11-24T00:00:00", "since=2026-13-24T00:00:00Z", f"actor={'a' * 255}"):
        assert site.get(f"{P}/audit?{query}").code == "bad-parameter", query


def test_a_foreign_projects_entries_are_its_own(site: Site) -> None:
    assert site.post(WAIVER, who="admin", path="/api/v1/projects/other/waivers").status == 201
    assert not told(site, "?action=waiver")
    assert len(site.get("/api/v1/projects/other/audit?action=waiver").json()["results"]) == 1
