"""Keeps deploys, each once, however many tell of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from paritycheck.codec.times import instant
from paritycheck.core.actors import HOSTS, address_of, shown_name
from paritycheck.core.facts import Section
from paritycheck.core.people import is_bot
from paritycheck.models import Deploy, Environment, Snapshot
from paritycheck.models.deploys import DeploySource, DeployStatus
from paritycheck.models.projects import EnvironmentKind
from paritycheck.services.commits import person_key
from paritycheck.services.errors import Refused

SAME = timedelta(minutes=30)
"""Two that tell of one commit within this time tell of one deploy."""
MOST_ACTORS = 20
MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who took part. An `address` or `login` is turned into a key and never kept."""

    role: str
    name: str = ""
    address: str = ""
    login: str = ""
    host: str = HOSTS["github"]
    bot: bool = False

    def kept(self) -> dict[str, Any]:
        """What is stored of them."""
        name = shown_name(self.name or self.login or self.address)
        address = self.address or (address_of(self.login, self.host) if self.login else self.name)
        return {
            "role": self.role,
            "key": person_key(address),
            "name": name,
            "bot": self.bot or any(is_bot(said, address) for said in (name, self.login)),
        }


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody tells of a deploy."""

    commit: str
    deployed_at: datetime
    source: str
    status: str = DeployStatus.SUCCESS
    external_id: str = ""
    release: str = ""
    artifact: str = ""
    url: str = ""
    actors: Sequence[Actor] = field(default=())


def record_deploy(*, environment: Environment, told: Told, now: datetime) -> tuple[Deploy, bool]:
    """The deploy that is told of, and whether it is a new one. Inside a transaction; the environment's row is locked.

    One that was told of already is given what it lacked: under the same `external_id`, or by another source within
    half an hour, or seen by an agent later on. Raises Refused(idempotency-mismatch) for another commit under a known
    `external_id`. A time that is yet to come counts as now.
    """
    environment = Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)
    at = min(told.deployed_at, now)
    found = _by_external_id(environment, told)
    if found is not None:
        return _again(found, told, at), False
    found = _same(environment, told, at) if told.status == DeployStatus.SUCCESS else None
    if found is not None:
        return _enrich(found, told, at), False
    made = Deploy.objects.create(
        project_id=environment.project_id,
        environment=environment,
        commit=told.commit,
        deployed_at=at,
        status=told.status,
        source=told.source,
        external_id=told.external_id,
        release=told.release,
        artifact=told.artifact,
        url=told.url,
        actors=_joined([], told.actors),
    )
    return made, True


def successes(environment: Environment) -> QuerySet[Deploy]:
    """The environment's successful deploys."""
    return Deploy.objects.filter(environment=environment, status=DeployStatus.SUCCESS)


def _by_external_id(environment: Environment, told: Told) -> Deploy | None:
    if not told.external_id:
        return None
    rows = Deploy.objects.filter(project_id=environment.project_id, environment=environment)
    return rows.filter(source=told.source, external_id=told.external_id).first()


def _again(found: Deploy, told: Told, at: datetime) -> Deploy:
    """A replay changes nothing; a failure that was tried again under its id and went well is a success then."""
    if told.commit and found.commit and told.commit != found.commit:
        raise Refused("idempotency-mismatch", 422, "this external_id was used for a deploy of another commit")
    if found.status == DeployStatus.FAILURE and told.status == DeployStatus.SUCCESS:
        found.status, found.deployed_at = DeployStatus.SUCCESS, at
    return _fill(found, told)


def _same(environment: Environment, told: Told, at: datetime) -> Deploy | None:
    """The last success shortly before, else the first after, if it is of the same commit and somebody else told of it.

    An agent sees a deploy some time after it was made, so what was seen may be any time later.
    """
    if not told.commit:
        return None
    rows = successes(environment).filter(deployed_at__gte=at - SAME).order_by("deployed_at", "created_at")
    found = None
    for row in rows[:MOST_ROWS]:
        if row.deployed_at > at and found is not None:
            return found
        soon = row.source == DeploySource.REPORT or row.deployed_at <= at + SAME
        found = row if row.commit == told.commit and row.source != told.source and soon else None
        if row.deployed_at > at:
            return found
    return found


def _enrich(found: Deploy, told: Told, at: datetime) -> Deploy:
    """Who announces a deploy knows it better than the agent that saw it."""
    if found.source == DeploySource.REPORT:
        found.source, found.external_id = told.source, told.external_id
        found.deployed_at = min(found.deployed_at, at)
    return _fill(found, told)


def _fill(found: Deploy, told: Told) -> Deploy:
    found.commit = found.commit or told.commit
    found.release = found.release or told.release
    found.artifact = found.artifact or told.artifact
    found.url = found.url or told.url
    found.actors = _joined(found.actors, told.actors)
    found.save()
    return found


def _joined(kept: list[dict[str, Any]], told: Sequence[Actor]) -> list[dict[str, Any]]:
    """Everybody once in each role, in the order told."""
    joined = {(one["role"], one["key"]): one for one in kept}
    for actor in told:
        one = actor.kept()
        joined.setdefault((one["role"], one["key"]), one)
    return list(joined.values())[:MOST_ACTORS]


def note_deploy(*, environment: Environment, snapshot: Snapshot, release: Section, now: datetime) -> Deploy | None:
    """Keep the deploy that a new snapshot shows: its commit is not that of the snapshot before.

    None for a cohort, whose members deploy nothing, and where a commit is not known or did not change. Somebody may
    have announced it meanwhile: then it is given what the agent knows of it.
    """
    if environment.kind == EnvironmentKind.COHORT or not snapshot.commit:
        return None
    before = environment.snapshots.filter(number__lt=snapshot.number).exclude(commit="").order_by("-number").first()
    if before is not None and before.commit == snapshot.commit:
        return None
    told = _seen(environment, snapshot, release, now)
    known = _announced(environment, before.commit if before else None, snapshot.commit)
    if known is not None:
        return _fill(known, told)
    return record_deploy(environment=environment, told=told, now=now)[0]


def _announced(environment: Environment, before: str | None, commit: str) -> Deploy | None:
    """The success of this commit that was announced since the one that ran before it."""
    rows = successes(environment)
    last = rows.filter(commit=before).order_by("-deployed_at").first() if before else None
    if last is not None:
        rows = rows.filter(deployed_at__gt=last.deployed_at)
    return rows.filter(commit=commit).order_by("-deployed_at").first()


def _seen(environment: Environment, snapshot: Snapshot, release: Section, now: datetime) -> Told:
    facts = {
        name: (release.look_up(name).value or "") for name in ("actor", "id", "artifact", "pipeline", "repository")
    }
    return Told(
        commit=snapshot.commit,
        deployed_at=_deployed_at(environment, release, now),
        source=DeploySource.REPORT,
        external_id=f"snapshot:{snapshot.number}",
        release=facts["id"][:256],
        artifact=facts["artifact"][:512],
        actors=_actors(facts),
    )


def _actors(facts: Mapping[str, str]) -> list[Actor]:
    said = facts["actor"]
    if not said:
        return []
    if "@" in said:
        return [Actor("trigger", address=said)]
    host = facts["repository"].partition("/")[0] or HOSTS["github"]
    return [Actor("trigger", login=said, host=host)]


def _deployed_at(environment: Environment, release: Section, now: datetime) -> datetime:
    """When the agent says that it was deployed, if that lies after the deploy before and not after now; else now."""
    said = release.look_up("deployed-at").value
    try:
        at = instant(said) if said else now
    except (ValueError, OverflowError):
        return now
    last = successes(environment).order_by("-deployed_at").values_list("deployed_at", flat=True).first()
    return at if at <= now and (last is None or at > last) else now
