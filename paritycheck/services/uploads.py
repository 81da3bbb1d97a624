"""Lock files and bills of materials that come without an agent: read, kept as read, and taken as one report.

All uploads of an environment make the section `dependencies` of its instance `upload`. Each replaces the earlier one
of its name, and the others stay. The file itself is not kept.
"""

import gzip
import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.db import connection, transaction

from paritycheck.codec.bodies import deflate
from paritycheck.codec.digests import digest_of, to_text
from paritycheck.models import Environment, Instance, Project, Upload
from paritycheck.services.bodies import keep_made
from paritycheck.services.errors import Refused
from paritycheck.services.reports import Answer, lock_instance, take
from paritycheck_agent.packages import Lock
from paritycheck_agent.sources import uploaded
from paritycheck_agent.sources.remembered import lock_of, written
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.reports import state_of
from paritycheck_agent.wire.secrets import suspected
from paritycheck_agent.wire.version import REPORT_SCHEMA, VERSION

INSTANCE = {"id": "upload", "kind": "runner"}
LINE = re.compile(r"\bline ([0-9]{1,9})\b")


def take_upload(*, environment: Environment, name: str, data: bytes, bill: bool, now: datetime) -> Answer:
    """Read a file, keep what it says, and report: 202 as for a report, with what was read.

    Raises Refused (empty-body, secret-suspected, unsupported-file, unreadable-file, too-many-items, rate-limited) and
    Invalid.
    """
    lock = _read(name, data, bill=bill)
    row = {"sha256": digest_of(data), "lock": deflate(json.dumps(written(lock)).encode()), "received_at": now}
    with transaction.atomic():
        instance = _held(environment, now)
        Upload.objects.update_or_create(environment=environment, bill=bill, name=name, defaults=row)
        if Upload.objects.filter(environment=environment).count() > limits.LOCKS:
            raise Refused("too-many-items", 422, f"an environment has at most {limits.LOCKS} uploaded files")
        answer = _report(instance, now)
    told = {"file": name, "packages": len(lock.packages), "whole": lock.whole}
    said = [*answer.body.get("warnings", []), *_warnings(lock)][: limits.ERRORS]
    return Answer(answer.status, {**answer.body, **told, "warnings": said})


def drop_upload(*, environment: Environment, name: str, bill: bool, now: datetime) -> bool:
    """Take a file out again, and report what is left; whether it was there."""
    with transaction.atomic():
        instance = _held(environment, now)
        gone, _by_model = Upload.objects.filter(environment=environment, bill=bill, name=name).delete()
        if gone:
            _report(instance, now)
    return gone > 0


def _read(name: str, data: bytes, *, bill: bool) -> Lock:
    if not data:
        raise Refused("empty-body", 400, "the body is the file; it is empty")
    if suspected(name):
        raise Refused("secret-suspected", 422, "the file's name looks like it holds a secret")
    if not bill and uploaded.format_of(name) is None:
        detail = "no lock file of this name is read; the manual lists those that are"
        raise Refused("unsupported-file", 422, detail)
    lock = uploaded.read(name, data, bill=bill)
    if not lock.packages and not lock.whole:
        raise Refused("unreadable-file", 422, "nothing in it could be read", errors=_faults(lock))
    return lock


def _faults(lock: Lock) -> list[dict[str, Any]]:
    """What the reader says, each with the line that it names."""
    found = []
    for text in _warnings(lock):
        line = LINE.search(text)
        place = {"line": int(line[1])} if line else {}
        found.append({**place, "pointer": "", "code": "unreadable-file", "detail": text})
    return found


def _warnings(lock: Lock) -> list[str]:
    return [text[: limits.STRING_CHARS] for text in lock.warnings][: limits.ERRORS]


def _held(environment: Environment, now: datetime) -> Instance:
    """The instance of uploads, its row locked: two uploads at once are told one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', '2s', true)")
    return lock_instance(environment=environment, document={"instance": INSTANCE}, now=now)


def _report(instance: Instance, now: datetime) -> Answer:
    rows = Upload.objects.filter(environment=instance.environment).order_by("bill", "name")
    locks = [(lock_of(row.name, json.loads(gzip.decompress(row.lock))), row.bill) for row in rows]
    document = _document(instance, _entry(instance.environment.project, *uploaded.bodies_of(locks)), now)
    return take(instance=instance, document=document, state=state_of(document), warnings=[], now=now)


def _entry(project: Project, facts: bytes, evidence: bytes) -> dict[str, str]:
    """The section's entry in a report; its bodies have stood the check that an agent's do, and are kept."""
    digests = []
    for body, proves in ((facts, False), (evidence, True)):
        check_body(body)
        digests.append(to_text(keep_made(project=project, section=uploaded.SECTION, evidence=proves, decoded=body)))
    return {"status": "ok", "digest": digests[0], "evidence": digests[1]}


def _document(instance: Instance, entry: dict[str, str], now: datetime) -> dict[str, Any]:
    at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "schema": REPORT_SCHEMA,
        "report_id": str(uuid4()),
        "seq": max(instance.seq + 1, int(now.timestamp() * 1000)),
        "collected_at": at,
        "sent_at": at,
        "agent": {"version": VERSION},
        "instance": INSTANCE,
        "sections": {uploaded.SECTION: entry},
    }
