"""Of any number of beats one works: the one that holds the lock, as long as its connection lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paritycheck.tasks.holding import Hold

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def beats() -> Iterator[tuple[Hold, Hold]]:
    from paritycheck.tasks.holding import Hold

    two = Hold(), Hold()
    yield two
    for hold in two:
        hold.drop()


def cut() -> None:
    """The connection of the one that has the lock ends."""
    from paritycheck.tasks.holding import BEAT_LOCK

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [BEAT_LOCK],
        )
        assert cursor.fetchall() == [(True,)]


def test_the_second_one_waits_until_the_first_ends(beats: tuple[Hold, Hold]) -> None:
    first, second = beats
    assert first.take()
    assert not second.take()
    assert first.is_kept()
    first.drop()
    assert second.take()


def test_a_lost_connection_takes_the_lock_again_where_nobody_else_has(beats: tuple[Hold, Hold]) -> None:
    first, second = beats
    assert first.take()
    cut()
    assert first.is_kept()
    assert not second.take()


def test_who_lost_it_to_another_does_not_keep_it(beats: tuple[Hold, Hold]) -> None:
    first, second = beats
    assert first.take()
    cut()
    assert second.take()
    assert not first.is_kept()
    assert second.is_kept()


def test_a_vanished_host_is_noticed_within_twenty_seconds(beats: tuple[Hold, Hold]) -> None:
    """Over TCP PostgreSQL asks for a sign of life by itself; a socket of this machine has no need of it."""
    from paritycheck.tasks.holding import KEEPALIVE

    words = dict(word.split("=") for word in KEEPALIVE.replace("-c ", "").split())
    idle, every, count = (int(words[f"tcp_keepalives_{name}"]) for name in ("idle", "interval", "count"))
    assert idle + every * count <= 20
    assert beats[0].take()
