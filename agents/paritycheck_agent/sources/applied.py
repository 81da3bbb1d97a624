"""What a database says of the migrations that it has: a table of each tool, read with the application's own log-in."""

from __future__ import annotations

import os

from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from paritycheck_agent.connection.target import Target

    Query = Callable[[str], "list[list[str]] | None"]

KINDS = ("postgresql", "mysql", "mariadb", "sqlite")
ROWS = 100_000
_SQLITE_S = 2.0


class Applied:
    """The rows (unit, id) by table. A table that is not there has None, one that may not be read is left out.

    `reason` says why nothing could be asked; empty where the database answered.
    """

    __slots__ = ("reason", "rows")

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        self.rows: dict[str, list[tuple[str, str]] | None] = {}


def read(target: Target, wanted: Mapping[str, str]) -> Applied:
    """Ask one database for the tables in `wanted`, SQL by table. Raises nothing."""
    try:
        if target.kind == "sqlite":
            return _sqlite(target, wanted)
        with Connection(target) as connection:
            return (_postgresql if target.kind == "postgresql" else _mysql)(connection, target, wanted)
    except Unanswered as answer:
        return Applied(answer.reason)
    except Exception:  # noqa: BLE001 -- whatever a server said, the other databases are told all the same
        return Applied("collector-failed")


def _postgresql(connection: Connection, target: Target, wanted: Mapping[str, str]) -> Applied:
    from paritycheck_agent.connection.postgresql import Session

    session = Session(connection, target)
    session.log_in()
    found = _ask(session.query, "SELECT 1 WHERE pg_catalog.to_regclass('{}') IS NOT NULL", wanted)
    session.leave()
    return found


def _mysql(connection: Connection, target: Target, wanted: Mapping[str, str]) -> Applied:
    from paritycheck_agent.connection.mysql import Session

    session = Session(connection, target)
    session.greet()
    session.log_in(target.database)
    is_there = "SELECT 1 FROM information_schema.tables WHERE table_schema = database() AND table_name = '{}'"
    found = _ask(session.query, is_there, wanted)
    session.leave()
    return found


def _sqlite(target: Target, wanted: Mapping[str, str]) -> Applied:
    """Open for reading only; the library is imported by those who have such a database and migrations for it."""
    path = target.file
    if not path or not os.path.isfile(path):
        return Applied("not-collected")
    try:
        import sqlite3
    except ImportError:
        return Applied("tool-missing")
    from urllib.parse import quote

    try:
        connection = sqlite3.connect(f"file:{quote(os.path.abspath(path))}?mode=ro", uri=True, timeout=_SQLITE_S)
    except sqlite3.Error:
        return Applied("no-permission")

    def query(sql: str) -> list[list[str]] | None:
        try:
            return [[str(value) for value in row] for row in connection.execute(sql).fetchmany(ROWS)]
        except sqlite3.Error:
            return None

    try:
        return _ask(query, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '{}'", wanted)
    finally:
        connection.close()


def _ask(query: Query, is_there: str, wanted: Mapping[str, str]) -> Applied:
    """`is_there`: SQL that gives a row where the table exists, whoever may read it. Names are constants of ours."""
    found = Applied()
    for table, sql in wanted.items():
        seen = query(is_there.format(table))
        if seen is None:
            return Applied("no-permission")
        if not seen:
            found.rows[table] = None
            continue
        rows = query(sql)
        if rows is not None:
            found.rows[table] = [(row[0], row[1]) for row in rows[:ROWS] if len(row) > 1]
    return found
