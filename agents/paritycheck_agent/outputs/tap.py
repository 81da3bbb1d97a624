"""`--format tap`: the Test Anything Protocol, which `prove` and Jenkins read.

The lines are those of version 14, of which none is unknown to version 13. The first line says 13: a reader of 14 takes
that, and the `prove` of Debian 12 refuses every file that says more.
"""

from __future__ import annotations

import json

from paritycheck_agent.verdict import drifts_of, failing, headline, text, verdict_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from paritycheck_agent.verdict import Drift, Places

    # Whether it passed, its description, a directive, the lines below it.
    Point = tuple[bool, str, str, tuple[str, ...]]


def render(answer: Mapping[str, Any], *, colour: bool = False, places: Places | None = None) -> str:
    """Return a plan and a point for the verdict and each drift; one that was there or is waived is a TODO."""
    del colour
    points = list(_points(answer, places))
    lines = ["TAP version 13", f"1..{len(points)}"]
    for number, (passed, name, directive, diagnostic) in enumerate(points, 1):
        lines.append(f"{'ok' if passed else 'not ok'} {number} - {name}{f' # {directive}' if directive else ''}")
        lines += diagnostic
    return "\n".join(lines) + "\n"


def _points(answer: Mapping[str, Any], places: Places | None) -> Iterator[Point]:
    yield _verdict(answer)
    for drift in drifts_of(answer, "introduced", places):
        yield not failing(answer, drift), _name(drift), "", _diagnostic(drift)
    for drift in drifts_of(answer, "remaining", places):
        yield False, _name(drift), "TODO there before this change", ()
    for drift in drifts_of(answer, "waived", places):
        yield False, _name(drift), f"TODO waived: {_escaped(drift.reason)}", ()
    for drift in drifts_of(answer, "fixed", places):
        yield True, _name(drift), "", ()


def _verdict(answer: Mapping[str, Any]) -> Point:
    name = f"verdict {verdict_of(answer)} {headline(answer, aged=False)}"
    if answer.get("reason"):
        name += f": {text(answer['reason'])}"
    return verdict_of(answer) == "pass", _escaped(name), "", ()


def _name(drift: Drift) -> str:
    return _escaped(f"{drift.what} {drift.rule}")


def _diagnostic(drift: Drift) -> tuple[str, ...]:
    """Return the block of YAML below a point. JSON's strings are YAML's too."""
    said: dict[str, Any] = {"message": drift.sentence, "severity": drift.level, "file": drift.path}
    if drift.line:
        said["line"] = drift.line
    rows = (f"  {name}: {json.dumps(value)}" for name, value in {**said, "id": drift.id}.items())
    return ("  ---", *rows, "  ...")


def _escaped(words: str) -> str:
    """Return a description without a directive in it: `#` begins one."""
    return words.replace("\\", "\\\\").replace("#", "\\#")
