"""How the last run ended, kept for `parity status`: each run writes the file `last.json`, none reads it to decide."""

from __future__ import annotations

import json
import os

from paritycheck_agent.runner.report import now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.runner.memory import Memory
    from paritycheck_agent.runner.session import Outcome

_FILE = "last.json"
_BYTES = 64 * 1024
_TEXTS = 20


def note(memory: Memory, url: str, outcome: Outcome, interval_s: int) -> None:
    """Keep how a run ended, and when a report was taken last. A directory that cannot be written to keeps nothing."""
    if not memory.writable:
        return
    ended = {"at": now(), "url": url, "code": outcome.code, "text": outcome.text, "interval_s": interval_s}
    kept = {**ended, "hints": outcome.hints[:_TEXTS], "warnings": outcome.warnings[:_TEXTS]}
    taken = ended["at"] if not outcome.code else read(memory.directory).get("taken_at")
    path = os.path.join(memory.directory, _FILE)
    try:
        with open(f"{path}.{os.getpid()}", "w", encoding="utf-8") as stream:
            json.dump({**kept, "taken_at": taken}, stream)
        os.replace(stream.name, path)
    except OSError:
        return


def read(directory: str) -> dict[str, Any]:
    """Return what `note` kept in a directory; empty where nothing is, or nothing that can be read."""
    try:
        with open(os.path.join(directory, _FILE), encoding="utf-8") as stream:
            kept = json.loads(stream.read(_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return {name: value for name, value in kept.items() if _is_ours(name, value)} if isinstance(kept, dict) else {}


def _is_ours(name: str, value: Any) -> bool:
    """Whether a member is of the kind that `note` writes."""
    if name in {"hints", "warnings"}:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, int if name in {"code", "interval_s"} else str)
