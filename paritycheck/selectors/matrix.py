"""The project matrix: facts against environments, what differs first, what is equal as a count."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from paritycheck.core.comparison import Relation, relate
from paritycheck.core.facts import Fact, Section, Side, State
from paritycheck.core.findings import rank
from paritycheck.core.natural import natural
from paritycheck.core.policy import DAY
from paritycheck.models import Drift, Project, Snapshot
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.against import Against, Key
from paritycheck.selectors.columns import Column
from paritycheck.selectors.lines import (
    DIFFERING,
    LOOKS,
    QUIET,
    SECTIONS,
    Filter,
    Group,
    Line,
    Spot,
    most_lines,
    worst_first,
)
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
    def live(self) -> Mapping[Key, dict[str, list[Drift]]]:
        """Open and waived drifts by (section, name), then by the environment whose side they are drawn on."""
        found: dict[Key, dict[str, list[Drift]]] = defaultdict(lambda: defaultdict(list))
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
    def against(self) -> Against:
        """How the environments relate to the baseline."""
        return Against(self.project.id, self.columns, self.baseline)

    @cached_property
    def names(self) -> dict[str, list[str]]:
        """Every name of each section, sorted."""
        found: dict[str, set[str]] = {section: set() for section in SECTIONS}
        if self.against.compared:
            for section, read in self.against.base_sections.items():
                found[section].update(read.facts)
            for section, name in self.against.left_out:
                found.get(section, set()).discard(name)
        for rows in self.against.states:
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
        relations = self.against.relations.get((section, name), set())
        if (section, name) in self.against.loud:
            return "unknown"
        if relations - {Relation.UNKNOWN}:
            return "within"
        return "quiet" if relations else "same"

    def groups(self, wanted: Filter, only: str = "") -> list[Group]:
        """The sections that have facts, or only the one that is named, with the lines that the filter leaves."""
        chosen = {
            section: [name for name in looks if wanted.takes(section, name, looks[name])]
            for section, looks in self.looks.items()
            if only in {"", section}
        }
        most = min(wanted.most, most_lines(len(self.columns), sum(map(bool, chosen.values()))))
        return [self._group(section, names, replace(wanted, most=most)) for section, names in chosen.items()]

    def _group(self, section: str, names: list[str], wanted: Filter) -> Group:
        looks = self.looks[section]
        names.sort(key=lambda name: (LOOKS.index(looks[name]), natural(name)))
        drawn = names[wanted.skip :][: wanted.most]
        left, more = len(names) - wanted.skip - len(drawn), ""
        if section in wanted.unfold and not wanted.skip:
            shown = set(names)
            rest = [name for name in self._unfolded(section, wanted) if name not in shown]
            more = rest[wanted.most - 1] if len(rest) > wanted.most else ""
            drawn += rest[: wanted.most]
        lines = tuple(self.line(section, name) for name in drawn)
        skipped = min(wanted.skip, len(names))
        return Group(section, lines, Counter(looks.values()), self._unreadable(section), more, skipped, max(0, left))

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
            entry = self.against.entry(column.slug, section)
            reason = entry.get("reason") if entry and not entry.get("digest") else None
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
        if column.snapshot is None:
            return Spot(column, Fact(name, State.UNKNOWN, reason="no-report"), None)
        live = self.live.get((section, name))
        drifts = tuple(worst_first(live.get(column.slug, ()))) if live else ()
        stale = section in self.stale.get(column.slug, ())
        row = self.against.rows.get(column.slug, {}).get((section, name))
        if row is not None:
            return Spot(column, row.left, row.relation, drifts, stale)
        if self.against.as_baseline(column, section, name):
            return Spot(column, self.against.base_sections[section].facts[name], Relation.SAME, drifts, stale)
        fact = self._fact(column, section, name)
        return Spot(column, fact, self._relation(column, section, name, fact), drifts, stale)

    def _fact(self, column: Column, section: str, name: str) -> Fact:
        """The baseline's as its comparisons paired it, so that an absence that only the pair shows is shown."""
        if column.baseline:
            for rows in self.against.states:
                if (section, name) in rows:
                    return rows[section, name].right
        return self.against.look_up(column, section, name)

    def _relation(self, column: Column, section: str, name: str, fact: Fact) -> Relation | None:
        if column.baseline or self.baseline is None or self.baseline.snapshot is None:
            return Relation.UNKNOWN if fact.state is State.UNKNOWN else Relation.SAME
        return relate(section, name, fact, self.against.look_up(self.baseline, section, name)).relation

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
    rows = Drift.objects.filter(project=project, state__in=states).order_by("section", "name", "id")
    return tuple(rows.defer("also", "accepted", "content", "changed_at", "resolved_at"))
