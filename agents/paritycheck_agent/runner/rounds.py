"""Starts each round of a watching agent as a process of its own, reads its answer, and ends it when told to.

A fresh interpreter a round, not a fork: memory and leaks end with it, the agent can be upgraded underneath (a fork
would import half of it new), and it can be killed whatever it hangs in. Measured on Python 3.11, over http: 18 MB stay
and a round costs 85 ms of CPU; a round in the same process leaves 22 MB and takes 10 ms, a fork 14 MB and 65 ms.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import paritycheck_agent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.runner.signals import Signals

ROUND_S = 900.0
GRACE_S = 0.5
_STEP_S = 0.02
_ANSWER_BYTES = 256 * 1024
_UNREACHABLE = 3
# Isolated and without site: nothing of the directory it runs in, nor of the user's, is imported.
_PROGRAM = (
    "import sys; sys.path.append(sys.argv[1]); from paritycheck_agent.runner.round import main; main(sys.argv[2])"
)


class Wanted:
    """What each round is to do: the checkout, certificates, and the interval to tell."""

    __slots__ = ("ca_file", "directory", "interval_s")

    def __init__(self, directory: str, ca_file: str, interval_s: int) -> None:
        self.directory = directory
        self.ca_file = ca_file
        self.interval_s = interval_s

    def argument(self, *, kept_only: bool) -> str:
        """Return the one argument of `round.main`. Command lines can be read by all: nothing secret is in it."""
        members = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps({**members, "kept_only": kept_only})


def root() -> str:
    """Return the folder, or the archive, that holds the agent's package."""
    return os.path.dirname(os.path.abspath(paritycheck_agent.__path__[0]))


def run(wanted: Wanted, signals: Signals, *, kept_only: bool) -> dict[str, Any]:
    """Return how a round ended (`round._told`); empty where a signal ended it."""
    command = [sys.executable, "-I", "-S", "-c", _PROGRAM, root(), wanted.argument(kept_only=kept_only)]
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True, bufsize=0
        )
    except OSError as error:
        return _failed(f"a round could not be started: {error.strerror}")
    try:
        text = _answer(process, signals, time.monotonic() + ROUND_S)
    finally:
        _end(process)
    if signals.stop:
        return {}
    if text is None:
        return _failed(f"a round was not done after {ROUND_S / 60:.0f} minutes and was ended")
    return _read(text, process.returncode)


def _answer(process: subprocess.Popen[bytes], signals: Signals, until: float) -> bytes | None:
    """Return what a round said, once it has ended; None where its time is over or a signal says stop."""
    assert process.stdout is not None  # noqa: S101 - asked for above
    text, handle = b"", process.stdout.fileno()
    while not signals.stop and time.monotonic() < until:
        if signals.readable(handle, until):
            piece = os.read(handle, _ANSWER_BYTES)
            text = (text + piece)[:_ANSWER_BYTES]
            if not piece:
                process.wait()
                return text
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what is left of a round: all of it is asked to end, and a moment later not asked any more.

    Asked first, because git takes its lock files away then.
    """
    if process.stdout is not None:
        process.stdout.close()
    if process.returncode is not None:
        return
    family = _family(process.pid)
    _signal(family, signal.SIGTERM)
    until = time.monotonic() + GRACE_S
    while process.poll() is None or _signal(family[1:], 0):
        if time.monotonic() > until:
            _signal(family, signal.SIGKILL)
            break
        time.sleep(_STEP_S)
    process.wait()


def _family(pid: int) -> list[int]:
    """Return a process and all that descend from it, as far as /proc tells: git runs in a session of its own."""
    family = [pid]
    for member in family:
        family += _children(member)
    return family


def _children(pid: int) -> list[int]:
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as stream:
            return [int(child) for child in stream.read().split()]
    except (OSError, ValueError):
        return []


def _signal(family: list[int], number: int) -> int:
    """Send a signal to each process; return how many there still are."""
    return sum(_reached(pid, number) for pid in family)


def _reached(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except OSError:
        return False
    return True


def _read(text: bytes, code: int) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        return _failed(f"a round ended with code {code} and said nothing")
    return answer


def _failed(text: str) -> dict[str, Any]:
    return {"code": _UNREACHABLE, "text": text}
