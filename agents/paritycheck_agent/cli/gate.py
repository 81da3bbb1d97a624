"""`parity gate`: ask, print, and exit with 0 only for a pass (or where a switch says so aloud)."""

from __future__ import annotations

import os
import sys

from paritycheck_agent.config import load
from paritycheck_agent.redact import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

PASS, UNREACHABLE = 0, 3
# Formats by name: modules of `outputs`, each with render(answer, colour=...).
FORMATS = {"text": "paritycheck_agent.outputs.text", "json": "paritycheck_agent.outputs.document"}


def run(options: Any) -> int:
    """Return the exit code: 0 pass, 1 drift, 2 usage, 3 not reached or refused, 4 not enough evidence."""
    from paritycheck_agent.runner.asking import ask_gate, code_of
    from paritycheck_agent.runner.session import exit_code, hints_of, told
    from paritycheck_agent.transport.client import Refused
    from paritycheck_agent.transport.connection import Unreachable

    config = load(options.directory, os.environ, ca_file=options.ca_file)
    question = _question(options, options.project or config.project())
    try:
        answer, warnings = ask_gate(config, question)
    except Unreachable as error:
        return _not_asked(options, UNREACHABLE, f"the server cannot be reached: {error}")
    except Refused as refused:
        return _not_asked(options, exit_code(refused), f"the server refused: {told(refused)}", hints_of(refused))
    for warning in warnings:
        _say(f"warning: {warning}")
    _print(options, answer)
    return _verdict(options, answer, code_of(answer, question.max_age_s))


def _question(options: Any, project: str) -> Any:
    from paritycheck_agent.runner.asking import Question

    question = Question(project=project, against=options.against, fail_on=options.fail_on, record=options.record)
    question.max_age_s, question.min_coverage = options.max_age, options.min_coverage
    return question


def _print(options: Any, answer: Mapping[str, Any]) -> None:
    output = __import__(FORMATS[options.format], fromlist=["render"])
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    sys.stdout.write(output.render(answer, colour=colour))
    # A full disk or a closed pipe must show before the exit code is chosen.
    sys.stdout.flush()


def _verdict(options: Any, answer: Mapping[str, Any], code: int) -> int:
    if code == PASS:
        return PASS
    if options.exit_zero:
        _say(f"NOT PASSED: verdict {answer.get('verdict')}, exit code {code} turned into 0 by --exit-zero")
        return PASS
    if answer.get("verdict") == "pass":
        _say("NOT PASSED: the evidence is older than --max-age")
    return code


def _not_asked(options: Any, code: int, why: str, hints: Sequence[str] = ()) -> int:
    _say(f"error: {why}")
    for hint in hints:
        _say(f"hint: {hint}")
    if code == UNREACHABLE and options.on_error == "pass":
        _say(f"NOT PASSED: nothing was judged, exit code {code} turned into 0 by --on-error pass")
        return PASS
    return code


def _say(text: str) -> None:
    sys.stderr.write(f"{printable(text)}\n")
