"""`paritycheck diff A B`: two outputs of `parity show` side by side, with no server, no database and no settings."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paritycheck.codec.comparing import Compared, compare_bodies, compare_whole
from paritycheck.codec.shown import NotShownError, Shown, read_shown
from paritycheck.codec.sides import BUCKET_OF, BUCKETS, counts_of, fact_document, row_document, total
from paritycheck.core.facts import SECTIONS, Fact
from paritycheck.local.errors import LocalError
from paritycheck_agent.outputs import comparison, document

MOST_BYTES = 64 * 1024 * 1024
DIFFERENCES, USAGE = 1, 2
EPILOG = """\
A is the left side, B the right one; `-` reads standard input. Nothing is sent anywhere.

examples:
  parity show > laptop.json                     here
  ssh web-1 parity show > production.json       there
  paritycheck diff laptop.json production.json
  ssh web-1 parity show | paritycheck diff laptop.json - --section services
  paritycheck diff laptop.json production.json --format json | jq '.results[].name'

exit codes:
  0  compared; with --exit-code: and nothing differs
  1  only with --exit-code: something differs, or is on one side only. What is unknown is no difference
  2  usage error, or a file that is no output of `parity show`

NO_COLOR=1 prints without colour, as does a pipe."""


def main(arguments: Sequence[str]) -> int:
    """Compare, print; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        left, right = (_read(path) for path in (options.left, options.right))
    except LocalError as error:
        sys.stderr.write(f"paritycheck: {error}\n")
        return USAGE
    compared = compare_bodies(left.taken, right.taken)
    answer = _document(compared, left, right, options)
    try:
        _print(answer, options.format)
    except BrokenPipeError:
        # Whoever read us has seen enough; Python would complain when it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    differs = any(answer["counts"][bucket] for bucket in ("different", "left", "right"))
    return DIFFERENCES if options.exit_code and differs else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="paritycheck diff",
        description="Compare two outputs of `parity show`.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("left", metavar="A")
    parser.add_argument("right", metavar="B")
    parser.add_argument("--only", default="", choices=tuple(BUCKETS), help="rows of this kind (default: all but same)")
    parser.add_argument("--section", default="", choices=SECTIONS, help="rows of this section")
    parser.add_argument("--format", default="text", choices=("text", "json"), help="how to print (default: text)")
    parser.add_argument("--data", metavar="DIR", help="taken as by every command; no data directory is used")
    parser.add_argument("--exit-code", action="store_true", help="exit 1 where something differs")
    return parser


def _read(path: str) -> Shown:
    try:
        if path == "-":
            data = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(path).open("rb") as stream:
                data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise LocalError(f"{path} cannot be read: {error.strerror or 'input or output failed'}") from None
    if len(data) > MOST_BYTES:
        raise LocalError(f"{path} has more than {MOST_BYTES // 1024 // 1024} MiB")
    try:
        return read_shown(data, path)
    except NotShownError as error:
        raise LocalError(
            f"{path} is no output of `parity show`: {error}. Make one with: parity show > {path}"
        ) from None


def _document(compared: Compared, left: Shown, right: Shown, options: argparse.Namespace) -> dict[str, Any]:
    """The form of the API's answer, without what only a server knows."""
    rows = compared.rows if options.only != "same" else compare_whole(left.taken, right.taken)
    shown = [
        row_document(row, _side(left, row.section, row.left), _side(right, row.section, row.right))
        for row in rows
        if options.only in {"", BUCKET_OF[row.relation]} and options.section in {"", row.section}
    ]
    sections = counts_of(compared)
    return {
        "left": {"address": left.taken.slug, "collected_at": left.collected_at},
        "right": {"address": right.taken.slug, "collected_at": right.collected_at},
        "counts": total(sections),
        "sections": sections,
        "results": shown,
    }


def _side(shown: Shown, section: str, fact: Fact) -> dict[str, Any]:
    sources = shown.evidence.get(section, {}).get(fact.name, {}).get("sources", ())
    return fact_document(fact, sources, shown.collected_at or None)


def _print(answer: dict[str, Any], form: str) -> None:
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    plain = not comparison.draws(sys.stdout.encoding)
    text = document.render(answer) if form == "json" else comparison.render(answer, colour=colour, plain=plain)
    sys.stdout.buffer.write(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
    sys.stdout.flush()
