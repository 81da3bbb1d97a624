"""What many tests begin with, made once in a process: to make a project takes 150 queries, to put it back ten."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.db import connection, transaction

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Stock(Generic[T]):
    """The rows that `make` leaves in tables that were empty, and what it returned, which must hold no model."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._held: tuple[T, dict[str, Any]] | None = None

    def take(self) -> T:
        """Put the rows into this test's transaction, as they were: ids, secrets and instants are those of the first."""
        if self._held is None:
            before = _rows()
            made = self._make()
            self._held = made, {table: rows for table, rows in _rows().items() if table not in before}
        else:
            with transaction.atomic(), connection.cursor() as cursor:
                for table, rows in self._held[1].items():
                    cursor.execute(
                        f'INSERT INTO "{table}" SELECT * FROM json_populate_recordset(NULL::"{table}", %s)',  # noqa: S608  a name of Django's
                        [json.dumps(rows)],
                    )
        return self._held[0]


def _rows() -> dict[str, Any]:
    """The rows of every table that has some."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT json_agg(one) FROM "{table}" one')  # noqa: S608  as above
            (rows,) = cursor.fetchone()
            if rows is not None:
                found[table] = json.loads(rows) if isinstance(rows, str) else rows
    return found
