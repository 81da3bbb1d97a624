"""Children are real programs; what is promised is what the operating system then shows."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

RUN = """
import os, sys
from paritycheck.local.supervisor import Program, Supervisor
programs = [Program(f"p{i}", (sys.executable, "-c", text), dict(os.environ)) for i, text in enumerate(sys.argv[2:])]
Supervisor(programs, grace_s=float(sys.argv[1])).run()
print("stopped", flush=True)
"""
# Says its process id, then waits for a signal.
PATIENT = "import os, signal; print('pid', os.getpid(), flush=True); signal.pause()"
DEAF = "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('pid', os.getpid(), flush=True)\n"
DEAF += "while True: signal.pause()"
FAMILY = "import os, signal, subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import signal; signal"
FAMILY += ".signal(signal.SIGTERM, signal.SIG_IGN)\\nwhile True: signal.pause()']); print('pid', child.pid, flush=True)"
FAMILY += "; signal.pause()"


class Run:
    """A supervisor in a process of its own, and what it printed so far."""

    def __init__(self, grace_s: float, *texts: str) -> None:
        command = [sys.executable, "-c", RUN, str(grace_s), *texts]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines: list[str] = []

    def until(self, wanted: Callable[[str], bool]) -> str:
        """The next line that is wanted."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if wanted(line):
                return line
        pytest.fail(f"ended without it: {self.lines}")

    def pid(self) -> int:
        """The next process id that a child says."""
        return int(self.until(lambda line: "pid" in line).split()[-1])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Signal it, wait for its end, and give the seconds that took."""
        began = time.monotonic()
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=30)
        self.lines += rest.splitlines()
        return time.monotonic() - began


def alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has collected yet does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"


def gone(pid: int, within_s: float = 5) -> bool:
    deadline = time.monotonic() + within_s
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive(pid)


def test_lines_of_each_child_carry_its_name() -> None:
    run = Run(5, "print('one\\ntwo', end='', flush=True); import signal; signal.pause()", PATIENT)
    run.pid()
    run.stop()
    assert "p0 | one" in run.lines
    assert "p0 | two" in run.lines  # the last line had no end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_every_child_and_the_run(number: signal.Signals) -> None:
    run = Run(5, PATIENT, PATIENT)
    pids = [run.pid(), run.pid()]
    assert run.stop(number) < 3
    assert run.process.returncode == 0
    assert run.lines[-1] == "stopped"
    assert not any(alive(pid) for pid in pids)


def test_a_child_that_ignores_the_signal_is_killed_after_the_grace() -> None:
    run = Run(1, DEAF)
    pid = run.pid()
    assert 1 <= run.stop() < 4
    assert not alive(pid)
    assert any("did not stop in time and is killed" in line for line in run.lines)


def test_a_second_signal_ends_the_grace() -> None:
    run = Run(20, DEAF)
    pid = run.pid()
    run.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert run.stop(signal.SIGINT) < 4
    assert not alive(pid)


def test_what_a_child_started_ends_with_it() -> None:
    run = Run(5, FAMILY)
    grandchild = run.pid()
    run.stop()
    assert gone(grandchild)


def test_a_crashed_child_starts_again_after_a_pause() -> None:
    run = Run(5, PATIENT)
    first = run.pid()
    os.kill(first, signal.SIGKILL)
    assert "p0 ended with signal SIGKILL, next start in 1 s" in run.until(lambda line: "ended" in line)
    second = run.pid()
    assert second != first
    run.stop()


def test_pauses_grow_while_it_keeps_crashing() -> None:
    run = Run(5, "raise SystemExit(3)", PATIENT)
    said = [run.until(lambda line: "ended" in line).split()[-2] for _ in range(3)]
    run.stop()
    assert said == ["1", "2", "4"]


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is Linux's")
def test_children_end_when_the_supervisor_is_killed_outright() -> None:
    run = Run(5, PATIENT)
    pid = run.pid()
    run.process.kill()
    run.process.communicate()
    assert gone(pid)


def test_the_service_goes_on_when_nobody_reads_its_output() -> None:
    run = Run(5, "import time\nwhile True: print('tick', flush=True); time.sleep(0.05)", PATIENT)
    pid = run.pid()
    assert run.process.stdout is not None
    run.process.stdout.close()
    time.sleep(1)
    assert alive(pid)
    run.process.send_signal(signal.SIGTERM)
    run.process.wait(10)
    assert gone(pid)
