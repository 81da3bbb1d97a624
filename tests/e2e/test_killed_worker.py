"""kill -9 of a worker in the middle of an evaluation loses nothing and doubles nothing."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.service import Service, running_service, within

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.xdist_group("up")]
AGAIN_S = 45


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running_service(tmp_path) as service:
        yield service


def workers(service: Service) -> list[int]:
    """The processes that evaluate: those of `worker@paritycheck` that `up` started, and their children."""
    parents: dict[int, int] = {}
    commands: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                commands[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
    return [
        pid for pid in parents if "worker@paritycheck" in commands[pid] and service.up.pid in _line_of(pid, parents)
    ]


def _line_of(pid: int, parents: dict[int, int]) -> set[int]:
    line: set[int] = set()
    while pid in parents and pid not in line:
        line.add(pid)
        pid = parents[pid]
    return line


def waiting(session: psycopg.Connection[tuple[object, ...]]) -> set[object]:
    """PostgreSQL's processes that stand in the middle of an evaluation, waiting for the table that the test holds."""
    rows = session.execute("SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'paritycheck_drift'::regclass")
    return {row[0] for row in rows}


def test_the_drift_still_appears_once(service: Service) -> None:
    service.report("production", stripe="13.2.0")
    service.report("staging", stripe="13.2.0")
    assert within(20, service.settled)

    with psycopg.connect(service.database_url, autocommit=True) as watch:
        with psycopg.connect(service.database_url) as holder:
            holder.execute("LOCK TABLE paritycheck_drift IN ACCESS EXCLUSIVE MODE")
            service.report("staging", stripe="14.0.1")
            stuck = within(20, lambda: waiting(watch))
            assert stuck, "no evaluation began"
            killed = workers(service)
            assert killed
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
            # Another worker is there soon and may wait for the table as well: only those of the killed one have to go.
            assert within(10, lambda: not waiting(watch) & stuck), "the killed worker's statement still waits"
            holder.rollback()

        found = within(AGAIN_S, service.drifts)
        assert [(one["name"], one["reopened"]) for one in found] == [("pkg:pypi/stripe", 0)]
        events = watch.execute("SELECT kind FROM paritycheck_driftevent").fetchall()
    assert events == [("opened",)]
