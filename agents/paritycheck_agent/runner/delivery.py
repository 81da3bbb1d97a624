"""Sends a report: digests first, what the server lacks on demand, the report again (wire.md)."""

from __future__ import annotations

from paritycheck_agent.runner.report import uuid7
from paritycheck_agent.transport.client import Refused, fits
from paritycheck_agent.transport.connection import Unreachable
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.fields import is_sha
from paritycheck_agent.wire.limits import INTEGER_MAX
from paritycheck_agent.wire.words import SECTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from paritycheck_agent.runner.memory import Memory
    from paritycheck_agent.spool import Entry
    from paritycheck_agent.transport.client import Client

    # commits(have, tips, want): the body of POST /api/v1/commits, empty where there is none to give.
    Commits = Callable[[list[str], list[str], int], bytes]

_ROUNDS = 4
_NOT_TAKEN = frozenset({400, 413, 415, 422})


class Delivery:
    """One report on its way. `warnings` gathers what a person should read."""

    def __init__(self, client: Client, memory: Memory, commits: Commits) -> None:
        self.client = client
        self.memory = memory
        self.commits = commits
        self.warnings: list[str] = []

    def send(self, entry: Entry) -> dict[str, Any]:
        """Return the answer that took the report; raise Refused or Unreachable. Changes the entry's report."""
        if self.memory.accepted:
            self._send_bodies(entry, [digest for digest in entry.bodies if digest not in self.memory.accepted])
        answer = self._until_nothing_is_missing(entry, self.client.post_report)
        if answer.get("stale") is True:
            answer = self._after_clock_went_back(entry, answer)
        _check_taken(entry, answer)
        self._remember(entry, answer)
        self._send_asked_commits(answer)
        return answer

    def ask(self, project: str, entry: Entry) -> dict[str, Any]:
        """Ask the gate with an entry whose report is the candidate; return its verdict."""
        return self._until_nothing_is_missing(entry, lambda document: self.client.post_candidate(project, document))

    def _until_nothing_is_missing(
        self, entry: Entry, post: Callable[[Mapping[str, Any]], dict[str, Any]]
    ) -> dict[str, Any]:
        for _round in range(_ROUNDS):
            answer = post(entry.report)
            missing = answer.get("missing")
            if not isinstance(missing, list) or not missing:
                return answer
            self._send_missing(entry, [item for item in missing if isinstance(item, str)], answer)
        raise Refused(422, {"code": "still-missing", "detail": "the server asks again for what it was sent"})

    def _send_missing(self, entry: Entry, missing: list[str], answer: Mapping[str, Any]) -> None:
        self._send_bodies(entry, [item for item in missing if item in entry.bodies])
        if entry.policy is not None and entry.report.get("policy") in missing:
            self._send_policy(entry, entry.policy)
        if "commits" in missing:
            self._send_commits(entry, answer.get("commits"))

    def _send_bodies(self, entry: Entry, digests: list[str]) -> None:
        """Send bodies. One that is refused for good makes its section unknown, and the report goes on without it."""
        for digest in digests:
            body = entry.bodies[digest]
            if not fits(body):
                self._give_up(entry.report, digest, "too-large")
                continue
            try:
                self.client.put_section(digest, body)
            except Refused as refused:
                if refused.retryable or refused.status not in _NOT_TAKEN:
                    raise
                self._give_up(entry.report, digest, "unsupported-format")
                self.warnings.append(f"the server refused a body: {refused.code} {refused.detail}".rstrip())

    def _give_up(self, report: dict[str, Any], digest: str, reason: str) -> None:
        for sections in (report["sections"], report.get("base", {}).get("sections", {})):
            for name in SECTIONS:
                if digest in sections.get(name, {}).values():
                    sections[name] = {"status": "unknown", "reason": reason}
                    self.warnings.append(f"section {name} is reported as unknown ({reason})")

    def _send_policy(self, entry: Entry, policy: bytes) -> None:
        try:
            answer = self.client.put_policy(entry.report["policy"], policy)
        except Refused as refused:
            if refused.retryable or refused.status not in _NOT_TAKEN:
                raise
            del entry.report["policy"]
            self.warnings.append(f"the server refused parity.toml: {refused.code} {refused.detail}".rstrip())
            return
        self.warnings += [_mistake(error) for error in _dicts(answer.get("errors"))]

    def _send_commits(self, entry: Entry, asked: Any) -> None:
        """Send the commits that the server lacks; a checkout that cannot give them reports without `head`."""
        have, want = _shas(asked, "have"), _count(asked)
        body = self.commits(have, [], want)
        if not body:
            entry.report.pop("head", None)
            return
        try:
            self.client.post_commits(body)
        except Refused as refused:
            if refused.retryable or refused.status not in _NOT_TAKEN:
                raise
            entry.report.pop("head", None)
            self.warnings.append(f"the server refused the commits: {refused.code} {refused.detail}".rstrip())

    def _send_asked_commits(self, answer: Mapping[str, Any]) -> None:
        """After a report was taken the server may lack parents of what it knows: send the stretch before its tips."""
        asked = answer.get("commits")
        tips = _shas(asked, "tips")
        if not tips:
            return
        body = self.commits([], tips, _count(asked))
        if body:
            try:
                self.client.post_commits(body)
            except Refused as refused:
                self.warnings.append(f"the server refused older commits: {refused.code}")

    def _after_clock_went_back(self, entry: Entry, answer: dict[str, Any]) -> dict[str, Any]:
        """An agent whose clock went back takes the server's `seq` + 1, once."""
        current = answer.get("current_seq")
        if not isinstance(current, int) or isinstance(current, bool) or not 0 < current < INTEGER_MAX:
            return answer
        if entry.report["seq"] < self.memory.seq:
            return answer  # Kept from an earlier run: a newer one has been taken since.
        self.memory.seq = entry.report["seq"] = current + 1
        # The server keeps the stale one as history under its id; with another `seq` this is another report.
        entry.report["report_id"] = uuid7()
        self.memory.save()
        return self._until_nothing_is_missing(entry, self.client.post_report)

    def _remember(self, entry: Entry, answer: Mapping[str, Any]) -> None:
        interval = answer.get("interval_s")
        if isinstance(interval, int) and limits.INTERVAL_MIN_S <= interval <= limits.INTERVAL_MAX_S:
            self.memory.interval_s = interval
        self.memory.accept(entry.bodies)
        said = answer.get("warnings")
        self.warnings += [f"server: {text}" for text in said if isinstance(text, str)] if isinstance(said, list) else []


def _check_taken(entry: Entry, answer: Mapping[str, Any]) -> None:
    """Raise Unreachable unless the answer is about this report: another service's JSON is no receipt."""
    named = answer.get("report") == entry.report["report_id"]
    if not named and answer.get("duplicate") is not True and answer.get("stale") is not True:
        raise Unreachable("the answer names no report: is PARITY_URL a paritycheck server?")


def _mistake(error: Mapping[str, Any]) -> str:
    return f"parity.toml:{error.get('line', 0)}:{error.get('column', 0)}: {error.get('detail', 'not valid')}"


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _shas(asked: Any, name: str) -> list[str]:
    """Return the commits that an answer names: only what is one, for it becomes an argument of git."""
    listed = asked.get(name) if isinstance(asked, dict) else None
    if not isinstance(listed, list):
        return []
    return [item for item in listed if isinstance(item, str) and is_sha(item)][: limits.HAVE]


def _count(asked: Any) -> int:
    want = asked.get("want") if isinstance(asked, dict) else None
    if not isinstance(want, int) or isinstance(want, bool):
        return limits.COMMITS
    return max(1, min(want, limits.COMMITS))
