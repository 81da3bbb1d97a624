"""Processor seconds and memory of processes with all that they started, from /proc. No benchmark by itself."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_OWN, _REAPED = (11, 12), (13, 14)
"""utime and stime of the process, and of its children that have ended, after the name in /proc/<pid>/stat."""


def cpu_of(pid: int) -> float:
    """Seconds of the processor that a process itself took so far."""
    return _seconds(pid, _OWN)


def cpu_of_tree(pid: int) -> float:
    """Seconds that a process took with all its children, those that have ended included."""
    return sum(_seconds(each, (*_OWN, *_REAPED)) for each in tree(pid))


def tree(pid: int) -> list[int]:
    """A process and those that it started, directly or not."""
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        with suppress(OSError):
            for children in Path(f"/proc/{found[-1]}/task").glob("*/children"):
                waiting += map(int, children.read_text().split())
    return found


def resident_mb(pid: int) -> float:
    """Megabytes in memory now; 0 of a process that has ended."""
    with suppress(OSError, KeyError):
        rows = dict(row.split(":", 1) for row in Path(f"/proc/{pid}/status").read_text().splitlines())
        return int(rows["VmRSS"].split()[0]) / 1024
    return 0.0


def postmaster() -> int:
    """The process of the PostgreSQL that this process's Django uses; each connection is a child of it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        row = cursor.fetchone()
    assert row is not None
    return int(Path(f"/proc/{row[0]}/stat").read_text().rpartition(")")[2].split()[1])


def _seconds(pid: int, fields: tuple[int, ...]) -> float:
    with suppress(OSError):
        found = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(found[at]) for at in fields) / _TICK
    return 0.0
