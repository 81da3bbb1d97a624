"""A message to people as data: what it says, not how a channel shows it.

It is built when events are routed, kept as JSON in the outbox, and handed to a channel that knows nothing else. All
texts are plain already (`core/plain.py`); links are given by the caller, never made of what an agent sent.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, Self

from paritycheck.core.labels import short_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import override
else:

    def override(method: object) -> object:
        """Only the type checker reads it, and `typing` has it from 3.12 on: the core needs no package for it."""
        return method


ALERT: Final = "alert"
DIGEST: Final = "digest"
NOTICE: Final = "notice"
CONFIRM: Final = "confirm"
MOST_ACTIONS: Final = 2
_ACTIONS: Final = {
    "confirm": "Confirm this address",
    "extend": "Extend the waiver",
    "drift": "Open the drift",
    "waive": "Waive",
    "environment": "Open the environment",
    "gap": "Open the gap",
    "channel": "Open the channels",
    "project": "Open the matrix",
    "compare": "Compare with the last digest",
}
"""Links that are offered as what to do next, in their order."""


class _Stored:
    """Reads itself from stored JSON; members that another release knows and this one does not are left out."""

    __slots__ = ()

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """The inverse of `dataclasses.asdict`. Raises TypeError where a member without a default is missing."""
        known = {member.name for member in fields(cls)}  # type: ignore[arg-type]  # only dataclasses inherit this
        return cls(**{name: value for name, value in document.items() if name in known})


@dataclass(frozen=True, slots=True)
class Seen(_Stored):
    """One side of a drift. `label` heads its column; `mark` relates it to the other side: same, different, missing,
    shared, unknown or nothing; `read_at` is what people read, in UTC.
    """

    label: str
    text: str
    mark: str = ""
    source: str = ""
    read_at: str = ""
    snapshot: str = ""


@dataclass(frozen=True, slots=True)
class Row(_Stored):
    """One drift: `name` and then `brief` say it in a line of a list, `sentence` alone as a title; `key` is
    `section/name:rule`. `change` is opened, worsened, reopened, resolved, flapping or open; in a digest's list also
    waiver or silent, which are no drifts. `sides` are two, or one where an environment disagrees with itself. `since`
    and `by` are sentences: which deploy brought it, and which change, where `commit` is the name that stands in `by`.
    """

    change: str
    severity: str
    section: str
    name: str
    brief: str
    sentence: str
    consequence: str
    note: str
    key: str
    expectation: str
    sides: tuple[Seen, ...]
    url: str
    since: str = ""
    by: str = ""
    commit: str = ""

    @property
    def shown(self) -> str:
        """The name as people read it, and as `sentence` holds it."""
        return short_name(self.section, self.name)

    @classmethod
    @override
    def read(cls, document: Mapping[str, Any]) -> Row:
        """As stored."""
        return super(Row, cls).read({**document, "sides": tuple(Seen.read(side) for side in document["sides"])})


@dataclass(frozen=True, slots=True)
class Block(_Stored):
    """A headed list; `more` says what it leaves out."""

    heading: str
    rows: tuple[Row, ...]
    more: str = ""

    @classmethod
    @override
    def read(cls, document: Mapping[str, Any]) -> Block:
        """As stored."""
        return super(Block, cls).read({**document, "rows": tuple(Row.read(row) for row in document["rows"])})


@dataclass(frozen=True, slots=True)
class Gap(_Stored):
    """One gap of a pair: value, band, a sentence; `trend` are values of the last days or weeks, oldest first, in any
    unit, `of` says what they are, `was` how the last one compares.
    """

    name: str
    value: str
    band: str
    sentence: str
    trend: tuple[float, ...] = ()
    was: str = ""
    of: str = ""

    @classmethod
    @override
    def read(cls, document: Mapping[str, Any]) -> Gap:
        """As stored."""
        return super(Gap, cls).read({**document, "trend": tuple(document.get("trend", ()))})


@dataclass(frozen=True, slots=True)
class Stand(_Stored):
    """Where one pair stands, `heading` naming it."""

    heading: str
    gaps: tuple[Gap, ...]

    @classmethod
    @override
    def read(cls, document: Mapping[str, Any]) -> Stand:
        """As stored."""
        return super(Stand, cls).read({**document, "gaps": tuple(Gap.read(gap) for gap in document["gaps"])})


@dataclass(frozen=True, slots=True)
class Table(_Stored):
    """Figures of a notice: each line is a label and a cell for each of `heads`, or one cell where there are none."""

    heads: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]

    @classmethod
    @override
    def read(cls, document: Mapping[str, Any]) -> Table:
        """As stored."""
        return cls(tuple(document["heads"]), tuple(tuple(line) for line in document["lines"]))


@dataclass(frozen=True, slots=True)
class Message(_Stored):
    """`pair` is `u..v`, empty for a digest; `focus` is the one drift of an alert of one, `table` the figures of a
    notice. `links` has `project` and what else can be opened: `drift` and `waive` with a focus, `settings` to change
    what the reader gets. `why` tells the reader why they get it.
    """

    kind: str
    project: str
    pair: str
    severity: str
    badge: str
    subject: str
    title: str
    lead: str
    links: Mapping[str, str]
    why: str
    focus: Row | None = None
    blocks: tuple[Block, ...] = ()
    stands: tuple[Stand, ...] = field(default=())
    more_stands: str = ""
    table: Table | None = None

    @property
    def actions(self) -> list[tuple[str, str]]:
        """What to do next as (words, link), the first one first; at most two."""
        found = [(words, self.links[name]) for name, words in _ACTIONS.items() if self.links.get(name)]
        return found[:MOST_ACTIONS]

    @classmethod
    @override
    def read(cls, document: Mapping[str, Any]) -> Message:
        """As stored."""
        nested: dict[str, Any] = {
            "focus": Row.read(document["focus"]) if document.get("focus") else None,
            "blocks": tuple(Block.read(block) for block in document.get("blocks", ())),
            "stands": tuple(Stand.read(stand) for stand in document.get("stands", ())),
            "table": Table.read(document["table"]) if document.get("table") else None,
        }
        return super(Message, cls).read({**document, **nested})

    def stored(self) -> dict[str, Any]:
        """JSON that `read` takes back."""
        return asdict(self)
