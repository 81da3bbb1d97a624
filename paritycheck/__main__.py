"""The command `paritycheck`: `up` and `demo` run before there are settings, every other COMMAND is Django's."""

import os
import sys
from collections.abc import Callable, Sequence

from paritycheck.local.errors import LocalError

SETTINGS = "paritycheck.config.settings"


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
    local = _local(arguments[0]) if arguments else None
    if local is not None:
        return local(arguments[1:])
    return _manage(arguments)


def _local(name: str) -> Callable[[Sequence[str]], int] | None:
    if name == "up":
        from paritycheck.local.up import main as up

        return up
    if name == "demo":
        from paritycheck.local.demo import main as demo

        return demo
    return None


def _manage(arguments: Sequence[str]) -> int:
    from paritycheck.local.command import database_for, split_data

    data, rest = split_data(arguments)
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
