"""`parity report`: collect and send."""

from __future__ import annotations

import os
import sys

from paritycheck_agent.config import load
from paritycheck_agent.redact import printable
from paritycheck_agent.runner.memory import Busy
from paritycheck_agent.runner.session import OK, UNREACHABLE, send_report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def run(options: Any) -> int:
    """Return 0 when the report was taken, 2 for a mistake of ours, 3 where the server was not reached or refused."""
    config = load(
        options.directory, os.environ, ca_file=options.ca_file, kubernetes=options.kubernetes, sboms=options.sbom
    )
    try:
        outcome = send_report(config)
    except Busy as busy:
        sys.stderr.write(f"error: {busy}\n")
        return UNREACHABLE
    for warning in outcome.warnings:
        sys.stderr.write(f"warning: {printable(warning)}\n")
    for part in outcome.parts:
        if part.reason:
            sys.stderr.write(f"warning: section {part.section} is unknown ({part.reason})\n")
    if outcome.code != OK:
        sys.stderr.write(f"error: {printable(outcome.text)}\n")
        sys.stderr.writelines(f"hint: {printable(hint)}\n" for hint in outcome.hints)
    elif not options.quiet:
        sys.stdout.write(f"{outcome.text}\n")
    return outcome.code
