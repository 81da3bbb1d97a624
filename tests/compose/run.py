"""The production deployment, run for real: images are built, the service serves its main job through the proxy by TLS,
the first process of each container is killed in turn, and a release goes up and back down while agents report.

    make compose-check                            with the public images, which the engine pulls
    make compose-check BASE=local/python:trixie   nothing is pulled: proxy and database stand on BASE too
    make compose-check ARGS="--only releases"     upgrade and rollback alone; job: without killing anything
    make compose-check PREVIOUS=v0.1.0            the release before, else the newest with other tables

Needs a Docker engine with the plug-ins buildx and compose, openssl, and PyPI for the build. Where no image can be
pulled, `tests/compose/base.sh NAME` makes such a BASE. Prints a table of what was seen; ends with 1 where a row is not
as promised.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.compose.checks import Rows, kills, main_job, releases
from tests.compose.images import build
from tests.compose.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


PARTS: dict[str, Callable[[Stack, Rows, str], None]] = {"job": main_job, "kills": kills, "releases": releases}


def main(arguments: Sequence[str]) -> int:
    """Run it all; the exit code."""
    parser = argparse.ArgumentParser(prog="make compose-check", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--base", default="", help="an image with a Debian's Python on which all others are built")
    parser.add_argument("--previous", default="", metavar="REVISION", help="the release that is upgraded from")
    parser.add_argument("--only", choices=("job", "releases"), help="one part that stands by itself")
    options = parser.parse_args(arguments)
    began, rows = time.monotonic(), Rows()
    with tempfile.TemporaryDirectory(prefix="pc-compose-") as name:
        images, previous = build(rows, options.base, options.previous, Path(name))
        with Stack(images, Path(name)) as stack:
            for part in [options.only] if options.only else PARTS:
                try:
                    PARTS[part](stack, rows, previous)
                except (RuntimeError, TimeoutError) as error:
                    rows.add("the check itself", "runs to its end", str(error).strip().splitlines()[-1], good=False)
                    log = stack.compose("logs", "--no-color", "--tail", "5")
                    sys.stderr.write("".join(f"{line[:300]}\n" for line in log.splitlines()))
    sys.stdout.write(f"{rows.table()}\n{time.monotonic() - began:.0f} s\n")
    return 0 if rows.good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
