"""Comparing two inventories of 50,000 facts, against reading both as JSON into two dicts, and against sbomdiff.

    .venv/bin/python tests/benchmarks/compare.py             ratios of medians, rounds interleaved, in CPU seconds
    .venv/bin/python tests/benchmarks/compare.py --sbomdiff  also the program sbomdiff of PyPI, in a venv of its own

The peer is `json.loads` of both documents and two dicts, without comparing them. Goals (performance.md): 10 facts
differ, from stored gzip at most 0.15, from remembered bytes 0.1. Exits 1 past them. Where more differs, most of the
time goes into saying how far each pair of values is apart: those ratios are printed and judge nothing.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paritycheck.codec.bodies import deflate, inflate
from paritycheck.codec.comparing import Taken, compare_bodies
from paritycheck_agent.wire.canonical import split

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FACTS, ROUNDS = 50_000, 5
GOALS = {"stored": 0.15, "remembered": 0.1}


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


def against_sbomdiff() -> float:
    """The whole command `paritycheck diff` over the whole command `sbomdiff`, 10 of 50,000 packages differ."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        subprocess.run([sys.executable, "-m", "venv", str(root / "venv")], check=True)
        subprocess.run([str(root / "venv/bin/pip"), "install", "--quiet", "sbomdiff"], check=True)
        ours, theirs = _files(root)
        commands = [
            [sys.executable, "-m", "paritycheck", "diff", *ours],
            [str(root / "venv/bin/sbomdiff"), *theirs],
        ]
        one, other = (_run(command) for command in commands)
        return one / other


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


def _run(command: Sequence[str]) -> float:
    """Wall seconds of a process; sbomdiff exits with the number of its findings, cut to a byte."""
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    return time.perf_counter() - began


def main() -> int:
    """Print every ratio; 1 where the first goals are missed."""
    missed = False
    for changed in (10, FACTS // 10, FACTS):
        for name, ratio in measure(changed).items():
            goal = GOALS[name] if changed == 10 else None
            missed |= goal is not None and ratio > goal
            sys.stdout.write(
                f"{changed:6} of {FACTS} differ, {name:10} {ratio:.3f}{f'  goal {goal}' if goal else ''}\n"
            )
    if "--sbomdiff" in sys.argv[1:]:
        sys.stdout.write(f"paritycheck diff / sbomdiff, whole commands: {against_sbomdiff():.3f}\n")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
