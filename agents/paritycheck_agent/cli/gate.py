"""`parity gate`: ask, print, and exit with 0 only for a pass (or where a switch says so aloud)."""

from __future__ import annotations

import os
import sys

from paritycheck_agent.config import ConfigError, load
from paritycheck_agent.redact import printable
from paritycheck_agent.verdict import not_judged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

PASS, UNREACHABLE = 0, 3
_ROOM = "paritycheck_agent.outputs"
# Formats by name: modules of `outputs`, each with render(answer, colour=..., places=...). That of GitHub has more to
# write than the one text: append(answer, environ, places).
FORMATS = {
    "text": f"{_ROOM}.text", "json": f"{_ROOM}.document", "github": f"{_ROOM}.github", "sarif": f"{_ROOM}.sarif",
    "junit": f"{_ROOM}.junit", "gitlab": f"{_ROOM}.gitlab", "markdown": f"{_ROOM}.markdown", "tap": f"{_ROOM}.tap",
}  # fmt: skip
# On stdout these two tell of a verdict and of nothing else.
_OF_VERDICTS = ("text", "json")


def run(options: Any) -> int:
    """Return the exit code: 0 pass, 1 drift, 2 usage, 3 not reached or refused, 4 not enough evidence."""
    from paritycheck_agent.runner.asking import ask_gate
    from paritycheck_agent.runner.session import exit_code, hints_of, told
    from paritycheck_agent.transport.client import Refused
    from paritycheck_agent.transport.connection import Unreachable

    _clear(options.output)
    config = load(options.directory, os.environ, ca_file=options.ca_file)
    question = _question(options, options.project or config.project())
    try:
        asked = ask_gate(config, question, _say)
    except Unreachable as error:
        return _not_asked(options, question, UNREACHABLE, f"the server cannot be reached: {error}")
    except Refused as refused:
        code, said = exit_code(refused), f"the server refused: {told(refused)}"
        return _not_asked(options, question, code, said, hints_of(refused))
    for warning in asked.warnings:
        _say(f"warning: {warning}")
    _write(options, asked.answer, asked.places)
    return _verdict(options, asked.answer, asked.code)


def _question(options: Any, project: str) -> Any:
    from paritycheck_agent.runner.asking import Question

    question = Question(project=project, against=options.against, fail_on=options.fail_on, record=options.record)
    question.max_age_s, question.min_coverage = options.max_age, options.min_coverage
    question.wait_s = options.wait
    return question


def _clear(outputs: Sequence[tuple[str, str]]) -> None:
    """Empty the files of an earlier run first: whatever happens now, nobody reads its verdict as this one."""
    paths = [os.path.abspath(path) for _name, path in outputs]
    for path in paths:
        if paths.count(path) > 1:
            raise ConfigError("--output", f"{path} is named twice", "each form needs a file of its own")
        if os.path.isfile(path):
            os.truncate(path, 0)


def _write(options: Any, answer: Mapping[str, Any], places: Any = None, *, stdout: bool = True) -> None:
    """Write every form that was asked for; raise OSError where one cannot be written."""
    forms = {name: __import__(FORMATS[name], fromlist=["render"]) for name in _asked_for(options)}
    for name, path in options.output:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(forms[name].render(answer, places=places))
    for form in forms.values():
        if hasattr(form, "append"):
            form.append(answer, os.environ, places)
    if stdout:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        sys.stdout.write(forms[options.format].render(answer, colour=colour, places=places))
        # A full disk or a closed pipe must show before the exit code is chosen.
        sys.stdout.flush()


def _asked_for(options: Any) -> list[str]:
    return list(dict.fromkeys([options.format, *(name for name, _path in options.output)]))


def _verdict(options: Any, answer: Mapping[str, Any], code: int) -> int:
    if code == PASS:
        return PASS
    if options.exit_zero:
        _say(f"NOT PASSED: verdict {answer.get('verdict')}, exit code {code} turned into 0 by --exit-zero")
        return PASS
    if options.max_age is not None and answer.get("verdict") == "unknown" and answer.get("reason") == "stale":
        _say("NOT PASSED: the evidence is older than --max-age")
    return code


def _not_asked(options: Any, question: Any, code: int, why: str, hints: Sequence[str] = ()) -> int:
    """Say why there is no verdict, in every form too: a comment or a report without an end would look like a pass."""
    _say(f"error: {why}")
    for hint in hints:
        _say(f"hint: {hint}")
    answer = not_judged(code, why, project=question.project, fail_on=question.fail_on)
    _write(options, answer, stdout=options.format not in _OF_VERDICTS)
    if code == UNREACHABLE and options.on_error == "pass":
        _say(f"NOT PASSED: nothing was judged, exit code {code} turned into 0 by --on-error pass")
        return PASS
    return code


def _say(text: str) -> None:
    sys.stderr.write(f"{printable(text)}\n")
