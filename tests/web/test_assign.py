"""Drifts get an owner by hand: one of a page, or several of the matrix; that goes before the policy's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from paritycheck.models import Drift

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])
OWNED = '[owners]\n"services/*" = "platform"\n'


@pytest.fixture
def drifts(drifted: Any) -> list[Drift]:
    return list(drifted.project.drifts.filter(state="open").order_by("id")[:2])


def assign(client: Client, drifts: list[Drift], owner: str, **headers: str) -> Any:
    said = {"drifts": ",".join(drift.id for drift in drifts), "owner": owner, "reason": ""}
    return client.post("/p/shop/assign", said, headers=headers or None)


def test_several_are_assigned_at_once_and_the_matrix_says_to_whom(signed_in: Client, drifts: list[Drift]) -> None:
    from paritycheck.models import AuditEntry

    answer = assign(signed_in, drifts, " payments ")
    assert (answer.status_code, answer["Location"]) == (302, "/p/shop")
    for drift in drifts:
        drift.refresh_from_db()
        assert (drift.owner, drift.state) == ("payments", "open")
    page = signed_in.get("/p/shop?owner=payments").content.decode()
    assert "2 drifts assigned to payments." in page
    entry = AuditEntry.objects.get(action="drift.assigned")
    assert (entry.target, entry.detail) == ("2 drifts", {"owner": "payments"})


def test_an_owner_by_hand_stays_when_the_drift_changes(shop: Any, signed_in: Client) -> None:
    shop.report("production", shop.facts())
    shop.report("staging", shop.facts("dependencies", "pkg:pypi/stripe", value="14.0.1"))
    drift = shop.project.drifts.get(name="pkg:pypi/stripe")
    assign(signed_in, [drift], "ann@example.com")
    shop.report("staging", shop.facts("dependencies", "pkg:pypi/stripe", value="15.0.0"))
    drift.refresh_from_db()
    assert (drift.left_side["value"], drift.owner) == ("15.0.0", "ann@example.com")


def test_without_a_name_it_goes_back_to_whom_the_policy_says(drifted: Any, signed_in: Client) -> None:
    signed_in.post("/p/shop/settings/policy", {"action": "save", "text": OWNED, "version": "0"})
    drift = drifted.project.drifts.get(name="database", left__slug="ci")
    assign(signed_in, [drift], "ann")
    answer = signed_in.post(f"/p/shop/assign?drifts={drift.id}", {"owner": ""})
    drift.refresh_from_db()
    assert (drift.owner, answer["Location"]) == ("platform", f"/p/shop/d/{drift.id[:10]}")


def test_who_only_reads_assigns_nothing(drifted: Any, signed_in: Client, drifts: list[Drift]) -> None:
    drifted.project.memberships.filter(user=drifted.owner).update(role="viewer")
    assert assign(signed_in, drifts, "ann").status_code == 403
    assert not drifted.project.drifts.filter(owner="ann").exists()


def test_the_dialog_is_led_on_and_a_foreign_drift_is_not_there(signed_in: Client, drifts: list[Drift]) -> None:
    answer = assign(signed_in, drifts, "ann", hx_request="true")
    assert answer["HX-Redirect"] == "/p/shop"
    assert signed_in.post("/p/shop/assign", {"drifts": "0" * 64, "owner": "ann"}).status_code == 404


def test_the_forms_that_waive_also_only_assign(signed_in: Client, drifts: list[Drift]) -> None:
    drift = drifts[0]
    assert (
        f'formaction="/p/shop/assign?drifts={drift.id}"' in signed_in.get(f"/p/shop/d/{drift.id[:10]}").content.decode()
    )
    picked = signed_in.post("/p/shop/waivers/picked", {"drifts": drift.id}, headers={"hx-request": "true"})
    assert 'formaction="/p/shop/assign"' in picked.content.decode()
    assert "formaction" not in signed_in.get("/p/shop/waivers").content.decode()
