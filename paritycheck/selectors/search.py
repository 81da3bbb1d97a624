"""What a person may find: drifts, facts, environments and projects, never one of a foreign project.

Facts are looked for in the memory of the process: an index of each body by its digest, which never goes stale, and one
of a project by the digests of its snapshots. Both are bounded.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from paritycheck.codec.facts import names_from
from paritycheck.codec.memory import Memory
from paritycheck.core.searching import nearest, pieces_of, place_of, words_of
from paritycheck.models import Drift, Environment, Project, Snapshot, User
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.access import projects_of
from paritycheck.selectors.lines import SECTIONS
from paritycheck.selectors.states import body, fetch_bodies

States = tuple[tuple[tuple[str, str], ...], ...]
"""Of each environment the sections it told of, each with the digest of its facts."""
_WORST_FIRST = Case(
    *(When(severity=name, then=Value(rank)) for rank, name in enumerate(("error", "warning", "note"))),
    default=Value(3),
    output_field=IntegerField(),
)


@dataclass(frozen=True, slots=True)
class FoundFact:
    """A fact of one project: in how many of its environments it is present, of how many that reported."""

    section: str
    name: str
    present: int
    environments: int


@dataclass(frozen=True)
class FactIndex:
    """The names of a project's facts. `rows` are (casefolded text to look in, section, name, present)."""

    environments: int
    rows: tuple[tuple[str, str, str, int], ...]

    @cached_property
    def pieces(self) -> frozenset[str]:
        """The words that the names are made of."""
        return pieces_of(text for text, _, _, _ in self.rows)

    def find(self, text: str) -> list[FoundFact]:
        """Every fact whose name, kind or configuration key holds the words, best first."""
        words = words_of(text)
        found = []
        for folded, section, name, present in self.rows:
            place = place_of(words, folded)
            if place is not None:
                found.append((place, len(name), name, section, present))
        return [FoundFact(section, name, present, self.environments) for _, _, name, section, present in sorted(found)]


@lru_cache(maxsize=256)
def _names(project_id: UUID, digest: str) -> tuple[tuple[tuple[str, ...], ...], dict[str, str]]:
    """Of one body: the names that are present, the other names, and by name what else it goes by."""
    return names_from(body(project_id, digest))


def _index(project_id: UUID, states: States) -> FactIndex:
    """Of all environments together."""
    counts: dict[tuple[str, str], int] = {}
    aliases: dict[tuple[str, str], set[str]] = {}
    for sections in states:
        for section, digest in sections:
            (present, others), also = _names(project_id, digest)
            for name in present:
                counts[section, name] = counts.get((section, name), 0) + 1
            for name in others:
                counts.setdefault((section, name), 0)
            for name, alias in also.items():
                aliases.setdefault((section, name), set()).add(alias)
    rows = tuple(
        (_folded(name, sorted(aliases.get((section, name), ()))), section, name, present)
        for (section, name), present in counts.items()
    )
    return FactIndex(len(states), rows)


def _folded(name: str, aliases: list[str]) -> str:
    """An npm scope is found by `@` as well; what else a service goes by stands behind its name."""
    return " ".join([name.removeprefix("pkg:"), *aliases]).replace("%40", "@").casefold()


_held: Memory[tuple[UUID, States], FactIndex] = Memory(8)
"""The indexes of the projects that were searched last."""


def fact_index(project: Project) -> FactIndex:
    """The index of a project that the caller was given by `selectors.access`; one query while nothing has changed."""
    latest = Environment.objects.filter(project=project, expired_at=None, latest__isnull=False).values("latest")
    snapshots = list(Snapshot.objects.filter(pk__in=latest).only("sections", "project_id").order_by("pk"))
    key = project.id, tuple(_state(snapshot) for snapshot in snapshots)
    found = _held.get(key)
    if found is None:
        fetch_bodies(project.id, snapshots)
        found = _index(*key)
        _held.put(key, found)
    return found


def _state(snapshot: Snapshot) -> tuple[tuple[str, str], ...]:
    told = ((section, snapshot.sections.get(section, {}).get("digest")) for section in SECTIONS)
    return tuple((section, str(digest)) for section, digest in told if digest)


def find_drifts(projects: QuerySet[Project], text: str, most: int) -> list[Drift]:
    """Open and waived drifts by name, kind, configuration key or owner; the worst first, of one severity the oldest. Of
    those that many environments have alike the first alone.
    """
    condition = Q(project__in=projects, state__in=(DriftState.OPEN, DriftState.WAIVED))
    for word in words_of(text):
        condition &= _told_by(word)
    order = ("state", _WORST_FIRST, "opened_at", "id")
    alike = ("project", "section", "name", "rule")
    first = Drift.objects.filter(condition).order_by(*alike, *order).distinct(*alike)
    rows = Drift.objects.filter(pk__in=first.values("pk")).select_related("project")
    return list(rows.order_by(*order)[:most])


def _told_by(word: str) -> Q:
    told = Q(name__icontains=word.replace("@", "%40")) | Q(owner__icontains=word)
    for side in ("left_side", "right_side"):
        for member in ("kind", "keys", "environment"):
            told |= Q(**{f"{side}__{member}__icontains": word})
    return told


def find_environments(projects: QuerySet[Project], text: str, most: int) -> list[Environment]:
    """By name, each with its project."""
    condition = Q(project__in=projects, expired_at=None)
    for word in words_of(text):
        condition &= Q(slug__icontains=word) | Q(tier__icontains=word) | Q(project__slug__icontains=word)
    rows = Environment.objects.filter(condition).select_related("project")
    return list(rows.order_by("project__slug", "created_at")[:most])


def find_projects(user: User | AnonymousUser, text: str, most: int) -> list[Project]:
    """Those of the user, by name."""
    rows = projects_of(user)
    for word in words_of(text):
        rows = rows.filter(slug__icontains=word)
    return list(rows[:most])


def suggestion(text: str, indexes: list[FactIndex]) -> str:
    """The part of a name nearest to what was typed; no name, no guess."""
    return nearest(text, {piece for index in indexes for piece in index.pieces})
