"""`--format github`: annotations on the lines of a pull request, the job's summary and its outputs.

GitHub shows about ten annotations of a kind and step, so that the summary is what holds everything. Workflow commands
as its documentation has them: `::error file={name},line={line},title={title}::{message}`.
"""

from __future__ import annotations

from paritycheck_agent.summary import summary
from paritycheck_agent.verdict import counts, drifts_of, failing, headline, quiet, rows, text, verdict_of, without_base

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from paritycheck_agent.verdict import Drift, Places

_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}
_SHOWN = 50


def render(answer: Mapping[str, Any], *, colour: bool = False, places: Places | None = None) -> str:
    """Return what the runner reads: a line for people, and a command for each drift that the change introduces."""
    del colour
    lines = [f"{verdict_of(answer).upper()}  {headline(answer)}", "   ".join(counts(answer))]
    if answer.get("url"):
        lines.append(f"page: {text(answer['url'])}")
    lines = [_plain(line) for line in lines]
    lines += [_command("warning", "", text(words)) for words in without_base(answer)]
    if verdict_of(answer) == "unknown":
        lines.append(_command("error", "", f"paritycheck could not judge: {text(answer.get('reason', ''))}"))
    drifts = drifts_of(answer, "introduced", places)
    lines += [_annotation(answer, drift) for drift in drifts[:_SHOWN]]
    if len(drifts) > _SHOWN:
        lines.append(_command("notice", "", f"{len(drifts) - _SHOWN} more are in the summary"))
    return "\n".join(lines) + "\n"


def append(answer: Mapping[str, Any], environ: Mapping[str, str], places: Places | None) -> None:
    """Add the summary to $GITHUB_STEP_SUMMARY and the outputs to $GITHUB_OUTPUT, where these are set; raise OSError."""
    outputs = {
        "verdict": verdict_of(answer),
        "exit-code": answer.get("exit_code", ""),
        "introduced": len(rows(answer.get("introduced"))),
        "url": answer.get("url") or "",
    }
    # A value stands on its line: nobody's name makes a second output.
    said = "".join(f"{name}={text(value)}\n" for name, value in outputs.items())
    for variable, words in (("GITHUB_STEP_SUMMARY", summary(answer, places)), ("GITHUB_OUTPUT", said)):
        path = environ.get(variable)
        if path:
            with open(path, "a", encoding="utf-8") as stream:
                stream.write(words)


def _annotation(answer: Mapping[str, Any], drift: Drift) -> str:
    # What does not fail the gate is no error, whatever its severity is called.
    level = _LEVELS[drift.level] if failing(answer, drift) else "notice"
    where = f"file={_property(drift.path)}" + (f",line={drift.line}" if drift.line else "")
    title = f"{where},title={_property(f'{drift.what} {drift.rule}')}"
    return _command(level, f" {title}", drift.sentence)


def _command(level: str, properties: str, message: str) -> str:
    return f"::{level}{properties}::{_data(message)}"


def _data(words: str) -> str:
    return quiet(words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(words: str) -> str:
    return _data(words).replace(":", "%3A").replace(",", "%2C")


def _plain(line: str) -> str:
    """Return a line that is no command: one begins with `::`, blanks before it or not."""
    return quiet(line.replace("::", ": :"))
