"""What `parity show` prints, as the bodies it was made of."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paritycheck.codec.comparing import Taken
from paritycheck.codec.facts import evidence_from
from paritycheck_agent.wire import canonical
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.errors import Invalid
from paritycheck_agent.wire.words import SECTIONS

SCHEMA = "paritycheck.report/1"


class NotShownError(ValueError):
    """The text is no output of `parity show`; the message says where it is not, and holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One side, and the evidence of its facts by section and name."""

    taken: Taken
    evidence: Mapping[str, Mapping[str, Mapping[str, Any]]]
    collected_at: str


def read_shown(data: bytes, name: str) -> Shown:
    """The report as one side, called `name`; raises NotShownError. Sections that are not known are passed by."""
    document = _document(data)
    bodies: dict[str, bytes] = {}
    reasons: dict[str, str] = {}
    evidence: dict[str, dict[str, dict[str, Any]]] = {}
    for section, said in document["sections"].items():
        if section not in SECTIONS:
            continue
        if not isinstance(said, dict):
            raise NotShownError(f"section {section} is no object")
        if "facts" in said:
            bodies[section], evidence[section] = _bodies(section, said)
        else:
            reasons[section] = str(said.get("reason") or "not-collected")
    at = document.get("collected_at")
    return Shown(Taken(name, "other", "persistent", bodies, reasons), evidence, at if isinstance(at, str) else "")


def _document(data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise NotShownError("it is not JSON") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise NotShownError(f'it does not say "schema": "{SCHEMA}"')
    if not isinstance(document.get("sections"), dict):
        raise NotShownError("it has no sections")
    return document


def _bodies(section: str, said: Mapping[str, Any]) -> tuple[bytes, dict[str, dict[str, Any]]]:
    try:
        facts, proof = canonical.split(section, said.get("covers", ()), said["facts"], ())
        check_body(facts)
        check_body(proof)
    except (Invalid, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise NotShownError(f"the facts of section {section} are not such as an agent prints") from None
    return facts, evidence_from(proof)
