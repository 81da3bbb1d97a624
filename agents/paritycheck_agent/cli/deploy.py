"""`parity deploy`: tell the server of a deploy that has ended."""

from __future__ import annotations

import os
import sys

from paritycheck_agent.config import load
from paritycheck_agent.redact import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

OK, UNREACHABLE = 0, 3


def run(options: Any) -> int:
    """Return the exit code: 0 kept, 2 usage or configuration, 3 not reached or refused."""
    from paritycheck_agent.runner.session import exit_code, hints_of, told
    from paritycheck_agent.runner.telling import tell_deploy
    from paritycheck_agent.transport.client import Refused
    from paritycheck_agent.transport.connection import Unreachable

    config = load(options.directory, os.environ, ca_file=options.ca_file)
    try:
        answer = tell_deploy(config, options, options.project or config.project())
    except Unreachable as error:
        return _not_told(options, UNREACHABLE, f"the server cannot be reached: {error}")
    except Refused as refused:
        return _not_told(options, exit_code(refused), f"the server refused: {told(refused)}", hints_of(refused))
    for warning in config.warnings:
        _say(f"warning: {warning}")
    sys.stdout.write(f"{printable(_kept(answer))}\n")
    sys.stdout.flush()
    return OK


def _kept(answer: Any) -> str:
    """Return what the server keeps of it, for a person."""
    said = "deploy kept" if answer.get("created") is True else "the server knew of this deploy already"
    before = str(answer.get("previous") or "")
    after = f", after {before[:12]}" if before else ""
    return f"{said}: {answer.get('environment')} {str(answer.get('commit'))[:12]} {answer.get('status')}{after}"


def _not_told(options: Any, code: int, why: str, hints: Sequence[str] = ()) -> int:
    _say(f"error: {why}")
    for hint in hints:
        _say(f"hint: {hint}")
    if code == UNREACHABLE and options.on_error == "pass":
        _say(f"NOT TOLD: the server does not know of this deploy, exit code {code} turned into 0 by --on-error pass")
        return OK
    return code


def _say(text: str) -> None:
    sys.stderr.write(f"{printable(text)}\n")
