"""What the palette and the search page show: hits in groups, each with where it leads or what it does."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from paritycheck.core.searching import MAX_TEXT, place_of, words_of
from paritycheck.models import Drift, Environment, Project, User
from paritycheck.models.drifts import DriftState
from paritycheck.selectors import search
from paritycheck.selectors.access import projects_of
from paritycheck.web import words
from paritycheck.web.acts import ACTS, Act
from paritycheck.web.cells import SECTION_TITLES
from paritycheck.web.facts import name_parts
from paritycheck.web.keys import ELSEWHERE, OF_PROJECT, Place
from paritycheck.web.manual_index import find as find_in_manual
from paritycheck.web.sentences import marked, subject_of
from paritycheck.web.tags import TIER_ICONS
from paritycheck.web.visible import visible

MOST_INDEXED = 20
"""Projects whose facts are looked through where the search is in all of them."""
SHOWN_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Hit:
    """One line: `code` is a name in monospace, `text` a sentence that may hold code, `note` pale. `act` is what the
    script does instead of following `href`; `field` and `value` are the form's that does it without one.
    """

    text: SafeString | str
    icon: str
    href: str = ""
    code: str = ""
    note: str = ""
    css: str = ""
    keys: tuple[str, ...] = ()
    act: str = ""
    field: str = ""
    value: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of one kind, and how many more there are of it."""

    title: str
    hits: tuple[Hit, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """The answer: groups in the order of the page, and one sentence on what was looked through."""

    groups: tuple[Group, ...]
    looked: str
    suggestion: str = ""

    @property
    def count(self) -> int:
        """How many hits are shown."""
        return sum(len(group.hits) for group in self.groups)


@dataclass
class Search:
    """One search of a person: `project` where it is in one alone, `most` hits of each kind."""

    user: User | AnonymousUser
    text: str
    project: Project | None
    most: int
    _indexes: list[search.FactIndex] = field(default_factory=list)

    def found(self) -> Found:
        """Everything, numbered through."""
        self.text = self.text.strip()[:MAX_TEXT]
        parts = (*self._of_data(), self._pages(), self._manual(), self._acts())
        groups = _numbered(group for group in parts if group.hits)
        lost = self.text and not groups
        return Found(groups, self._looked(), search.suggestion(self.text, self._indexes) if lost else "")

    @property
    def _projects(self) -> QuerySet[Project]:
        mine = projects_of(self.user)
        return mine if self.project is None else mine.filter(pk=self.project.pk)

    def _of_data(self) -> Iterator[Group]:
        if self.text or self.project:
            yield self._drifts()
        if self.text:
            yield self._facts()
            yield self._environments()
        if self.text or self.project is None:
            yield self._found_projects()

    def _drifts(self) -> Group:
        most = self.most if self.text else 3
        rows = search.find_drifts(self._projects, self.text, most + 1)
        return Group("Drifts" if self.text else "Worst drifts", tuple(map(self._drift, rows[:most])), len(rows) > most)

    def _drift(self, drift: Drift) -> Hit:
        waived = drift.state == DriftState.WAIVED
        age = words.duration((timezone.now() - drift.opened_at).total_seconds())
        place = SECTION_TITLES.get(drift.section, drift.section)
        return Hit(
            marked(subject_of(drift)),
            "hourglass" if waived else {"error": "octagon-x", "warning": "triangle-alert"}.get(drift.severity, "info"),
            reverse("web:drift", args=[drift.project.slug, drift.id[:SHOWN_DIGITS]]),
            note=self._in(drift.project, f"{place}, {age}"),
            css="ink-waived" if waived else f"ink-{drift.severity}",
        )

    def _in(self, project: Project, note: str) -> str:
        return note if self.project else ", ".join(filter(None, [project.slug, note]))

    def _facts(self) -> Group:
        projects = [self.project] if self.project else list(self._projects[:MOST_INDEXED])
        self._indexes = [search.fact_index(project) for project in projects]
        found = [
            (fact, project)
            for index, project in zip(self._indexes, projects, strict=True)
            for fact in index.find(self.text)
        ]
        if len(projects) > 1:
            found.sort(key=lambda pair: _closeness(self.text, pair[0].name))
        hits = tuple(self._fact(fact, project) for fact, project in found[: self.most])
        return Group("Facts", hits, max(0, len(found) - self.most))

    def _fact(self, fact: search.FoundFact, project: Project) -> Hit:
        prefix, name = name_parts(fact.section, fact.name)
        query = urlencode({"q": fact.name[:MAX_TEXT], "show": fact.section})
        note = f"{SECTION_TITLES[fact.section]}, present in {fact.present} of {fact.environments}"
        href = f"{reverse('web:matrix', args=[project.slug])}?{query}"
        return Hit("", "table-2", href, code=visible(name or prefix), note=self._in(project, note))

    def _environments(self) -> Group:
        rows = search.find_environments(self._projects, self.text, self.most + 1)
        return Group("Environments", tuple(map(self._environment, rows[: self.most])), len(rows) > self.most)

    def _environment(self, row: Environment) -> Hit:
        icon = TIER_ICONS.get(row.kind) or TIER_ICONS.get(row.tier, "server")
        href = reverse("web:environment", args=[row.project.slug, row.slug])
        return Hit(row.slug, icon, href, note=self._in(row.project, row.tier if row.tier != row.slug else ""))

    def _found_projects(self) -> Group:
        rows = search.find_projects(self.user, self.text, self.most + 1)
        hits = [Hit(row.slug, "layers", reverse("web:matrix", args=[row.slug])) for row in rows[: self.most]]
        return Group("Projects", tuple(hits), len(rows) > self.most)

    def _pages(self) -> Group:
        places = [(place, self.project.slug) for place in OF_PROJECT] if self.project else []
        wanted = [
            (place, slug)
            for place, slug in [*places, *((place, "") for place in ELSEWHERE)]
            if _says(self.text, place.title, place.words)
        ]
        return Group("Pages", tuple(_page(place, slug) for place, slug in wanted[: self.most]))

    def _manual(self) -> Group:
        hits = [
            Hit(hit.title, "book-open", hit.href, note=hit.page)
            for hit in find_in_manual(self.text, self.most, named=True)
        ]
        return Group("Manual", tuple(hits))

    def _acts(self) -> Group:
        taken = [act for act in ACTS if (self.project or not act.of_project) and _says(self.text, act.says, act.words)]
        return Group("Actions", tuple(_act(act, self.project) for act in taken[: self.most]))

    def _looked(self) -> str:
        if not self._indexes:
            return f"in {self.project.slug}" if self.project else "in all your projects"
        facts = sum(len(index.rows) for index in self._indexes)
        if self.project:
            return f"among {words.number(facts)} facts of {self.project.slug}"
        return f"among {words.number(facts)} facts of {words.plural(len(self._indexes), 'project')}"


def _closeness(text: str, name: str) -> tuple[int, int, str]:
    place = place_of(words_of(text), name.casefold())
    return (3 if place is None else place, len(name), name)


def _says(text: str, title: str, other: str) -> bool:
    told = f"{title} {other}".casefold()
    return all(word in told for word in words_of(text))


def _page(place: Place, slug: str) -> Hit:
    href = reverse(f"web:{place.name}", args=[slug] if slug else [])
    return Hit(place.title, place.icon, href, keys=("g", place.key) if place.key else ())


def _act(act: Act, project: Project | None) -> Hit:
    href = ""
    if act.leads:
        href = reverse(f"web:{act.leads}", args=[project.slug] if act.of_project and project else []) + act.query
    return Hit(act.says, act.icon, href, keys=act.keys, act=act.act, field=act.field, value=act.value)


def _numbered(groups: Iterable[Group]) -> tuple[Group, ...]:
    at, done = 0, []
    for group in groups:
        hits = tuple(replace(hit, number=at + place) for place, hit in enumerate(group.hits))
        at += len(hits)
        done.append(replace(group, hits=hits))
    return tuple(done)
