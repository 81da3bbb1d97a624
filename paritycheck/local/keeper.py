"""The process that owns an embedded server: `python -m paritycheck.local.keeper DIR [--temporary] [NAME=VALUE ...]`.

It starts PostgreSQL as its child and waits until it can take `DIR/lock` alone, which is when nobody uses the directory
any more, however they ended; then it stops the server and ends. With `--temporary` it deletes the directory too.
Only what the standard library gives is imported: the process lives as long as the service.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from paritycheck.local.death import die_with_parent
from paritycheck.local.layout import Layout, layout, remove
from paritycheck.local.locks import FileLock

POLL_S = 0.1
STOP_S = 8.0
# A server that ends sooner than this was never up: starting it again would not help.
SHORT_LIFE_S = 5.0
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # DETAIL lines repeat the values of a row that a constraint refused.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


def main(arguments: Sequence[str]) -> int:
    """Own the server of one data directory until nobody uses it. The exit code is 0 unless it could not run."""
    directory, *rest = arguments
    paths = layout(Path(directory))
    settings = SETTINGS | dict(word.split("=", 1) for word in rest if "=" in word)
    keeper, users = FileLock(paths.keeper_lock), FileLock(paths.users_lock)
    # A moment's patience: those who ask whether a keeper lives hold its lock while they ask.
    if not keeper.exclusive(wait_s=2.0):
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    code = _keep(paths, settings, users)
    if "--temporary" in rest and users.path.parent.exists():
        remove(paths)
    # In this order: whoever takes the users' lock next must not find a keeper that is about to go.
    keeper.release()
    users.release()
    return code


def _keep(paths: Layout, settings: dict[str, str], users: FileLock) -> int:
    """Run PostgreSQL, again after a crash, until the users' lock can be taken alone."""
    programs = paths.programs()
    if not (paths.data / "PG_VERSION").exists() and not _initialise(programs, paths):
        return 1
    while True:
        started = time.monotonic()
        server = _start(programs, paths, settings)
        try:
            while server.poll() is None and not users.exclusive():
                time.sleep(POLL_S)
        finally:
            _stop(server)
        if users.held:
            return 0
        if time.monotonic() - started < SHORT_LIFE_S:
            return 1
        sys.stdout.write("PostgreSQL ended by itself and is started again.\n")
        sys.stdout.flush()


def _initialise(programs: Path, paths: Layout) -> bool:
    """Make a cluster: UTF-8, byte order, one superuser, and no password because only the socket leads in."""
    command = ["initdb", "--pgdata", str(paths.data), "--username=paritycheck", "--auth=trust"]
    locale = ["--encoding=UTF8", "--locale=C.UTF-8" if sys.platform == "linux" else "--locale=C"]
    return _run(programs, paths, [*command, *locale, "--no-instructions"]).wait() == 0


def _start(programs: Path, paths: Layout, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return _run(programs, paths, ["postgres", "-D", str(paths.data), "-k", str(paths.socket), *options])


def _run(programs: Path, paths: Layout, command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Run as the server's user, away from any private directory, with an environment that holds no secret."""
    account = paths.account
    return subprocess.Popen(
        [str(programs / command[0]), *command[1:]],
        stdin=subprocess.DEVNULL,
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509  this process has no threads
    )


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Fast shutdown (roll back, write out, leave), then an immediate one."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if server.poll() is not None:
            return
        server.send_signal(number)
        try:
            server.wait(STOP_S)
        except subprocess.TimeoutExpired:
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
