"""Flyway: versioned scripts `V<version>__<name>.sql`, and the table `flyway_schema_history`."""

from __future__ import annotations

import os
import re

from paritycheck_agent.histories import History

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paritycheck_agent.context import Context

TOOL = "flyway"
TABLE = "flyway_schema_history"
APPLIED = "SELECT '', version FROM flyway_schema_history WHERE success AND version IS NOT NULL"

PLACES = ("src/main/resources/db/migration", "db/migration", "sql", "flyway/sql")
_NAME = re.compile(r"V(\d{1,20}(?:[._]\d{1,20}){0,10})__[^/]{1,200}\.(?:sql|java)")


def find(context: Context) -> list[History]:
    """Return one history, of the first folder that holds versioned scripts."""
    for place in PLACES:
        history = History(f"{TOOL}/main", place, order=_numbers)
        versions = _versions(context, place)
        for version in versions:
            history.add(version)
        history.line_up()
        if versions:
            return [history]
    return []


def _versions(context: Context, place: str) -> list[str]:
    try:
        names = os.listdir(os.path.join(context.root, place))
    except OSError:
        return []
    # A `_` in the version of a file name is a dot, and the table has the dot.
    return [match.group(1).replace("_", ".") for match in map(_NAME.fullmatch, names) if match]


def _numbers(version: str) -> tuple[tuple[int, ...], str]:
    parts = version.split(".")
    sound = all(part.isascii() and part.isdigit() and len(part) <= 40 for part in parts)  # noqa: PLR2004 -- see rails
    return (tuple(int(part) for part in parts) if sound else (), version)
