"""One `parity gate`: collect what the checkout declares, ask the server, believe only a whole answer."""

from __future__ import annotations

import os
import time

from paritycheck_agent.runner.keyless import sign_in
from paritycheck_agent.runner.memory import Memory, directory
from paritycheck_agent.runner.report import bodies_of, commit_of, parts_of, release_fact
from paritycheck_agent.runner.session import open_delivery
from paritycheck_agent.spool import Entry
from paritycheck_agent.transport.connection import Unreachable
from paritycheck_agent.verdict import NO_FILE, Places
from paritycheck_agent.wire.canonical import digest, join
from paritycheck_agent.wire.version import CANDIDATE_SCHEMA, GATE_SCHEMA
from paritycheck_agent.wire.words import SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from paritycheck_agent.config import Config
    from paritycheck_agent.runner.collecting import Part
    from paritycheck_agent.runner.delivery import Delivery

EXIT_CODES = {"pass": 0, "fail": 1, "unknown": 4}
# Seconds between two questions of `--wait`: soon at first, then a request each half minute.
PAUSES_S = (2, 3, 5, 10, 20, 30)
_POLICY_FILE = "parity.toml"
_LISTS = ("introduced", "fixed", "remaining", "waived", "unknown")


class Question:
    """What the command line asks of the gate; ages in seconds, coverage in percent, None where not asked.

    `wait_s`: how long to ask again while there is not enough evidence.
    """

    __slots__ = ("against", "fail_on", "max_age_s", "min_coverage", "project", "record", "wait_s")

    def __init__(self, *, project: str, against: str = "", fail_on: str = "error", record: bool = False) -> None:
        self.project = project
        self.against = against
        self.fail_on = fail_on
        self.record = record
        self.max_age_s: int | None = None
        self.min_coverage: int | None = None
        self.wait_s = 0


class Asked:
    """A verdict, the exit code that it means, where its drifts stand in the checkout, and warnings."""

    __slots__ = ("answer", "code", "places", "warnings")

    def __init__(self, answer: dict[str, Any], code: int, places: Places, warnings: list[str]) -> None:
        self.answer = answer
        self.code = code
        self.places = places
        self.warnings = warnings


def ask_gate(config: Config, question: Question, say: Callable[[str], None]) -> Asked:
    """Ask until there is a verdict, or the time to wait is over; raise ConfigError, Refused, Unreachable.

    `say` is given a line when a wait begins.
    """
    url, signed = config.url(), sign_in(config, question.project)
    parts = parts_of(config, candidate=True)
    document = candidate_of(config, parts, question)
    memory = Memory(directory(config.state_home, url, signed.identity))
    delivery = open_delivery(config, url, signed.token, memory)

    def pause(seconds: float) -> None:
        nonlocal signed
        time.sleep(seconds)
        if time.monotonic() >= signed.until:
            signed = sign_in(config, question.project)
            delivery.client.connection.use(signed.token)

    try:
        answer, code = _asked(delivery, question, Entry(document, bodies_of(parts), config.policy), say, pause)
    finally:
        delivery.client.connection.close()
    return Asked(answer, code, _places(config.root, parts), config.warnings + delivery.warnings)


def _asked(
    delivery: Delivery, question: Question, entry: Entry, say: Callable[[str], None], pause: Callable[[float], None]
) -> tuple[dict[str, Any], int]:
    """Return answer and exit code. A candidate that is asked about again is the same verdict to the server."""
    until, rounds = time.monotonic() + question.wait_s, 0
    while True:
        answer = delivery.ask(question.project, entry)
        check_answer(answer, entry.report, question.project)
        code = code_of(answer, question.max_age_s)
        left_s = until - time.monotonic()
        if code != EXIT_CODES["unknown"] or not question.wait_s or left_s <= 0:
            return _settled(answer, code), code
        if not rounds:
            against = _member(answer, "against", "environment") or question.against or "the baseline"
            say(f"not enough evidence of {against} yet: waiting up to {question.wait_s} s for a report")
        pause(min(left_s, PAUSES_S[min(rounds, len(PAUSES_S) - 1)]))
        rounds += 1


def _settled(answer: dict[str, Any], code: int) -> dict[str, Any]:
    """Return the answer as it counts: a pass on evidence that is too old is none, in whatever form it is read."""
    if answer.get("verdict") == "pass" and code != EXIT_CODES["pass"]:
        return {**answer, "verdict": "unknown", "exit_code": code, "reason": "stale"}
    return answer


def _places(root: str, parts: Sequence[Part]) -> Places:
    by_section = {part.section: part for part in parts if not part.reason}

    def facts(section: str) -> Sequence[Mapping[str, Any]]:
        part = by_section.get(section)
        found: list[dict[str, Any]] = join(part.facts, part.evidence)["facts"] if part else []
        return found

    default = _POLICY_FILE if os.path.exists(os.path.join(root, _POLICY_FILE)) else NO_FILE
    return Places(facts, under=_under(root), default=default)


def _under(root: str) -> str:
    """Return where the checkout stands in its repository, empty at its top or outside of any."""
    path = os.path.abspath(root)
    top = path
    while not os.path.exists(os.path.join(top, ".git")):
        parent = os.path.dirname(top)
        if parent == top:
            return ""
        top = parent
    below = os.path.relpath(path, top)
    return "" if below == os.curdir else below.replace(os.sep, "/")


def candidate_of(config: Config, parts: Sequence[Part], question: Question) -> dict[str, Any]:
    """Return the question as `POST .../gate` takes it (api.md)."""
    document: dict[str, Any] = {
        "schema": CANDIDATE_SCHEMA,
        "candidate": _commit(parts),
        "fail_on": question.fail_on,
        "record": question.record,
        "sections": {part.section: part.entry() for part in parts},
    }
    optional = {
        "against": question.against or None,
        "max_age_s": question.max_age_s,
        "min_coverage": question.min_coverage,
        "default_branch": _default_branch(config),
        "policy": digest(config.policy) if config.policy is not None else None,
    }
    document.update({name: value for name, value in optional.items() if value is not None})
    base = release_fact(parts, "merge-base")
    if base:
        document["base"] = {"commit": base, "sections": {}}
    return document


def _default_branch(config: Config) -> str | None:
    """Return the default branch's name: a variable of ours or of CI, or `[release] default-branch`."""
    said = config.environ.get("PARITY_DEFAULT_BRANCH") or config.environ.get("CI_DEFAULT_BRANCH")
    said = said or config.settings.get("release", {}).get("default-branch")
    return said if isinstance(said, str) and said else None


def _commit(parts: Sequence[Part]) -> dict[str, Any]:
    commit: dict[str, Any] = {"commit": commit_of(parts), "branch": release_fact(parts, "branch")}
    dirty = release_fact(parts, "dirty")
    if dirty:
        commit["dirty"] = dirty == "true"
    return {name: value for name, value in commit.items() if value != ""}


def check_answer(answer: Mapping[str, Any], document: Mapping[str, Any], project: str) -> None:
    """Raise Unreachable for anything that is not a whole, consistent verdict on this very candidate.

    Every way to exit 0 leads through here: an old answer, another schema, another project's or environment's, a pass
    that lists drift at or above what was asked are no pass.
    """
    verdict = answer.get("verdict")
    if verdict == "unknown":
        return
    if not isinstance(verdict, str) or verdict not in EXIT_CODES or answer.get("schema") != GATE_SCHEMA:
        raise Unreachable("the answer is not a verdict of this gate")
    code = answer.get("exit_code")
    if isinstance(code, bool) or code != EXIT_CODES[verdict] or answer.get("fail_on") != document["fail_on"]:
        raise Unreachable("the verdict contradicts itself or answers another question")
    if not all(isinstance(answer.get(name), list) for name in _LISTS):
        raise Unreachable("the verdict does not list what it judged")
    if verdict == "pass" and _worst(answer["introduced"]) >= SEVERITIES[::-1].index(document["fail_on"]):
        raise Unreachable("the verdict passes drift that it should fail")
    asked, told = document["candidate"].get("commit"), _member(answer, "candidate", "commit")
    if asked and told != asked:
        raise Unreachable("the verdict is about another commit")
    against = document.get("against")
    if answer.get("project") != project or (against and _member(answer, "against", "environment") != against):
        raise Unreachable("the verdict is about another project or environment")


def _worst(drifts: Sequence[Any]) -> int:
    """Return the rank of the worst severity among drifts, -1 without any; one that is not known is the worst."""
    known = {severity: rank for rank, severity in enumerate(SEVERITIES[::-1])}
    said = (drift.get("severity") if isinstance(drift, dict) else None for drift in drifts)
    return max((known.get(str(severity), len(known)) for severity in said), default=-1)


def code_of(answer: Mapping[str, Any], max_age_s: int | None) -> int:
    """Return the exit code of a checked answer: a pass on evidence of no age, or an older one than asked, is none."""
    if answer["verdict"] == "pass" and not _is_fresh(_member(answer, "against", "age_s"), max_age_s):
        return EXIT_CODES["unknown"]
    return EXIT_CODES[answer["verdict"]]


def _is_fresh(age_s: Any, max_age_s: int | None) -> bool:
    is_age = isinstance(age_s, (int, float)) and not isinstance(age_s, bool) and age_s >= 0
    return is_age and (max_age_s is None or age_s <= max_age_s)


def _member(answer: Mapping[str, Any], table: str, name: str) -> Any:
    inner = answer.get(table)
    return inner.get(name) if isinstance(inner, dict) else None
