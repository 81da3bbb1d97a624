"""Who belongs to a project: owners say so, and one owner stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.wire.canonical import line

if TYPE_CHECKING:
    from tests.api.installation import Site

P = "/api/v1/projects/shop/members"


def members(site: Site) -> dict[str, dict[str, Any]]:
    return {one["email"]: one for one in site.get(P).json()["results"]}


def test_an_owner_lets_in_changes_and_removes_and_the_log_says_so(site: Site) -> None:
    from paritycheck.models import User

    made = site.post({"email": " Bo@Example.com", "role": "viewer"}, who="admin", path=P)
    assert (made.status, made.json()["email"], made.json()["role"]) == (201, "bo@example.com", "viewer")
    bo = User.objects.get(email="bo@example.com")
    assert (bo.has_usable_password(), bo.subscriptions.count()) == (False, 2)
    assert site.post({"email": "bo@example.com"}, who="admin", path=P).code == "invalid-member"
    for role in ("maintainer", "maintainer"):
        reply = site.send("PATCH", f"{P}/{bo.pk}", line({"role": role}), who="admin")
        assert (reply.status, reply.json()["role"]) == (200, role)
    assert members(site)["bo@example.com"]["role"] == "maintainer"
    assert site.send("DELETE", f"{P}/{bo.pk}", who="admin").status == 204
    assert site.send("DELETE", f"{P}/{bo.pk}", who="admin").status == 404
    log = site.get("/api/v1/projects/shop/audit?action=member&actor=admin%40example.com").json()["results"]
    assert [(one["action"], one["target"], one["detail"]) for one in reversed(log)] == [
        ("member.added", "bo@example.com", {"role": "viewer"}),
        ("member.changed", "bo@example.com", {"role": "maintainer", "was": "viewer"}),
        ("member.removed", "bo@example.com", {"role": "maintainer"}),
    ]


def test_the_last_owner_stays_and_one_of_two_may_go(site: Site) -> None:
    from paritycheck.models import User
    from paritycheck.services.tokens import issue_token

    admin = members(site)["admin@example.com"]["id"]
    for reply in (
        site.send("PATCH", f"{P}/{admin}", line({"role": "member"}), who="admin"),
        site.send("DELETE", f"{P}/{admin}", who="admin"),
    ):
        assert (reply.status, reply.code) == (409, "last-owner")
    assert site.send("PATCH", f"{P}/{admin}", line({"role": "owner"}), who="admin").status == 200
    bo = site.post({"email": "bo@example.com", "role": "owner"}, who="admin", path=P).json()["id"]
    User.objects.filter(pk=bo).update(is_active=False)
    assert site.send("DELETE", f"{P}/{admin}", who="admin").code == "last-owner"
    User.objects.filter(pk=bo).update(is_active=True)
    site.tokens["bo"] = issue_token(kind="u", user=User.objects.get(pk=bo))[1]
    assert site.send("DELETE", f"{P}/{admin}", who="bo").status == 204
    assert site.send("DELETE", f"{P}/{bo}", who="bo").code == "last-owner"


@pytest.mark.parametrize("role", ["viewer", "maintainer"])
def test_who_owns_nothing_leaves_and_sends_nobody_away(site: Site, role: str) -> None:
    from paritycheck.models import User
    from paritycheck.services.tokens import issue_token

    admin = members(site)["admin@example.com"]["id"]
    bo = site.post({"email": "bo@example.com", "role": role}, who="admin", path=P).json()["id"]
    site.tokens["bo"] = issue_token(kind="u", user=User.objects.get(pk=bo))[1]
    assert site.send("DELETE", f"{P}/{admin}", who="bo").code == "forbidden"
    assert site.send("PATCH", f"{P}/{bo}", line({"role": "owner"}), who="bo").code == "forbidden"
    assert site.send("DELETE", f"{P}/{bo}", who="bo").status == 204
    assert site.get(P, who="bo").code == "not-found"


@pytest.mark.parametrize(
    "asked",
    [{}, {"email": "x"}, {"email": "a@b.example\r\nBcc: c"}, {"email": "a" * 250 + "@example.com"}, {"email": 5},
     {"email": "a@example.com", "role": "root"}, {"email": "a@example.com", "role": "superuser"}],
)  # fmt: skip
def test_whom_nobody_lets_in(site: Site, asked: dict[str, Any]) -> None:
    assert site.post(asked, who="admin", path=P).code == "invalid-member"
    extra = site.post({"email": "a@example.com", "is_superuser": True}, who="admin", path=P)
    assert extra.code == "unknown-field"
    assert set(members(site)) == {"admin@example.com"}
