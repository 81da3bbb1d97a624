"""Agents that fall silent, and those that are back: each is noted once. Silence resolves nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import transaction

from paritycheck.core.freshness import GRACE, ONE_SHOT, Pulse, fresh
from paritycheck.models import Environment, Instance, Notice, ProcessBeat, Project
from paritycheck.models.instances import InstanceKind
from paritycheck.models.notices import NoticeKind
from paritycheck.selectors.columns import NEVER_SILENT
from paritycheck.services.notices import note_notice

log = structlog.get_logger(__name__)
WATCH: Final = "silence"
WATCHING_SINCE: Final = "silence-since"
UNWATCHED: Final = timedelta(minutes=5)
"""A longer pause between two looks, or a clock that was set, is a time in which nobody could have been heard."""
SEVERITY: Final = "error"
"""Who is told of errors is told that nobody looks for them any more."""


def note_silence(*, now: datetime) -> None:
    """Look at every project. An agent is silent when it missed two intervals and a minute, all of them watched: what a
    stopped server did not hear is no silence.
    """
    since = _watching_since(now)
    for project in Project.objects.filter(environments__latest__isnull=False).distinct().order_by("slug"):
        try:
            with transaction.atomic():
                _watch(project, since, now)
        except Exception:
            log.exception("silence not watched", project=str(project.pk))


def _watching_since(now: datetime) -> datetime:
    """Since when somebody looked all the time, and that somebody looks now."""
    seen = dict(ProcessBeat.objects.filter(name__in=(WATCH, WATCHING_SINCE)).values_list("name", "seen_at"))
    last, since = seen.get(WATCH), seen.get(WATCHING_SINCE)
    if last is None or since is None or not timedelta(0) <= now - last <= UNWATCHED:
        since = now
        ProcessBeat.objects.update_or_create(name=WATCHING_SINCE, defaults={"seen_at": since})
    ProcessBeat.objects.update_or_create(name=WATCH, defaults={"seen_at": now})
    return since


@dataclass(frozen=True, slots=True)
class _Subject:
    """An environment, or one host of it, and how it goes by among notices."""

    about: str
    environment: Environment
    instances: Sequence[Instance]
    agent: str = ""

    @property
    def seen(self) -> datetime:
        return max(each.last_seen for each in self.instances)

    @property
    def interval_s(self) -> int | None:
        return max((each.interval_s for each in self.instances if each.interval_s), default=None)


def _watch(project: Project, since: datetime, now: datetime) -> None:
    known = _known(project)
    rows = Instance.objects.filter(project=project, retired_at=None).exclude(environment__kind__in=NEVER_SILENT)
    by_environment: dict[Environment, list[Instance]] = {}
    for row in rows.select_related("environment").order_by("environment__slug", "key"):
        by_environment.setdefault(row.environment, []).append(row)
    for environment, instances in by_environment.items():
        _look(environment, instances, known, since, now)


def _known(project: Project) -> dict[str, Notice]:
    """The last word about each that was ever silent."""
    rows = Notice.objects.filter(project=project, kind__in=(NoticeKind.SILENT, NoticeKind.HEARD))
    return {row.about: row for row in rows.order_by("about", "-at", "-pk").distinct("about")}


def _look(
    environment: Environment, instances: Sequence[Instance], known: dict[str, Notice], since: datetime, now: datetime
) -> None:
    """The environment when nobody in it is heard; else each host of it that is not."""
    heard = fresh([Pulse(each.key, each.kind, each.last_seen, each.interval_s) for each in instances], now)
    whole = _Subject(f"environment:{environment.pk}", environment, instances)
    hosts = [
        _Subject(f"instance:{each.pk}", environment, [each], each.key)
        for each in instances
        if each.kind == InstanceKind.HOST
    ]
    if not heard:
        if all(_missed(each, since, now) for each in instances):
            _silent(whole, known, now)
        return
    _heard(whole, known, max(each.last_seen for each in instances if each.key in heard))
    for host in hosts:
        if host.agent in heard:
            _heard(host, known, host.seen)
        elif _missed(host.instances[0], since, now):
            _silent(host, known, now)


def _missed(instance: Instance, since: datetime, now: datetime) -> bool:
    """Whether it could have been heard for long enough."""
    span = ONE_SHOT if instance.interval_s is None else timedelta(seconds=2 * instance.interval_s) + GRACE
    return now - max(since, instance.last_seen) > span


def _silent(subject: _Subject, known: dict[str, Notice], now: datetime) -> None:
    last = known.get(subject.about)
    if last is not None and last.kind == NoticeKind.SILENT:
        return
    seen = subject.seen.isoformat()
    detail = {"agent": subject.agent, "seen_at": seen, "interval_s": subject.interval_s}
    _note(NoticeKind.SILENT, subject, f"silent:{subject.about}:{seen}", now, detail)


def _heard(subject: _Subject, known: dict[str, Notice], at: datetime) -> None:
    last = known.get(subject.about)
    if last is None or last.kind != NoticeKind.SILENT:
        return
    detail = {"agent": subject.agent, "silent_since": last.detail["seen_at"], "heard_at": at.isoformat()}
    _note(NoticeKind.HEARD, subject, f"heard:{subject.about}:{last.pk}", max(at, last.at), detail)


def _note(kind: str, subject: _Subject, dedupe: str, at: datetime, detail: dict[str, Any]) -> None:
    note_notice(
        project_id=subject.environment.project_id,
        kind=kind,
        about=subject.about,
        severity=SEVERITY,
        dedupe=dedupe,
        at=at,
        left=subject.environment,
        right=subject.environment,
        detail=detail,
    )
