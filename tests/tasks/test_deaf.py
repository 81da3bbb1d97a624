"""When a worker counts as one that hears nothing any more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from paritycheck.models import ProcessBeat
from paritycheck.services.watch import note_process
from paritycheck.tasks import deaf
from paritycheck.tasks.deaf import SILENT_S, Heard, is_deaf


def test_a_worker_is_silent_once_nothing_came_for_two_minutes() -> None:
    heard = Heard(1000.0)
    assert not heard.silent(0, 1000 + SILENT_S - 1)
    assert heard.silent(0, 1000 + SILENT_S)
    assert not heard.silent(1, 1001 + SILENT_S)
    assert not heard.silent(1, 1000 + 2 * SILENT_S)
    assert heard.silent(1, 1001 + 2 * SILENT_S)


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is the test's own, and a broker answers."""
    monkeypatch.setattr("paritycheck.tasks.deaf.connections.close_all", lambda: None)
    monkeypatch.setattr(deaf, "_broker_answers", lambda: True)


def ago(name: str, seconds: int) -> None:
    note_process(name=name)
    ProcessBeat.objects.filter(name=name).update(seen_at=Now() - timedelta(seconds=seconds))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("beat_s", "worker_s", "answers", "expected"),
    [(10, 130, True, True), (10, 100, True, False), (130, 130, True, False), (10, 130, False, False)],
    ids=["deaf", "another one works", "nobody sends", "the broker is away"],
)
def test_it_is_deaf_only_where_it_should_have_heard(
    ours: None,
    monkeypatch: pytest.MonkeyPatch,
    beat_s: int,
    worker_s: int,
    answers: bool,  # noqa: FBT001  a case of the test
    expected: bool,  # noqa: FBT001  the same
) -> None:
    del ours
    monkeypatch.setattr(deaf, "_broker_answers", lambda: answers)
    ago("beat", beat_s)
    ago("worker", worker_s)
    assert is_deaf("worker") is expected


@pytest.mark.django_db
def test_who_cannot_ask_goes_on(ours: None, monkeypatch: pytest.MonkeyPatch) -> None:
    del ours

    def away() -> bool:
        raise OSError

    monkeypatch.setattr(deaf, "_broker_answers", away)
    ago("beat", 10)
    ago("worker", 130)
    assert is_deaf("worker") is False
