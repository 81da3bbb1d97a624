"""What all commands that ask the server share: one question, its answer as a table or as JSON, one exit code."""

from __future__ import annotations

import os
import sys

from paritycheck_agent.config import load
from paritycheck_agent.outputs.table import Paper
from paritycheck_agent.redact import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from paritycheck_agent.config import Config
    from paritycheck_agent.runner.reading import Reader

OK, USAGE, UNREACHABLE = 0, 2, 3
_BAD_REQUEST = 400


def answered(options: Any, ask: Callable[[Reader, Config], Any], show: Callable[[Any, Paper], str]) -> int:
    """Ask, print, and return the exit code: 0 answered, 2 usage or nothing there, 3 not reached or refused.

    `ask` gives the API's document, or an exit code where there is nothing to print.
    """
    from paritycheck_agent.runner.reading import Reader
    from paritycheck_agent.transport.client import Refused
    from paritycheck_agent.transport.connection import Unreachable

    config = load(options.directory, os.environ, ca_file=options.ca_file)
    reader = Reader(config)
    try:
        answer = ask(reader, config)
        text = "" if isinstance(answer, int) else rendered(answer, options, show)
    except Unreachable as error:
        say(f"error: the server cannot be reached: {error}")
        return UNREACHABLE
    except Refused as refused:
        return _refused(refused)
    finally:
        reader.close()
    for warning in config.warnings:
        say(f"warning: {warning}")
    write(text)
    return answer if isinstance(answer, int) else OK


def _refused(refused: Any) -> int:
    from paritycheck_agent.runner.session import exit_code, hints_of, told

    say(f"error: the server refused: {told(refused)}")
    for hint in hints_of(refused):
        say(f"hint: {hint}")
    return USAGE if refused.status == _BAD_REQUEST else exit_code(refused)


def rendered(answer: Mapping[str, Any], options: Any, show: Callable[[Any, Paper], str]) -> str:
    """Return the answer as it is to be printed."""
    if not for_people(options):
        from paritycheck_agent.outputs.document import render

        return render(answer)
    return shown(answer, paper(sys.stdout), show)


def shown(answer: Mapping[str, Any], on: Paper, show: Callable[[Any, Paper], str]) -> str:
    """Return the answer in words; raise Unreachable for one that is not formed as the API's are."""
    try:
        return show(answer, on)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError):
        from paritycheck_agent.transport.connection import Unreachable

        raise Unreachable("the answer is not what this version of parity reads; --format json prints it") from None


def for_people(options: Any) -> bool:
    """Whether to print tables: where it is asked for, and on a terminal."""
    return bool(options.format == "text" or (not options.format and sys.stdout.isatty()))


def paper(stream: Any) -> Paper:
    """Return what is known of an output: how wide it is, where it is a terminal or COLUMNS tells, and if in colour."""
    from shutil import get_terminal_size

    terminal = stream.isatty()
    width = get_terminal_size((0, 0)).columns if terminal or os.environ.get("COLUMNS") else 0
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Paper(width=width, colour=colour)


def write(text: str, stream: Any = None) -> None:
    """Print text on stdout, in an encoding that cannot hold it as escapes."""
    stream = stream or sys.stdout
    encoding = stream.encoding or "ascii"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def say(text: str) -> None:
    """Tell a person something beside the answer."""
    sys.stderr.write(f"{printable(text)}\n")
