"""`--format sarif`: SARIF 2.1.0 (OASIS) for code scanning: what the change introduces, each at a place in a file.

What was there before and what is waived is no result: a viewer would show it as the change's own. Their numbers are
among the run's properties.
"""

from __future__ import annotations

import json

from paritycheck_agent.verdict import JUDGED, drifts_of, rows, text, verdict_of
from paritycheck_agent.wire.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from paritycheck_agent.verdict import Drift, Places

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_MEANS = {
    "kind": "Another kind of service or program runs there",
    "version": "The versions are further apart than the policy allows",
    "value": "The values differ where the policy wants them equal",
    "missing": "It is there, and this change lacks it, or the other way round",
    "unwanted": "It is here, and the policy does not want it",
    "empty": "It is set here and empty there, or the other way round",
    "not-locked": "It is installed or imported, and no lock file pins it",
    "end-of-life": "This version gets no fixes any more",
}
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/@+=,")


def render(answer: Mapping[str, Any], *, colour: bool = False, places: Places | None = None) -> str:
    """Return the log, of one run."""
    del colour
    drifts = drifts_of(answer, "introduced", places)
    rules = sorted({_rule_id(drift): drift for drift in drifts}.items())
    order = {name: index for index, (name, _drift) in enumerate(rules)}
    run = {
        "tool": {
            "driver": {"name": "paritycheck", "version": VERSION, "rules": [_rule(drift) for _name, drift in rules]}
        },
        "automationDetails": {"id": "parity-gate/"},
        "invocations": [_invocation(answer)],
        "results": [_result(drift, order[_rule_id(drift)]) for drift in drifts],
        "properties": {name: len(rows(answer.get(name))) for name in JUDGED},
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _invocation(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Say whether there was a verdict: no results of a run that judged nothing are no pass."""
    judged = verdict_of(answer) != "unknown"
    said: dict[str, Any] = {"executionSuccessful": judged}
    if not judged:
        words = f"nothing was judged: {text(answer.get('reason', ''))}"
        said["toolExecutionNotifications"] = [{"level": "error", "message": _message(words)}]
    return said


def _rule_id(drift: Drift) -> str:
    return f"parity/{drift.section}/{drift.rule}"


def _rule(drift: Drift) -> dict[str, Any]:
    means = _MEANS.get(drift.rule, f"An expectation of the policy does not hold: {drift.rule}")
    return {
        "id": _rule_id(drift),
        "shortDescription": {"text": f"Drift in {drift.section}: {drift.rule}"},
        "fullDescription": {"text": f"{means}."},
    }


def _result(drift: Drift, index: int) -> dict[str, Any]:
    # The second is what GitHub tells alerts apart by; it would take the text of the line, which moves and changes.
    fingerprints = {"paritycheckDrift/v1": drift.id, "primaryLocationLineHash": f"{drift.id}:1"}
    return {
        "ruleId": _rule_id(drift),
        "ruleIndex": index,
        "level": drift.level,
        "message": _message(drift.sentence),
        "locations": [{"physicalLocation": _location(drift)}],
        "partialFingerprints": fingerprints,
    }


def _location(drift: Drift) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": _uri(drift.path), "uriBaseId": _ROOT},
        "region": {"startLine": drift.line or 1},
    }


def _message(words: str) -> dict[str, str]:
    """Return a message as SARIF writes one: `[text](target)` would be a link, `{0}` a placeholder."""
    for char in "\\[]":
        words = words.replace(char, f"\\{char}")
    return {"text": words.replace("{", "{{").replace("}", "}}")}


def _uri(path: str) -> str:
    """Return a path as a relative URI reference: a first segment with a colon would be a scheme."""
    octets: Sequence[int] = path.encode("utf-8", "backslashreplace")
    return "".join(chr(octet) if octet in _UNRESERVED else f"%{octet:02X}" for octet in octets)
