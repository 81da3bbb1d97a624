"""Installed and locked of one package: whatever both say, the fact is one that the server takes, and adds up."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from paritycheck_agent.packages import Package
from paritycheck_agent.sources import reconcile
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.canonical import split

VERSIONS = st.sampled_from(["1.0", "1.2", "1.10", "2.0", "2.0-rc1", "odd"])


def packages(name: str, *, installed: bool) -> st.SearchStrategy[list[Package]]:
    one = st.builds(
        Package,
        st.just(name),
        VERSIONS if installed else VERSIONS | st.none(),
        st.just("installed" if installed else "package-lock.json:3"),
        direct=st.none() | st.booleans(),
        groups=st.sets(st.sampled_from(["production", "development", "optional", "docs"])),
        origin=st.sampled_from(["registry", "vcs", "path", "url"]),
        conditional=st.booleans(),
    )
    return st.lists(one, max_size=1 if installed and name.startswith("pkg:pypi/") else 4)


def versions(fact: dict[str, Any]) -> set[str]:
    value = fact.get("value", [])
    return {value} if isinstance(value, str) else set(value)


@given(st.sampled_from(["pkg:pypi/a", "pkg:npm/a", "pkg:deb/debian/a"]), st.booleans(), st.data())
@settings(max_examples=500, deadline=None)
def test_a_fact_is_taken_by_the_server_and_adds_up(name: str, whole: bool, data: st.DataObject) -> None:  # noqa: FBT001 - drawn
    places = data.draw(packages(name, installed=False))
    own = data.draw(packages(name, installed=True))
    fact = reconcile.fact(name, places, own, whole=whole)
    locked = {place.version for place in places if place.version is not None}
    if fact is None:
        # Only what nobody has, and nobody but a developer needs.
        assert not own
        assert not any(place.ships and place.version for place in places)
        return
    for body in split("dependencies", [], [fact], []):
        check_body(body)
    assert versions(fact) == {package.version for package in own}
    if not own:
        assert fact.get("absent") or fact["unknown"] == "not-asked"
    if fact.get("locked"):
        assert fact["locked"] in locked
        assert versions(fact) != {fact["locked"]}
    if fact.get("locked") == "":
        assert whole
        assert not places


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_what_is_installed_exactly_as_locked_says_nothing_of_a_lock(data: st.DataObject) -> None:
    places = [place for place in data.draw(packages("pkg:npm/a", installed=False)) if place.version is not None]
    own = [Package(place.name, place.version, "installed", origin=place.origin) for place in places]
    fact = reconcile.fact("pkg:npm/a", places, own, whole=True)
    assert fact is None or "locked" not in fact
