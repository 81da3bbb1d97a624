"""What `parity watch` costs while it waits: memory and CPU of the process that stays.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/agent_watch.py

After the first report it is left alone for 20 s (goals: below 30 MB resident, less than 1 ms on a CPU: 0.005 %).
Also told: the CPU of a round with all that it starts, and the share of one core that makes, a round every 5 minutes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.agent_show import make_checkout, make_environment
from tests.benchmarks.agent_start import served
from tests.benchmarks.processor import resident_mb
from tests.benchmarks.results import Row, publish

DISTRIBUTIONS = 400
IDLE_S, PATIENCE_S, INTERVAL_S = 20, 60, 300
ROUNDS = 3
MEGABYTES, MILLISECONDS = 30.0, 1.0


def on_cpu_ms(pid: int) -> float:
    """Return the milliseconds that a process has spent on a CPU, to the nanosecond and without its children."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def children_ms(pid: int) -> float:
    """Return the CPU milliseconds of all children that have ended, theirs included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) * 1000 / os.sysconf("SC_CLK_TCK")


def is_idle(pid: int) -> bool:
    return not Path(f"/proc/{pid}/task/{pid}/children").read_text().strip()


def until_reported(reports: list[dict[str, object]], count: int, pid: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while len(reports) < count or not is_idle(pid):
        if time.monotonic() > end:
            raise SystemExit(f"no report {count} within {PATIENCE_S} s")
        time.sleep(0.05)


def measure(work: Path) -> tuple[float, float, float]:
    """Return megabytes, milliseconds of CPU while idle, and milliseconds of CPU of an unchanged round."""
    python, checkout = make_environment(work / "venv", DISTRIBUTIONS), make_checkout(work / "shop")
    command = [str(Path(sys.executable).parent / "parity"), "watch", "--quiet"]
    with served(work, secure=True) as (wire, environ):
        environ["PARITY_PYTHON"] = str(python)
        process = subprocess.Popen(command, cwd=checkout, env=environ, stderr=subprocess.DEVNULL)
        try:
            until_reported(wire.reports, 1, process.pid)
            before = children_ms(process.pid)
            for number in range(ROUNDS):
                process.send_signal(signal.SIGHUP)
                until_reported(wire.reports, number + 2, process.pid)
            round_ms = (children_ms(process.pid) - before) / ROUNDS
            time.sleep(0.5)
            started = on_cpu_ms(process.pid)
            time.sleep(IDLE_S)
            return resident_mb(process.pid), on_cpu_ms(process.pid) - started, round_ms
        finally:
            process.terminate()
            process.wait()


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as directory:
        megabytes, idle_ms, round_ms = measure(Path(directory))
    share = round_ms / 10 / INTERVAL_S
    rows = [
        Row("agent_watch_memory", megabytes, MEGABYTES, "MB resident while idle"),
        Row("agent_watch_cpu", idle_ms, MILLISECONDS, f"ms on a CPU in {IDLE_S} idle seconds"),
    ]
    return publish(rows, f"a round takes {round_ms:.0f} ms of CPU: every 5 minutes {share:.3f} % of a core")


if __name__ == "__main__":
    sys.exit(main())
