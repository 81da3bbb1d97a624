"""F27: the database is lost and its backup restored. What was revoked since stays revoked, old messages wait for the
operator, and agents go on as if nothing had been.

The web process lives through it, as one that an operator forgot to stop; worker, sender and beat are killed. That a
message waited since last night is a time moved in the database.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from tests.chaos.agents import Agent
from tests.chaos.callers import get, start_web
from tests.chaos.checks import judge, settle
from tests.chaos.database import libpq
from tests.chaos.shops import make_shops
from tests.chaos.stand import OPERATOR, ROOT

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.shops import Shop
    from tests.chaos.stand import Stand

SEEN_S = 6
"""A revocation counts everywhere within five seconds."""
RESTORED_S = 120
"""Of a small database: two commands. The figure for 5 GB is fifteen minutes."""
ENDS_S = 120
BEFORE, AFTER = {"django": "5.2.19", "stripe": "14.0.1"}, {"django": "5.2.19", "stripe": "15.0.0"}


def run(stand: Stand) -> Outcome:
    [shop] = make_shops(1, ["ann@example.com", "bo@example.com"])
    _appoint_operator()
    stand.start("beat")
    stand.ready(*stand.start("worker", "sender"))
    url = start_web(stand)
    agent = Agent(stand, shop, "staging", "agent-1")
    assert stand.until(lambda: agent.report(**BEFORE), 60), "an agent's report is not taken"
    settle(stand, [shop], 120)
    _waive(shop)
    texts = {word: shop.personal_token() for word in ("kept", "revoked")}
    _hold_back(stand, shop)
    dump = _command(stand, "backup", str(stand.place / "backups"), "--json")
    problems = _judged(dump.returncode == 0, f"no backup: {dump.stderr}")
    file = str(json.loads(dump.stdout)["file"])

    _revoke(texts["revoked"])
    problems += _judged(agent.report(**AFTER), "the report after the backup is not taken")
    changed = "SELECT count(*) FROM paritycheck_drift WHERE left_side::text || right_side::text LIKE '%%15.0.0%%'"
    problems += _judged(stand.until(lambda: stand.count(changed), 60), "nothing came of the report after the backup")
    known = {str(row[0]) for row in stand.sql("SELECT id FROM paritycheck_delivery")}
    _lose(stand)
    found, took = _restored(stand, file, url, texts)
    problems += found

    stand.start("beat")
    stand.ready(*stand.start("worker", "sender"))
    problems += _judged(stand.until(lambda: agent.report(**AFTER), 60), "an agent is not taken after the restore")
    held = stand.count("SELECT count(*) FROM paritycheck_delivery WHERE held_for <> '' AND state = 'due'")
    problems += _judged(held == 1, f"{held} messages are held, not 1")
    sent = _command(stand, "restored", "--send-held")
    problems += _judged("held messages sent: 1" in sent.stdout, f"held messages: {sent.stdout}{sent.stderr}")
    settle(stand, [shop], 120)
    problems += _after(stand, url, texts)
    outcome = judge(stand, "restore", [shop])
    # What went out between backup and loss is in no outbox any more; and what comes again says so under a new id.
    outcome.problems = [each for each in outcome.problems if each.partition(" ")[0] not in known] + problems
    outcome.problems += _judged(took <= RESTORED_S, f"restored after {took:.0f} s")
    outcome.note = f"restored and confirmed in {took:.0f} s"
    return outcome


def _appoint_operator() -> None:
    """Who is mailed of silent processes: these mails are in no outbox."""
    from paritycheck.models import User

    User.objects.filter(is_superuser=True).update(is_superuser=False)
    User.objects.create_superuser(f"{OPERATOR}example.com", "a password of some length")


def _waive(shop: Shop) -> None:
    """One accepted drift, so that there is a waiver to bring back."""
    from datetime import UTC, datetime, timedelta

    from paritycheck.core.waiver_terms import read_terms
    from paritycheck.models import Drift, User
    from paritycheck.services.waivers import create_waiver

    now, drift = datetime.now(UTC), Drift.objects.get(project=shop.project, name="pkg:pypi/stripe")
    owner = User.objects.get(memberships__project=shop.project, memberships__role="owner")
    until = f"{now + timedelta(days=30):%Y-%m-%d}"
    said = {"match": str(drift), "reason": "planned, OPS-118", "owner": owner.email, "until": until}
    terms = read_terms(said, now)
    create_waiver(project=shop.project, user=owner, terms=terms, now=now)


def _hold_back(stand: Stand, shop: Shop) -> None:
    """A message that waits since last night: its sender died then."""
    stand.kill(stand.running("sender"))
    stand.sql(
        "INSERT INTO paritycheck_delivery (id, project_id, channel, kind, recipient, subject, content, dedupe, state,"
        " held_for, due_at, attempts, error, created_at, acted, acted_by)"
        " SELECT gen_random_uuid(), project_id, channel, kind, recipient, subject, content, 'last night', 'due', '',"
        " now(), 0, '', now() - interval '9 hours', '', '' FROM paritycheck_delivery"
        " WHERE project_id = %s AND kind = 'alert' LIMIT 1", shop.project.pk,
    )  # fmt: skip


def _revoke(text: str) -> None:
    from paritycheck.services.tokens import authenticate, revoke_token

    token = authenticate(text)
    assert token is not None
    revoke_token(token=token)


def _lose(stand: Stand) -> None:
    """Everything but web is killed, and the database is gone; there is a new one, with nothing in it."""
    from django.db import connections

    connections.close_all()
    for name in ("beat", "worker"):
        stand.kill(stand.running(name))
    assert stand.server is not None
    name = stand.url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(libpq(stand.server.paths.server_url("postgres")), autocommit=True) as session:
        session.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _restored(stand: Stand, file: str, url: str, texts: dict[str, str]) -> tuple[list[str], float]:
    """Bring it back, and look at what is refused on the way; the seconds that restoring and confirming took."""
    wrong = _command(stand, "restore", file, PEPPER="another pepper than the one of the backup")
    found = _judged("PEPPER is not what" in wrong.stderr, f"another PEPPER was not refused: {wrong.stderr}")
    began = time.monotonic()
    done = _command(stand, "restore", file)
    took = time.monotonic() - began
    found += _judged(done.returncode == 0, f"not restored: {done.stderr}")
    again = _command(stand, "restore", file)
    found += _judged("is not empty" in again.stderr, "a database that is not empty was not refused")
    status = get(f"{url}/api/v1/projects", texts["kept"])[0]
    found += _judged(status == HTTPStatus.SERVICE_UNAVAILABLE, f"web answers {status} before the restore is confirmed")
    for name in ("worker", "beat"):
        pid = stand.start(name)[0]
        ended = stand.until(lambda pid=pid: not stand.alive(pid), ENDS_S)  # type: ignore[misc]  # bound on purpose
        said = stand.log_of(pid)
        found += _judged(ended and "paritycheck restored" in said, f"{name} starts on it: {said}")
        stand.kill(pid, count=False)
    began = time.monotonic()
    confirmed = _command(stand, "restored")
    took += time.monotonic() - began
    found += _judged("tokens revoked: 1" in confirmed.stdout, f"confirmed: {confirmed.stdout}{confirmed.stderr}")
    served = stand.until(lambda: get(f"{url}/readyz")[0] == HTTPStatus.OK, 60)
    return found + _judged(served, "web is not ready after the restore was confirmed"), took


def _after(stand: Stand, url: str, texts: dict[str, str]) -> list[str]:
    stand.until(lambda: False, SEEN_S)
    gate = f"{url}/api/v1/projects/shop-0/gate?environment=staging&against=production"
    answers = {word: get(f"{url}/api/v1/projects", text)[0] for word, text in texts.items()}
    found = _judged(answers == {"kept": 200, "revoked": 401}, f"tokens are answered {answers}")
    status = get(gate, texts["kept"])[0]
    found += _judged(status == HTTPStatus.OK, f"the gate answers {status}")
    whole = _command(stand, "verify")
    found += _judged(whole.returncode == 0, f"verify: {whole.stderr}")
    waivers = stand.count("SELECT count(*) FROM paritycheck_waiver")
    return found + _judged(waivers == 1, f"{waivers} waivers")


def _command(stand: Stand, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "paritycheck", *words], cwd=ROOT, env={**stand.environment, **settings}, text=True,
        capture_output=True, check=False,
    )  # fmt: skip


def _judged(holds: object, otherwise: str) -> list[str]:
    return [] if holds else [otherwise]
