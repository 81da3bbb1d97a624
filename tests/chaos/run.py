"""Hurts a running service in every way of the list, and counts what was lost.

    make chaos                       every scenario
    make chaos NAME=senders SEED=7   one of them

Each scenario has real processes, a database of its own on one embedded PostgreSQL, and a real mail server and webhook
receiver that write down what they took. The table at the end says how much was sent, received, killed, lost and
received twice; the exit code is 1 where anything was lost or an invariant does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from paritycheck.local import environment, programs
from paritycheck.local.postgres import Embedded
from tests.chaos.brokers import Redis
from tests.chaos.checks import Outcome
from tests.chaos.stand import ROOT, Stand

if TYPE_CHECKING:
    from collections.abc import Sequence

SCENARIOS = {
    "senders": "F3       senders and the broker are killed while 1,000 alerts go out",
    "worker-killed": "F1       a worker is killed in the middle of an evaluation",
    "pool-child": "F2       the process that evaluates is killed, once and again and again",
    "web-killed": "F4       web is killed while real agents report",
    "postgres": "F5       PostgreSQL is restarted at once while people look and agents report",
    "frozen": "F6       PostgreSQL hangs for a minute and says nothing",
    "full-house": "F7       PostgreSQL has no connection left",
    "redis": "F8 F9    Redis is killed, away, and emptied",
    "mail-faults": "F11      a mail server refuses, hangs and is slow",
    "wakeups": "F20      every wake-up comes five times",
    "two-beats": "F21      two beats at once, and the first one lost",
    "beat-dead": "F22      beat is dead, and comes back",
    "previous": "F25      the release before runs on the new tables, and this one after it",
    "migrate": "F26 P18  the tables of the release before are migrated while it serves and somebody reads them",
    "restore": "F27      the database is lost, and last night's backup restored",
    "power-cut": "F30      everything is killed at once",
}
WITH_REDIS = frozenset({"redis"})
LIMIT_S = 900
TEMPLATE = "paritycheck"


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    if options.database:
        return _one(options)
    names = options.name.split(",") if options.name else list(SCENARIOS)
    outcomes = _all(names, options.seed)
    sys.stdout.write(table(outcomes))
    return 0 if all(outcome.good for outcome in outcomes) else 1


def _parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {name:14} {what}" for name, what in SCENARIOS.items())
    parser = argparse.ArgumentParser(
        prog="make chaos", description=__doc__, epilog=f"scenarios:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--name", default="", help="scenarios, with commas between them; all without it")
    parser.add_argument("--seed", type=int, default=20261130, help="decides when and whom to kill")
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--database", default="", help=argparse.SUPPRESS)
    return parser


def _all(names: Sequence[str], seed: int) -> list[Outcome]:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    place = Path(tempfile.mkdtemp(prefix="paritycheck-chaos-"))
    try:
        with Embedded(place / "data", temporary=True) as server:
            settings = environment.with_data(environment.without_settings(os.environ), place / "data", server.url)
            subprocess.run(programs.migrate(), env=settings, check=True)
            return [_apart(name, place, server, seed) for name in names]
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _apart(name: str, place: Path, server: Embedded, seed: int) -> Outcome:
    """Run one scenario in a process of its own: Django is set up once in a process, for one database."""
    server.tend()
    database = f"chaos_{name.replace('-', '_')}"
    with psycopg.connect(
        server.paths.server_url("postgres").replace("postgres:", "postgresql:"), autocommit=True
    ) as it:
        it.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(database), sql.Identifier(TEMPLATE)))
    command = [sys.executable, "-m", "tests.chaos.run", "--name", name, "--seed", str(seed)]
    began = time.monotonic()
    child = subprocess.Popen(
        [*command, "--data", str(place / "data"), "--database", database], cwd=ROOT, text=True, stdout=subprocess.PIPE
    )
    sys.stdout.write(f"{name}: {SCENARIOS[name]} ...\n")
    sys.stdout.flush()
    try:
        output, _ = child.communicate(timeout=LIMIT_S)
        outcome = Outcome(**json.loads(output.splitlines()[-1]))
    except (subprocess.TimeoutExpired, IndexError, ValueError):
        outcome = Outcome(name, problems=["it did not come to its end"])
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait(30)
    outcome.seconds = time.monotonic() - began
    return outcome


def _one(options: argparse.Namespace) -> int:
    """One scenario, here; its outcome is the last line of the output."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    scenario = import_module(f"tests.chaos.scenarios.{options.name.replace('-', '_')}")
    server = Embedded(options.data)
    server.open()
    place = options.data.parent / options.name
    settings = environment.with_data({}, options.data, server.paths.server_url(options.database))
    with ExitStack() as stack:
        stack.callback(server.close)
        redis = None
        if options.name in WITH_REDIS:
            place.mkdir(exist_ok=True)
            redis = stack.enter_context(Redis(_redis(), place))
            settings["BROKER_URL"] = redis.url
        # A file of its own: every scenario has another database.
        settings["REVOCATIONS_FILE"] = str(place.with_suffix(".revocations"))
        stand = stack.enter_context(Stand(place, settings["DATABASE_URL"], settings, server=server, seed=options.seed))
        os.environ.update(stand.environment)
        import django

        django.setup()
        outcome = None
        try:
            outcome = scenario.run(stand, redis) if redis else scenario.run(stand)
        finally:
            if outcome is None or not outcome.good:
                shutil.copytree(place, ROOT / ".chaos" / options.name, dirs_exist_ok=True)
    sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
    return 0


def _redis() -> str:
    path = shutil.which("redis-server", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    assert path is not None, "redis-server is not here. Install it with: apt-get install redis-server"
    return path


def table(outcomes: Sequence[Outcome]) -> str:
    """One row for each scenario, and a line for each thing that is wrong."""
    head = f"\n{'scenario':16}{'sent':>7}{'received':>10}{'kills':>7}{'lost':>6}{'duplicates':>12}{'seconds':>9}  \n"
    rows = [
        f"{one.name:16}{one.sent:>7}{one.received:>10}{one.kills:>7}{one.lost:>6}{one.duplicates:>12}"
        f"{one.seconds:>9.0f}  {'' if one.good else 'FAILED  '}{one.note}\n"
        for one in outcomes
    ]
    wrong = [f"{one.name}: {problem}\n" for one in outcomes for problem in one.problems[:20]]
    return "".join([head, *rows, *wrong])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
