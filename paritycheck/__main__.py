"""The command `paritycheck`: `up`, `demo` and `diff` run before there are settings, every other COMMAND is Django's."""

import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version

from paritycheck.local.errors import LocalError

SETTINGS = "paritycheck.config.settings"
HELP = """\
paritycheck COMMAND [--data DIR]

  up            the whole service from one directory, until Ctrl-C
  demo          three environments of a small shop, reported by real agents, compared
  diff          two outputs of `parity show` side by side, with no server at all
  bootstrap     a project with its environments, tokens and an administrator
  drop-factors  takes away the second step of somebody who lost the device and the recovery codes
  apply         projects with members, channels and tokens as a TOML file says, with a plan shown first
  mail-test     a sample of an alert by EMAIL_URL, and what to do where it fails
  audit         `audit verify`: whether the audit log is as it was written
  backup        a backup of this instant into a directory, with the manifest that restore needs
  restore       a backup into an empty database; the service refuses to start until it is confirmed
  restored      revokes again what was revoked since the backup, and opens the database
  verify        whether the database is whole

Every other command is Django's. Without DATABASE_URL it uses the database of --data, else of PARITYCHECK_DATA, else of
.paritycheck here, and starts it for the while when it is not running.

"""
_VERSION = (["--version"], ["version"])
_HELP: tuple[list[str], ...] = ([], ["help"], ["--help"], ["-h"])


def main() -> None:
    """Entry point of the console script and of `python -m paritycheck`."""
    try:
        code = run(sys.argv[1:])
    except LocalError as error:
        sys.stderr.write(f"paritycheck: {error}\n")
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command; the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    if list(arguments) in _VERSION:
        sys.stdout.write(f"paritycheck {version('paritycheck')}\n")
        return 0
    if list(arguments) in _HELP:
        sys.stdout.write(HELP)
        sys.stdout.flush()
    local = _local(arguments[0]) if arguments else None
    return _manage(arguments) if local is None else local(arguments[1:])


def _local(name: str) -> Callable[[Sequence[str]], int] | None:
    if name == "up":
        from paritycheck.local.up import main as up

        return up
    if name == "demo":
        from paritycheck.local.demo import main as demo

        return demo
    if name == "diff":
        from paritycheck.local.diff import main as diff

        return diff
    return None


def _manage(arguments: Sequence[str]) -> int:
    from paritycheck.local.command import database_for, split_data

    data, rest = split_data(arguments)
    rest[:1] = [name.replace("-", "_") if not name.startswith("-") else name for name in rest[:1]]
    with database_for(rest[0] if rest else "help", data) as migrate_first:
        from django.core.management import call_command, execute_from_command_line

        if migrate_first:
            import django

            django.setup()
            call_command("migrate", interactive=False, verbosity=0)
        execute_from_command_line(["paritycheck", *rest])
    return 0


if __name__ == "__main__":
    main()
