"""What a snapshot changed, as pages show it: before and after."""

from collections.abc import Iterable
from dataclasses import dataclass

from paritycheck.selectors.history import Move
from paritycheck.web.facts import name_parts
from paritycheck.web.halves import Half, halves_of
from paritycheck.web.visible import visible

ORDER = ("release", "runtime", "services", "dependencies", "config", "processes", "migrations")


@dataclass(frozen=True, slots=True)
class Changed:
    """One fact that a snapshot changed."""

    section: str
    prefix: str
    name: str
    before: Half
    after: Half


def place_of(section: str) -> tuple[int, str]:
    """Sorts sections as pages show an environment: what runs, on what, with what."""
    return (ORDER.index(section) if section in ORDER else len(ORDER), section)


def changed_of(moves: Iterable[Move]) -> list[Changed]:
    """In the order of sections."""
    ordered = sorted(moves, key=lambda move: (place_of(move.section), move.name))
    return [_changed(move) for move in ordered]


def _changed(move: Move) -> Changed:
    prefix, name = name_parts(move.section, move.name)
    before, after = halves_of(move.section, move.before, move.after, marked=False)
    return Changed(move.section, prefix, visible(name), before, after)
