"""Rails (Active Record): files `<version>_<name>.rb` of `db/migrate`, and the table `schema_migrations`."""

from __future__ import annotations

import os
import re

from paritycheck_agent.histories import History

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paritycheck_agent.context import Context

TOOL = "rails"
TABLE = "schema_migrations"
APPLIED = "SELECT '', version FROM schema_migrations"

PLACE = "db/migrate"
_NAME = re.compile(r"(\d{1,20})_[a-z0-9_]{1,200}\.rb")


def find(context: Context) -> list[History]:
    """Return one history, of the primary database; its ids are versions, which is what Rails stores."""
    try:
        names = os.listdir(os.path.join(context.root, PLACE))
    except OSError:
        return []
    history = History(f"{TOOL}/main", PLACE, order=_number)
    versions = [match.group(1) for match in map(_NAME.fullmatch, names) if match]
    for version in versions:
        history.add(version)
    history.line_up()
    return [history] if versions else []


def _number(version: str) -> tuple[int, str]:
    return (int(version) if version.isascii() and version.isdigit() and len(version) <= 40 else 0, version)  # noqa: PLR2004 -- a number of any sane length
