"""One instance's report against what is known of the instance: new, unchanged, duplicate or stale."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max

from paritycheck.codec.times import instant
from paritycheck.core.facts import SECTIONS
from paritycheck.models import Environment, Instance, Report
from paritycheck.services.commits import commits_to_look_at, unknown_parents
from paritycheck.services.errors import Refused
from paritycheck.services.expiry import revive
from paritycheck.services.jobs import request_evaluation
from paritycheck.services.policies import adopt_policy
from paritycheck.services.snapshots import affected, is_counted, refresh_snapshot

BUCKET = 30.0
REFILL_S = 5.0
SKEW_S = 60.0
KNOWN_AGAIN = timedelta(days=14)
"""How far back a report's id is looked for: twice as long as an agent keeps what it could not send. What is older is
overtaken by its number all the same."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and the JSON that goes with it."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)


def clock_warnings(document: dict[str, Any], now: datetime) -> list[str]:
    """Say by how many seconds the agent's clock differs, from a minute on."""
    skew = _skew(document, now)
    return [f"clock_skew_s:{skew:.0f}"] if abs(skew) > SKEW_S else []


def _skew(document: dict[str, Any], now: datetime) -> float:
    return (instant(document["sent_at"]) - now).total_seconds()


def lock_instance(*, environment: Environment, document: dict[str, Any], now: datetime) -> Instance:
    """The instance that reports, its row locked; one that never reported is made."""
    said = document["instance"]
    Instance.objects.bulk_create(
        [
            Instance(
                project_id=environment.project_id,
                environment=environment,
                key=said["id"],
                kind=said["kind"],
                last_seen=now,
            ),
        ],
        ignore_conflicts=True,
    )
    rows = Instance.objects.select_for_update(of=("self",)).select_related("environment__project")
    return rows.get(environment=environment, key=said["id"])


def take(*, instance: Instance, document: dict[str, Any], state: str, warnings: list[str], now: datetime) -> Answer:
    """Take a report whose bodies are all here. The instance's row is locked by the caller."""
    counted = is_counted(instance=instance, now=now)
    seen = _seen_before(instance)
    _spend(instance, now)
    report_id = UUID(document["report_id"])
    earlier = _earlier(instance, report_id, now)
    if earlier is not None:
        instance.save(update_fields=["bucket", "last_seen"])
        return _again(earlier, document, state)
    if document["seq"] <= instance.seq:
        return _take_old(instance, document, state, warnings, now)
    # What left the merge and comes back is news, whatever it says.
    unchanged = instance.state == state and counted
    _note(instance, document, state, now)
    if unchanged:
        instance.save()
        return Answer(202, {"report": str(report_id), "unchanged": True, **_with(warnings)})
    return _take_new(instance, document, state, warnings, now, seen)


def _seen_before(instance: Instance) -> datetime:
    """When an instance of the environment was last seen before this report; long ago where none ever was."""
    others = instance.environment.instances.exclude(pk=instance.pk).aggregate(seen=Max("last_seen"))["seen"]
    own = instance.last_seen if instance.seq else None
    return max((at for at in (own, others) if at is not None), default=datetime.min.replace(tzinfo=UTC))


def _spend(instance: Instance, now: datetime) -> None:
    """Take one of the bucket of 30 reports, refilled 12 a minute."""
    passed = (now - instance.last_seen).total_seconds()
    bucket = min(BUCKET, instance.bucket + max(passed, 0.0) / REFILL_S)
    if bucket < 1:
        wait = int((1 - bucket) * REFILL_S) + 1
        raise Refused(
            "rate-limited",
            429,
            "this instance reports too often; 12 a minute pass",
            retryable=True,
            retry_after=wait,
            extra={"limit": int(BUCKET)},
        )
    instance.bucket = bucket - 1
    instance.last_seen = max(now, instance.last_seen)


@dataclass(frozen=True, slots=True)
class _Earlier:
    seq: int
    state: str
    collected_at: datetime | None


def _earlier(instance: Instance, report_id: UUID, now: datetime) -> _Earlier | None:
    """That report, if it was taken; only the partitions of the last weeks are asked."""
    recent = Report.objects.filter(received_at__gte=now - KNOWN_AGAIN)
    kept = recent.filter(instance=instance, report_id=report_id).first()
    if kept is not None:
        return _Earlier(kept.seq, kept.state, kept.collected_at)
    if instance.last_report == report_id:
        return _Earlier(instance.seq, instance.state or "", None)
    return None


def _again(earlier: _Earlier, document: dict[str, Any], state: str) -> Answer:
    same = earlier.seq == document["seq"] and earlier.state == state
    if earlier.collected_at is not None:
        same = same and earlier.collected_at == instant(document["collected_at"])
    if not same:
        raise Refused("idempotency-mismatch", 422, "this report_id was used for another report")
    return Answer(200, {"report": document["report_id"], "duplicate": True})


def _take_old(instance: Instance, document: dict[str, Any], state: str, warnings: list[str], now: datetime) -> Answer:
    """Keep a report that was overtaken as history; it changes and resolves nothing."""
    instance.save(update_fields=["bucket", "last_seen"])
    _keep(instance, document, state, warnings, now, stale=True)
    return Answer(200, {"report": document["report_id"], "stale": True, "current_seq": instance.seq})


def _note(instance: Instance, document: dict[str, Any], state: str, now: datetime) -> None:
    agent = document.get("agent", {})
    instance.seq = document["seq"]
    instance.state = state
    instance.last_report = UUID(document["report_id"])
    instance.last_seen = now
    instance.kind = document["instance"]["kind"]
    instance.interval_s = agent.get("interval_s")
    instance.agent_version = agent.get("version", "")
    instance.head = document.get("head") or ""
    instance.retired_at = None
    # A section that was not sent keeps its value and its age; one that was is as young as the last heartbeat.
    kept = {name: {**entry, "current": False} for name, entry in instance.sections.items()}
    instance.sections = {**kept, **_entries(document, now)}


def _entries(document: dict[str, Any], now: datetime) -> dict[str, dict[str, Any]]:
    at = now.isoformat()
    said = {name: entry for name, entry in document["sections"].items() if name in SECTIONS}
    return {name: {**entry, "at": at, "current": True} for name, entry in said.items()}


def _keep(
    instance: Instance,
    document: dict[str, Any],
    state: str,
    warnings: list[str],
    now: datetime,
    *,
    stale: bool = False,
) -> None:
    Report.objects.create(
        project_id=instance.project_id,
        environment=instance.environment,
        instance=instance,
        report_id=document["report_id"],
        seq=document["seq"],
        state=state,
        collected_at=instant(document["collected_at"]),
        sent_at=instant(document["sent_at"]),
        received_at=now,
        clock_skew_s=_skew(document, now),
        stale=stale,
        sections=_entries(document, now),
        warnings=warnings,
    )


def _take_new(
    instance: Instance,
    document: dict[str, Any],
    state: str,
    warnings: list[str],
    now: datetime,
    seen: datetime,
) -> Answer:
    instance.save()
    _keep(instance, document, state, warnings, now)
    environment = instance.environment
    adopt_policy(environment=environment, digest=document.get("policy"), commit=instance.head, now=now)
    snapshot, opened = refresh_snapshot(environment=environment, now=now, until=seen)
    if revive(environment=environment) or opened:
        request_evaluation(environments=affected(environment))
    answer: dict[str, Any] = {"report": document["report_id"], "snapshot": snapshot.number, **_with(warnings)}
    tips = _asked_for(instance) if instance.head else []
    if tips:
        answer["commits"] = {"tips": tips, "want": 500}
    return Answer(202, answer)


def _asked_for(instance: Instance) -> list[str]:
    """Commits whose ancestors the agent is to send. While a new path scope wants looking at, its next report is no
    heartbeat, so that it is asked for the rest.
    """
    environment = instance.environment
    tips = unknown_parents(project=environment.project)
    if tips:
        return tips
    unread = commits_to_look_at(environment=environment, commit=instance.head)
    if unread:
        Instance.objects.filter(pk=instance.pk).update(state=None)
    return unread


def _with(warnings: list[str]) -> dict[str, list[str]]:
    return {"warnings": warnings} if warnings else {}
