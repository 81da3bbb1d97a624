"""Deletes data directories and what stands apart for them: `python -m paritycheck.local.clean DIR ...`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from paritycheck.local import environment as env
from paritycheck.local.errors import LocalError
from paritycheck.local.layout import layout, remove
from paritycheck.local.locks import FileLock

PATIENCE_S = 20.0


def clean(directory: Path) -> None:
    """Delete one data directory and its place. Raises LocalError while anything uses it."""
    paths = layout(directory)
    if env.up_lock(directory).taken():
        raise LocalError(f"paritycheck runs on {directory}, at {env.serving(directory)}. Stop it first.")
    if not directory.is_dir():
        remove(paths)
        return
    with FileLock(paths.users_lock) as users:
        if not users.exclusive(wait_s=0 if users.used() else PATIENCE_S):
            raise LocalError(f"Another command uses the database in {directory}. Wait until it ends.")
        remove(paths)


def main(directories: Sequence[str]) -> int:
    """Delete each; the exit code is 1 when one is in use."""
    try:
        for directory in directories:
            clean(Path(directory).absolute())
    except LocalError as error:
        sys.stderr.write(f"paritycheck: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
