"""The files of a checkout that are its own: those that git tracks or would, else what lies there; nothing built."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from paritycheck_agent.context import Context

FILES = 50_000
SKIPPED = frozenset([
    "node_modules", "vendor", "venv", "env", "site-packages", "bower_components", "target", "dist", "build", "_build",
    "deps", "coverage", "__pycache__",
])  # fmt: skip
_LISTING = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")


def files(context: Context) -> list[str]:
    """Paths below the checkout, relative to it, sorted, at most `FILES`; links are left out where they are opened."""
    found: list[str] = context.once("own files", _own)
    return found


def _own(context: Context) -> list[str]:
    from paritycheck_agent.sources.git_command import GitFault, run

    try:
        listed = run(context.root, _LISTING, environ=context.environ)
    except GitFault:
        return sorted(_walked(context.root))
    names = sorted(set(listed.decode("utf-8", "surrogateescape").split("\0")) - {""})
    return [name for name in names if SKIPPED.isdisjoint(name.split("/")[:-1])][:FILES]


def _walked(root: str) -> Iterator[str]:
    waiting, seen = [""], 0
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(os.path.join(root, folder)), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            seen += 1
            if seen > FILES:
                return
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                hidden = entry.name.startswith(".") and entry.name not in (".github", ".circleci")
                waiting += [] if hidden or entry.name in SKIPPED else [path]
            else:
                yield path
