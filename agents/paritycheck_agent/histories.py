"""Migrations of one unit of a code base: their order, their heads, and which of them a database has applied."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MIGRATIONS = 20_000


class History:
    """The migrations that the files of one unit hold. `name` is the fact's, `tool/unit`; `source` a path.

    `order` gives what migrations that do not depend on each other are sorted by.
    """

    __slots__ = ("_parents", "name", "order", "source")

    def __init__(self, name: str, source: str, order: Callable[[str], object] = str) -> None:
        self.name = name
        self.source = source
        self.order = order
        self._parents: dict[str, set[str]] = {}

    def add(self, ident: str, parents: Iterable[str] = ()) -> None:
        """Take a migration and those of the same unit that come before it; ids that no file holds do not count."""
        if len(self._parents) < MIGRATIONS:
            self._parents.setdefault(ident, set()).update(parents)

    def line_up(self) -> None:
        """Make each migration follow the one before it in order: tools that know no branches."""
        idents = sorted(self._parents, key=self.order)  # type: ignore[arg-type] # keys of one history are of one type
        for before, ident in zip(idents, idents[1:]):
            self._parents[ident].add(before)

    def chain(self) -> list[str]:
        """Return every migration, each behind those that it depends on. A circle ends the chain before it."""
        waiting = {ident: {parent for parent in parents if parent in self._parents} for ident, parents in self._items()}
        followers: dict[str, list[str]] = {}
        for ident, parents in waiting.items():
            for parent in parents:
                followers.setdefault(parent, []).append(ident)
        chain: list[str] = []
        ready = [ident for ident, parents in waiting.items() if not parents]
        while ready:
            ident = ready.pop(0)
            chain.append(ident)
            for follower in followers.get(ident, ()):
                waiting[follower].discard(ident)
                if not waiting[follower]:
                    ready.append(follower)
        return chain

    def _items(self) -> list[tuple[str, set[str]]]:
        return sorted(self._parents.items(), key=lambda item: self.order(item[0]))  # type: ignore[arg-type,return-value] # see line_up

    def heads(self, applied: Iterable[str] | None = None) -> list[str]:
        """Return what nothing else builds on: of all, or of what is applied.

        Of applied ones that no file holds any more the last counts, where it comes after everything that is known:
        a database that is ahead of its code.
        """
        among = set(self._parents if applied is None else applied)
        known = among & self._parents.keys()
        followed = {parent for ident in known for parent in self._parents[ident]}
        strangers = sorted(among - known, key=self.order)  # type: ignore[arg-type] # see line_up
        if strangers and all(self.order(ident) < self.order(strangers[-1]) for ident in known):  # type: ignore[operator] # see line_up
            return [strangers[-1]]
        return sorted(known - followed)
