"""More than the server can do, through the proxy that is shipped, and a kill.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/overload.py

Capacity is what eight agents get done that change their report each time. Then an open loop asks five times as often,
each request on a new connection and due at its time whatever became of those before. Goals: every answer is 202, or a
429 or 503 as application/problem+json with Retry-After; of those that are taken 99 of 100 within 2 s, or twice what
the proxy's full queue takes where the machine is so busy that this is more; no process of web above 300 MiB; and what
is taken is at least half of the capacity: being asked in vain must not eat the server.

500 connections that send half a request and stall: 99 of 100 unchanged reports of others within 100 ms, or twice what
they took before, where the machine is so busy that this is more.

Web is killed (SIGKILL) after 3,000 answers: what they said was taken is there, every number and every changed report.

At most 60 s each.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import statistics
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from tests.api.servers import nginx
from tests.benchmarks import fleet
from tests.benchmarks.fifty import empty
from tests.benchmarks.processor import resident_mb, tree
from tests.benchmarks.results import Row, publish, twice
from tests.benchmarks.serving import Served, answer_of, drive, granian, request

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

ENVIRONMENTS, INSTANCES, FACTS = 20, 5, 60
TIMES, SPAN_S, MOST, PATIENCE_S = 5, 12, 2_500, 30
P99_MS, MIB, STALLED, STALLED_MS, HALF = 2_000.0, 300.0, 500, 100.0, 0.5
KILL_AFTER = 3_000
QUEUE = 48
"""Requests that the proxy lets wait for web, or be at work there."""
PROBLEM = "application/problem+json"
Head = dict[str, str]


@dataclass(slots=True)
class Seen:
    """What an open loop saw: seconds of each request that was taken, how many were put off, and what was wrong."""

    taken: list[float] = field(default_factory=list)
    put_off: dict[int, int] = field(default_factory=dict)
    wrong: dict[str, int] = field(default_factory=dict)

    def note(self, status: int, head: Head, seconds: float) -> None:
        if status == 202:
            self.taken.append(seconds)
        elif status in {429, 503} and head.get("retry-after") and head.get("content-type", "").startswith(PROBLEM):
            self.put_off[status] = self.put_off.get(status, 0) + 1
        else:
            said = f"{status} {head.get('content-type', '')}"
            self.wrong[said] = self.wrong.get(said, 0) + 1


class Changing:
    """Agents whose report changes each time between two states, whose bodies are there. None is the baseline's: what
    that one reports asks for evaluations of all others.
    """

    def __init__(self, senders: Sequence[fleet.Sender]) -> None:
        self.senders, self._turn = senders, 0
        for sender in senders:
            sender.first(fleet.facts(FACTS, 1))
        self._states = [senders[0].told]
        for sender in senders:
            sender.first(fleet.facts(FACTS, 2))
        self._states.append(senders[0].told)

    def next(self, many: int, *, last: bool = False) -> list[list[bytes]]:
        """So many changed reports, of all agents in turn; `last` asks for the connection to be closed."""
        return [[self._one(last=last)] for _ in range(many)]

    def _one(self, *, last: bool) -> bytes:
        self._turn += 1
        sender = self.senders[self._turn % len(self.senders)]
        return self.change(sender, last=last)

    def change(self, sender: fleet.Sender, *, last: bool = False) -> bytes:
        """The next report of this agent, other than its last one."""
        sender.told = self._states[sender.told == self._states[0]]
        beat = sender.heartbeat()
        return beat.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) if last else beat


async def _ask(port: int, data: bytes, due: float, seen: Seen) -> None:
    await asyncio.sleep(max(0.0, due - time.perf_counter()))
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(data)
            answer = await reader.read()
            writer.close()
    except (OSError, TimeoutError) as error:
        seen.wrong[type(error).__name__] = seen.wrong.get(type(error).__name__, 0) + 1
        return
    status, head = _head(answer)
    seen.note(status, head, time.perf_counter() - due)


def _head(answer: bytes) -> tuple[int, Head]:
    lines = answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines[1:])
    words = lines[0].split(" ")
    return int(words[1]) if len(words) > 1 else 0, {name.lower(): value.strip() for name, _, value in pairs}


async def _open_loop(port: int, requests: Sequence[bytes], rate: float) -> Seen:
    seen, start = Seen(), time.perf_counter() + 0.2
    async with asyncio.TaskGroup() as group:
        for number, data in enumerate(requests):
            await asyncio.sleep(max(0.0, start + number / rate - 0.1 - time.perf_counter()))
            group.create_task(_ask(port, data, start + number / rate, seen))
    return seen


def flooded(front: int, web: Served, agents: Changing) -> list[Row]:
    """Five times as much as it can."""
    drive(front, agents.next(40), 8)
    fleet.refill()
    capacity = drive(front, agents.next(160), 8).rate
    fleet.refill()
    many = min(MOST, int(TIMES * capacity * SPAN_S))
    requests = [turn[0] for turn in agents.next(many, last=True)]
    began = time.perf_counter()
    seen = asyncio.run(_open_loop(front, requests, TIMES * capacity))
    taken = len(seen.taken) / (time.perf_counter() - began)
    # Where the machine is so busy that this is more: twice what a full queue takes.
    bound = max(P99_MS, 2 * QUEUE / capacity * 1000)
    p99 = statistics.quantiles(seen.taken, n=100)[-1] * 1000 if len(seen.taken) > 1 else float("inf")
    largest = max(resident_mb(pid) for pid in tree(web.pid)) / 1.048576
    said = f"{len(seen.taken)} taken, put off {seen.put_off}, wrong {seen.wrong}; asked {TIMES * capacity:.0f} a second"
    return [
        Row("overload_wrong_answers", sum(seen.wrong.values()), 0.0, said),
        Row("overload_p99_ms", p99, bound, f"of those taken; median {statistics.median(seen.taken) * 1000:.0f}",
            quiet=True),
        Row("overload_taken", taken / capacity, HALF, f"of a capacity of {capacity:.0f} a second", least=True),
        Row("overload_rss_mib", largest, MIB, "the largest process of web"),
    ]  # fmt: skip


def stalled(front: int, agents: Changing) -> list[Row]:
    """Others while 500 connections stall."""
    fleet.refill()
    before = _p99(front, agents)
    half = request("PUT", "/api/v1/sections/" + "0" * 64, b"x" * 50_000, Authorization="Bearer none")[:300]
    with ExitStack() as stack:
        for _ in range(STALLED):
            held = stack.enter_context(socket.create_connection(("127.0.0.1", front), timeout=10))
            held.sendall(half)
        during = _p99(front, agents)
    said = f"{STALLED} connections stall; before {before:.0f} ms"
    return [Row("stalled_p99_ms", during, max(STALLED_MS, 2 * before), said, quiet=True)]


def _p99(front: int, agents: Changing) -> float:
    """Of unchanged reports of two agents at once, in ms."""
    turns = [[sender.heartbeat()] for sender in agents.senders[:50] for _ in range(6)]
    return statistics.quantiles(drive(front, turns, 2).took, n=100)[-1] * 1000


@dataclass(slots=True)
class Acked:
    """What was answered 202: how often, the highest number of each agent, and the reports that changed something."""

    count: int = 0
    numbers: dict[tuple[UUID | None, str], int] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, sender: fleet.Sender, *, changed: bool) -> None:
        with self.lock:
            self.count += 1
            self.numbers[sender.token.environment_id, sender.instance] = sender.seq
            if changed:
                self.changed.add(sender.report_id)

    def lost(self) -> tuple[int, int]:
        """Agents of whom the database knows an older number, and changed reports that it does not know."""
        from paritycheck.models import Instance, Report

        rows = Instance.objects.all()
        kept: dict[tuple[UUID | None, str], int] = {(row.environment_id, row.key): row.seq for row in rows}
        behind = sum(kept.get(who, 0) < seq for who, seq in self.numbers.items())
        known = {str(ident) for ident in Report.objects.values_list("report_id", flat=True)}
        return behind, len(self.changed - known)


def _until_killed(port: int, agents: Changing, senders: Sequence[fleet.Sender], acked: Acked) -> None:
    """Report, every twentieth time something new, until nobody answers."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        for number in count():
            sender, changed = senders[number % len(senders)], number % 20 == 0
            connection.sendall(agents.change(sender) if changed else sender.heartbeat())
            status, body = answer_of(connection)
            # One that was refused was no change: what follows it may say what was known already.
            if status == 202:
                acked.note(sender, changed=b"unchanged" not in body)


def killed(database: str, agents: Changing) -> list[Row]:
    """What was answered before web was killed is there."""
    acked, refilled = Acked(), 0
    with granian({"DATABASE_URL": database}, workers=2) as web:
        shares = [agents.senders[at::4] for at in range(4)]
        threads = [threading.Thread(target=_until_killed, args=(web.port, agents, each, acked)) for each in shares]
        for thread in threads:
            thread.start()
        while acked.count < KILL_AFTER and any(thread.is_alive() for thread in threads):
            if acked.count >= refilled * 800:
                fleet.refill()
                refilled += 1
            time.sleep(0.005)
        os.killpg(web.pid, signal.SIGKILL)
        for thread in threads:
            thread.join()
    if acked.count < KILL_AFTER:
        raise SystemExit(f"web was to be killed after {KILL_AFTER} answers; it gave {acked.count}")
    behind, gone = acked.lost()
    said = f"of {acked.count} answers before SIGKILL, {len(acked.changed)} of changed reports"
    return [
        Row("loss_agents_behind", behind, 0.0, f"of {len(acked.numbers)} agents, {said}"),
        Row("loss_reports_gone", gone, 0.0, said),
    ]


def main() -> int:
    """Measure and print."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if program is None:
        raise SystemExit("nginx is not here. Install it with: apt-get install nginx-light")
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        work = Path(directory)
        database = stack.enter_context(empty(work))
        agents = Changing(fleet.make("fleet", ENVIRONMENTS, INSTANCES)[INSTANCES:])
        with granian({"DATABASE_URL": database}, workers=2) as web, nginx(program, web.port, work) as front:
            rows = [*twice(lambda: flooded(front, web, agents)), *twice(lambda: stalled(front, agents))]
        rows += killed(database, agents)
    return publish(rows)


if __name__ == "__main__":
    sys.exit(main())
