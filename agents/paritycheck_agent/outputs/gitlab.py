"""`--format gitlab`: a Code Quality report, which GitLab shows in the merge request beside the lines.

The members are those of its documentation ("Code Quality report format"): description, check_name, fingerprint,
severity, location.path and location.lines.begin.
"""

from __future__ import annotations

import json

from paritycheck_agent.verdict import drifts_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from paritycheck_agent.verdict import Drift, Places

_SEVERITIES = {"error": "critical", "warning": "minor", "note": "info"}


def render(answer: Mapping[str, Any], *, colour: bool = False, places: Places | None = None) -> str:
    """Return what the change introduces as a JSON array, empty where there is nothing."""
    del colour
    return json.dumps([_issue(drift) for drift in drifts_of(answer, "introduced", places)], indent=1) + "\n"


def _issue(drift: Drift) -> dict[str, Any]:
    return {
        "description": drift.sentence,
        "check_name": f"parity/{drift.section}/{drift.rule}",
        "fingerprint": drift.id,
        "severity": _SEVERITIES[drift.level],
        "location": {"path": drift.path, "lines": {"begin": drift.line or 1}},
    }
