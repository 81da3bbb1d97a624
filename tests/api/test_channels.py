"""Channels over HTTP: made, read, changed, tried and removed; no secret is ever read back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

PATH = "/api/v1/projects/shop/channels"
URL = "https://hooks.example.com/canary-path"
WEBHOOK = {"kind": "webhook", "name": "ops", "settings": {"url": URL}}


def make(site: Site, **given: Any) -> Reply:
    return site.post({**WEBHOOK, **given}, who="admin", path=PATH)


def patch(site: Site, ident: str, document: dict[str, Any]) -> Reply:
    from paritycheck_agent.wire.canonical import line

    return site.send("PATCH", f"{PATH}/{ident}", line(document), who="admin")


def test_the_secret_is_shown_once_and_the_address_never(site: Site) -> None:
    made = make(site)
    assert made.status == 201
    said = made.json()
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", said["secret"])
    assert (said["kind"], said["shown"], said["state"], said["made_by"]) == (
        "webhook", "hooks.example.com", "on", "admin@example.com",
    )  # fmt: skip
    listed = site.get(PATH)
    one = site.get(f"{PATH}/{said['id']}")
    assert listed.json() == {"next": None, "previous": None, "results": [one.json()]}
    assert make(site, name="a first one").status == 201
    first = site.get(f"{PATH}?page_size=1").json()
    assert [each["name"] for each in first["results"]] == ["a first one"]
    assert site.get(first["next"].removeprefix("http://127.0.0.1:8000")).json()["results"] == [one.json()]
    for reply in (made, listed, one):
        assert b"canary" not in reply.body
    for reply in (listed, one):
        assert b"whsec_" not in reply.body


def test_a_chat_has_no_secret_of_ours(site: Site) -> None:
    assert make(site, kind="slack").json()["secret"] is None


def test_it_is_switched_off_on_renamed_and_removed(site: Site) -> None:
    ident = make(site).json()["id"]
    off = patch(site, ident, {"state": "off"}).json()
    assert (off["state"], off["off_reason"]) == ("off", "by admin@example.com")
    on = patch(site, ident, {"state": "on", "name": "new name"}).json()
    assert (on["state"], on["off_reason"], on["off_at"], on["name"]) == ("on", None, None, "new name")
    changed = patch(site, ident, {"settings": {"url": "https://other.example.com/canary"}}).json()
    assert changed["shown"] == "other.example.com"
    assert site.send("DELETE", f"{PATH}/{ident}", who="admin").status == 204
    assert site.get(f"{PATH}/{ident}").code == "not-found"


def test_a_test_is_a_delivery_on_its_way(site: Site) -> None:
    from paritycheck.models import Delivery

    ident = make(site).json()["id"]
    tested = site.send("POST", f"{PATH}/{ident}/test", who="admin")
    assert tested.status == 202
    row = Delivery.objects.get(pk=tested.json()["delivery"])
    assert (row.kind, row.state, str(row.target_id)) == ("test", "due", ident)
    for _ in range(4):
        assert site.send("POST", f"{PATH}/{ident}/test", who="admin").status == 202
    full = site.send("POST", f"{PATH}/{ident}/test", who="admin")
    assert (full.code, full.headers["retry-after"]) == ("rate-limited", "60")


def test_a_new_secret_is_shown_once(site: Site) -> None:
    made = make(site).json()
    rotated = site.send("POST", f"{PATH}/{made['id']}/rotate", who="admin").json()
    assert set(rotated) == {"secret"}
    assert rotated["secret"] != made["secret"]


@pytest.mark.parametrize(
    ("document", "code", "pointer"),
    [
        ({**WEBHOOK, "canary": 1}, "unknown-field", None),
        ({**WEBHOOK, "settings": {"url": URL, "canary": "x"}}, "unknown-field", "/settings"),
        ({**WEBHOOK, "settings": {"url": 7}}, "invalid-channel", "/settings"),
        ({**WEBHOOK, "settings": {"url": "https://10.0.0.1/canary"}}, "invalid-channel", "/settings/url"),
        ({**WEBHOOK, "settings": []}, "invalid-channel", "/settings"),
        ({**WEBHOOK, "kind": "canary"}, "invalid-channel", "/kind"),
        ({**WEBHOOK, "name": ""}, "invalid-channel", "/name"),
        ({"name": "x"}, "invalid-channel", "/kind"),
        ({"kind": "slack"}, "invalid-channel", "/name"),
        ([], "invalid-channel", ""),
    ],
)
def test_what_is_wrong_is_told_by_pointer(site: Site, document: Any, code: str, pointer: str | None) -> None:
    reply = site.post(document, who="admin", path=PATH)
    assert (reply.status, reply.code) == (422, code)
    assert b"canary" not in reply.body
    if pointer is not None:
        assert reply.json()["errors"][0]["pointer"] == pointer


def test_a_change_of_what_is_not_known_is_refused(site: Site) -> None:
    ident = make(site).json()["id"]
    for document in ({"kind": "slack"}, {"secret": "whsec_x"}, {"state": "pending"}):
        assert patch(site, ident, document).status == 422


def test_without_a_key_nothing_is_kept(site: Site, settings: Any) -> None:
    settings.FIELD_KEY = []
    reply = make(site)
    assert (reply.status, reply.code) == (503, "unavailable")
    assert "FIELD_KEY" in reply.json()["detail"]
