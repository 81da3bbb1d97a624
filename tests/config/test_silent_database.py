"""A PostgreSQL that takes connections and says nothing holds nobody for long."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import psycopg
import pytest
from django.db import OperationalError, connections
from django.db.utils import load_backend

from paritycheck.config.postgresql import base

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that greets nobody."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.django_db
def test_a_statement_without_an_answer_ends_and_takes_its_connection_with_it() -> None:
    known = connections.databases["default"]
    wrapper = load_backend(known["ENGINE"]).DatabaseWrapper({**known, "STATEMENT_TIMEOUT_S": 0.1}, "patient")
    wrapper.ensure_connection()
    with pytest.raises(OperationalError, match="no answer within"), wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(20)")
    assert wrapper.connection.closed
    assert not wrapper.is_usable()


def test_after_one_waited_in_vain_the_next_is_refused_at_once(silent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base.DatabaseWrapper, "_silent_until", 0.0)
    parameters = {"host": "127.0.0.1", "port": silent, "connect_timeout": 2, "user": "nobody"}
    wrapper = base.DatabaseWrapper({**connections.databases["default"]}, "silent")
    with pytest.raises(psycopg.errors.ConnectionTimeout):
        wrapper.get_new_connection(parameters)
    with pytest.raises(psycopg.OperationalError, match="just been silent"):
        wrapper.get_new_connection(parameters)
