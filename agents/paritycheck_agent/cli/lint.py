"""`parity lint`: print what a checkout tells of its own mistakes; asks no server."""

from __future__ import annotations

import json
import os
import sys
import time

from paritycheck_agent.redact import printable
from paritycheck_agent.runner.lint import lint
from paritycheck_agent.runner.lint_findings import SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.runner.lint_findings import Finding

OK, FOUND = 0, 1
SCHEMA = "paritycheck.lint/1"
_GITHUB = {"error": "error", "warning": "warning", "note": "notice"}


def run(options: Any) -> int:
    """Return 0 where nothing is at or above --fail-on, else 1; raise ConfigError."""
    found = lint(options.directory, os.environ, options.files, time.time())
    failing = SEVERITIES[: SEVERITIES.index(options.fail_on) + 1]
    code = FOUND if any(finding.severity in failing for finding in found) else OK
    text = _RENDER[options.format](found, code)
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    return code


def _text(found: list[Finding], _code: int) -> str:
    """A finding a line, as compilers have it, so that editors find the place; what to do below it."""
    rows = []
    for one in found:
        rows.append(f"{_place(one)}: {one.severity}: {one.text} [{one.rule}]")
        rows += [f"    -> {one.hint}"] if one.hint else []
    rows.append(_counted(found))
    return "".join(f"{printable(row)}\n" for row in rows)


def _place(one: Finding) -> str:
    line = f":{one.line}" if one.line else ""
    return f"{one.path}{line}{f':{one.column}' if line and one.column else ''}"


def _counted(found: list[Finding]) -> str:
    if not found:
        return "nothing found"
    counts = ((severity, sum(one.severity == severity for one in found)) for severity in SEVERITIES)
    return ", ".join(f"{count} {severity}{'s' * (count != 1)}" for severity, count in counts if count)


def _json(found: list[Finding], code: int) -> str:
    document = {"schema": SCHEMA, "exit_code": code, "findings": [one.document() for one in found]}
    return json.dumps(document, indent=2) + "\n"


def _github(found: list[Finding], _code: int) -> str:
    """Workflow commands: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands."""
    return "".join(f"{_annotation(one)}\n" for one in found)


def _annotation(one: Finding) -> str:
    members = {"file": one.path, "line": one.line or 1, "title": f"parity lint: {one.rule}"}
    said = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in members.items())
    text = f"{one.text}. {one.hint}" if one.hint else one.text
    return f"::{_GITHUB[one.severity]} {said}::{_escaped(printable(text), '')}"


def _escaped(text: str, more: str) -> str:
    for char in "%\r\n" + more:
        text = text.replace(char, f"%{ord(char):02X}")
    return text


_RENDER = {"text": _text, "json": _json, "github": _github}
