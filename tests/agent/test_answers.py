"""A hostile server's answers: the agent sends its own bodies and commits, or stops (threats.md, H4)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.runner.delivery import Delivery
from paritycheck_agent.runner.memory import Memory
from paritycheck_agent.spool import Entry
from paritycheck_agent.transport.client import Client, Refused
from paritycheck_agent.transport.connection import Connection, Unreachable
from paritycheck_agent.wire.canonical import digest, split
from tests.agent.conftest import TOKEN, Wire

if TYPE_CHECKING:
    from pathlib import Path

FACTS, PROOF = split("runtime", [], [{"name": "python", "value": "3.12.4", "sources": ["installed"]}])
KNOWN = ["commits", digest(FACTS), digest(PROOF), "sha256:" + "0" * 64, "../../etc/passwd", "--exec=x"]
WORDS = [
    "missing",
    "commits",
    "have",
    "tips",
    "want",
    "stale",
    "current_seq",
    "interval_s",
    "warnings",
    "duplicate",
    "errors",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(KNOWN) | st.text(max_size=8) | st.just("f" * 40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=15,
)
ANSWERS = st.lists(st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=6), min_size=1, max_size=4)


def entry() -> Entry:
    sections = {"runtime": {"status": "ok", "digest": digest(FACTS), "evidence": digest(PROOF)}}
    report: dict[str, Any] = {"seq": 1, "report_id": "x", "head": "f" * 40, "sections": sections}
    return Entry(report, {digest(FACTS): FACTS, digest(PROOF): PROOF}, None)


@given(ANSWERS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_answer_makes_the_agent_fail_or_ask_git_for_anything_but_commits(
    wire: Wire, tmp_path: Path, answers: list[dict[str, Any]]
) -> None:
    asked: list[str] = []
    queue = list(answers)

    def commits(have: list[str], tips: list[str], want: int) -> bytes:
        asked.extend([*have, *tips])
        assert 1 <= want <= 500
        return b""

    def answer(_method: str, path: str, _body: bytes) -> tuple[int, dict[str, Any]]:
        if path.endswith("/reports") and queue:
            return 200, queue.pop(0)
        return 201, {}

    wire.call = answer  # type: ignore[assignment, method-assign]
    wire.calls.clear()
    connection = Connection(wire.url, token=TOKEN)
    delivery = Delivery(Client(connection, sleep=lambda _: None), Memory(str(tmp_path)), commits)
    try:
        delivery.send(entry())
    except (Refused, Unreachable):
        pass
    finally:
        connection.close()
    assert all(len(sha) == 40 and set(sha) <= set("0123456789abcdef") for sha in asked)
    allowed = {"/api/v1/reports", "/api/v1/commits"}
    allowed |= {f"/api/v1/sections/{name[7:]}" for name in (digest(FACTS), digest(PROOF))}
    assert {path for _method, path in wire.calls} <= allowed
    assert len(wire.calls) <= 24
    json.dumps(delivery.warnings)
