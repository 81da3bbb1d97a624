"""Joins what tests, chaos and benchmarks wrote into one table: on the terminal, as Markdown and as JSON.

    make report      after make test, make chaos, make bench

Exit code 1 where a line failed, 2 where there is nothing to join.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.results.lines import PLACE, keep, markdown, read, table

JOINED = "report"


def main() -> int:
    place = Path(os.environ.setdefault(PLACE, "dist/results"))
    lines = read(path for path in sorted(place.glob("*.json")) if path.stem != JOINED)
    if not lines:
        sys.stderr.write(f"There is nothing in {place}: run make test, make chaos or make bench before.\n")
        return 2
    keep(JOINED, lines)
    (place / f"{JOINED}.md").write_text(markdown(lines), encoding="utf-8")
    failed = sum(not line.good for line in lines)
    sys.stdout.write(f"{table(lines)}\n{len(lines)} lines, {failed} failed; also in {place}/{JOINED}.md and .json\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
