"""Two web and three worker processes against one PostgreSQL and one RabbitMQ: is work done once, and what does one add?

    PYTHONPATH=. .venv/bin/python tests/benchmarks/scale.py

Web: unchanged reports by eight agents at once, on one process of web and on two, rounds interleaved. Workers: all
environments of a project are evaluated after the baseline changed, with one worker, two and three of one process each;
every wake-up is sent twice. Goals: as many evaluations begin as there are environments, and each drift opens once,
however many work; and a further process takes no more of the processor for the same work (at most 1.3 and 1.5 times),
which is what allows it to stand on another machine. How much sooner it is done is told: on one machine the cores are
the bound, and PostgreSQL and what asks are on them too.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from paritycheck.local import programs
from tests.benchmarks import fleet
from tests.benchmarks.fifty import empty
from tests.benchmarks.processor import cpu_of_tree, postmaster
from tests.benchmarks.results import Row, publish
from tests.benchmarks.serving import Served, granian, spent
from tests.chaos.brokers import Rabbit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paritycheck.models import Project

ENVIRONMENTS, FACTS, BATCHES = 40, 300, 3
BEATS, ROUNDS = 400, 5
WEB_GOAL, WORKER_GOAL = 1.3, 1.5
PATIENCE_S = 240
COUNT_RUNS = """
CREATE TABLE bench_run (environment_id uuid NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE FUNCTION bench_begun() RETURNS trigger LANGUAGE plpgsql AS
 'BEGIN INSERT INTO bench_run (environment_id) VALUES (NEW.environment_id); RETURN NULL; END';
CREATE TRIGGER bench_begun AFTER UPDATE ON paritycheck_job FOR EACH ROW
 WHEN (NEW.attempts > OLD.attempts) EXECUTE FUNCTION bench_begun()
"""
"""An evaluation counts its attempt before it begins."""


def sql(statement: str) -> int:
    """Run it; the number that it gives, if it gives one."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone() if cursor.description else None
    return int(row[0]) if row else 0


@contextmanager
def worker(number: int, place: Path) -> Iterator[int]:
    """A worker with one process that evaluates, once it says that it is ready; its process id."""
    command = list(programs.worker({}).command)
    command[command.index("worker@paritycheck")] = f"worker-{number}@paritycheck"
    command[command.index("--concurrency") + 1] = "1"
    log = place / f"worker-{number}.log"
    environ = {**os.environ, "REMAP_SIGTERM": "SIGQUIT", "PYTHONWARNINGS": programs.AS_ROOT}
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environ, stdout=out, stderr=out, start_new_session=True)
    try:
        until = time.monotonic() + PATIENCE_S
        while b"ready." not in log.read_bytes():
            if time.monotonic() > until or process.poll() is not None:
                raise SystemExit(f"worker {number} is not ready: {log.read_text()[-2000:]}")
            time.sleep(0.1)
        yield process.pid
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@dataclass(frozen=True, slots=True)
class Batch:
    """Evaluations of all environments: seconds on the clock, and of the processor."""

    wall: float
    cpu: float
    begun: int


class Work:
    """A project whose environments are all due whenever its baseline changes."""

    def __init__(self) -> None:
        self.senders = fleet.make("fleet", ENVIRONMENTS, 1)
        project = self.senders[0].token.project
        assert project is not None
        self.project: Project = project
        for at, sender in enumerate(self.senders):
            sender.first(fleet.facts(FACTS, at % 8))
        self._changed = 0

    def batch(self, workers: list[int], database: int) -> Batch:
        """Have all of them evaluated, each asked for twice."""
        from paritycheck.services.jobs import take_noted
        from paritycheck.tasks.wake import publish

        sql("TRUNCATE bench_run")
        self._changed += 1
        take_noted()
        fleet.refill()
        self.senders[0].first(fleet.facts(FACTS, 1_000 + self._changed))
        wakes = take_noted()
        processes = [*workers, database]
        before, began = sum(map(cpu_of_tree, processes)), time.monotonic()
        if not publish((*wakes, *wakes)):
            raise SystemExit("RabbitMQ does not take the wake-ups")
        while sql("SELECT count(*) FROM paritycheck_job WHERE state = 'due' AND due_at <= now()"):
            if time.monotonic() > began + PATIENCE_S:
                raise SystemExit("the evaluations do not end")
            time.sleep(0.02)
        wall = time.monotonic() - began
        return Batch(wall, sum(map(cpu_of_tree, processes)) - before, sql("SELECT count(*) FROM bench_run"))


def evaluations(stack: ExitStack, place: Path, database: int) -> list[Row]:
    """By one worker, by two and by three."""
    sql(COUNT_RUNS)
    work = Work()
    workers: list[int] = []
    found: dict[int, Batch] = {}
    begun = 0
    for number in (1, 2, 3):
        workers.append(stack.enter_context(worker(number, place)))
        work.batch(workers, database)
        batches = [work.batch(workers, database) for _ in range(BATCHES)]
        begun += sum(batch.begun for batch in batches)
        found[number] = Batch(
            statistics.median(batch.wall for batch in batches), statistics.median(batch.cpu for batch in batches), begun
        )
    twice = sql(
        "SELECT count(*) FROM (SELECT 1 FROM paritycheck_driftevent GROUP BY drift_id"
        " HAVING count(*) FILTER (WHERE kind = 'opened') > 1 + count(*) FILTER (WHERE kind = 'resolved')) again"
    )
    opened = sql("SELECT count(*) FROM paritycheck_driftevent WHERE kind = 'opened'")
    wanted = 3 * BATCHES * ENVIRONMENTS
    one = found[1]
    rows = [
        Row(
            "scale_work_begun_twice", begun - wanted, 0.0, f"{begun} runs of {wanted} evaluations, each asked for twice"
        ),
        Row("scale_drifts_twice", twice, 0.0, f"of {opened} drifts that opened"),
    ]
    for number in (2, 3):
        batch = found[number]
        rate = f"{ENVIRONMENTS / batch.wall:.0f} evaluations a second, one worker {ENVIRONMENTS / one.wall:.0f}"
        cost = f"{batch.cpu / ENVIRONMENTS * 1000:.0f} ms of CPU each, one worker {one.cpu / ENVIRONMENTS * 1000:.0f}"
        rows += [
            Row(f"scale_workers_{number}", one.wall / batch.wall, None, rate, quiet=True),
            Row(f"scale_workers_{number}_cpu", batch.cpu / one.cpu, WORKER_GOAL, cost),
        ]
    return rows


def heartbeats(stack: ExitStack, database: int) -> list[Row]:
    """On one process of web and on two."""
    senders = fleet.make("beating", 20, 4)
    for sender in senders:
        sender.first(fleet.facts(60))
    servers: dict[int, Served] = {count: stack.enter_context(granian({}, workers=count)) for count in (1, 2)}
    costs: dict[int, list[float]] = {1: [], 2: []}
    rates: dict[int, list[float]] = {1: [], 2: []}
    for number in range(ROUNDS + 1):
        for count, server in servers.items():
            fleet.refill()
            turns = [[senders[at % len(senders)].heartbeat()] for at in range(BEATS)]
            one = spent(server, database, turns, {202}, threads=8)
            if number:
                costs[count].append(one.cpu)
                rates[count].append(one.rate)
    cost, rate = ({count: statistics.median(each) for count, each in found.items()} for found in (costs, rates))
    return [
        Row("scale_web_2", rate[2] / rate[1], None, f"{rate[2]:.0f} a second, one process {rate[1]:.0f}", quiet=True),
        Row("scale_web_2_cpu", cost[2] / cost[1], WEB_GOAL, f"{cost[2]:.2f} ms of CPU, one process {cost[1]:.2f} ms"),
    ]


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        place = Path(directory)
        os.environ["BROKER_URL"] = stack.enter_context(Rabbit(place)).url
        stack.enter_context(empty(place))
        database = postmaster()
        with ExitStack() as working:
            rows = evaluations(working, place, database)
        rows += heartbeats(stack, database)
    return publish(rows)


if __name__ == "__main__":
    sys.exit(main())
