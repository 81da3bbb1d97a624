"""The release before this one, from git, beside this one: its processes run from a checkout of their own.

Without a tag of a release it is the commit before the first migration that had to run while the service does.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

from typing_extensions import override

from tests.chaos.stand import ROOT, Stand

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MIGRATIONS_SINCE = ("paritycheck/migrations/002[7-9]_*.py", "paritycheck/migrations/00[3-9]*.py")


class Previous(Stand):
    """A stand whose processes are of the release before."""

    @override
    def _help(self, module: str, *arguments: str, env: Mapping[str, str]) -> subprocess.Popen[str]:
        # The programs that are brought up are those of the old checkout; what stands around them is ours.
        root = self.checkout() if module == "tests.chaos.nursery" else ROOT
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], cwd=root, env={**env, "PYTHONPATH": _path(root)}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self._helpers.append(process)
        return process

    def checkout(self) -> Path:
        """Where its code is."""
        root = self.place / "code"
        if not root.is_dir():
            archive = _git("archive", "--format=tar", revision())
            with tarfile.open(fileobj=io.BytesIO(archive)) as files:
                files.extractall(root, filter="data")
        return root

    def command(self, *arguments: str) -> str:
        """What the command `paritycheck` of that release says. Raises AssertionError where it fails."""
        root = self.checkout()
        done = subprocess.run(
            [sys.executable, "-m", "paritycheck", *arguments], cwd=root, capture_output=True, check=False,
            env={**self.environment, "PYTHONPATH": _path(root)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
        return done.stdout.decode()


def revision() -> str:
    """The commit of the release before."""
    tags = _git("tag", "--list", "v*", "--sort=-v:refname", "--merged").decode().split()
    if tags:
        return _short(tags[0])
    commits = _git("log", "--first-parent", "--diff-filter=A", "--format=%H", "--", *MIGRATIONS_SINCE).decode().split()
    assert commits, "the history of the repository is not here: clone it as a whole"
    return _short(f"{commits[-1]}^")


def _short(name: str) -> str:
    return _git("rev-parse", "--short", name).decode().strip()


def _path(root: Path) -> str:
    return os.pathsep.join((str(root), str(root / "agents")))


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True).stdout
