"""`parity waive`: accept drifts for a while, after having seen which."""

from __future__ import annotations

import sys

from paritycheck_agent.cli.answering import USAGE, answered, for_people, paper, say, shown, write
from paritycheck_agent.cli.drifts import drift_table
from paritycheck_agent.cli.wording import day
from paritycheck_agent.config import ConfigError
from paritycheck_agent.redact import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from paritycheck_agent.outputs.table import Paper
    from paritycheck_agent.runner.reading import Reader


def run(options: Any) -> int:
    """Return the exit code: 0 waived or previewed, 2 usage or not agreed to, 3 not reached or refused."""
    from paritycheck_agent.runner.reading import place

    def ask(reader: Reader, config: Any) -> dict[str, Any] | int:
        document = _document(options)
        path = place("projects", options.project or config.project(), "waivers")
        preview = reader.post(f"{path}/preview", document)
        if options.preview:
            return preview
        _tell(preview, options)
        if not (options.yes or _agreed()):
            say("NOTHING WAIVED")
            return USAGE
        return reader.post(path, document)

    return answered(options, ask, _show_preview if options.preview else _show)


def _document(options: Any) -> dict[str, Any]:
    """Return what the API takes; raise ConfigError where it is not said what, or without anybody to ask."""
    covers = {"drifts": options.id, "match": options.match, "ratchet": options.all}
    told = {name: value for name, value in covers.items() if value}
    if len(told) != 1:
        raise ConfigError("parity waive", "say what to accept: identities of drifts, --match or --all")
    if not (options.yes or options.preview or sys.stdin.isatty()):
        raise ConfigError(
            "parity waive", "nobody is here to agree", "--preview shows what would be hidden, --yes waives"
        )
    ends = {"until": options.until, "until_change": options.until_change, "until_converged": options.until_converged}
    about = {"pair": options.pair, "reason": options.reason, "owner": options.owner}
    return {**told, **{name: value for name, value in {**about, **ends}.items() if value}}


def _tell(preview: Mapping[str, Any], options: Any) -> None:
    """Show what would be hidden beside the answer where that is for a program."""
    stream = sys.stdout if for_people(options) else sys.stderr
    write(shown(preview, paper(stream), _shown), stream)


def _agreed() -> bool:
    sys.stderr.write("Waive them? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _show_preview(preview: Mapping[str, Any], paper: Paper) -> str:
    return f"{_shown(preview, paper)}Nothing was waived.\n"


def _shown(preview: Mapping[str, Any], paper: Paper) -> str:
    """Return the drifts of a preview, and what still shows."""
    drifts, hides = preview["drifts"], preview["hides"]
    if not hides:
        return "It would hide nothing that is open now.\n"
    rest = f"and {hides - len(drifts)} more\n" if hides > len(drifts) else ""
    return f"{drift_table(drifts, paper)}{rest}{printable(preview['note'])}\n"


def _show(waiver: Mapping[str, Any], _paper: Paper) -> str:
    covers = waiver["covers"]
    end = f" until {day(waiver['until'])}" if waiver["until"] else ""
    many = f"{covers} drift{'' if covers == 1 else 's'}"
    return f"waived{end}: {many}, {printable(waiver['owner'])} sees to {'it' if covers == 1 else 'them'}\n"
