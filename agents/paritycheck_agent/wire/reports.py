"""The check of a report, and the state that makes two reports the same."""

from __future__ import annotations

import hashlib

from paritycheck_agent.wire import limits, words
from paritycheck_agent.wire.canonical import line
from paritycheck_agent.wire.errors import Problems
from paritycheck_agent.wire.fields import (
    check_digest,
    check_integer,
    check_schema,
    check_sections,
    check_sha,
    check_strings,
    check_text,
    unknown_fields,
)
from paritycheck_agent.wire.times import is_time
from paritycheck_agent.wire.version import REPORT_SCHEMA, SUPPORTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_KNOWN = (
    "schema", "report_id", "seq", "collected_at", "sent_at", "agent", "instance", "resource", "head", "policy",
    "sections",
)  # fmt: skip
# What differs between two sends of one state.
_PASSING = frozenset({"report_id", "seq", "collected_at", "sent_at"})
_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[47][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"


def check_report(document: Any) -> list[str]:
    """Return the warnings of a valid report (`unknown-field:x`); raise Invalid for any other."""
    check_schema(document, REPORT_SCHEMA, "invalid-report", SUPPORTED)
    problems = Problems("invalid-report")
    check_strings(document, problems)
    _check_envelope(document, problems)
    _check_agent(document.get("agent"), problems)
    _check_instance(document.get("instance"), problems)
    _check_resource(document.get("resource", {}), problems)
    if "head" in document:
        check_sha(document["head"], "/head", problems)
    if "policy" in document:
        check_digest(document["policy"], "/policy", problems)
    warnings = check_sections(document.get("sections"), "/sections", problems)
    problems.finish()
    return unknown_fields(document, _KNOWN) + warnings


def state_of(document: Mapping[str, Any]) -> str:
    """Return 64 hex digits: sha256 of the canonical report without what only this send says."""
    state = {key: value for key, value in document.items() if key not in _PASSING}
    return hashlib.sha256(line(state)).hexdigest()


def _check_envelope(document: Mapping[str, Any], problems: Problems) -> None:
    import re

    report_id = document.get("report_id")
    if not isinstance(report_id, str) or not re.fullmatch(_UUID, report_id):
        problems.add("bad-report-id", "must be a UUID of version 7 or 4", "/report_id")
    check_integer(document.get("seq"), "/seq", problems, (1, limits.INTEGER_MAX))
    for name in ("collected_at", "sent_at"):
        if not is_time(document.get(name)):
            problems.add("bad-timestamp", "must be RFC 3339 with a zone, from 2000 to 2200", f"/{name}")


def _check_agent(agent: Any, problems: Problems) -> None:
    if not isinstance(agent, dict):
        problems.add("invalid-report", "must be an object", "/agent")
        return
    check_text(agent.get("version"), "/agent/version", problems, limits.VERSION_CHARS)
    if "interval_s" in agent:
        bounds = (limits.INTERVAL_MIN_S, limits.INTERVAL_MAX_S)
        check_integer(agent["interval_s"], "/agent/interval_s", problems, bounds)


def _check_instance(instance: Any, problems: Problems) -> None:
    if not isinstance(instance, dict):
        problems.add("invalid-report", "must be an object", "/instance")
        return
    check_text(instance.get("id"), "/instance/id", problems, limits.NAME_CHARS)
    if instance.get("kind") not in words.INSTANCE_KINDS:
        problems.add("invalid-report", "must be one of " + ", ".join(words.INSTANCE_KINDS), "/instance/kind")


def _check_resource(resource: Any, problems: Problems) -> None:
    if not isinstance(resource, dict):
        problems.add("invalid-report", "must be an object", "/resource")
    elif len(resource) > limits.RESOURCE_KEYS:
        problems.add("too-many-items", f"at most {limits.RESOURCE_KEYS} attributes", "/resource")
    else:
        for key, value in resource.items():
            check_text(key, "/resource", problems, limits.NAME_CHARS)
            check_text(value, "/resource", problems)
