"""Histories of an environment: who wrote, who shipped, told in few words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from paritycheck.core.graph import CommitGraph
from paritycheck.core.personnel import Actor, Shipment
from paritycheck.core.shipping import change_sets

NOW = datetime(2026, 11, 23, 9, 14, tzinfo=UTC)


class Release(NamedTuple):
    """A deploy: the authors of each of its commits, and who took part, as `trigger:ann merger:bo watcher:bot!`."""

    commits: list[str]
    actors: str


class History(NamedTuple):
    shipments: list[Shipment]
    authors: dict[str, tuple[str, ...]]


def history(*releases: Release) -> History:
    """One deploy a day, the last today. A commit's authors are separated by `+`; one that ends in `!` is a bot."""
    parents: dict[str, tuple[str, ...]] = {"root": ()}
    authors: dict[str, tuple[str, ...]] = {"root": ("ann",)}
    tips: list[str] = []
    last = "root"
    for number, release in enumerate(releases):
        for index, names in enumerate(release.commits):
            sha = f"c{number}-{index}"
            parents[sha], last = (last,), sha
            authors[sha] = tuple(name for name in names.split("+") if not name.endswith("!"))
        tips.append(last)
    carried = change_sets(CommitGraph(parents), tips)
    shipments = [
        Shipment(NOW - timedelta(days=len(tips) - 1 - at), shas, actors(releases[at].actors), at == 0, tips[at])
        for at, shas in enumerate(carried)
    ]
    return History(shipments, authors)


def actors(text: str) -> tuple[Actor, ...]:
    found = []
    for part in text.split():
        role, _, name = part.partition(":")
        found.append(Actor(role, "" if name == "?" else name.rstrip("!"), name.endswith("!")))
    return tuple(found)


TEAM = ("ann", "bo", "cy", "di")


def shapes() -> dict[str, tuple[History, str]]:
    """The four of gaps.md, with the band each has."""
    everybody = list(TEAM)
    return {
        "rotating team": (history(*(Release(everybody, f"trigger:{TEAM[at % 4]}") for at in range(9))), "ok"),
        "release captain": (history(*(Release(everybody, "trigger:zoe") for _ in range(9))), "error"),
        "continuous deployment": (
            history(*(Release([TEAM[at % 4]], f"trigger:ci! merger:{TEAM[(at + 1) % 4]}") for at in range(20))),
            "ok",
        ),
        "unresolved automation": (history(*(Release(everybody, "trigger:ci!") for _ in range(9))), "unknown"),
    }
