"""`paritycheck migrate` waits for a lock for a moment only, lets the others go on, and says who is in the way."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.core.management.commands.migrate import Command as DjangosMigrate
from django.db import connection, transaction
from typing_extensions import override

from paritycheck.management.commands import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db
TABLE = "paritycheck_periodrun"


@pytest.fixture
def reader() -> Iterator[psycopg.Connection[Any]]:
    """Somebody who reads a table in a transaction that does not end."""
    known = connection.get_connection_params()
    told = {key: known[key] for key in ("dbname", "host", "port", "user") if known.get(key)}
    with psycopg.connect(psycopg.conninfo.make_conninfo(**told, application_name="nightly dump")) as session:
        session.execute(f"SELECT count(*) FROM {TABLE}")  # noqa: S608  our own words
        yield session


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """`lock_timeout` at each try to change the table."""
    seen: list[str] = []

    def change(*_args: Any, **_options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout')")
            seen.append(cursor.fetchone()[0])
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {TABLE} ADD COLUMN more integer")

    monkeypatch.setattr(DjangosMigrate, "handle", change)
    monkeypatch.setattr(migrate, "LOCK_MS", 50)
    monkeypatch.setattr(migrate, "PAUSE_S", 0.0)
    return seen


def lock_timeout() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        return str(cursor.fetchone()[0])


def test_six_tries_and_then_who_is_in_the_way(reader: psycopg.Connection[Any], tries: list[str]) -> None:
    before, said = lock_timeout(), StringIO()
    reader.execute("SELECT pg_sleep(1.1)")
    with pytest.raises(CommandError, match=rf"process {reader.info.backend_pid} \(nightly dump\), for \d+ s"):
        call_command("migrate", stderr=said)
    assert tries == ["50ms"] * 6
    assert said.getvalue().count("The others go on") == 5
    assert lock_timeout() == before


def test_it_goes_on_when_the_table_is_free(reader: psycopg.Connection[Any], tries: list[str]) -> None:
    class Ending(StringIO):
        """Where the command says that it waits: then the reader is done."""

        @override
        def write(self, text: str) -> int:
            reader.rollback()
            return super().write(text)

    call_command("migrate", stderr=Ending())
    assert len(tries) == 2


def test_what_is_no_lock_is_no_matter_of_trying_again(
    reader: psycopg.Connection[Any], tries: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    del reader
    monkeypatch.setattr(migrate, "LOCK_MS", 0)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '50ms'")
    with pytest.raises(Exception, match="statement timeout"):
        call_command("migrate")
    assert tries == ["0"]
