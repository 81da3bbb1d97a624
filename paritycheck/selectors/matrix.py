"""The project matrix: facts against environments, what differs first, what is equal as a count."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from paritycheck.core.comparison import Relation, Row, compare, relate
from paritycheck.core.facts import Fact, Section, Side, State
from paritycheck.core.findings import rank
from paritycheck.core.natural import natural
from paritycheck.core.policy import DAY
from paritycheck.models import Drift, Project, Snapshot
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.columns import Column
from paritycheck.selectors.lines import DIFFERING, LOOKS, QUIET, SECTIONS, Filter, Group, Line, Spot, worst_first
from paritycheck.selectors.states import fetch_bodies, read_times, section_of, stale_sections


@dataclass
class Matrix:
    """All of a project's facts side by side. Nothing is decoded before it is asked for."""

    project: Project
    columns: tuple[Column, ...]
    drifts: tuple[Drift, ...]
    now: datetime
    unknown_after: timedelta = field(default=timedelta(seconds=DAY))

    @cached_property
    def baseline(self) -> Column | None:
        """The column all others are compared with."""
        return next((column for column in self.columns if column.baseline), None)

    @cached_property
    def comparable(self) -> bool:
        """Whether the baseline and one more environment have reported."""
        reported = [column for column in self.columns if column.snapshot is not None]
        return len(reported) > 1 and any(column.baseline for column in reported)

    @cached_property
    def live(self) -> Mapping[tuple[str, str], dict[str, list[Drift]]]:
        """Open and waived drifts by (section, name), then by the environment whose side they are drawn on."""
        found: dict[tuple[str, str], dict[str, list[Drift]]] = defaultdict(lambda: defaultdict(list))
        for drift in self.drifts:
            for slug in self._sides(drift):
                found[drift.section, drift.name][slug].append(drift)
        return found

    def _sides(self, drift: Drift) -> list[str]:
        """A key that the baseline lacks is drawn there; everything else on the left."""
        lacking = drift.right_side.get("state") == State.ABSENT and drift.left_id != drift.right_id
        return [drift.right_side.get("environment", "")] if lacking else [drift.left_side.get("environment", "")]

    @cached_property
    def read_times(self) -> dict[str, dict[str, datetime]]:
        """When each section was last confirmed, by environment."""
        return {column.slug: read_times(column.environment) for column in self.columns}

    @cached_property
    def stale(self) -> dict[str, frozenset[str]]:
        """Sections by environment that nobody confirmed for too long."""
        return {
            slug: stale_sections(times, now=self.now, after=self.unknown_after)
            for slug, times in self.read_times.items()
        }

    @cached_property
    def sides(self) -> dict[str, Side]:
        """What each environment that reported looks like, stale sections with their last facts. Equal bodies, the
        usual case, are decoded once.
        """
        reported = [(column.environment, column.snapshot) for column in self.columns if column.snapshot is not None]
        fetch_bodies(self.project.id, [snapshot for _, snapshot in reported])
        decoded: dict[tuple[str, str], Section] = {}
        return {
            environment.slug: Side(
                environment.slug, environment.tier, environment.kind, self._sections(snapshot, decoded)
            )
            for environment, snapshot in reported
        }

    def _sections(self, snapshot: Snapshot, decoded: dict[tuple[str, str], Section]) -> dict[str, Section]:
        found = {}
        for name, entry in snapshot.sections.items():
            key = (name, str(entry.get("digest") or entry.get("reason")))
            if key not in decoded:
                decoded[key] = section_of(self.project.id, name, entry)
            found[name] = decoded[key]
        return found

    @cached_property
    def rows(self) -> dict[str, dict[tuple[str, str], Row]]:
        """The comparison with the baseline by environment and (section, name)."""
        if self.baseline is None or self.baseline.slug not in self.sides:
            return {}
        base = self.sides[self.baseline.slug]
        return {
            slug: {(row.section, row.name): row for row in compare(side, base) if row.section in SECTIONS}
            for slug, side in self.sides.items()
            if slug != base.slug
        }

    @cached_property
    def names(self) -> dict[str, list[str]]:
        """Every name of each section, sorted."""
        found: dict[str, set[str]] = {section: set() for section in SECTIONS}
        for rows in self.rows.values():
            for section, name in rows:
                found[section].add(name)
        for section, name in self.live:
            found.setdefault(section, set()).add(name)
        return {section: sorted(names, key=natural) for section, names in found.items() if names}

    @cached_property
    def looks(self) -> dict[str, dict[str, str]]:
        """The look of each name by section."""
        return {section: {name: self._look(section, name) for name in names} for section, names in self.names.items()}

    def _look(self, section: str, name: str) -> str:
        drifts = [drift for held in self.live.get((section, name), {}).values() for drift in held]
        if drifts:
            open_ones = [drift.severity for drift in drifts if drift.state == DriftState.OPEN]
            return max(open_ones, key=rank) if open_ones else "waived"
        rows = {slug: rows[section, name] for slug, rows in self.rows.items() if (section, name) in rows}
        relations = {row.relation for row in rows.values()}
        if Relation.UNKNOWN in relations and any(self._loud(slug, row) for slug, row in rows.items()):
            return "unknown"
        if relations - {Relation.SAME, Relation.UNKNOWN}:
            return "within"
        return "quiet" if Relation.UNKNOWN in relations else "same"

    def _loud(self, slug: str, row: Row) -> bool:
        """A fact that was tried and could not be read, by itself and not with its whole section."""
        sides = [(slug, row.left), (self.baseline.slug if self.baseline else slug, row.right)]
        return any(
            fact.state is State.UNKNOWN
            and fact.reason not in QUIET
            and fact.name in self.sides[side].section(row.section).facts
            for side, fact in sides
        )

    def groups(self, wanted: Filter) -> list[Group]:
        """The sections that have facts, with the lines that the filter leaves."""
        return [self._group(section, names, wanted) for section, names in self.looks.items()]

    def _group(self, section: str, looks: dict[str, str], wanted: Filter) -> Group:
        chosen = [name for name in looks if wanted.takes(section, name, looks[name])]
        chosen.sort(key=lambda name: (LOOKS.index(looks[name]), natural(name)))
        more = ""
        if section in wanted.unfold:
            shown = set(chosen)
            rest = [name for name in self._unfolded(section, wanted) if name not in shown]
            more = rest[wanted.most - 1] if len(rest) > wanted.most else ""
            chosen += rest[: wanted.most]
        lines = tuple(self.line(section, name) for name in chosen)
        return Group(section, lines, Counter(looks.values()), self._unreadable(section), more)

    def _unfolded(self, section: str, wanted: Filter) -> list[str]:
        looks = self.looks[section]
        rest = [name for name in looks if looks[name] not in DIFFERING and natural(name) > natural(wanted.after)]
        return [name for name in rest if wanted.asked.names(name)]

    def open_in(self, wanted: Filter) -> list[Drift]:
        """The open drifts that a filter leaves, each judged by itself."""
        return [drift for drift in self.drifts if drift.state == DriftState.OPEN and wanted.holds(drift)]

    def _unreadable(self, section: str) -> tuple[tuple[Column, str], ...]:
        found = []
        for column in self.columns:
            side = self.sides.get(column.slug)
            reason = side.section(section).reason if side else None
            if reason and reason not in QUIET:
                found.append((column, reason))
            elif section in self.stale.get(column.slug, ()):
                found.append((column, "stale"))
        return tuple(found)

    def line(self, section: str, name: str) -> Line:
        """One fact in every environment."""
        look = self.looks.get(section, {}).get(name, "same")
        return Line(section, name, look, tuple(self._spot(column, section, name) for column in self.columns))

    def _spot(self, column: Column, section: str, name: str) -> Spot:
        side = self.sides.get(column.slug)
        if side is None:
            return Spot(column, Fact(name, State.UNKNOWN, reason="no-report"), None)
        drifts = tuple(worst_first(self.live.get((section, name), {}).get(column.slug, ())))
        stale = section in self.stale.get(column.slug, ())
        row = self.rows.get(column.slug, {}).get((section, name))
        if row is not None:
            return Spot(column, row.left, row.relation, drifts, stale)
        fact = self._fact(side, section, name)
        return Spot(column, fact, self._relation(column, section, name, fact), drifts, stale)

    def _fact(self, side: Side, section: str, name: str) -> Fact:
        """The baseline's as its comparisons paired it, so that an absence that only the pair shows is shown."""
        if self.baseline is not None and side.slug == self.baseline.slug:
            for rows in self.rows.values():
                if (section, name) in rows:
                    return rows[section, name].right
        return side.look_up(section, name)

    def _relation(self, column: Column, section: str, name: str, fact: Fact) -> Relation | None:
        if column.baseline or self.baseline is None or self.baseline.slug not in self.sides:
            return Relation.UNKNOWN if fact.state is State.UNKNOWN else Relation.SAME
        return relate(section, name, fact, self.sides[self.baseline.slug].look_up(section, name)).relation

    @cached_property
    def total(self) -> int:
        """How many facts there are in all."""
        return sum(len(names) for names in self.names.values())

    @cached_property
    def differing(self) -> int:
        """How many of them differ."""
        return sum(look in DIFFERING for looks in self.looks.values() for look in looks.values())

    @cached_property
    def severities(self) -> Counter[str]:
        """Open drifts by severity, and the waived ones."""
        return Counter("waived" if drift.state == DriftState.WAIVED else drift.severity for drift in self.drifts)


def live_drifts(project: Project) -> tuple[Drift, ...]:
    """The drifts of a project that are open or waived, in one query."""
    states = (DriftState.OPEN, DriftState.WAIVED)
    return tuple(Drift.objects.filter(project=project, state__in=states).order_by("section", "name", "id"))
