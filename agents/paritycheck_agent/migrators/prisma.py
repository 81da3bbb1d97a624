"""Prisma Migrate: a folder a migration below `prisma/migrations`, and the table `_prisma_migrations`."""

from __future__ import annotations

import os

from paritycheck_agent.histories import History

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paritycheck_agent.context import Context

TOOL = "prisma"
TABLE = "_prisma_migrations"
APPLIED = "SELECT '', migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL"

PLACE = "prisma/migrations"


def find(context: Context) -> list[History]:
    """Return one history; the names begin with the time they were made at, and so sort in order."""
    try:
        names = os.listdir(os.path.join(context.root, PLACE))
    except OSError:
        return []
    history = History(f"{TOOL}/main", PLACE)
    found = [name for name in names if context.exists(f"{PLACE}/{name}/migration.sql")]
    for name in found:
        history.add(name)
    history.line_up()
    return [history] if found else []
