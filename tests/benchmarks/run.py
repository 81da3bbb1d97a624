"""Every benchmark, one after the other, each in a process of its own; one table at the end, and the same as JSON.

    make bench                        all of them, into dist/bench.json
    make bench NAME=compare,growth    these
    make bench ARGS="--json /tmp/bench.json"

A benchmark measures ratios to a peer of the same run, in interleaved rounds, and once more where a goal was missed. The
exit code is 1 where a figure is past its goal or a benchmark did not come to its end. Figures marked `~` are times on
the clock: they need a quiet machine, the others bear a busy one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.results import KEPT_IN, Row, machine, table, told

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BENCHMARKS = {
    "agent_show": "parity show against pip inspect",
    "agent_cost": "parity show against cyclonedx-py and npm ls",
    "agent_start": "an unchanged parity report against a Python that does nothing",
    "agent_watch": "parity watch while it waits",
    "ingest": "unchanged and new reports against a bare view and rows of facts",
    "growth": "report, evaluation, matrix, gate and comparison at 1 and 10 times the size",
    "overload": "five times what the server can do, stalled connections, and a kill",
    "scale": "two web and three worker processes, and what each one adds",
    "compare": "two inventories of 50,000 facts against two dicts",
    "gate": "parity gate, and its server under load",
    "api_reads": "what the API reads most, at 1 and 10 times the size",
    "palette_search": "the palette's answers",
    "matrix_page": "the matrix in a browser",
}
LIMIT_S, GRACE_S = 900, 120
BOOT = """
import runpy, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a script so that it ends its servers when it is told to end."""


def main(arguments: Sequence[str]) -> int:
    """Run, print and write."""
    options = _parser().parse_args(arguments)
    names = options.name.split(",") if options.name else list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        _parser().error(f"no benchmark is named {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    ended = {name: one(name) for name in names}
    rows = [row for result in ended.values() for row in result["rows"]]
    failed = [name for name, result in ended.items() if result["code"]]
    sys.stdout.write(f"\n{table(rows)}{machine()}\n")
    sys.stdout.writelines(f"{name}: not good, see its output above\n" for name in failed)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(document(ended), indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"written to {options.json}\n")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {name:16} {what}" for name, what in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, epilog=f"benchmarks:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--name", default="", help="benchmarks, with commas between them; all without it")
    parser.add_argument("--json", type=Path, default=ROOT / "dist" / "bench.json", help="where the rows are written")
    return parser


def one(name: str) -> dict[str, Any]:
    """Rows, notes, exit code and seconds of a benchmark; one that does not end has no rows and the code 1."""
    sys.stdout.write(f"{name}: {BENCHMARKS[name]}\n")
    sys.stdout.flush()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        kept = Path(directory) / "rows.json"
        environ = {**os.environ, "PYTHONPATH": str(ROOT), KEPT_IN: str(kept)}
        process = subprocess.Popen([sys.executable, "-c", BOOT, str(HERE / f"{name}.py")], cwd=ROOT, env=environ)
        code = _ended(process, name)
        found = json.loads(kept.read_bytes()) if kept.exists() else {"rows": [], "notes": []}
    rows = [Row(**{key: value for key, value in row.items() if key != "verdict"}) for row in found["rows"]]
    return {"rows": rows, "notes": found["notes"], "code": code or int(not rows), "seconds": time.monotonic() - began}


def _ended(process: subprocess.Popen[bytes], name: str) -> int:
    """Its exit code; one that takes too long is told to end, so that it ends what it started."""
    try:
        return process.wait(LIMIT_S)
    except subprocess.TimeoutExpired:
        sys.stdout.write(f"{name} did not end within {LIMIT_S} s\n")
        return 1
    finally:
        process.terminate()
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def document(ended: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What is written: for each benchmark its rows, its notes, and how long it took."""
    benchmarks = {
        name: {**result, "rows": [told(row) for row in result["rows"]], "seconds": round(result["seconds"], 1)}
        for name, result in ended.items()
    }
    return {"machine": machine(), "benchmarks": benchmarks}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
