"""One round of a watching agent, a process of its own: told what to do by its argument, it answers with one line."""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from paritycheck_agent.runner.session import Outcome

USAGE, UNREACHABLE = 2, 3
_TEXTS = 50


def main(argument: str) -> None:
    """Run the round that a line of JSON describes (`rounds.Wanted`) and print how it ended."""
    sys.stdout.write(json.dumps(_ended(json.loads(argument))) + "\n")
    sys.stdout.flush()


def _ended(wanted: Mapping[str, Any]) -> dict[str, Any]:
    from paritycheck_agent.config import ConfigError, load
    from paritycheck_agent.runner.memory import Busy
    from paritycheck_agent.runner.session import send_report

    try:
        config = load(wanted["directory"], os.environ, ca_file=wanted["ca_file"])
        return _told(send_report(config, interval_s=wanted["interval_s"], kept_only=wanted["kept_only"]))
    except ConfigError as error:
        hints = [error.hint] if error.hint else []
        return {"code": USAGE, "text": f"{error.where}: {error.what}", "hints": hints}
    except Busy as busy:
        return {"code": UNREACHABLE, "text": str(busy), "again": True}
    except Exception as error:  # noqa: BLE001 - the next round may go well: the one that watches goes on
        return {"code": UNREACHABLE, "text": f"parity itself failed ({_place(error)})"}


def _told(outcome: Outcome) -> dict[str, Any]:
    unknown = [f"section {part.section} is unknown ({part.reason})" for part in outcome.parts if part.reason]
    return {
        "code": outcome.code,
        "text": outcome.text,
        "hints": outcome.hints[:_TEXTS],
        "warnings": (outcome.warnings + unknown)[:_TEXTS],
        "unchanged": outcome.unchanged,
        "again": outcome.again,
        "wait_s": outcome.wait_s,
        "interval_s": outcome.interval_s,
    }


def _place(error: Exception) -> str:
    """Return where a mistake of ours showed, without the error's own text, which may hold values."""
    trace, place = error.__traceback__, "?"
    while trace is not None:
        place = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} at {place}"
