"""Comparing two inventories of 50,000 facts, against reading both as JSON into two dicts, and against sbomdiff.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/compare.py --sbomdiff

With `--sbomdiff` also the program sbomdiff of PyPI, in a venv of its own. Ratios of medians of CPU seconds, rounds
interleaved.

The peer is `json.loads` of both documents and two dicts, without comparing them. Goals (performance.md): 10 facts
differ, from stored gzip at most 0.15, from remembered bytes 0.1. Exits 1 past them. Where more differs, most of the
time goes into saying how far each pair of values is apart: those ratios are printed and judge nothing.

Beside sbomdiff: two snapshots as they are stored, compared and printed by a process of its own, at most 0.1 of its CPU
seconds; and `paritycheck diff` on two documents of `parity show`, which checks every line of them as hostile, judged
by nothing.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from paritycheck.codec.bodies import deflate, inflate
from paritycheck.codec.comparing import Taken, compare_bodies
from paritycheck_agent.wire.canonical import split
from tests.benchmarks.results import Row, publish, twice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FACTS, ROUNDS = 50_000, 5
GOALS = {"stored": 0.15, "remembered": 0.1}
SBOMDIFF_GOAL = 0.1
SBOMDIFF_S = 900.0


def inventory(changed: int) -> list[dict[str, str]]:
    """Packages, of which so many, evenly spread, have another version."""
    step = FACTS // changed if changed else FACTS + 1
    return [
        {
            "name": f"pkg:pypi/package-{number:05}",
            "value": f"{number % 9}.{number % 7}.{99 if changed and number % step == 0 else number % 5}",
            "scope": "direct" if number % 10 == 0 else "transitive",
        }
        for number in range(FACTS)
    ]


def side(body: bytes) -> Taken:
    return Taken("shop", "production", "persistent", {"dependencies": body}, {})


def seconds(call: Callable[[], Any]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began


def medians(calls: Sequence[Callable[[], Any]]) -> list[float]:
    """CPU seconds of each, rounds interleaved."""
    rounds = [[seconds(call) for call in calls] for _round in range(ROUNDS)]
    return [statistics.median(found) for found in zip(*rounds, strict=True)]


def measure(changed: int) -> dict[str, float]:
    """The ratios where so many facts differ."""
    left, right = inventory(0), inventory(changed)
    bodies = [split("dependencies", ["pkg:pypi/"], facts)[0] for facts in (left, right)]
    stored = [(deflate(body), len(body)) for body in bodies]
    documents = [json.dumps(facts).encode() for facts in (left, right)]

    def peer() -> None:
        for document in documents:
            {fact["name"]: fact for fact in json.loads(document)}

    def from_stored() -> None:
        compare_bodies(*(side(inflate(*each)) for each in stored))

    def remembered() -> None:
        found = compare_bodies(*(side(body) for body in bodies))
        assert len(found.rows) == changed

    base, *ours = medians([peer, from_stored, remembered])
    return {name: cost / base for name, cost in zip(("stored", "remembered"), ours, strict=True)}


class Against(NamedTuple):
    """CPU seconds of processes on the same two inventories, 10 of 50,000 packages differ; did theirs end?"""

    snapshots: float
    documents: float
    sbomdiff: float
    ended: bool


def against_sbomdiff() -> Against:
    """A process that compares two stored snapshots, the command `paritycheck diff`, and the command `sbomdiff`."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        subprocess.run([sys.executable, "-m", "venv", str(root / "venv")], check=True)
        subprocess.run([str(root / "venv/bin/pip"), "install", "--quiet", "sbomdiff"], check=True)
        ours, theirs = _files(root)
        snapshots, _ = _run([sys.executable, "-c", SNAPSHOTS, *_stored(root)])
        documents, _ = _run([sys.executable, "-m", "paritycheck", "diff", *ours])
        other, ended = _run([str(root / "venv/bin/sbomdiff"), *theirs], within=SBOMDIFF_S)
        return Against(snapshots, documents, other, ended)


SNAPSHOTS = """
import sys
from pathlib import Path
from paritycheck.codec.bodies import inflate
from paritycheck.codec.comparing import Taken, compare_bodies
bodies = [inflate(Path(path).read_bytes(), int(length)) for path, length in zip(sys.argv[1::2], sys.argv[2::2])]
found = compare_bodies(*(Taken("shop", "production", "persistent", {"dependencies": body}, {}) for body in bodies))
for row in found.rows:
    print(row.name, row.left.value, row.right.value)
sys.exit(len(found.rows) != 10)
"""
"""What the server does with two snapshots, as a process of its own: import, gzip, comparison, and the rows printed."""


def _stored(root: Path) -> list[str]:
    """Both bodies as the server keeps them: path and decoded length of each."""
    words: list[str] = []
    for number, facts in enumerate((inventory(0), inventory(10))):
        body, _ = split("dependencies", ["pkg:pypi/"], facts)
        (root / f"{number}.gz").write_bytes(deflate(body))
        words += [str(root / f"{number}.gz"), str(len(body))]
    return words


def _files(root: Path) -> tuple[list[str], list[str]]:
    """Two inventories as `parity show` prints them, and as CycloneDX."""
    ours: list[str] = []
    theirs: list[str] = []
    for number, facts in enumerate((inventory(0), inventory(10))):
        section = {"status": "ok", "covers": ["pkg:pypi/"], "facts": facts, "warnings": []}
        shown = {"schema": "paritycheck.report/1", "sections": {"dependencies": section}}
        parts = [
            {"type": "library", "name": fact["name"][9:], "version": fact["value"], "purl": fact["name"]}
            for fact in facts
        ]
        bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": parts}
        for paths, document, name in ((ours, shown, f"{number}.json"), (theirs, bom, f"{number}.cdx.json")):
            (root / name).write_text(json.dumps(document))
            paths.append(str(root / name))
    return ours, theirs


def _run(command: Sequence[str], within: float | None = None) -> tuple[float, bool]:
    """CPU seconds of a process, and whether it ended within so many seconds of the clock. sbomdiff exits with 1."""
    began = _children()
    try:
        code = subprocess.run(command, stdout=subprocess.DEVNULL, check=False, timeout=within).returncode
    except subprocess.TimeoutExpired:
        return _children() - began, False
    if within is None and code:
        raise SystemExit(f"{command[:3]} ended with {code}")
    return _children() - began, True


def _children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _rows_against() -> list[Row]:
    """Both ratios, or an upper bound of them where sbomdiff did not end."""
    found = against_sbomdiff()
    said = "" if found.ended else f" (did not end in {SBOMDIFF_S:.0f} s: the ratio is smaller)"
    return [
        Row(f"compare_{name}_sbomdiff", cost / found.sbomdiff, goal, f"{cost:.2f} s / {found.sbomdiff:.2f} s{said}")
        for name, cost, goal in (("snapshots", found.snapshots, SBOMDIFF_GOAL), ("documents", found.documents, None))
    ]


def against_dicts() -> list[Row]:
    """The ratios where 10 facts differ, a tenth of them, and all."""
    return [
        Row(f"compare_{name}_{changed}", ratio, GOALS[name] if changed == 10 else None, f"of {FACTS} facts differ")
        for changed in (10, FACTS // 10, FACTS)
        for name, ratio in measure(changed).items()
    ]


def main() -> int:
    """Print every ratio; 1 where the first goals are missed."""
    return publish([*twice(against_dicts), *(_rows_against() if "--sbomdiff" in sys.argv[1:] else [])])


if __name__ == "__main__":
    sys.exit(main())
