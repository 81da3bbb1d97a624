"""Knex: the files of the folder `migrations` beside a knexfile, and the table `knex_migrations`."""

from __future__ import annotations

import os

from paritycheck_agent.histories import History

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paritycheck_agent.context import Context

TOOL = "knex"
TABLE = "knex_migrations"
# Scripts may be compiled: what is .ts here is .js where it was applied.
APPLIED = (
    "SELECT '', replace(replace(replace(replace(name, '.cjs', ''), '.mjs', ''), '.js', ''), '.ts', '')"
    " FROM knex_migrations"
)

PLACES = ("migrations", "db/migrations", "src/migrations")
_FILES = ("knexfile.js", "knexfile.ts", "knexfile.cjs", "knexfile.mjs")
_SCRIPTS = (".js", ".ts", ".cjs", ".mjs")


def find(context: Context) -> list[History]:
    """Return one history, of the first folder that holds scripts; Knex applies them in the order of their names."""
    if not any(context.exists(name) for name in _FILES):
        return []
    for place in PLACES:
        history = History(f"{TOOL}/main", place)
        names = _scripts(context, place)
        for name in names:
            history.add(name)
        history.line_up()
        if names:
            return [history]
    return []


def _scripts(context: Context, place: str) -> list[str]:
    try:
        names = os.listdir(os.path.join(context.root, place))
    except OSError:
        return []
    scripts = [name for name in names if name.endswith(_SCRIPTS) and not name.endswith(".d.ts") and name[0] not in "._"]
    return [name.rpartition(".")[0] for name in scripts]
