"""Changes every file that the agent reads, and reads it: no exception, and at most a second of CPU a file.

    make fuzz                                   50,000 files
    PYTHONPATH=. .venv/bin/python tests/agent/fuzz/run.py --files 1000 --seed 7 --only "lock uv"

Prints a table of readers with the files each was given and the slowest of them. A file that fails is kept in `.fuzz`
with the seed that makes it again, and the exit code is 1. The files of one seed are always the same.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from tests.agent.fuzz.answers import Server
from tests.agent.fuzz.mutations import mutated
from tests.agent.fuzz.readers import seeds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import FrameType

    from tests.agent.fuzz.reading import Seed

FILES = 50_000
LIMIT_S = 1.0
KEPT = Path(".fuzz")
# Of one kind, so that a mistake that every file meets does not fill the disk.
MOST_KEPT = 5
# A lock of a real project takes a hundred times as long as a small one, and is given as many times less often.
LARGE_BYTES, RARELY = 40_000, 0.05


class TooSlow(BaseException):
    """A file took more than its CPU. No Exception: a reader that catches those must not hide it."""


class Row:
    """What one reader was given, and how it did."""

    def __init__(self) -> None:
        self.files = 0
        self.slowest_s = 0.0
        self.failures: list[str] = []


def stop(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlow


def fuzz(given: Iterable[Seed], files: int, seed: int, kept: Path) -> dict[str, Row]:
    """Give each reader its share of the files; return a row for each."""
    by_reader: dict[str, list[Seed]] = {}
    for one in given:
        by_reader.setdefault(one.reader, []).append(one)
    before = signal.signal(signal.SIGPROF, stop)
    try:
        share = -(-files // len(by_reader))
        return {name: _reader(name, mine, share, seed, kept) for name, mine in by_reader.items()}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _reader(name: str, mine: Sequence[Seed], share: int, seed: int, kept: Path) -> Row:
    row = Row()
    for number in range(share):
        one, data = file_of(name, mine, number, seed)
        seconds, failure = read(one, data)
        row.files += 1
        row.slowest_s = max(row.slowest_s, seconds)
        if failure:
            row.failures.append(f"{name}, {one.name}: --seed {seed}, file {number}: {failure}")
            _keep(kept, row, name, one, number, data)
        if len(row.failures) >= MOST_KEPT:
            break
    return row


def file_of(name: str, mine: Sequence[Seed], number: int, seed: int) -> tuple[Seed, bytes]:
    """Return the file of a number: each as it stands once, before any that was changed."""
    if number < len(mine):
        return mine[number], mine[number].data
    chance = random.Random(f"{seed} {name} {number}")  # noqa: S311 - the same file again for the same seed
    one = chance.choices(mine, [RARELY if len(each.data) > LARGE_BYTES else 1.0 for each in mine])[0]
    return one, mutated(one.data, chance)


def read(one: Seed, data: bytes) -> tuple[float, str]:
    """Return the CPU seconds that a file took, and what went wrong with it."""
    failure = ""
    started = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
    try:
        one.read(data)
    except TooSlow:
        failure = f"more than {LIMIT_S} s of CPU"
    except BaseException:  # noqa: BLE001 - a reader that ends the process is as bad as one that fails
        failure = traceback.format_exc(limit=-3)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return time.process_time() - started, failure


def _keep(kept: Path, row: Row, name: str, one: Seed, number: int, data: bytes) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    words = "-".join((name, one.name, str(number))).replace("/", "_").replace(" ", "_")
    path = kept / words
    path.write_bytes(data)
    row.failures[-1] += f"\n  kept as {path}"


def table(rows: dict[str, Row]) -> str:
    """Return the rows as people read them."""
    width = max(len(name) for name in rows)
    lines = [f"{'reader':<{width}}  files  failed  slowest"]
    for name, row in rows.items():
        lines.append(f"{name:<{width}} {row.files:>6} {len(row.failures):>7} {row.slowest_s * 1000:>6.0f} ms")
    total, failed = sum(row.files for row in rows.values()), sum(len(row.failures) for row in rows.values())
    slowest = max(row.slowest_s for row in rows.values())
    return "\n".join([*lines, f"{'all':<{width}} {total:>6} {failed:>7} {slowest * 1000:>6.0f} ms"])


def main(arguments: Sequence[str]) -> int:
    """Fuzz and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="readers whose name has this in it")
    options = parser.parse_args(arguments)
    server = Server()
    try:
        with tempfile.TemporaryDirectory(prefix="paritycheck-fuzz-") as place:
            given = [one for one in seeds(Path(place), server) if options.only in one.reader]
            if not given:
                parser.error("no reader has this in its name")
            rows = fuzz(given, options.files, options.seed, KEPT)
    finally:
        server.close()
    failures = [failure for row in rows.values() for failure in row.failures]
    sys.stdout.write("\n".join([*failures, table(rows), ""]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
