"""`parity watch`: rounds for years, a line for each that changed something or failed."""

from __future__ import annotations

import os
import signal
import sys
import time

from paritycheck_agent.config import ConfigError
from paritycheck_agent.redact import printable
from paritycheck_agent.runner import rounds
from paritycheck_agent.runner.schedule import Schedule
from paritycheck_agent.runner.signals import Signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

INTERRUPTED = 130


class Voice:
    """What is said: a line a round on stdout; a warning once, for as long as it stays, on stderr."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self._well: bool | None = None
        self._warned: set[str] = set()

    def line(self, text: str) -> None:
        """Say a line. Nobody may read it any more: that is no reason to stop."""
        _write(sys.stdout, text)

    def tell(self, result: Mapping[str, Any], *, kept_only: bool) -> None:
        """Say how a round ended: what changed, what failed, and that it goes well again."""
        self._warn([str(text) for text in result.get("warnings") or ()], kept_only=kept_only)
        well = result.get("code") == 0
        if well and not self.quiet and not (self._well and result.get("unchanged")):
            self.line(str(result.get("text", "")))
        elif not well and not kept_only:
            hints = "".join(f"; {hint}" for hint in result.get("hints") or ())
            self.line(f"error: {result.get('text', '')}{hints}")
        self._well = well

    def _warn(self, warnings: list[str], *, kept_only: bool) -> None:
        for text in warnings:
            if text not in self._warned:
                _write(sys.stderr, f"warning: {text}")
        # A round that collected nothing says nothing about what a whole one warned of.
        self._warned = set(warnings) | (self._warned if kept_only else set())


def _write(stream: Any, text: str) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    try:
        stream.write(f"{stamp} {printable(text)}\n")
        stream.flush()
    except (OSError, ValueError):
        return


def watch(wanted: rounds.Wanted, check: Callable[[], object], voice: Voice) -> int:
    """Run rounds until a signal says stop; return 0, or 130 after an interrupt.

    `check` raises ConfigError where the configuration has a mistake, which is said after SIGHUP.
    """
    signals = Signals()
    schedule = Schedule(wanted.interval_s)
    while not signals.stop:
        kept_only, started = schedule.kept_only, time.monotonic()
        result = rounds.run(wanted, signals, kept_only=kept_only)
        if signals.stop:
            break
        schedule.note(result, started=started, ended=time.monotonic())
        voice.tell(result, kept_only=kept_only)
        signals.wait(schedule.due - time.monotonic())
        if signals.reload:
            signals.reload = False
            schedule.now()
            _read_anew(check, voice)
    return INTERRUPTED if signals.stop == signal.SIGINT else 0


def _read_anew(check: Callable[[], object], voice: Voice) -> None:
    try:
        check()
    except ConfigError as error:
        text = "; ".join(str(error).split("\n"))
        voice.line(f"error: the configuration was read anew: {text}")
    else:
        if not voice.quiet:
            voice.line("the configuration was read anew")


def lasting(directory: str) -> str:
    """Return a directory's absolute path as the shell names it: a deploy may turn the link that leads there."""
    here, said = os.getcwd(), os.environ.get("PWD", "")
    try:
        if os.path.isabs(said) and os.path.samefile(said, here):
            here = said
    except OSError:
        pass
    return os.path.normpath(os.path.join(here, directory)) if directory != "." else here
