"""Alembic: the scripts below `script_location` of alembic.ini or pyproject.toml, and the table `alembic_version`."""

from __future__ import annotations

import os
import posixpath
import re

from paritycheck_agent.histories import History

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paritycheck_agent.context import Context

TOOL = "alembic"
TABLE = "alembic_version"
APPLIED = "SELECT '', version_num FROM alembic_version"

FILE_CHARS = 200_000
_INI = re.compile(r"^script_location[ \t]*=[ \t]*(\S[^\r\n]{0,500})$", re.MULTILINE)
_TOML = re.compile(r"^script_location[ \t]*=[ \t]*[\"']([^\"'\r\n]{1,500})[\"']", re.MULTILINE)
_REVISION = re.compile(r"^revision(?:[ \t]*:[^=\n]{0,80})?[ \t]*=[ \t]*[\"'](\w{1,100})[\"']", re.MULTILINE)
_DOWN = re.compile(r"^down_revision(?:[ \t]*:[^=\n]{0,80})?[ \t]*=[ \t]*([^\n]{0,2000})", re.MULTILINE)
_TEXT = re.compile(r"[\"'](\w{1,100})[\"']")


def find(context: Context) -> list[History]:
    """Return one history: Alembic has one a database."""
    place = _place(context)
    if place is None:
        return []
    history = History(f"{TOOL}/main", place)
    found = False
    for name in _scripts(context, place):
        text = (context.open_text(f"{place}/{name}") or "")[:FILE_CHARS]
        revision, down = _REVISION.search(text), _DOWN.search(text)
        if revision:
            found = True
            history.add(revision.group(1), _TEXT.findall(down.group(1)) if down else ())
    return [history] if found else []


def _place(context: Context) -> str | None:
    """Return the folder of the scripts relative to the checkout; None where it is not told or lies outside."""
    match = _INI.search(context.open_text("alembic.ini") or "") or _TOML.search(_section(context))
    if match is None:
        return None
    told = match.group(1).strip().replace("%(here)s", ".")
    path = posixpath.normpath(posixpath.join(told.replace(os.sep, "/"), "versions"))
    return None if posixpath.isabs(path) or path.startswith("..") or ":" in path else path


def _section(context: Context) -> str:
    """Return the table `[tool.alembic]` of pyproject.toml as it is written."""
    text = context.open_text("pyproject.toml") or ""
    return text.partition("[tool.alembic]")[2].partition("\n[")[0]


def _scripts(context: Context, place: str) -> list[str]:
    try:
        names = os.listdir(os.path.join(context.root, place))
    except (OSError, ValueError):
        return []
    return sorted(name for name in names if name.endswith(".py") and not name.startswith(("_", ".")))
