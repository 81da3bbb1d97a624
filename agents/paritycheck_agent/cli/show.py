"""`parity show`: exactly what would be sent, for reading or as bytes. Sends nothing."""

from __future__ import annotations

import json
import os
import sys

from paritycheck_agent.config import ConfigError, load
from paritycheck_agent.runner.report import bodies_of, build, now, parts_of
from paritycheck_agent.wire.canonical import join, line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from paritycheck_agent.config import Config
    from paritycheck_agent.runner.collecting import Part


def run(options: Any) -> int:
    """Print the report with its bodies joined, or write the bytes of each call into a directory."""
    config = load(options.directory, os.environ, kubernetes=options.kubernetes, sboms=options.sbom)
    started = now()
    parts = parts_of(config)
    document = build(config, parts, seq=_seq(), collected_at=started)
    if options.wire:
        for name in _write(options.wire, _calls(config, parts, document)):
            sys.stdout.write(f"{name}\n")
        return 0
    sys.stdout.write(_text(document, parts))
    return 0


def _seq() -> int:
    """A report sent now would have at least this number; showing one uses none up."""
    import time

    return time.time_ns() // 1_000_000


def _text(document: dict[str, Any], parts: Sequence[Part]) -> str:
    """Return the report as JSON for reading: a member a line, and each fact on a line of its own. ASCII only."""
    head = [f'  "{name}": {json.dumps(value)},' for name, value in document.items() if name != "sections"]
    sections = ",\n".join(f'    "{part.section}": {_section(part)}' for part in parts)
    return "\n".join(["{", *head, '  "sections": {', sections, "  }", "}", ""])


def _section(part: Part) -> str:
    joined = {} if part.reason else join(part.facts, part.evidence)
    facts = [f"        {json.dumps(fact)}" for fact in joined.pop("facts", ())]
    rows = [f'      "{name}": {json.dumps(value)}' for name, value in {**part.entry(), **joined}.items()]
    if facts:
        rows.append('      "facts": [\n' + ",\n".join(facts) + "\n      ]")
    elif not part.reason:
        rows.append('      "facts": []')
    return "{\n" + ",\n".join(rows) + "\n    }"


def _calls(config: Config, parts: Sequence[Part], document: dict[str, Any]) -> list[tuple[str, bytes]]:
    """Return a file name and the bytes of each call that a server which knows nothing would get."""
    from paritycheck_agent.transport.client import LINES_TYPE, compressed

    calls = [
        (f"PUT-sections-{_hex(digest)}.ndjson.gz", compressed(body, LINES_TYPE)[0])
        for digest, body in sorted(bodies_of(parts).items())
    ]
    if config.policy is not None:
        calls.append((f"PUT-policies-{_hex(document['policy'])}.toml", config.policy))
    if "head" in document:
        from paritycheck_agent.runner.session import commit_lines
        from paritycheck_agent.wire.limits import COMMITS

        lines = commit_lines(config, [], [], COMMITS)
        calls += [("POST-commits.ndjson.gz", compressed(lines, LINES_TYPE)[0])] if lines else []
    return [*calls, ("POST-reports.json", line(document))]


def _hex(digest: str) -> str:
    return digest.partition(":")[2]


def _write(directory: str, calls: Sequence[tuple[str, bytes]]) -> list[str]:
    """Write each call's bytes; a directory that holds anything is refused, so that no old file is taken for new."""
    os.makedirs(directory, exist_ok=True)
    if os.listdir(directory):
        raise ConfigError(directory, "is not empty", "name a new directory")
    names = []
    for name, data in calls:
        path = os.path.join(directory, name)
        with open(path, "wb") as stream:
            stream.write(data)
        names.append(path)
    return names
