"""`--format json`: the answer as the API gave it, and nothing else on stdout."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def render(answer: Mapping[str, Any], *, colour: bool = False) -> str:
    """Return the verdict as JSON; ASCII only, so that no name can move a terminal's cursor."""
    del colour
    return json.dumps(answer, indent=2) + "\n"
