"""The command `parity`."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

USAGE, UNREACHABLE, INTERRUPTED = 2, 3, 130


class Defaults:
    """What `parity report` alone means; argparse, which costs 8 ms, is for whoever says more."""

    directory = "."
    ca_file = ""
    kubernetes = ""
    quiet = False
    sbom: tuple[str, ...] = ()


def command() -> None:
    """Run the command of this process, and end it.

    Python takes apart what it has imported when it ends, and looks for garbage on its way: a tenth of the CPU of a run
    that is over in a moment. `parity watch` goes on for years, and needs its garbage collected.
    """
    if sys.argv[1:2] != ["watch"]:
        import gc

        gc.disable()
    code = main()
    try:
        sys.stderr.flush()
    finally:
        os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code, 0 to 4 as `parity gate --help` tells."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output went away: say nothing more, and never success.
        sys.stdout = None
        return UNREACHABLE


def _run(arguments: list[str]) -> int:
    from paritycheck_agent.config import ConfigError

    try:
        run, options = _command(arguments)
        code: int = run(options)
        # Output that cannot be written must show before the exit code is given, not after.
        sys.stdout.flush()
    except ConfigError as error:
        _say(f"error: {error}")
        return USAGE
    except BrokenPipeError:
        raise
    except OSError as error:
        _say(f"error: {error.filename or 'input or output'}: {error.strerror or 'failed'}")
        return USAGE
    except Exception as error:  # noqa: BLE001 - exit code 1 means drift and nothing else
        _say(_internal(error))
        return USAGE
    return code


def _command(arguments: list[str]) -> tuple[Any, Any]:
    if arguments == ["report"]:
        from paritycheck_agent.cli.report import run

        return run, Defaults()
    from paritycheck_agent.cli.arguments import parse

    return parse(arguments)


def _internal(error: Exception) -> str:
    """Return where a mistake of ours showed, without the error's own text, which may hold values."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "?"
    return f"error: parity itself failed ({type(error).__name__} at {place})"


def _say(text: str) -> None:
    from paritycheck_agent.redact import printable

    sys.stderr.write("\n".join(printable(row) for row in text.split("\n")) + "\n")
