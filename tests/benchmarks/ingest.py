"""What taking reports costs, on the servers that are shipped, with the PostgreSQL below them counted in.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/ingest.py

Unchanged reports against a bare Django view (no middleware, no token, the body not even read) that does one UPDATE by
primary key on the same database, through granian and through gunicorn: goal 0.7 of its capacity, which is requests for
each second of the processor, and 0.7 of its requests in a second. They leave no row behind.

New reports of 1,500 facts of which one is another version, as an agent sends them (the body of the facts and the
report; where they stand did not change), against the row-per-fact way: a row for each fact of each report,
by one INSERT for each (goal: ten times as many reports for each second of the processor), and by one INSERT for all
(told). On the disk a report takes less than 25 kB, all tables and indexes together.

Rounds interleaved, medians; each request counts what web and PostgreSQL took of the processor.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.benchmarks import fleet
from tests.benchmarks.fifty import empty
from tests.benchmarks.processor import postmaster
from tests.benchmarks.results import Row, publish, twice
from tests.benchmarks.serving import BARE, PEERS, Served, Spent, granian, gunicorn, peers_tables, request, spent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROUNDS, BEATS, NEW, SINGLE = 5, 300, 10, 2
ENVIRONMENTS, INSTANCES, FACTS = 20, 5, 1_500
SHARE, TIMES, KB = 0.7, 10.0, 25.0


class Way(NamedTuple):
    """A way of taking reports: by which server, what is sent in a round, and which statuses are right."""

    server: Served
    turns: Callable[[], Sequence[Sequence[bytes]]]
    wanted: set[int]


def interleaved(ways: dict[str, Way], database: int) -> dict[str, Spent]:
    """Medians of what each way spends on a report; the first round fills caches."""
    found: dict[str, list[Spent]] = {name: [] for name in ways}
    for number in range(ROUNDS + 1):
        for name, way in ways.items():
            fleet.refill()
            one = spent(way.server, database, way.turns(), way.wanted)
            if number:
                found[name].append(one)
    return {name: Spent(*(statistics.median(each) for each in zip(*map(_figures, them), strict=True)))
            for name, them in found.items()}  # fmt: skip


def _figures(one: Spent) -> tuple[float, float, float]:
    return one.web, one.database, one.rate


class Bench:
    """A fleet that has reported, and the servers in front of it."""

    def __init__(self, stack: ExitStack, work: Path) -> None:
        url = stack.enter_context(empty(work))
        self.database = postmaster()
        peers_tables(url)
        self.senders = fleet.make("fleet", ENVIRONMENTS, INSTANCES)
        same = fleet.facts(60)
        for sender in self.senders:
            sender.first(same)
        self._changed = 0
        # Of each environment one agent: of several that differ the server merges the facts as well.
        baseline, *self._alone = fleet.make("new", NEW + 1, 1)
        baseline.first(fleet.facts(FACTS))
        self.rows = [_inserted("INSERT INTO bench_touched (seen, seq) SELECT now(), 0 FROM generate_series(1, %s)")]
        ours, bare = {"DATABASE_URL": url}, {"DATABASE_URL": url, **BARE}
        self.ours = stack.enter_context(granian(ours))
        self.bare = stack.enter_context(granian(bare, PEERS))
        self.ours_gunicorn = stack.enter_context(gunicorn(ours))
        self.bare_gunicorn = stack.enter_context(gunicorn(bare, PEERS))

    def beats(self) -> list[list[bytes]]:
        """Unchanged reports of all agents in turn."""
        return [[self.senders[number % len(self.senders)].heartbeat()] for number in range(BEATS)]

    def touches(self) -> list[list[bytes]]:
        """The same number of requests to the bare view, with the same body."""
        body = b"{" + b" " * 700 + b"}"
        paths = (f"/touch/{number % len(self.senders) + 1}" for number in range(BEATS))
        return [[request("POST", path, body, Content_Type="application/json")] for path in paths]

    def news(self) -> list[list[bytes]]:
        """New reports, each with another version of one package, in bodies that nobody sent before."""
        return [self._sender(at).report(fleet.facts(FACTS, self._next())) for at in range(NEW)]

    def news_as_rows(self, path: str, count: int) -> list[list[bytes]]:
        """The same facts as one document."""
        documents = (
            {"instance": self._sender(at).instance, "facts": fleet.facts(FACTS, self._next())} for at in range(count)
        )
        return [
            [request("POST", path, json.dumps(each).encode(), Content_Type="application/json")] for each in documents
        ]

    def _next(self) -> int:
        self._changed += 1
        return self._changed

    def _sender(self, at: int) -> fleet.Sender:
        return self._alone[at % NEW]


def _inserted(statement: str) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, [ENVIRONMENTS * INSTANCES])
    return ENVIRONMENTS * INSTANCES


def counted(statement: str) -> int:
    """The number that a statement gives."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)
        row: tuple[Any, ...] = cursor.fetchone() or (0,)
    return int(row[0])


def rows_of_ours() -> int:
    """Rows in all of our tables, counted."""
    from django.apps import apps

    return sum(counted(f'SELECT count(*) FROM "{model._meta.db_table}"')  # noqa: S608  our own tables
               for model in apps.get_app_config("paritycheck").get_models())  # fmt: skip


def bytes_of(pattern: str) -> int:
    """What tables take on the disk, indexes and long values included, dead rows swept."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
    return counted(
        "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class"  # noqa: S608  a pattern of ours
        f" WHERE relkind = 'r' AND relname LIKE '{pattern}'"
    )


def unchanged(bench: Bench) -> list[Row]:
    """Heartbeats beside bare views, on both servers."""
    before = rows_of_ours()
    found = interleaved(
        {
            "ours": Way(bench.ours, bench.beats, {202}),
            "bare": Way(bench.bare, bench.touches, {202}),
            "ours_gunicorn": Way(bench.ours_gunicorn, bench.beats, {202}),
            "bare_gunicorn": Way(bench.bare_gunicorn, bench.touches, {202}),
        },
        bench.database,
    )
    rows = []
    for server, ours, bare in (("", "ours", "bare"), ("_gunicorn", "ours_gunicorn", "bare_gunicorn")):
        mine, other = found[ours], found[bare]
        cost = f"{mine.web:.2f} + {mine.database:.2f} ms of CPU, bare view {other.web:.2f} + {other.database:.2f} ms"
        rate = f"{mine.rate:.0f} a second, bare view {other.rate:.0f}"
        rows += [
            Row(f"ingest_unchanged{server}", other.cpu / mine.cpu, SHARE, cost, least=True),
            Row(f"ingest_unchanged{server}_rate", mine.rate / other.rate, SHARE, rate, least=True, quiet=True),
        ]
    beats = 2 * (ROUNDS + 1) * BEATS
    return [*rows, Row("ingest_unchanged_new_rows", rows_of_ours() - before, 0.0, f"after {beats} unchanged reports")]


def new(bench: Bench) -> list[Row]:
    """New reports beside rows of facts."""
    found = interleaved(
        {
            "ours": Way(bench.ours, bench.news, {201, 202}),
            "single": Way(bench.bare, lambda: bench.news_as_rows("/single", SINGLE), {202}),
            "bulk": Way(bench.bare, lambda: bench.news_as_rows("/bulk", SINGLE), {202}),
        },
        bench.database,
    )
    mine, single, bulk = found["ours"], found["single"], found["bulk"]
    cost = f"{mine.web:.1f} + {mine.database:.1f} ms of CPU a report"
    return [
        Row("ingest_new", single.cpu / mine.cpu, TIMES, f"{cost}, a row for each fact {single.cpu:.0f} ms", least=True),
        Row("ingest_new_bulk", bulk.cpu / mine.cpu, None, f"all rows in one INSERT {bulk.cpu:.0f} ms"),
        *disk(bench),
    ]


def disk(bench: Bench) -> list[Row]:
    """What a new report adds to the disk, and what it adds as rows of facts."""
    sizes = []
    for pattern, server, turns in (
        ("paritycheck_%", bench.ours, bench.news),
        ("bench_%", bench.bare, lambda: bench.news_as_rows("/bulk", NEW)),
    ):
        before = bytes_of(pattern)
        for _ in range(3):
            fleet.refill()
            spent(server, bench.database, turns(), {201, 202})
        sizes.append((bytes_of(pattern) - before) / 3 / NEW / 1000)
    return [
        Row("ingest_new_kb", sizes[0], KB, f"kB on the disk a report of {FACTS} facts, as rows {sizes[1]:.0f} kB"),
        Row("ingest_new_disk", sizes[1] / sizes[0], TIMES, "times less than as rows", least=True),
    ]


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        bench = Bench(stack, Path(directory))
        rows = [*twice(lambda: unchanged(bench)), *twice(lambda: new(bench))]
    return publish(rows)


if __name__ == "__main__":
    sys.exit(main())
