"""Waiving on the pages, as a browser without JavaScript does it, and the page of all waivers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from paritycheck.models import Drift

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])
LAST = (datetime.now(UTC) + timedelta(days=10)).date()
SHOWN = f"{LAST.day}\u00a0{LAST:%b}"
FORM = {"reason": "CI image follows in OPS-131", "owner": "maria@example.com", "ends": "date", "date": LAST.isoformat()}


@pytest.fixture
def drift(drifted: Any) -> Drift:
    """ci runs another PostgreSQL than production."""
    found: Drift = drifted.project.drifts.get(left__slug="ci", name="database", rule="version")
    return found


def path_of(drift: Drift) -> str:
    return f"/p/shop/d/{drift.id[:10]}"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_form_says_beforehand_what_it_hides_and_until_when(ask: Callable[[str], str], drift: Drift) -> None:
    page = ask(path_of(drift))
    assert 'value="services/database:version"' in page
    assert 'value="maria@example.com"' in page
    assert (
        "Hides 1 open drift now. Would have hidden 1 in 90 days. A change of kind or a disappearance still shows."
        in text_of(page)
    )
    assert "Waive until " in page


def test_waive_and_take_it_back(signed_in: Client, ask: Callable[[str], str], drift: Drift) -> None:
    answer = signed_in.post(f"{path_of(drift)}/waive", {**FORM, "covers": "services/database:version"})
    assert (answer.status_code, answer.headers["Location"]) == (302, path_of(drift))
    page = ask(path_of(drift))
    assert f"Waived until {SHOWN}" in page
    assert "CI image follows in OPS-131, by maria@example.com" in page
    assert "Undo" in page
    assert "Waive this drift" not in page
    back = re.search(r'action="(/p/shop/waivers/[^"]+/end)"', page)
    assert back is not None
    answer = signed_in.post(back.group(1), {"next": path_of(drift)})
    assert answer.headers["Location"] == path_of(drift)
    page = ask(path_of(drift))
    assert "Counts again as error" in page
    assert "the waiver was ended, by maria@example.com" in page
    assert "Waive this drift" in page


def test_without_a_reason_it_is_not_saved_and_nothing_typed_is_lost(signed_in: Client, drift: Drift) -> None:
    said = {**FORM, "reason": " ", "owner": "platform", "covers": "services/*:version"}
    answer = signed_in.post(f"{path_of(drift)}/waive", said)
    page = answer.content.decode()
    assert (answer.status_code, "Not saved: a waiver needs a reason" in page) == (422, True)
    assert 'value="platform"' in page
    assert 'value="services/*:version"' in page
    drift.refresh_from_db()
    assert drift.state == "open"


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["a page", "a fragment"])
def test_the_preview_keeps_nothing(signed_in: Client, drift: Drift, headers: dict[str, str]) -> None:
    said = {**FORM, "reason": "", "covers": "services/*", "ends": "change", "preview": "1"}
    answer = signed_in.post(f"{path_of(drift)}/waive", said, headers=headers)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Waive until either side changes" in page
    assert "<b>1 open drift</b>" in page, "the missing extension is a disappearance and shows all the same"
    assert ("<html" in page) is not bool(headers)
    assert drift.project.waivers.count() == 0


def test_the_matrix_strikes_the_value_and_says_until_when(
    signed_in: Client, ask: Callable[[str], str], drift: Drift
) -> None:
    assert ask("/p/shop?severity=waived&q=database").count("is-waived") == 0
    signed_in.post(f"{path_of(drift)}/waive", {**FORM, "covers": "services/database:version"})
    page = ask("/p/shop?severity=waived")
    assert page.count("cell is-waived") == 1
    assert f"until {SHOWN}" in page


def test_the_list_says_what_ends_and_what_hides_nothing(
    signed_in: Client, ask: Callable[[str], str], drift: Drift
) -> None:
    assert "Nothing is waived" in ask("/p/shop/waivers")
    signed_in.post(f"{path_of(drift)}/waive", {**FORM, "covers": "services/database:version"})
    many = {"reason": "old", "owner": "platform", "ends": "change", "covers": "config/NEVER_*"}
    assert signed_in.post("/p/shop/waivers/new", many).status_code == 302
    page = ask("/p/shop/waivers")
    assert "2 waivers hide 1 drift, 1 ends within 14 days, 1 hides nothing" in page
    assert "config/NEVER_*" in ask("/p/shop/waivers?show=unused")
    assert "services/database:version" in ask("/p/shop/waivers?show=ending")
    assert "config/NEVER_*" not in ask("/p/shop/waivers?show=ending")
    assert "NEVER" in ask("/p/shop/waivers?show=mine"), "she made it"


def test_all_of_today_is_accepted_by_one_form(signed_in: Client, ask: Callable[[str], str], drift: Drift) -> None:
    count = drift.project.drifts.filter(state="open", left__slug="ci").count()
    said = {"reason": "adopted late", "owner": "platform", "everything": "1", "pair": "ci..production"}
    answer = signed_in.post("/p/shop/waivers/new", {**said, "preview": "1"})
    assert f"<b>{count} open drifts</b>" in answer.content.decode()
    signed_in.post("/p/shop/waivers/new", said)
    assert drift.project.drifts.filter(state="waived").count() == count
    assert f"all {count} that were open" in ask("/p/shop/waivers")


def test_a_viewer_sees_what_is_waived_and_no_form(drifted: Any, signed_in: Client, drift: Drift) -> None:
    signed_in.post(f"{path_of(drift)}/waive", {**FORM, "covers": "services/database:version"})
    assert "Undo" in signed_in.get("/docs").content.decode(), "told on the next page, wherever that is, and only there"
    drifted.project.memberships.filter(user=drifted.owner).update(role="viewer")
    for path in (path_of(drift), "/p/shop/waivers"):
        page = signed_in.get(path).content.decode()
        assert "CI image follows in OPS-131" in page
        assert 'action="/p/shop' not in page.replace('action="/p/shop"', "")


def test_hostile_words_stay_text(signed_in: Client, ask: Callable[[str], str], drift: Drift) -> None:
    hostile = '<script>alert(1)</script>"{{ 7 }}'
    signed_in.post(f"{path_of(drift)}/waive", {**FORM, "reason": hostile, "covers": "services/database:version"})
    for path in (path_of(drift), "/p/shop/waivers"):
        page = ask(path)
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_flapping_is_one_line_above_the_history(ask: Callable[[str], str], drift: Drift) -> None:
    from paritycheck.models import DriftEvent

    assert "Flapping" not in ask(path_of(drift))
    now = datetime.now(UTC)
    for minute in range(6):
        kind = "reopened" if minute % 2 else "resolved"
        DriftEvent.objects.create(
            project=drift.project, drift=drift, kind=kind, severity="error", left_side=drift.left_side,
            right_side=drift.right_side, at=now - timedelta(minutes=10 - minute),
        )  # fmt: skip
    assert "Flapping: it changed 7 times in an hour" in ask(path_of(drift))


def test_the_drifts_that_a_filter_leaves_are_waived_together_and_later_ones_are_not(
    signed_in: Client, ask: Callable[[str], str], drift: Drift
) -> None:
    assert "Waive these" not in ask("/p/shop"), "nothing is picked"
    page = ask("/p/shop?section=services&severity=error")
    link = re.search(r'href="(/p/shop/waivers\?drifts=[0-9a-f,]+)"', page)
    assert link is not None
    picked = link[1].partition("=")[2].split(",")
    wanted = drift.project.drifts.filter(state="open", section="services", severity="error")
    assert sorted(picked) == sorted(one.id[:10] for one in wanted)
    assert f"Waive these {len(picked)}" in page
    form = ask(link[1])
    assert all(f"{one.left.slug}..{one.right.slug} services/{one.name}:{one.rule}" in form for one in wanted)
    said = {"reason": "one move", "owner": "platform", "ends": "same", "drifts": ",".join(picked)}
    before = drift.project.drifts.filter(state="open").count()
    assert (
        f"Hides <b>{len(picked)} open drift"
        in signed_in.post("/p/shop/waivers/new", {**said, "preview": "1"}).content.decode()
    )
    assert signed_in.post("/p/shop/waivers/new", said).status_code == 302
    assert drift.project.drifts.filter(state="open").count() == before - len(picked)
    assert "drifts, one by one" in ask("/p/shop/waivers")


@pytest.mark.parametrize(
    ("said", "picked"),
    [("", ""), ("x", ""), ("../../../../etc", ""), ("0123456789abcdef" * 5, ""), ("0123456789,' or 1=1", "0123456789")],
)
def test_what_is_no_drift_is_not_picked(ask: Callable[[str], str], said: str, picked: str) -> None:
    page = ask(f"/p/shop/waivers?{urlencode({'drifts': said})}")
    assert re.findall(r'name="drifts" value="([^"]*)"', page) == ([picked] if picked else [])


def test_a_refused_form_is_kept_up_to_date_from_an_address_that_can_be_read(signed_in: Client, drift: Drift) -> None:
    """The live page asks for itself again by GET; where a form was sent to can only be sent to."""
    for sent_to, page in ((f"{path_of(drift)}/waive", path_of(drift)), ("/p/shop/waivers/new", "/p/shop/waivers")):
        answer = signed_in.post(sent_to, {**FORM, "reason": ""})
        assert answer.status_code == 422
        asked = re.search(r'id="page" hx-get="([^"]+)"', answer.content.decode())
        assert asked is not None
        assert asked[1] == page
        assert signed_in.get(asked[1]).status_code == 200


def test_the_preview_looks_back_ninety_days(drifted: Any, signed_in: Client, drift: Drift) -> None:
    from datetime import timedelta

    from django.utils import timezone

    now = timezone.now()
    for days, kind in ((100, "opened"), (40, "resolved"), (30, "reopened"), (20, "resolved"), (10, "reopened")):
        drift.events.create(
            project=drifted.project, kind=kind, severity="error", left_side={}, right_side={}, routed_at=now,
            at=now - timedelta(days=days),
        )  # fmt: skip
    said = {**FORM, "covers": "services/database:version", "preview": "1"}
    page = text_of(signed_in.post(f"{path_of(drift)}/waive", said).content.decode())
    assert "Would have hidden 3 in 90 days" in page
    assert "Would have hidden 3 in 90 days" in text_of(signed_in.get(path_of(drift)).content.decode())
    others = drifted.project.drifts.filter(section="services", left=drift.left, right=drift.right).count()
    page = text_of(signed_in.post(f"{path_of(drift)}/waive", {**said, "covers": "services/*"}).content.decode())
    assert f"Would have hidden {others + 2} in 90 days" in page
