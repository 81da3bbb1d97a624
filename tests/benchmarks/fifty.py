"""What the benchmarks of gate and API ask: a project of 50 environments, each with what the real agent sees of a
checkout of 1,500 locked packages, on a PostgreSQL of its own. No benchmark by itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paritycheck.local.postgres import Embedded
from paritycheck_agent.wire import canonical
from paritycheck_agent.wire.reports import check_report
from tests.benchmarks import agent_cost
from tests.benchmarks.agent_show import environment
from tests.conftest import DEFAULTS, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paritycheck.models import Token

ENVIRONMENTS, LOCKED = 50, 1_500
CHANGED = 5
"""Packages of each environment that have another version than the baseline's."""
PARITY = str(Path(sys.executable).parent / "parity")


@dataclass(frozen=True, slots=True)
class Fifty:
    """The project `shop`: a token to read with, some for gates (each may ask 600 times at once), and the checkout."""

    admin: str
    gates: list[str]
    checkout: Path
    database: str


def make_checkout(place: Path) -> Path:
    """A git checkout with the lock of 1,500 packages."""
    place.mkdir()
    agent_cost.LOCKED, before = LOCKED, agent_cost.LOCKED
    try:
        agent_cost.make_lock(place)
    finally:
        agent_cost.LOCKED = before
    (place / "parity.toml").write_text('[project]\nname = "shop"\n')
    git = ["git", "-C", str(place), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "One"]):
        subprocess.run([*git, *words], check=True)
    return place


@contextmanager
def fifty(work: Path) -> Iterator[Fifty]:
    """The database with everything in it, evaluated; Django of this process is set up for it."""
    checkout = make_checkout(work / "shop")
    with empty(work) as database:
        yield _filled(checkout, _seen(checkout, work / "state"), database)


@contextmanager
def empty(work: Path) -> Iterator[str]:
    """A PostgreSQL of its own with a migrated database: its URL. Django of this process is set up for it."""
    with Embedded(work / "data") as server:
        os.environ.update({**DEFAULTS, "DATABASE_URL": server.url, "DJANGO_SETTINGS_MODULE": SETTINGS})
        import django
        from django.core.management import call_command
        from django.db import connections

        django.setup()
        call_command("migrate", verbosity=0)
        try:
            yield server.url
        finally:
            connections.close_all()


def _seen(checkout: Path, state: Path) -> dict[str, Any]:
    """The sections that the real agent reports of the checkout."""
    environ = {**environment(), "PARITY_STATE_DIR": str(state), "PARITY_INSTANCE_KIND": "host"}
    done = subprocess.run([PARITY, "show"], cwd=checkout, env=environ, capture_output=True, check=True)
    sections: dict[str, Any] = json.loads(done.stdout)["sections"]
    return {name: entry for name, entry in sections.items() if entry["status"] == "ok" and "facts" in entry}


def _filled(checkout: Path, seen: dict[str, Any], database: str) -> Fifty:
    from paritycheck.models import Project, User
    from paritycheck.models.tokens import TokenKind
    from paritycheck.services.evaluate import evaluate_environment
    from paritycheck.services.projects import EnvironmentPlan, bootstrap_project
    from paritycheck.services.tokens import issue_token

    names = ["production", *(f"deploy-{number:02}" for number in range(1, ENVIRONMENTS))]
    plans = [EnvironmentPlan(name, "production" if name == "production" else "staging") for name in names]
    made = bootstrap_project(slug="shop", environments=plans, admin_email="admin@localhost")
    project, now = Project.objects.get(slug="shop"), datetime.now(UTC)
    for number, row in enumerate(project.environments.order_by("created_at")):
        token = row.tokens.select_related("project__baseline", "environment").get()
        report(token, {**seen, "dependencies": _changed(seen["dependencies"], number)}, now)
    for row in project.environments.all():
        evaluate_environment(environment_id=row.pk, now=now)
    gates = [issue_token(kind=TokenKind.GATE, project=project, name=f"ci {number}")[1] for number in range(4)]
    assert User.objects.count() == 1
    return Fifty(made["admin"]["token"], gates, checkout, database)


def _changed(entry: dict[str, Any], number: int) -> dict[str, Any]:
    """Some npm packages of a deploy are another version than in the lock; those of the baseline are not."""
    at = [place for place, fact in enumerate(entry["facts"]) if fact["name"].startswith("pkg:npm/")]
    odd = {at[(number * 31 + step) % len(at)] for step in range(CHANGED)} if number else set()
    facts = [{**fact, "value": "9.0.0"} if place in odd else fact for place, fact in enumerate(entry["facts"])]
    return {**entry, "facts": facts}


def report(token: Token, sections: dict[str, Any], now: datetime) -> None:
    """Take a first report of an instance of the token's environment, bodies first."""
    from paritycheck.codec.digests import to_bytes
    from paritycheck.services.ingest import store_section, take_report

    told: dict[str, Any] = {}
    for name, entry in sections.items():
        bodies = canonical.split(name, entry.get("covers", ()), entry["facts"])
        digests = [canonical.digest(body) for body in bodies]
        for digest, body in zip(digests, bodies, strict=True):
            store_section(token=token, digest=to_bytes(digest), decoded=body, gzipped=None)
        told[name] = {"status": "ok", "digest": digests[0], "evidence": digests[1]}
    moment = now.isoformat().replace("+00:00", "Z")
    document = {
        "schema": "paritycheck.report/1",
        "report_id": str(uuid.uuid4()),
        "seq": 1,
        "collected_at": moment,
        "sent_at": moment,
        "agent": {"version": "0.1.0", "interval_s": 300},
        "instance": {"id": "web-1", "kind": "host"},
        "sections": told,
    }
    warnings = check_report(document)
    take_report(token=token, document=document, warnings=warnings, now=now)
