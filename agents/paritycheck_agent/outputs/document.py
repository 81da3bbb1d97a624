"""`--format json`: the answer as the API gave it, and nothing else on stdout."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from paritycheck_agent.verdict import Places


def render(answer: Mapping[str, Any], *, colour: bool = False, places: Places | None = None) -> str:
    """Return the verdict as JSON; ASCII only, so that no name can move a terminal's cursor."""
    del colour, places
    return json.dumps(answer, indent=2) + "\n"
