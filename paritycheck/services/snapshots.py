"""Merges what the fresh instances of an environment say, and opens a snapshot when that changed."""

import re
from datetime import datetime, timedelta
from typing import Any

from paritycheck.codec.digests import to_text
from paritycheck.codec.facts import bodies_of, evidence_from, section_from, warnings_from
from paritycheck.core.facts import Section
from paritycheck.core.freshness import Pulse, fresh
from paritycheck.core.merge import merge
from paritycheck.models import Environment, Instance, Snapshot
from paritycheck.models.projects import EnvironmentKind
from paritycheck.selectors.states import body, section_of
from paritycheck.services.bodies import keep_made
from paritycheck.services.deploys import note_deploy

Entry = dict[str, Any]
SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
LONGEST_FRESH = timedelta(days=3)
"""Twice the longest interval and more: whoever was silent for longer is never fresh."""


def refresh_snapshot(*, environment: Environment, now: datetime) -> tuple[Snapshot, bool]:
    """The environment's snapshot for what its fresh instances say now, and whether it is a new one.

    The environment's row is locked until the transaction ends. Where only evidence changed, the current snapshot is
    given it in place.
    """
    # Alone, without a join: who waited for the lock must read the latest snapshot after it got it.
    environment = Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)
    counted = _fresh_instances(environment, now)
    sections = _merged(environment, counted)
    latest = environment.latest
    if latest is not None and _identity(latest.sections) == _identity(sections):
        latest.sections, latest.confirmed_at, latest.instances = sections, now, len(counted)
        latest.save(update_fields=["sections", "confirmed_at", "instances"])
        return latest, False
    return _open(environment, sections, len(counted), now), True


def is_counted(*, instance: Instance, now: datetime) -> bool:
    """Whether the instance, as it stands, takes part in its environment's merge."""
    return instance.pk in {row.pk for row in _fresh_instances(instance.environment, now)}


def merge_silence(*, environment: Environment, now: datetime) -> bool:
    """Merge anew where instances left the merge or came back to it; whether that opened a snapshot.

    An environment that fell silent as a whole keeps its last snapshot, whose sections grow stale.
    """
    counted = len(_fresh_instances(environment, now))
    if environment.latest is None or counted in {0, environment.latest.instances}:
        return False
    return refresh_snapshot(environment=environment, now=now)[1]


def affected(environment: Environment) -> list[Environment]:
    """Whose comparisons change with this environment: its own, and everybody's when it is the baseline."""
    if environment.project.baseline_id == environment.pk:
        return list(environment.project.environments.filter(latest__isnull=False))
    return [environment]


def _fresh_instances(environment: Environment, now: datetime) -> list[Instance]:
    rows = list(environment.instances.filter(retired_at=None, last_seen__gte=now - LONGEST_FRESH).order_by("key"))
    keys = fresh([Pulse(row.key, row.kind, row.last_seen, row.interval_s) for row in rows], now)
    return [row for row in rows if row.key in keys]


def _identity(sections: dict[str, Entry]) -> dict[str, str | None]:
    return {name: entry.get("digest") or entry.get("reason") for name, entry in sections.items()}


def _open(environment: Environment, sections: dict[str, Entry], instances: int, now: datetime) -> Snapshot:
    number = environment.latest.number + 1 if environment.latest else 1
    release = section_of(environment.project_id, "release", sections.get("release", {}))
    snapshot = Snapshot.objects.create(
        project=environment.project,
        environment=environment,
        number=number,
        opened_at=now,
        confirmed_at=now,
        sections=sections,
        commit=_commit(release),
        instances=instances,
    )
    environment.latest = snapshot
    environment.save(update_fields=["latest"])
    note_deploy(environment=environment, snapshot=snapshot, release=release, now=now)
    return snapshot


def _commit(release: Section) -> str:
    commit = release.look_up("commit").value or ""
    return commit if SHA.fullmatch(commit) else ""


def _merged(environment: Environment, instances: list[Instance]) -> dict[str, Entry]:
    names = sorted({name for instance in instances for name in instance.sections})
    return {name: _merge_section(environment, name, instances) for name in names}


def _merge_section(environment: Environment, name: str, instances: list[Instance]) -> Entry:
    said = [(instance.key, instance.sections[name]) for instance in instances if name in instance.sections]
    known = [(key, entry) for key, entry in said if entry.get("digest")]
    newest: Entry = max((entry for _, entry in known or said), key=lambda entry: str(entry["at"]))
    if not known:
        return newest
    if len({entry["digest"] for _, entry in known}) == 1:
        return newest
    return _merge_bodies(environment, name, known, newest)


def _merge_bodies(environment: Environment, name: str, known: list[tuple[str, Entry]], newest: Entry) -> Entry:
    project = environment.project
    sections = {digest: section_from(body(project.id, digest)) for digest in {entry["digest"] for _, entry in known}}
    parts = [(key, sections[entry["digest"]]) for key, entry in known]
    merged = merge(parts, cohort=environment.kind == EnvironmentKind.COHORT, tie=_baseline(environment, name))
    evidence: dict[str, dict[str, Any]] = {}
    warnings: list[str] = []
    for _, entry in known:
        if entry.get("evidence"):
            held = body(project.id, entry["evidence"])
            evidence = {**evidence_from(held), **evidence}
            warnings += [warning for warning in warnings_from(held) if warning not in warnings]
    facts_body, evidence_body = bodies_of(merged, evidence, warnings)
    digest = keep_made(project=project, section=name, evidence=False, decoded=facts_body)
    proof = keep_made(project=project, section=name, evidence=True, decoded=evidence_body)
    return {"status": "ok", "digest": to_text(digest), "evidence": to_text(proof), "at": newest["at"]}


def _baseline(environment: Environment, name: str) -> Section | None:
    baseline = environment.project.baseline
    if environment.kind != EnvironmentKind.COHORT or baseline is None or baseline.latest is None:
        return None
    return section_of(environment.project_id, name, baseline.latest.sections.get(name, {}))
