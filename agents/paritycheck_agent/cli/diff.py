"""`parity diff LEFT RIGHT`: ask the server what two snapshots have and have not in common."""

from __future__ import annotations

import os
import sys

from paritycheck_agent.config import load
from paritycheck_agent.redact import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DIFFERENCES, UNREACHABLE = 1, 3
_FORMATS = {"text": "paritycheck_agent.outputs.comparison", "json": "paritycheck_agent.outputs.document"}


def run(options: Any) -> int:
    """Return the exit code: 0 compared, 1 where --exit-code asks and something differs, 2 usage, 3 not reached."""
    from paritycheck_agent.runner.comparing import ask_comparison
    from paritycheck_agent.runner.session import exit_code, hints_of, told
    from paritycheck_agent.transport.client import Refused
    from paritycheck_agent.transport.connection import Unreachable

    config = load(options.directory, os.environ, ca_file=options.ca_file)
    query = {"left": options.left, "right": options.right, "section": options.section}
    query["only"] = "" if options.only == "differences" else options.only
    try:
        answer = ask_comparison(config, options.project or config.project(), query)
    except Unreachable as error:
        _say(f"error: the server cannot be reached: {error}")
        return UNREACHABLE
    except Refused as refused:
        _say(f"error: the server refused: {told(refused)}")
        for hint in hints_of(refused):
            _say(f"hint: {hint}")
        return 2 if refused.status in {400, 404} else exit_code(refused)
    for warning in config.warnings:
        _say(f"warning: {warning}")
    _print(options, answer)
    differs = any(answer["counts"].get(bucket) for bucket in ("different", "left", "right"))
    return DIFFERENCES if options.exit_code and differs else 0


def _print(options: Any, answer: dict[str, Any]) -> None:
    output = __import__(_FORMATS[options.format], fromlist=["render"])
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    if options.format == "text":
        text = output.render(answer, colour=colour, plain=not output.draws(sys.stdout.encoding))
    else:
        text = output.render(answer)
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def _say(text: str) -> None:
    sys.stderr.write(f"{printable(text)}\n")
