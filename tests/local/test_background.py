"""How long the demo waits for its service: as long as anything goes on there."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from paritycheck.local import background
from paritycheck.local.background import Service
from paritycheck.local.errors import LocalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Clock:
    """Stands in for `time`; each sleep is an hour of a busy machine in `step` seconds."""

    def __init__(self, step: float, each: Callable[[float], None]) -> None:
        self.now, self._step, self._each = 0.0, step, each

    def monotonic(self) -> float:
        return self.now

    def sleep(self, _seconds: float) -> None:
        self.now += self._step
        self._each(self.now)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """One whose process lives and answers nothing."""
    made = Service(tmp_path, 1, {})
    made.log.write_text("", encoding="utf-8")
    made._process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield made
    made._process.kill()
    made._process.wait()


def waited(service: Service, monkeypatch: pytest.MonkeyPatch, each: Callable[[float], None], up_at: float) -> float:
    """The seconds after which waiting ended, whichever way."""
    clock = Clock(10, each)
    monkeypatch.setattr(background, "time", clock)
    monkeypatch.setattr(background, "answers", lambda _host, _port: clock.now >= up_at)
    service.await_answer()
    return clock.now


def writes(service: Service) -> Callable[[float], None]:
    def say(now: float) -> None:
        with service.log.open("a", encoding="utf-8") as log:
            log.write(f"migrate | {now}\n")

    return say


def test_a_busy_machine_is_given_minutes_while_it_goes_on(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    assert waited(service, monkeypatch, writes(service), up_at=400) == 400


def test_silence_of_90_seconds_ends_it(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LocalError, match="does not answer after 100 s"):
        waited(service, monkeypatch, lambda _now: None, up_at=400)


def test_one_that_never_answers_ends_after_ten_minutes(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LocalError, match=r"does not answer after 610 s(?s:.*)migrate \| 600"):
        waited(service, monkeypatch, writes(service), up_at=5000)
