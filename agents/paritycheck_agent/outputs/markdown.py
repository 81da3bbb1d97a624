"""`--format markdown`: one comment on a pull request, which the next run finds by its first, hidden line."""

from __future__ import annotations

from paritycheck_agent.summary import CHARACTERS, summary
from paritycheck_agent.verdict import against_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from paritycheck_agent.verdict import Places

_SLUG = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_SLUG_CHARS = 63


def render(answer: Mapping[str, Any], *, colour: bool = False, places: Places | None = None) -> str:
    """Return the marker and the verdict, in at most 65,536 characters."""
    del colour
    first = f"{marker(answer)}\n"
    return first + summary(answer, places, room=CHARACTERS - len(first))


def marker(answer: Mapping[str, Any]) -> str:
    """Return the line that is the same in every comment of this gate: of one project against one environment."""
    project, against = _slug(answer.get("project")), _slug(against_of(answer))
    return f"<!-- paritycheck-gate project={project} against={against} -->"


def _slug(name: Any) -> str:
    return "".join(char for char in str(name or "") if char in _SLUG)[:_SLUG_CHARS]
