"""Runs a service's processes: passes their output on, starts again what crashed, and leaves nothing behind."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import IO

from paritycheck.local.death import die_with_parent

TICK_S = 0.2
# A worker's soft shutdown takes 8 s and its end up to 3 more; PostgreSQL follows, and all of it has 15 s, also on a
# busy machine.
GRACE_S = 12.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
# A process that lived this long has recovered: its next crash starts the pauses over.
RECOVERED_S = 60.0
LONGEST_LINE = 65_536
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep running. `environment` is the whole of it."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(slots=True)
class Child:
    """A program and its present process. `due` is when to start it, by the monotonic clock."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0
    pause: float = FIRST_PAUSE_S
    rest: bytearray = field(default_factory=bytearray)


class Supervisor:
    """Owns its children from `run` to its end; made for the main thread of a process without other threads.

    `inherited` are open file descriptors that the children keep.
    """

    def __init__(
        self,
        programs: Iterable[Program],
        *,
        tend: Callable[[], None] = lambda: None,
        inherited: Sequence[int] = (),
        output: IO[bytes] | None = None,
        grace_s: float = GRACE_S,
    ) -> None:
        self._children = [Child(program) for program in programs]
        self._width = max(len(child.program.name) for child in self._children)
        self._tend = tend
        self._inherited = inherited
        self._output = output or sys.stdout.buffer
        self._grace_s = grace_s
        self._selector = selectors.DefaultSelector()
        self._signals = 0

    def run(self) -> None:
        """Keep every program running until SIGINT, SIGTERM or SIGHUP, then stop them all.

        `tend` is called several times a second; what it raises ends the run, after the children.
        """
        before = {number: signal.signal(number, self._note_signal) for number in STOPPING}
        try:
            while not self._signals:
                self._start_due()
                self._tend()
                self._pump(TICK_S)
                self._reap()
        finally:
            self._stop()
            self._selector.close()
            for number, handler in before.items():
                signal.signal(number, handler)

    def say(self, text: str) -> None:
        """A line of our own among those of the children."""
        self._write(b"paritycheck", text.encode())

    def _note_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._signals += 1

    def _start_due(self) -> None:
        for child in self._children:
            if child.process is None and time.monotonic() >= child.due:
                self._start(child)

    def _start(self, child: Child) -> None:
        """In a session of its own, so that the terminal's Ctrl-C reaches us alone and we decide the order."""
        process = subprocess.Popen(
            child.program.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(child.program.environment),
            pass_fds=self._inherited,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509  this process has no threads
        )
        child.process, child.started = process, time.monotonic()
        if process.stdout is not None:
            os.set_blocking(process.stdout.fileno(), False)
            self._selector.register(process.stdout, selectors.EVENT_READ, child)

    def _pump(self, wait_s: float) -> None:
        """Pass on what the children wrote, waiting at most `wait_s` for the first of it."""
        if not self._selector.get_map():
            time.sleep(wait_s)
            return
        for key, _ in self._selector.select(wait_s):
            if self._read(key.data, key.fd) == 0:
                self._selector.unregister(key.fileobj)

    def _read(self, child: Child, descriptor: int) -> int:
        """Write out whole lines. The bytes read: 0 at the end of the output, -1 when there is nothing now."""
        try:
            chunk = os.read(descriptor, LONGEST_LINE)
        except BlockingIOError:
            return -1
        *lines, child.rest = (child.rest + chunk).split(b"\n")
        if not chunk or len(child.rest) > LONGEST_LINE:
            lines, child.rest = [*lines, child.rest], bytearray()
        for line in lines:
            if line:
                self._write(child.program.name.encode(), line)
        return len(chunk)

    def _write(self, name: bytes, line: bytes | bytearray) -> None:
        try:
            self._output.write(name.ljust(self._width) + b" | " + line + b"\n")
            self._output.flush()
        except OSError:
            return  # nobody reads any more; the service goes on

    def _reap(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.process is None or child.process.poll() is None:
                continue
            if now - child.started > RECOVERED_S:
                child.pause = FIRST_PAUSE_S
            code = self._bury(child)
            child.due = now + child.pause
            self.say(f"{child.program.name} ended with {_ending(code)}, next start in {child.pause:.0f} s")
            child.pause = min(child.pause * 2, LONGEST_PAUSE_S)

    def _bury(self, child: Child) -> int:
        """Read what is left of an ended process, end what it left running, and forget it. Its return code."""
        process, child.process = child.process, None
        if process is None:
            return 0
        _signal_group(process, signal.SIGKILL)
        if process.stdout is not None:
            while self._read(child, process.stdout.fileno()) > 0:
                pass
            if process.stdout in self._selector.get_map():
                self._selector.unregister(process.stdout)
            process.stdout.close()
        return process.wait()

    def _stop(self) -> None:
        """SIGTERM to the first process of each child, a grace, then SIGKILL. A second signal ends the grace."""
        running = [child for child in self._children if child.process is not None]
        for child in running:
            if child.process is not None:
                child.process.send_signal(signal.SIGTERM)
        deadline, enough = time.monotonic() + self._grace_s, self._signals + 1
        while running and time.monotonic() < deadline and self._signals < enough:
            self._pump(TICK_S)
            running = [child for child in running if child.process is not None and child.process.poll() is None]
        for child in running:
            self.say(f"{child.program.name} did not stop in time and is killed")
        for child in self._children:
            self._bury(child)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """A child leads its own process group: what it started is there too."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _ending(code: int) -> str:
    return f"code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
