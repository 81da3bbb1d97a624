"""What work costs at 1 and at 10 times the size, each size in the same process on the same database, interleaved.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/growth.py

Ten times the facts or the environments may take ten times as long, and less where environments share what they report;
ten times the history may take no longer, as nothing that is done with what is new reads all that was (goal: 2, for what
a busy machine adds). Every turn has facts that nobody saw before, so that no result is remembered; the matrix is asked
again as it stands, as people do. A comparison is also measured against its floor: both documents read by `json.loads`
into two dicts, at both sizes.

Processor seconds of this process and of PostgreSQL, medians.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.benchmarks import fleet
from tests.benchmarks.fifty import empty
from tests.benchmarks.processor import cpu_of_tree, postmaster
from tests.benchmarks.results import Row, publish, twice

if TYPE_CHECKING:
    from collections.abc import Callable

    from paritycheck.models import Project

ROUNDS, TIMES, FLAT = 3, 10, 2.0
AT_LEAST_S = 0.15
"""A figure is the sum of so many turns that it takes this long: PostgreSQL's processor is counted in steps of 10 ms."""


class Work(NamedTuple):
    """Something that is done. `make` prepares it at a size; what it gives prepares a turn, and gives the turn."""

    name: str
    make: Callable[[str, int], Callable[[int], Callable[[], None]]]
    small: int
    goal: float
    of: str


def project_of(senders: list[fleet.Sender]) -> Project:
    project = senders[0].token.project
    assert project is not None
    return project


def evaluate(project: Project) -> None:
    """Work off what is due in the project, as a worker does."""
    from paritycheck.services.evaluate import evaluate_environment

    now = datetime.now(UTC)
    for environment in project.environments.order_by("id"):
        evaluate_environment(environment_id=environment.pk, now=now)


def reporting(slug: str, size: int) -> Callable[[int], Callable[[], None]]:
    """A new report of so many facts."""
    [sender] = fleet.make(slug, 1, 1)

    def turn(number: int) -> Callable[[], None]:
        fleet.refill()
        bodies = fleet.packed(fleet.facts(size, number))
        return lambda: sender.take(bodies)

    return turn


def reporting_after(slug: str, size: int) -> Callable[[int], Callable[[], None]]:
    """A new report of 100 facts after so many others."""
    [sender] = fleet.make(slug, 1, 1)
    for number in range(size):
        if number % 25 == 0:
            fleet.refill()
        sender.first(fleet.facts(100, 10_000 + number))

    def turn(number: int) -> Callable[[], None]:
        fleet.refill()
        bodies = fleet.packed(fleet.facts(100, number))
        return lambda: sender.take(bodies)

    return turn


def evaluating(slug: str, size: int) -> Callable[[int], Callable[[], None]]:
    """The evaluation of an environment of so many facts, of which one is another version than before."""
    senders = fleet.make(slug, 2, 1)
    senders[0].first(fleet.facts(size))

    def turn(number: int) -> Callable[[], None]:
        fleet.refill()
        senders[1].first(fleet.facts(size, number))
        return lambda: evaluate(project_of(senders))

    return turn


def evaluating_many(slug: str, size: int) -> Callable[[int], Callable[[], None]]:
    """The evaluations of so many environments that share eight states, and of the baseline, after that one changed."""
    senders = fleet.make(slug, size + 1, 1)
    for at, sender in enumerate(senders):
        sender.first(fleet.facts(300, at % 8))
    evaluate(project_of(senders))

    def turn(number: int) -> Callable[[], None]:
        fleet.refill()
        senders[0].first(fleet.facts(300, 1_000 + number))
        return lambda: evaluate(project_of(senders))

    return turn


def evaluating_after(slug: str, size: int) -> Callable[[int], Callable[[], None]]:
    """The evaluation of an environment that changed so many times before."""
    turn = evaluating(slug, 100)
    for number in range(size):
        turn(20_000 + number)()
    return turn


def matrix(slug: str, environments: int, facts: int) -> Callable[[int], Callable[[], None]]:
    """The page of the matrix of environments that share eight states."""
    from django.test import Client

    from paritycheck.models import User

    senders = fleet.make(slug, environments, 1)
    for at, sender in enumerate(senders):
        sender.first(fleet.facts(facts, at % 8))
    evaluate(project_of(senders))
    owner, _ = User.objects.get_or_create(email="maria@example.com")
    project_of(senders).memberships.create(user=owner, role="owner")
    client = Client()
    client.force_login(owner)

    def show() -> None:
        answer = client.get(f"/p/{slug}")
        assert answer.status_code == 200, answer.status_code

    return lambda _number: show


def asking(slug: str, environments: int, facts: int) -> Callable[[int], Callable[[], None]]:
    """A gate's question about a candidate of so many facts, in a project of so many environments."""
    from django.test import Client

    from paritycheck.models.tokens import TokenKind
    from paritycheck.services.tokens import issue_token

    senders = fleet.make(slug, environments, 1)
    for at, sender in enumerate(senders):
        sender.first(fleet.facts(facts, at % 8))
    project = project_of(senders)
    evaluate(project)
    client = Client(headers={"authorization": f"Bearer {issue_token(kind=TokenKind.GATE, project=project)[1]}"})

    def turn(number: int) -> Callable[[], None]:
        fleet.refill()
        senders[-1].first(fleet.facts(facts, number))
        candidate = {"commit": f"{number:040x}", "branch": "main", "dirty": False}
        asked = {"schema": "paritycheck.candidate/1", "sections": senders[-1].told, "candidate": candidate}

        def ask() -> None:
            answer = client.post(f"/api/v1/projects/{slug}/gate", json.dumps(asked), "application/json")
            assert answer.status_code == 200, answer.content[:300]

        return ask

    return turn


def comparing(_slug: str, size: int) -> Callable[[int], Callable[[], None]]:
    """Two stored bodies of so many facts, of which one is another version."""
    from paritycheck.codec.bodies import inflate
    from paritycheck.codec.comparing import Taken, compare_bodies

    def side(number: int) -> tuple[bytes, int]:
        (_digest, body, stored), _ = fleet.packed(fleet.facts(size, number))
        return stored, len(body)

    left = side(1)

    def turn(number: int) -> Callable[[], None]:
        right = side(number + 2)

        def compare() -> None:
            compare_bodies(
                *(Taken("a", "b", "persistent", {"dependencies": inflate(*each)}, {}) for each in (left, right))
            )

        return compare

    return turn


def reading(_slug: str, size: int) -> Callable[[int], Callable[[], None]]:
    """The floor of a comparison: both documents as JSON, in two dicts."""
    documents = [json.dumps(fleet.facts(size, number)).encode() for number in (1, 2)]

    def read() -> None:
        for document in documents:
            {fact["name"]: fact for fact in json.loads(document)}

    return lambda _number: read


WORK = (
    Work("report_facts", reporting, 150, TIMES, "facts of a new report"),
    Work("report_history", reporting_after, 20, FLAT, "reports before"),
    Work("evaluate_facts", evaluating, 150, TIMES, "facts"),
    Work("evaluate_environments", evaluating_many, 4, TIMES, "environments beside the baseline, 8 states"),
    Work("evaluate_history", evaluating_after, 8, FLAT, "changes before"),
    Work("matrix_environments", lambda slug, size: matrix(slug, size, 300), 4, TIMES, "environments, 8 states"),
    Work("matrix_facts", lambda slug, size: matrix(slug, 6, size), 150, TIMES, "facts"),
    Work("gate_environments", lambda slug, size: asking(slug, size, 150), 4, FLAT, "environments"),
    Work("gate_facts", lambda slug, size: asking(slug, 3, size), 150, TIMES, "facts"),
    Work("compare_facts", comparing, 1_500, TIMES, "facts of two bodies"),
    Work("compare_floor", reading, 1_500, TIMES, "facts read by json.loads"),
)


class Sized:
    """A work at one size."""

    def __init__(self, work: Work, size: int, database: int) -> None:
        self._prepare = work.make(f"{work.name.replace('_', '-')}-{size}", size)
        self._database, self._number, self._turns = database, 0, 1
        self._turns = min(12, max(1, round(AT_LEAST_S / max(self.cost(), 0.001))))

    def cost(self) -> float:
        """Processor seconds of a turn."""
        spent = 0.0
        for _ in range(self._turns):
            self._number += 1
            act = self._prepare(self._number)
            below, began = cpu_of_tree(self._database), time.process_time()
            act()
            spent += time.process_time() - began + cpu_of_tree(self._database) - below
        return spent / self._turns


def grown(work: Work, database: int) -> Row:
    """How many times as much ten times the size costs."""
    small, large = Sized(work, work.small, database), Sized(work, work.small * TIMES, database)
    rounds = [(small.cost(), large.cost()) for _ in range(ROUNDS)]
    one, ten = (statistics.median(each) for each in zip(*rounds, strict=True))
    said = f"{one * 1000:.1f} and {ten * 1000:.1f} ms of CPU: {work.small} and {work.small * TIMES} {work.of}"
    return Row(f"growth_{work.name}", ten / one, work.goal, said)


def measured(work: Work, database: int) -> list[Row]:
    """Measure it, and where it missed its goal once more in projects of their own."""
    again = iter(("", "-again"))

    def measure() -> list[Row]:
        suffix = next(again)
        return [grown(work._replace(make=lambda slug, size: work.make(slug + suffix, size)), database)]

    return twice(measure)


def main() -> int:
    """Measure and print; with names of works only these."""
    chosen = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory, empty(Path(directory)):
        database = postmaster()
        rows = [row for work in WORK if not chosen or work.name in chosen for row in measured(work, database)]
    return publish(rows)


if __name__ == "__main__":
    sys.exit(main())
