"""Keeps what the gate answered, for audit: asked again with the same answer it is the same verdict."""

import hashlib
import json
from typing import Any

from django.conf import settings
from django.db import connection

from paritycheck.models import Environment, Project, Verdict

LONGEST_BRANCH = 256
_LOCK_BYTES = 8


def keep_verdict(
    *, project: Project, against: Environment, inputs: dict[str, Any], record: bool, document: dict[str, Any]
) -> dict[str, Any]:
    """Return the document with the address of its page; call it in a transaction.

    `inputs` are what was asked: commit, branch, sections and the rest, all that is not a judgement. A pipeline that is
    tried again, or waits for a report, asks the same; it gets the row that it has, unless the judgement is another one
    by now. No row is ever changed, and the newest one of a question is what was answered last.
    """
    question = _digest([str(against.pk), record, inputs])
    with connection.cursor() as cursor:
        # Two that ask at once wait for each other: one question has one row, not one for each who asks.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_lock(f"{project.pk} {question}")])
    last = Verdict.objects.filter(project=project, question=question).order_by("-created_at").first()
    if last is not None and last.snapshot_id == against.latest_id and _lasting(last.document) == _lasting(document):
        return {**document, "url": last.document["url"]}
    verdict = Verdict(
        project=project,
        against=against,
        snapshot=against.latest,
        commit=inputs["commit"],
        branch=inputs["branch"][:LONGEST_BRANCH],
        recorded=record,
        candidate={"sections": inputs["sections"], "base": inputs["base"]},
        verdict=document["verdict"],
        question=question,
    )
    answer = {**document, "url": f"{settings.PUBLIC_URL}/p/{project.slug}/gate/{verdict.pk}"}
    verdict.document = answer
    verdict.save()
    return answer


def _lasting(document: dict[str, Any]) -> dict[str, Any]:
    """A document without what changes while nothing does: how long ago the evidence came, and its own address."""
    return {name: value for name, value in document.items() if name != "url"} | {
        "against": {**document["against"], "age_s": None}
    }


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode("utf-8", "backslashreplace")).hexdigest()


def _lock(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:_LOCK_BYTES], "big", signed=True)
