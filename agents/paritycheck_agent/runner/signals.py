"""Signals of a process that stays: SIGTERM and SIGINT end it, SIGHUP lets it read its configuration anew."""

from __future__ import annotations

import os
import select
import signal
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType


class Signals:
    """`stop` is the number of the signal that ends this process, 0 so far; `reload` says that SIGHUP came."""

    def __init__(self) -> None:
        self.stop = 0
        self.reload = False
        # A byte for each signal: one that comes just before the waiting begins still ends it.
        self._woken, self._wake = os.pipe()
        for end in (self._woken, self._wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._came)

    def _came(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self.reload = True
        else:
            self.stop = number

    def wait(self, seconds: float) -> None:
        """Sleep until the time is over or a signal has come, before this or meanwhile."""
        until = time.monotonic() + seconds
        while not (self.stop or self.reload) and time.monotonic() < until:
            self.readable(None, until)

    def readable(self, handle: int | None, until: float) -> bool:
        """Wait for a handle to become readable until that time; a signal ends the waiting early."""
        watched = [self._woken] if handle is None else [self._woken, handle]
        ready = select.select(watched, [], [], max(0.0, until - time.monotonic()))[0]
        if self._woken in ready:
            os.read(self._woken, 4096)
        return handle in ready
