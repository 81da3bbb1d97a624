"""A round of the sweeper says whether the broker took it, so that the next one comes soon while it is away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from paritycheck.services.jobs import Wake
    from paritycheck.tasks.holding import Hold

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("taken", [True, False])
def test_the_work_is_done_here_only_where_nobody_takes_it(monkeypatch: pytest.MonkeyPatch, taken: bool) -> None:  # noqa: FBT001  a case of the test
    from paritycheck.services.jobs import ROUTE, Wake
    from paritycheck.tasks import sweep

    due = (Wake(ROUTE, "11111111-1111-4111-8111-111111111111"),)
    done: list[tuple[Wake, ...]] = []
    monkeypatch.setattr(sweep, "work_due", lambda: due)
    monkeypatch.setattr(sweep, "publish", lambda _wakes: taken)
    monkeypatch.setattr(sweep, "work_off", done.append)
    assert sweep.sweep() is taken
    assert done == ([] if taken else [due])


@pytest.mark.parametrize(("set_by_s", "ends"), [(-7_200, True), (157_680_000, True), (5, False)])
def test_a_beat_whose_clock_was_set_begins_anew(monkeypatch: pytest.MonkeyPatch, set_by_s: int, ends: bool) -> None:  # noqa: FBT001  a case of the test
    import os
    import signal
    from threading import Event
    from typing import cast

    from paritycheck.tasks import sweep

    class Kept:
        def is_kept(self) -> bool:
            return True

    ahead = iter([0.0, *[float(set_by_s)] * 4])
    sent: list[int] = []
    stop = Event()
    monkeypatch.setattr(sweep, "_ahead", lambda: next(ahead))
    monkeypatch.setattr(sweep, "EVERY_S", 0)
    monkeypatch.setattr(os, "kill", lambda _pid, number: sent.append(number))

    def last_round() -> bool:
        stop.set()
        return True

    monkeypatch.setattr(sweep, "sweep", last_round)
    monkeypatch.setattr(sweep, "catch_up", lambda: None)
    sweep.sweep_until(stop, cast("Hold", Kept()))
    assert (sent, stop.is_set()) == (([signal.SIGTERM], False) if ends else ([], True))
