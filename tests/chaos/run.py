"""Hurts a running service in every way of the list, and counts what was lost.

    make chaos                       every scenario
    make chaos NAME=senders SEED=7   one of them
    make chaos BROKER=rabbitmq NAME=worker-killed,wakeups
    make chaos NAME=soak MINUTES=60

Each scenario has real processes, a database of its own on one embedded PostgreSQL, and a real mail server and webhook
receiver that write down what they took. The tables at the end say how much was sent, received, killed, lost and
received twice, and each figure beside its bound; the exit code is 1 where anything was lost or an invariant does not
hold.
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
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from paritycheck.local import environment, programs
from paritycheck.local.postgres import Embedded
from tests.chaos.brokers import BROKERS, Rabbit, Redis
from tests.chaos.outcome import Outcome, restored
from tests.chaos.stand import ROOT, Stand
from tests.results.lines import keep, table

if TYPE_CHECKING:
    from collections.abc import Sequence

SCENARIOS = {
    "senders": "F3 P2: senders and the broker are killed while 1,000 alerts go out",
    "worker-killed": "F1: a worker is killed in the middle of an evaluation",
    "pool-child": "F2: the process that evaluates is killed, once and again and again",
    "web-killed": "F4: web is killed while real agents report",
    "postgres": "F5: PostgreSQL is restarted at once while people look and agents report",
    "frozen": "F6: PostgreSQL hangs for a minute and says nothing",
    "full-house": "F7: PostgreSQL has no connection left",
    "redis": "F8 F9: Redis is killed, away, and emptied",
    "redis-full": "F10: Redis has no memory left, and takes nothing",
    "mail-faults": "F11: a mail server refuses, hangs and is slow",
    "hook-faults": "F12 F13: webhooks that refuse, drip, and never end",
    "disk-full": "F16: the database's disk is full",
    "logs-full": "F17: the disk of the logs is full",
    "clocks": "F18: the clocks of all processes jump, by hours and by years",
    "wakeups": "F20: every wake-up comes five times",
    "two-beats": "F21: two beats at once, and the first one lost",
    "beat-dead": "F22: beat is dead, and comes back",
    "deaf-worker": "F23: a worker's connection is dead, and nothing says so",
    "rolling": "F24 P17: every process is replaced, one after the other, under load",
    "previous": "F25: the release before runs on the new tables, and this one after it",
    "migrate": "F26 P18: the tables of the release before are migrated while it serves and somebody reads them",
    "restore": "F27 P19: the database is lost, and last night's backup restored",
    "reconnect": "F28 P9: 500 agents come back after an hour",
    "poison": "F29: an evaluation that always fails",
    "power-cut": "F30: everything is killed at once",
}
SOAK = {"soak": "F31: faults at random for MINUTES, under load, with three projects"}
"""Only by its name: it takes as long as it is told to."""
NEEDS = {"redis": "redis", "redis-full": "redis", "deaf-worker": "rabbitmq"}
"""Scenarios that hurt a broker of their own."""
LIMIT_S = 900
TEMPLATE = "paritycheck"


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    if options.database:
        return _one(options)
    outcomes = _all(options)
    sys.stdout.write(summary(outcomes) + "\n" + table([line for outcome in outcomes for line in outcome.lines()]))
    return 0 if all(outcome.good for outcome in outcomes) else 1


def _parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {name:14} {what}" for name, what in (SCENARIOS | SOAK).items())
    parser = argparse.ArgumentParser(
        prog="make chaos", description=__doc__, epilog=f"scenarios:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--name", default="", help="scenarios, with commas between them; all without it")
    parser.add_argument("--seed", type=int, default=20261130, help="decides when and whom to kill")
    parser.add_argument("--broker", choices=list(BROKERS), default="pgmq", help="pgmq is PostgreSQL, the default")
    parser.add_argument("--minutes", type=float, default=60, help="how long the soak takes")
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--database", default="", help=argparse.SUPPRESS)
    return parser


def _all(options: argparse.Namespace) -> list[Outcome]:
    names = options.name.split(",") if options.name else list(SCENARIOS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    place = Path(tempfile.mkdtemp(prefix="paritycheck-chaos-"))
    try:
        with Embedded(place / "data", temporary=True) as server:
            settings = environment.with_data(environment.without_settings(os.environ), place / "data", server.url)
            subprocess.run(programs.migrate(), env=settings, check=True)
            return [_apart(name, place, server, options) for name in names]
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _apart(name: str, place: Path, server: Embedded, options: argparse.Namespace) -> Outcome:
    """Run one scenario in a process of its own: Django is set up once in a process, for one database."""
    server.tend()
    database = f"chaos_{name.replace('-', '_')}"
    with psycopg.connect(
        server.paths.server_url("postgres").replace("postgres:", "postgresql:"), autocommit=True
    ) as it:
        it.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(database), sql.Identifier(TEMPLATE)))
    said = {"name": name, "seed": options.seed, "broker": options.broker, "minutes": options.minutes}
    command = [sys.executable, "-m", "tests.chaos.run", "--data", str(place / "data"), "--database", database]
    command += [word for key, value in said.items() for word in (f"--{key}", str(value))]
    what = (SCENARIOS | SOAK)[name]
    began = time.monotonic()
    child = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE)
    sys.stdout.write(f"{name}: {what} ...\n")
    sys.stdout.flush()
    try:
        output, _ = child.communicate(timeout=LIMIT_S + (60 * options.minutes if name in SOAK else 0))
        outcome = restored(json.loads(output.splitlines()[-1]))
    except (subprocess.TimeoutExpired, IndexError, ValueError):
        outcome = Outcome(name, problems=["it did not come to its end"])
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait(30)
    outcome.seconds = time.monotonic() - began
    outcome.rows = what.partition(":")[0]
    if options.broker != "pgmq" and name not in NEEDS:
        outcome.name = f"{name} on {options.broker}"
    keep(f"chaos-{outcome.name.replace(' ', '-')}", outcome.lines())
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
        broker = BROKERS[NEEDS.get(options.name, options.broker)]
        place.mkdir(exist_ok=True)
        hurt: list[Redis | Rabbit] = [broker(place)] if broker else []
        for one in hurt:
            stack.enter_context(one)
        if hurt:
            settings["BROKER_URL"] = hurt[0].url
        # A file of its own: every scenario has another database.
        settings["REVOCATIONS_FILE"] = str(place.with_suffix(".revocations"))
        stand = stack.enter_context(Stand(place, settings["DATABASE_URL"], settings, server=server, seed=options.seed))
        os.environ.update(stand.environment)
        import django

        django.setup()
        outcome = None
        more = hurt if options.name in NEEDS else [60 * options.minutes] if options.name in SOAK else []
        try:
            outcome = scenario.run(stand, *more)
        finally:
            if outcome is None or not outcome.good:
                shutil.copytree(place, ROOT / ".chaos" / options.name, dirs_exist_ok=True)
    sys.stdout.write(json.dumps(outcome.stored()) + "\n")
    return 0


def summary(outcomes: Sequence[Outcome]) -> str:
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
