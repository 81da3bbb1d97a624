"""`parity doctor`: what is found, what is not, why, and what to do, for reading or as JSON."""

from __future__ import annotations

import json
import os
import sys

from paritycheck_agent.redact import printable
from paritycheck_agent.runner.doctor import examine
from paritycheck_agent.runner.findings import ERROR, WARNING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.runner.findings import Finding


def run(options: Any) -> int:
    """Print; return 0 where nothing is in the way of a report, else what it would end with; raise ConfigError."""
    found: list[Finding] = []
    for finding in examine(options.directory, os.environ, options.ca_file):
        found.append(finding)
        if options.format == "text":
            # Asking services takes seconds: what is known already is there to read meanwhile.
            _print(finding, heading=len(found) == 1 or found[-2].area != finding.area)
    code = min((finding.code for finding in found if finding.code), default=0)
    if options.format == "json":
        document = {"exit_code": code, "findings": [finding.document() for finding in found]}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        sys.stdout.write(f"\n{_verdict(found)}\n")
    return code


def _print(finding: Finding, *, heading: bool) -> None:
    rows = [f"\n{finding.area}"] if heading else []
    rows.append(f"  {finding.level:<8} {finding.text}")
    rows += [f"           -> {finding.hint}"] if finding.hint else []
    encoding = sys.stdout.encoding or "ascii"
    for row in rows:
        text = "\n".join(printable(part) for part in row.split("\n"))
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    sys.stdout.flush()


def _verdict(found: list[Finding]) -> str:
    errors = sum(finding.level == ERROR for finding in found)
    warnings = sum(finding.level == WARNING for finding in found)
    said = f"{warnings} {'warning' if warnings == 1 else 'warnings'}"
    if errors:
        return f"{errors} {'thing' if errors == 1 else 'things'} in the way of a report, {said}."
    return f"Nothing is in the way of a report; {said}."
