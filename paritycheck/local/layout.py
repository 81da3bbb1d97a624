"""Where a data directory keeps what: everything inside it, but for what another user has to reach.

As root PostgreSQL runs as `nobody`, who cannot enter a private data directory: programs, data and socket then
stand in `/var/tmp/paritycheck-<12 hex of sha256(path of the data directory)>`. A socket path that is too long, or
that would need quoting in a URL or in libpq's keywords, goes there too.
"""

import hashlib
import os
import pwd
import re
import shutil
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from paritycheck.local import binaries
from paritycheck.local.errors import LocalError

SHARED = Path("/var/tmp")  # noqa: S108  the one place that survives a reboot and that every user may enter; see `_own`
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET = 100  # bytes; sockaddr_un holds 108 on Linux and 104 on macOS
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
SERVER_USER = "nobody"


@dataclass(frozen=True, slots=True)
class Account:
    """The user PostgreSQL runs as, when that is not our own."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one data directory. `place` exists only where it is needed."""

    directory: Path
    place: Path
    account: Account | None
    data: Path
    socket: Path

    @property
    def users_lock(self) -> Path:
        """Held shared by everyone who uses the server."""
        return self.directory / "lock"

    @property
    def keeper_lock(self) -> Path:
        """Held by the one process that owns the server."""
        return self.directory / "keeper.lock"

    @property
    def server_log(self) -> Path:
        """What the keeper and PostgreSQL say."""
        return self.directory / "postgres.log"

    def server_url(self, database: str) -> str:
        """The address of a database, in the one form that Django, libpq and SQLAlchemy read alike."""
        return f"postgres:///{database}?host={self.socket}&user=paritycheck"

    def programs(self) -> Path:
        """The directory of `postgres` and `initdb`, copied first where our own copy cannot be run."""
        package = binaries.copied(self.place) if self.account else binaries.packaged()
        return package / binaries.INSTALL / "bin"


def layout(directory: Path) -> Layout:
    """The layout of a data directory; nothing is made or looked at."""
    directory = directory.expanduser().absolute().resolve()
    place = SHARED / f"paritycheck-{hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]}"
    account = _account()
    data = (place if account else directory) / "data"
    awkward = len(os.fsencode(data / SOCKET_NAME)) > LONGEST_SOCKET or not PLAIN_PATH.fullmatch(str(data))
    return Layout(directory, place, account, data, place if awkward else data)


def prepare(paths: Layout) -> None:
    """Make what is missing: the data directory (0700), its place, and an empty directory for the server's data.

    Raises LocalError where the place holds what does not belong to this directory, or the other way round.
    """
    paths.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if paths.account:
        _match(paths)
    if paths.account or paths.socket != paths.data:
        _own(paths.place, 0o755 if paths.account else 0o700)
    if not paths.data.exists():
        paths.data.mkdir(mode=0o700)
        paths.data.chmod(0o700)
        if paths.account:
            os.chown(paths.data, paths.account.uid, paths.account.gid)


def remove(paths: Layout) -> None:
    """Delete the data directory and its place, those that exist; nothing may run there."""
    if paths.place.is_symlink() or paths.place.exists():
        _own(paths.place, 0o755 if paths.account else 0o700)
        shutil.rmtree(paths.place)
    if paths.directory.exists():
        shutil.rmtree(paths.directory)


def _match(paths: Layout) -> None:
    """A note in the directory names its place, so that a deleted or moved directory is not taken for another one."""
    note = paths.directory / "place"
    noted = Path(note.read_text(encoding="utf-8").strip()) if note.exists() else None
    if noted is None and paths.data.exists():
        raise LocalError(
            f"{paths.place} holds the database of a directory that stood at {paths.directory} before and is gone. "
            f"To begin anew, run: {sys.executable} -m paritycheck.local.clean {paths.directory}"
        )
    if noted not in {None, paths.place} and not paths.data.exists():
        raise LocalError(f"This directory was moved, its database was not. Run: mv {noted} {paths.place}")
    note.write_text(f"{paths.place}\n", encoding="utf-8")


def _account() -> Account | None:
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(SERVER_USER)
    return Account(entry.pw_uid, entry.pw_gid)


def _own(place: Path, mode: int) -> None:
    """Make `place`, or take the one that exists if it can only be ours: everyone may write beside it."""
    try:
        place.mkdir()
        place.chmod(mode)
    except FileExistsError:
        found = place.lstat()
        ours = found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == mode
        if not (stat.S_ISDIR(found.st_mode) and ours):
            raise LocalError(
                f"{place} exists and is not a directory of mode {mode:04o} owned by this user. "
                "Look at what it is, then move it away."
            ) from None
