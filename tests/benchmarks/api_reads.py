"""What the API reads most, over two projects of which one has ten times as much of everything, on a real server.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/api_reads.py

The first page of drifts, a comparison that was made before, parity, and waivers: queries of each, and milliseconds
beside those of a view that answers `hello` on the same server through the same middleware, rounds interleaved,
medians. Goals: a project that is ten times as large takes no query more; a page is no slower for what is not on it
(at most 2 times), an answer of ten times as many rows takes at most 10 times as long. The small project has 5
environments of 500 packages, 60 drifts each, and 20 waivers.
"""

from __future__ import annotations

import http.client
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.api.servers import granian
from tests.benchmarks.fifty import empty, report
from tests.benchmarks.results import Row, publish

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS, WARM = 40, 3
TIMES = 10
SETTINGS = "tests.benchmarks.served.settings"


class Size(NamedTuple):
    """A project: environments beside the baseline, packages of each, how many of them differ, and waivers."""

    slug: str
    environments: int
    packages: int
    changed: int
    waivers: int


SMALL = Size("small", 5, 500, 60, 20)
LARGE = Size("large", 5 * TIMES, 500 * TIMES, 60, 20 * TIMES)
P = "/api/v1/projects/{slug}"
READS = {
    "drifts": (f"{P}/drifts", 2.0),
    "compare": (f"{P}/compare?left=e01&right=production", 2.0),
    "parity": (f"{P}/parity", float(TIMES)),
    "waivers": (f"{P}/waivers", float(TIMES)),
}
"""The address, and how many times as long it may take of the large project."""


def fill(size: Size, now: datetime) -> str:
    """The project with everything in it, evaluated; a token to read it with."""
    from paritycheck.models import Project
    from paritycheck.services.evaluate import evaluate_environment
    from paritycheck.services.projects import EnvironmentPlan, bootstrap_project

    names = ["production", *(f"e{number:02}" for number in range(1, size.environments + 1))]
    plans = [EnvironmentPlan(name, "production" if name == "production" else "staging") for name in names]
    made = bootstrap_project(slug=size.slug, environments=plans, admin_email=f"{size.slug}@localhost")
    project = Project.objects.get(slug=size.slug)
    for number, row in enumerate(project.environments.order_by("created_at")):
        token = row.tokens.select_related("project__baseline", "environment").get()
        entry = {"status": "ok", "covers": ["pkg:pypi/"], "facts": _facts(size, number)}
        report(token, {"dependencies": entry}, now)
    for row in project.environments.all():
        evaluate_environment(environment_id=row.pk, now=now)
    _waive(project, size, now)
    return str(made["admin"]["token"])


def _facts(size: Size, number: int) -> list[dict[str, Any]]:
    """The baseline's packages, some in another version: others in each environment."""
    odd = {(number * 31 + step * 7) % size.packages for step in range(size.changed)} if number else set()
    return [
        {"name": f"pkg:pypi/package-{at:05}", "value": "9.0.0" if at in odd else "1.2.3", "scope": "direct"}
        for at in range(size.packages)
    ]


def _waive(project: Any, size: Size, now: datetime) -> None:
    """Waivers of packages that nobody has, so that every drift stays open."""
    from paritycheck.models import Waiver

    said = {"reason": "known", "owner": "ann", "until_change": True, "made_by": "ann@localhost", "made_at": now}
    Waiver.objects.bulk_create(
        Waiver(project=project, match=f"dependencies/pkg:pypi/none-{at}", **said) for at in range(size.waivers)
    )


def queries(token: str, address: str) -> int:
    """SQL statements of one answer, in this process, the second time."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"authorization": f"Bearer {token}"})
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(address)
    if answer.status_code != http.client.OK:
        raise SystemExit(f"{address}: {answer.status_code} {answer.content[:200]!r}")
    return len(seen)


def asker(port: int, address: str, token: str) -> Callable[[], float]:
    """What asks once, over a connection that stays, and tells the milliseconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask() -> float:
        began = time.perf_counter()
        connection.request("GET", address, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            raise SystemExit(f"{address}: {answer.status}")
        return (time.perf_counter() - began) * 1000

    return ask


def timed(asking: dict[tuple[str, str], Callable[[], float]]) -> dict[tuple[str, str], float]:
    """Medians of the interleaved rounds."""
    found: dict[tuple[str, str], list[float]] = {key: [] for key in asking}
    for number in range(ROUNDS + WARM):
        for key, ask in asking.items():
            taken = ask()
            if number >= WARM:
                found[key].append(taken)
    return {key: statistics.median(values) for key, values in found.items()}


def measured(port: int, tokens: dict[str, str]) -> dict[tuple[str, str], float]:
    """Milliseconds of each read of each project, and of the bare view."""
    asking = {("bare", ""): asker(port, "/bare", "")}
    for name, (address, _goal) in READS.items():
        for slug, token in tokens.items():
            asking[name, slug] = asker(port, address.format(slug=slug), token)
    return timed(asking)


def main() -> int:
    """Fill, count and measure; where a goal was missed once more, as a busy machine spoils times."""
    with tempfile.TemporaryDirectory() as directory, empty(Path(directory)) as database:
        now = datetime.now(UTC)
        tokens = {size.slug: fill(size, now) for size in (SMALL, LARGE)}
        counted = {
            (name, slug): queries(token, address.format(slug=slug))
            for name, (address, _goal) in READS.items()
            for slug, token in tokens.items()
        }
        with granian({"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": SETTINGS}) as (port, _pid):
            took = measured(port, tokens)
            if missed(counted, took):
                again = measured(port, tokens)
                took = {key: min(value, again[key]) for key, value in took.items()}
    return printed(counted, took)


def missed(counted: dict[tuple[str, str], int], took: dict[tuple[str, str], float]) -> list[str]:
    """Reads that are past a goal."""
    return [
        name
        for name, (_address, goal) in READS.items()
        if counted[name, LARGE.slug] > counted[name, SMALL.slug]
        or took[name, LARGE.slug] > goal * took[name, SMALL.slug]
    ]


def printed(counted: dict[tuple[str, str], int], took: dict[tuple[str, str], float]) -> int:
    """Print; 1 past a goal."""
    bare = took["bare", ""]
    rows = []
    for name, (_address, goal) in READS.items():
        small, large = took[name, SMALL.slug], took[name, LARGE.slug]
        cost = f"{small:.1f} and {large:.1f} ms, {small / bare:.1f} and {large / bare:.1f} bare views"
        few, many = counted[name, SMALL.slug], counted[name, LARGE.slug]
        rows += [
            Row(f"api_{name}_growth", large / small, goal, cost, quiet=True),
            Row(f"api_{name}_queries_more", many - few, 0.0, f"{few} and {many} queries"),
        ]
    return publish(rows, f"bare view {bare:.2f} ms")


if __name__ == "__main__":
    sys.exit(main())
