"""F26, P18: the database of the release before is migrated while that release serves, agents report, and somebody reads
a table of a million rows for long.

Nobody sees a 5xx, no lock that keeps others out is held for two seconds, no report waits longer than for one try, and
the release before goes on, before this one takes over and tends the weeks.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from paritycheck.local import programs
from paritycheck_agent.wire import canonical
from tests.api.installation import Site, http_road
from tests.chaos.callers import Callers, start_web
from tests.chaos.database import libpq
from tests.chaos.outcome import Outcome
from tests.chaos.previous import Previous
from tests.chaos.stand import ROOT, Stand

if TYPE_CHECKING:
    from collections.abc import Iterator

DATABASE = "chaos_migrate_before"
ROWS = int(os.environ.get("CHAOS_ROWS", "1000000"))
"""Of reports, and as many attempts; fewer where somebody works on the scenario itself."""
REPORTERS, INSTANCES, BETWEEN_S = 4, 60, 0.7
READ_S, LONGEST_S = 4, 2.0
STRONG = ("ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")
HELD = """
SELECT l.pid, l.virtualtransaction FROM pg_locks l
 WHERE l.granted AND l.locktype = 'relation' AND l.mode = ANY(%s) AND l.relation >= 16384 AND l.pid <> pg_backend_pid()
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
FILL = """
SET session_replication_role = replica;
INSERT INTO paritycheck_report (project_id, environment_id, instance_id, report_id, seq, state, collected_at, sent_at,
       received_at, clock_skew_s, stale, sections, warnings)
SELECT i.project_id, i.environment_id, i.id, gen_random_uuid(), n, md5(n::text), now(), now(),
       now() - n * interval '5 seconds', 0, false, '{"dependencies": {"digest": "aa", "status": "ok"}}', '[]'
  FROM generate_series(1, %(rows)s) n, (SELECT * FROM paritycheck_instance LIMIT 1) i;
INSERT INTO paritycheck_deliveryattempt (project_id, delivery_id, number, at, ok, error)
SELECT i.project_id, gen_random_uuid(), 1, now() - n * interval '2 seconds', true, ''
  FROM generate_series(1, %(rows)s) n, (SELECT * FROM paritycheck_instance LIMIT 1) i;
"""


def run(stand: Stand) -> Outcome:
    assert stand.server is not None
    with psycopg.connect(libpq(stand.server.paths.server_url("postgres")), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {DATABASE}")
    url = stand.server.paths.server_url(DATABASE)
    with (
        Previous(stand.place / "previous", url, stand.environment, server=stand.server) as before,
        Stand(stand.place / "now", url, stand.environment, server=stand.server) as now,
    ):
        tokens = _fill(before)
        start_web(before)
        with _load(before, tokens) as load:
            migrated = _migrate(now)
            time.sleep(1)
        with _load(before, tokens) as after:
            time.sleep(2)
        start_web(now)
        with _load(now, tokens) as later:
            now.start("beat")
            weeks = now.until(lambda: _weeks(now), 60)
        return _outcome(now, migrated, [load, after, later], weeks)


class Load:
    """What agents were answered while it lasted. `waits` are seconds, `held` the longest that a strong lock was."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.refused: list[int] = []
        self.waits: list[float] = []
        self.held = 0.0
        self.problems: list[str] = []
        self.stop = threading.Event()

    def report(self, site: Site, who: str) -> None:
        """Something new, again and again."""
        while not self.stop.wait(BETWEEN_S):
            began = time.monotonic()
            facts = [{"name": "pkg:pypi/a", "value": f"1.{site.seq}", "scope": "direct", "sources": ["uv.lock:1"]}]
            bodies = canonical.split("dependencies", ("pkg:pypi/",), facts)
            self.refused += [status for body in bodies if (status := site.put(body, who=who).status) >= 300]
            told = {"status": "ok", "digest": canonical.digest(bodies[0]), "evidence": canonical.digest(bodies[1])}
            instance = {"id": f"web-{site.seq % INSTANCES}", "kind": "container"}
            document = site.report(instance=instance, sections={"dependencies": told})
            reply = site.post(document, who=who)
            self.waits.append(time.monotonic() - began)
            if reply.status in {200, 202}:
                self.taken.append(document["report_id"])
            else:
                self.refused.append(reply.status)

    def watch(self, url: str) -> None:
        """Look every 20 ms who holds a lock that keeps others out."""
        since: dict[tuple[int, str], float] = {}
        with psycopg.connect(libpq(url), autocommit=True) as session:
            while not self.stop.wait(0.02):
                at = time.monotonic()
                seen = {(pid, transaction) for pid, transaction in session.execute(HELD, [list(STRONG)])}
                since = {each: since.get(each, at) for each in seen}
                self.held = max([self.held, *(at - began for began in since.values())])


@contextmanager
def _load(stand: Stand, tokens: dict[str, str]) -> Iterator[Load]:
    """Agents that report and people who look, until the end of the block."""
    load = Load()
    sites = [Site(http_road(stand.port), tokens, seq=int(time.time() * 1e6) + n * 10**7) for n in range(REPORTERS)]
    threads = [threading.Thread(target=load.report, args=[site, "staging"]) for site in sites]
    threads.append(threading.Thread(target=load.watch, args=[stand.url]))
    with Callers(f"http://127.0.0.1:{stand.port}") as callers:
        for thread in threads:
            thread.start()
        try:
            yield load
        finally:
            load.stop.set()
            for thread in threads:
                thread.join(60)
    load.problems += callers.problems(allowed=(200,))


def _fill(before: Previous) -> dict[str, str]:
    """The tables of the release before, and what a year leaves in them; the tokens to report with."""
    before.command("migrate", "--no-input", "--verbosity", "0")
    plans = ("--environment", "production:production", "--environment", "staging:staging")
    told = json.loads(before.command("bootstrap", "--project", "shop", *plans, "--json"))
    tokens = {row["slug"]: row["token"] for row in told["environments"]}
    pid = before.start("web")[0]
    site = Site(http_road(before.port), tokens)
    assert before.until(lambda: _answers(site), 60), before.log_of(pid)
    site.told()
    before.kill(pid, count=False)
    with psycopg.connect(libpq(before.url), autocommit=True) as session:
        for statement in FILL.replace("%(rows)s", str(ROWS)).split(";\n"):
            session.execute(statement)
        session.execute("ANALYZE")
    return tokens


def _answers(site: Site) -> bool:
    try:
        return site.get("/readyz", who=None).status == 200
    except OSError:
        return False


def _migrate(now: Stand) -> tuple[float, str]:
    """Migrate to this release while a reader holds both tables for a while: seconds, and what it said."""
    began = time.monotonic()
    with psycopg.connect(libpq(now.url), application_name="a long report") as reader:
        reader.execute(
            "SELECT (SELECT max(id) FROM paritycheck_report), (SELECT max(id) FROM paritycheck_deliveryattempt)"
        )
        process = subprocess.Popen(
            programs.migrate(),
            cwd=ROOT,
            env=now.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert process.stdout is not None
        said = ""
        while "in use" not in said and (line := process.stdout.readline()):
            said += line
        time.sleep(READ_S)
    said += process.communicate(timeout=300)[0]
    assert process.returncode == 0, said[-2000:]
    return time.monotonic() - began, said


def _weeks(now: Stand) -> int:
    """Partitions that were made ahead, once they are there for both tables."""
    found = now.count("SELECT count(*) FROM pg_class WHERE relispartition AND relname ~ '_[0-9]{8}$' AND relkind = 'r'")
    return found if found >= 6 else 0


def _outcome(now: Stand, migrated: tuple[float, str], loads: list[Load], weeks: int) -> Outcome:
    taken = [ident for load in loads for ident in load.taken]
    waits = [wait for load in loads for wait in load.waits]
    held = max(load.held for load in loads)
    there = now.count("SELECT count(*) FROM paritycheck_report WHERE report_id = ANY(%s)", taken)
    rows = now.count("SELECT count(*) FROM paritycheck_report")
    outcome = Outcome("migrate", sent=len(waits), received=len(taken), lost=len(taken) - there)
    outcome.note = (
        f"{ROWS:,} rows, migrated in {migrated[0]:.0f} s; longest lock {held:.2f} s, "
        f"longest report {max(waits):.2f} s; {weeks} weeks made"
    )
    refused = sorted({status for load in loads for status in load.refused})
    outcome.problems = [problem for load in loads for problem in load.problems]
    outcome.problems += [f"reports were answered {refused}"] if refused else []
    outcome.problems += [f"a lock was held for {held:.2f} s"] if held > LONGEST_S else []
    outcome.problems += [f"a report took {max(waits):.2f} s"] if max(waits) > 2 * LONGEST_S else []
    outcome.problems += [] if "A table is in use" in migrated[1] else ["the reader was in nobody's way"]
    outcome.problems += [] if weeks else ["beat made no weeks"]
    outcome.problems += [f"{rows} rows of {ROWS + 1 + len(taken)}"] if rows != ROWS + 1 + len(taken) else []
    return outcome
