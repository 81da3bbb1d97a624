"""Since which snapshot a drift holds, over both environments' stored histories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.services.conftest import stripe

if TYPE_CHECKING:
    from paritycheck.selectors.since import Since
    from tests.services.conftest import Shop

pytestmark = pytest.mark.django_db


def since(shop: Shop) -> Since:
    from paritycheck.selectors.since import since_of

    told = since_of(shop.project, shop.drifts()[0])
    assert told is not None
    return told


def report(shop: Shop, slug: str, version: str) -> None:
    shop.later(minutes=10)
    shop.report(slug, stripe(version))
    shop.evaluate()


def test_the_snapshot_that_parted_them_and_what_both_were_before(shop: Shop) -> None:
    for slug, version in (
        ("production", "13.2.0"), ("staging", "13.2.0"), ("staging", "13.3.0"), ("staging", "13.2.0"),
        ("staging", "14.0.0"), ("staging", "14.0.1"),
    ):  # fmt: skip
        report(shop, slug, version)
    told = since(shop)
    assert (told.snapshot, told.exact, told.before) == ("staging#4", True, ("staging#3", "production#1"))


def test_the_baseline_may_be_the_one_that_moved(shop: Shop) -> None:
    for slug, version in (("production", "13.2.0"), ("staging", "13.2.0"), ("production", "12.0.0")):
        report(shop, slug, version)
    assert (since(shop).environment, since(shop).snapshot) == ("production", "production#2")


def test_what_was_apart_from_the_first_report_on_may_be_so_longer(shop: Shop) -> None:
    report(shop, "production", "13.2.0")
    report(shop, "staging", "14.0.0")
    assert (since(shop).exact, since(shop).before) == (False, None)


def test_a_drift_that_is_over_has_no_since(shop: Shop) -> None:
    from paritycheck.selectors.since import since_of

    for slug, version in (("production", "13.2.0"), ("staging", "14.0.0"), ("staging", "13.2.0")):
        report(shop, slug, version)
    assert since_of(shop.project, shop.drifts("resolved")[0]) is None
