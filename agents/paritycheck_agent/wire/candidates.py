"""The check of what `parity gate` asks."""

from __future__ import annotations

from paritycheck_agent.wire import limits, words
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
from paritycheck_agent.wire.version import CANDIDATE_SCHEMA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_KNOWN = (
    "schema", "candidate", "default_branch", "against", "fail_on", "max_age_s", "min_coverage", "record", "policy",
    "sections", "base",
)  # fmt: skip
_PERCENT = 100


def check_candidate(document: Any) -> list[str]:
    """Return the warnings of a valid candidate; raise Invalid for any other."""
    check_schema(document, CANDIDATE_SCHEMA, "invalid-candidate", [CANDIDATE_SCHEMA])
    problems = Problems("invalid-candidate")
    check_strings(document, problems)
    _check_commit(document.get("candidate", {}), "/candidate", problems)
    _check_question(document, problems)
    warnings = check_sections(document.get("sections"), "/sections", problems)
    if "base" in document:
        warnings += _check_base(document["base"], problems)
    problems.finish()
    return unknown_fields(document, _KNOWN) + warnings


def _check_question(document: Mapping[str, Any], problems: Problems) -> None:
    for name in ("default_branch", "against"):
        if name in document:
            check_text(document[name], f"/{name}", problems, limits.NAME_CHARS)
    if document.get("fail_on", "error") not in words.SEVERITIES:
        problems.add("invalid-candidate", "must be error, warning or note", "/fail_on")
    if "max_age_s" in document:
        check_integer(document["max_age_s"], "/max_age_s", problems, (0, limits.INTEGER_MAX))
    if "min_coverage" in document:
        check_integer(document["min_coverage"], "/min_coverage", problems, (0, _PERCENT))
    if not isinstance(document.get("record", False), bool):
        problems.add("invalid-candidate", "must be true or false", "/record")
    if "policy" in document:
        check_digest(document["policy"], "/policy", problems)


def _check_commit(commit: Any, where: str, problems: Problems) -> None:
    if not isinstance(commit, dict):
        problems.add("invalid-candidate", "must be an object", where)
        return
    if "commit" in commit:
        check_sha(commit["commit"], f"{where}/commit", problems)
    if "branch" in commit:
        check_text(commit["branch"], f"{where}/branch", problems)
    if not isinstance(commit.get("dirty", False), bool):
        problems.add("invalid-candidate", "must be true or false", f"{where}/dirty")


def _check_base(base: Any, problems: Problems) -> list[str]:
    if not isinstance(base, dict):
        problems.add("invalid-candidate", "must be an object", "/base")
        return []
    _check_commit(base, "/base", problems)
    return check_sections(base.get("sections", {}), "/base/sections", problems)
