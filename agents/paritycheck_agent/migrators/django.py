"""Django: `migrations` packages of the checkout's apps, and the table `django_migrations`."""

from __future__ import annotations

import os
import re

from paritycheck_agent.histories import History

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from paritycheck_agent.context import Context

TOOL = "django"
TABLE = "django_migrations"
# Unit and id of what is applied.
APPLIED = "SELECT app, name FROM django_migrations"

MARK = "manage.py"
DEPTH = 4
FOLDERS = 2_000
FILE_CHARS = 200_000
_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__", "venv", "env", "static", "media", "migrations"})
_NAME = re.compile(r"([A-Za-z_0-9]{1,200})\.py")
_LISTS = re.compile(
    r"^[ \t]+(dependencies|replaces)(?:[ \t]*:[^=\n]{0,80})?[ \t]*=[ \t]*\[([^\]]{0,20000})\]", re.MULTILINE
)
_PAIR = re.compile(r"\(\s{0,80}[\"'](\w{1,100})[\"'],\s{0,80}[\"'](\w{1,200})[\"']\s{0,80},?\s{0,80}\)")
# Django refuses a module without it. Tests of migrations lie in folders of that name too, and name the class.
_CLASS = re.compile(r"^class Migration\b", re.MULTILINE)
_LABEL = re.compile(r"^[ \t]+label[ \t]*=[ \t]*[\"'](\w{1,100})[\"']", re.MULTILINE)


def find(context: Context) -> list[History]:
    """Return a history for each app of the checkout that has migrations; none where there is no manage.py."""
    if not (context.exists(MARK) or any(context.exists(f"{name}/{MARK}") for name in _children(context, ""))):
        return []
    return [history for app in _apps(context) if (history := _history(context, app)) is not None]


def _apps(context: Context) -> Iterator[str]:
    """Yield the folders that hold a package `migrations`, top down, within bounds."""
    level, seen = [""], 0
    for _depth in range(DEPTH):
        below: list[str] = []
        for folder in level:
            seen += 1
            if seen > FOLDERS:
                return
            names = _children(context, folder)
            if folder and "migrations" in names:
                yield folder
            below += [f"{folder}/{name}" if folder else name for name in names if name not in _SKIPPED]
        level = below


def _children(context: Context, folder: str) -> list[str]:
    try:
        with os.scandir(os.path.join(context.root, folder)) as entries:
            folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
            return sorted(name for name in folders if not name.startswith("."))
    except OSError:
        return []


def _history(context: Context, app: str) -> History | None:
    place = f"{app}/migrations"
    label = _label(context, app)
    history = History(f"{TOOL}/{label}", place)
    asked: dict[str, list[str]] = {}
    replaced: dict[str, str] = {}
    django = False
    for ident in _idents(context, place):
        text = context.open_text(f"{place}/{ident}.py") or ""
        django = django or _CLASS.search(text) is not None
        asked[ident] = [name for unit, name in _pairs(text, "dependencies") if unit == label]
        replaced.update({name: ident for unit, name in _pairs(text, "replaces") if unit == label})
    for ident, parents in asked.items():
        # What a squashed migration replaces is not there any more: who asked for the last of them asks for it.
        if ident not in replaced:
            history.add(ident, {replaced.get(name, name) for name in parents} - {ident})
    return history if django else None


def _idents(context: Context, place: str) -> list[str]:
    try:
        names = os.listdir(os.path.join(context.root, place))
    except OSError:
        return []
    found = (match.group(1) for match in map(_NAME.fullmatch, names) if match)
    return sorted(name for name in found if not name.startswith(("_", "~")))


def _label(context: Context, app: str) -> str:
    found = _LABEL.search((context.open_text(f"{app}/apps.py") or "")[:FILE_CHARS])
    return found.group(1) if found else app.rpartition("/")[2]


def _pairs(text: str, which: str) -> Iterable[tuple[str, str]]:
    for name, inside in _LISTS.findall(text[:FILE_CHARS]):
        if name == which:
            yield from _PAIR.findall(inside)
