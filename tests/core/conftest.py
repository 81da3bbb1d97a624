"""Sides made of facts, for tests that read like gaps.md."""

from __future__ import annotations

from typing import Protocol

import pytest
from hypothesis import settings

from paritycheck.core.facts import Fact, Section, Side

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

COVERED = {"dependencies": ("pkg:npm/", "pkg:pypi/"), "services": ("",)}


class MakeSide(Protocol):
    def __call__(
        self,
        slug: str = "staging",
        *,
        tier: str | None = None,
        kind: str = "persistent",
        covers: dict[str, tuple[str, ...]] | None = None,
        **facts: list[Fact] | str,
    ) -> Side: ...


def make_side(
    slug: str = "staging",
    *,
    tier: str | None = None,
    kind: str = "persistent",
    covers: dict[str, tuple[str, ...]] | None = None,
    **facts: list[Fact] | str,
) -> Side:
    """A side whose tier is its slug unless said otherwise. A section given as a text is unknown for that reason. All
    packages of npm and PyPI and all services were seen."""
    seen = COVERED if covers is None else covers
    sections = {
        name: Section(name, {}, (), found)
        if isinstance(found, str)
        else Section(name, {fact.name: fact for fact in found}, seen.get(name, ()))
        for name, found in facts.items()
    }
    return Side(slug, tier or slug, kind, sections)


@pytest.fixture(scope="session")
def side() -> MakeSide:
    return make_side
