"""`--format junit`: JUnit's XML as Jenkins, GitLab, Azure and CircleCI read it; the schema is Jenkins' (junit-10.xsd).

A suite is the candidate beside one environment, a case a drift. The first case is the verdict itself, so that no report
is empty, and a run that judged nothing does not look like a pass.
"""

from __future__ import annotations

from paritycheck_agent.verdict import against_of, drifts_of, failing, headline, text, verdict_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from paritycheck_agent.verdict import Drift, Places

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}


def render(answer: Mapping[str, Any], *, colour: bool = False, places: Places | None = None) -> str:
    """Return the document. What the change introduces fails or passes, what was there or is waived is skipped."""
    del colour
    introduced = drifts_of(answer, "introduced", places)
    worst = [drift for drift in introduced if failing(answer, drift)]
    cases = [_verdict(answer, told=bool(worst)), *map(_failure, worst)]
    cases += [_case(drift, _inner("system-out", drift.sentence)) for drift in introduced if drift not in worst]
    for drift in drifts_of(answer, "remaining", places):
        cases.append(_case(drift, _skipped("there before this change")))
    for drift in drifts_of(answer, "waived", places):
        cases.append(_case(drift, _skipped(f"waived: {drift.reason}")))
    cases += [_case(drift, "") for drift in drifts_of(answer, "fixed", places)]
    return _document(answer, cases)


def _document(answer: Mapping[str, Any], cases: list[str]) -> str:
    name = f"candidate..{against_of(answer)}"
    inner = "\n".join(cases)
    tests, failures, errors = len(cases), inner.count("<failure "), inner.count("<error ")
    count = f'tests="{tests}" failures="{failures}" errors="{errors}"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="parity gate" {count}>\n'
        f'<testsuite name="{_escaped(name)}" {count} skipped="{inner.count("<skipped ")}">\n'
        f"{inner}\n</testsuite>\n</testsuites>\n"
    )


def _verdict(answer: Mapping[str, Any], *, told: bool) -> str:
    """Return the case of the verdict. It fails where no drift of its own, which would be `told`, says so."""
    inner = _inner("system-out", headline(answer, aged=False))
    if verdict_of(answer) == "unknown":
        inner = f'<error type="unknown" message="{_escaped(text(answer.get("reason", "")))}"/>'
    elif verdict_of(answer) == "fail" and not told:
        inner = f'<failure type="fail" message="{_escaped(headline(answer, aged=False))}"/>'
    return f'<testcase classname="parity gate" name="verdict">{inner}</testcase>'


def _failure(drift: Drift) -> str:
    said, place = _escaped(drift.sentence), _escaped(drift.place)
    return _case(drift, f'<failure type="{drift.level}" message="{said}">{place}: {said}</failure>')


def _case(drift: Drift, inner: str) -> str:
    name = _escaped(f"{drift.name} {drift.rule}")
    return f'<testcase classname="{_escaped(f"parity.{drift.section}")}" name="{name}">{inner}</testcase>'


def _skipped(why: str) -> str:
    return f'<skipped message="{_escaped(why)}"/>'


def _inner(name: str, words: str) -> str:
    return f"<{name}>{_escaped(words)}</{name}>"


def _escaped(words: str) -> str:
    """Return text for content and attributes. It is printable, so that no character is left that XML cannot hold."""
    return "".join(_ENTITIES.get(char, char) for char in words)
