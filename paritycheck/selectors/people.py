"""The people of a project's commits and deploys, by the keys that are kept of their addresses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from django.conf import settings

from paritycheck.codec.people import person_key
from paritycheck.core.people import People, is_bot
from paritycheck.core.personnel import Actor, Authors
from paritycheck.models import Commit, Deploy, PersonLink, Project, User
from paritycheck.selectors.policies import policy_of


@dataclass(frozen=True, slots=True)
class Account:
    """One address or login: `key` is what is kept of it, `names` those it was seen under."""

    key: str
    names: tuple[str, ...]
    bot: bool


@dataclass(frozen=True)
class Known:
    """Who is who in a project."""

    project: Project
    links: Mapping[str, str] = field(repr=False)

    @cached_property
    def people(self) -> People:
        return People(self.links)

    @cached_property
    def teams(self) -> dict[str, str]:
        """The team of each person that `[teams]` names; the first one where several do."""
        found: dict[str, str] = {}
        for team, members in policy_of(self.project).teams.items():
            for member in members:
                found.setdefault(self.person_at(member), team)
        return found

    def person_at(self, address: str) -> str:
        """The person behind an e-mail address or `<provider>:<login>`."""
        return self.people.person(person_key(address, settings.PEPPER))

    def authors(self, commit: Commit) -> Authors:
        """The humans who wrote a commit."""
        return tuple(dict.fromkeys(self.people.person(key) for _, key, bot in _writers(commit) if key and not bot))

    def actors(self, deploy: Deploy) -> tuple[Actor, ...]:
        """Who took part in a deploy."""
        return tuple(
            Actor(role, self.people.person(key) if key else "", bot) for role, key, _, bot in _taking_part(deploy)
        )


def known_people(project: Project) -> Known:
    """Who is who, by what was linked by hand."""
    return Known(project, dict(PersonLink.objects.filter(project=project).values_list("key", "person")))


def asking_person(known: Known, user: object) -> str | None:
    """The person who asks, by the address they sign in with; None for a machine."""
    return known.person_at(user.email) if isinstance(user, User) else None


def accounts_of(project: Project) -> list[Account]:
    """Everybody who wrote a commit or took part in a deploy."""
    names: dict[str, set[str]] = {}
    bots: set[str] = set()
    for key, name, bot in _seen(project):
        names.setdefault(key, set()).update({name} if name.strip() else ())
        bots |= {key} if bot else set()
    return [Account(key, tuple(sorted(held)), key in bots) for key, held in sorted(names.items())]


def _seen(project: Project) -> Iterator[tuple[str, str, bool]]:
    """Key, name and whether it is a bot, of every author and actor."""
    fields = ("author_name", "author_key", "author_bot", "co_authors")
    for commit in Commit.objects.filter(project=project).only(*fields).iterator():
        yield from ((key, name, bot) for name, key, bot in _writers(commit) if key)
    for deploy in Deploy.objects.filter(project=project).only("actors").iterator():
        yield from ((key, name, bot) for _, key, name, bot in _taking_part(deploy) if key)


def _writers(commit: Commit) -> list[tuple[str, str, bool]]:
    """Name, key and whether it is a bot. Rows of an older release have no third member for co-authors."""
    author = (commit.author_name, commit.author_key, commit.author_bot or is_bot(commit.author_name))
    others = [(one[0], one[1], (len(one) > 2 and bool(one[2])) or is_bot(one[0])) for one in commit.co_authors]  # noqa: PLR2004  the third member
    return [author, *others]


def _taking_part(deploy: Deploy) -> list[tuple[str, str, str, bool]]:
    """Role, key, name and whether it is a bot."""
    found = []
    for one in deploy.actors:
        name = str(one.get("name") or "")
        bot = bool(one.get("bot")) or is_bot(name)
        found.append((str(one.get("role") or ""), str(one.get("key") or ""), name, bot))
    return found
