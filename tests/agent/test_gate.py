"""`parity gate`: exit codes, and no way to 0 without a whole, fresh pass (threats.md, P21)."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.cli import main
from paritycheck_agent.outputs import text
from tests.agent.conftest import TOKEN, Wire, git

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DRIFT = {
    "id": "3f9a1c22e0", "section": "services", "name": "database", "rule": "version", "severity": "error",
    "distance": 3,
    "left": {"value": "17", "kind": "postgresql", "sources": ["compose.yaml:12"]},
    "right": {"value": "16.9", "kind": "postgresql", "sources": ["probe"]},
}  # fmt: skip
FAIL: dict[str, Any] = {"verdict": "fail", "exit_code": 1, "introduced": [DRIFT]}
UNKNOWN: dict[str, Any] = {"verdict": "unknown", "exit_code": 4, "reason": "stale"}


def answer(wire: Wire, changes: Mapping[str, Any]) -> None:
    wire.answers["gate"] = dict(changes)


def test_a_pass_is_0(reporting: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gate"]) == 0
    assert capsys.readouterr().out.startswith("PASS  shop against production#42, seen 5 minutes ago\n")
    assert [path for method, path in reporting.calls if method == "POST"][-1] == "/api/v1/projects/shop/gate"


def test_drift_is_1_and_shows_both_sides(reporting: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    answer(reporting, FAIL)
    assert main(["gate", "--against", "production"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("FAIL  ")
    row = next(line for line in out.splitlines() if "services/database" in line)
    for word in ("error", "version", "postgresql 17 (compose.yaml:12)", "against postgresql 16.9 (probe)"):
        assert word in row


def test_too_little_evidence_is_4(reporting: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    answer(reporting, UNKNOWN)
    assert main(["gate"]) == 4
    assert "reason: stale" in capsys.readouterr().out


def test_the_short_answer_of_row_58_is_4(reporting: Wire) -> None:
    reporting.faults = [reply(200, {"verdict": "unknown", "reason": "stale"})]
    assert main(["gate"]) == 4


def reply(status: int, document: Any, kind: str = "application/json") -> bytes:
    body = json.dumps(document).encode()
    return f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def problem(status: int, code: str) -> bytes:
    return reply(status, {"status": status, "code": code, "detail": ""}, "application/problem+json")


REFUSALS = [
    (400, "bad-json", 3), (401, "unauthenticated", 3), (403, "forbidden", 3), (404, "not-found", 2),
    (413, "body-too-large", 3), (415, "unsupported-media-type", 3), (422, "invalid-candidate", 2), (500, "internal", 3),
    (502, "bad-gateway", 3), (507, "storage-full", 3),
]  # fmt: skip


@pytest.mark.parametrize(("status", "code", "expected"), REFUSALS)
def test_a_refusal_is_2_where_the_question_was_wrong_and_3_elsewhere(
    reporting: Wire, status: int, code: str, expected: int, capsys: pytest.CaptureFixture[str]
) -> None:
    reporting.faults = [problem(status, code)]
    assert main(["gate"]) == expected
    assert code in capsys.readouterr().err


USAGE = [
    ["gate", "--fail-on", "never"], ["gate", "--max-age", "soon"], ["gate", "--max-age", "-1h"],
    ["gate", "--token", "x"],
    ["gate", "--min-coverage", "101"], ["gate", "--format", "pdf"], ["gate", "--on-error", "maybe"], ["gaet"], [],
    ["gate", "extra"],
]  # fmt: skip


@pytest.mark.parametrize("arguments", USAGE, ids=[" ".join(arguments) for arguments in USAGE])
def test_a_usage_error_is_2(reporting: Wire, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert reporting.calls == []


def test_a_malformed_policy_is_2(reporting: Wire, checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "parity.toml").write_text("[project\n")
    assert main(["gate", "--exit-zero", "--on-error", "pass"]) == 2
    assert "error: parity.toml:1:9" in capsys.readouterr().err
    assert reporting.calls == []


@pytest.mark.parametrize("name", ["PARITY_URL", "PARITY_TOKEN"])
def test_a_missing_setting_is_2(reporting: Wire, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    assert main(["gate", "--on-error", "pass"]) == 2
    assert reporting.calls == []


def test_no_project_is_2(reporting: Wire, checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "parity.toml").unlink()
    assert main(["gate"]) == 2
    assert "parity init" in capsys.readouterr().err
    assert main(["gate", "--project", "shop"]) == 0
    assert reporting.calls[-1] == ("POST", "/api/v1/projects/shop/gate")


def test_an_internal_failure_is_2_and_never_0_or_1(
    reporting: Wire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("hunter2")

    monkeypatch.setattr(text, "render", fail)
    assert main(["gate", "--exit-zero", "--on-error", "pass"]) == 2
    told = capsys.readouterr().err
    assert "ZeroDivisionError" in told
    assert "hunter2" not in told
    assert reporting.calls


@pytest.fixture
def nobody() -> str:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_no_server_is_3(
    reporting: Wire, nobody: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PARITY_URL", nobody)
    assert main(["gate"]) == 3
    assert main(["gate", "--exit-zero"]) == 3
    assert "NOT PASSED" not in capsys.readouterr().err
    assert main(["gate", "--on-error", "pass"]) == 0
    assert "NOT PASSED" in capsys.readouterr().err
    assert reporting.calls == []


@pytest.mark.parametrize("changes", [FAIL, UNKNOWN], ids=["fail", "unknown"])
def test_exit_zero_turns_any_verdict_into_0_and_says_so(
    reporting: Wire, changes: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    answer(reporting, changes)
    assert main(["gate", "--exit-zero"]) == 0
    assert "NOT PASSED" in capsys.readouterr().err


@pytest.mark.parametrize("changes", [FAIL, UNKNOWN], ids=["fail", "unknown"])
def test_on_error_pass_changes_no_verdict(reporting: Wire, changes: dict[str, Any]) -> None:
    answer(reporting, changes)
    assert main(["gate", "--on-error", "pass"]) == changes["exit_code"]


def test_neither_switch_can_be_set_by_a_variable_or_the_file(
    reporting: Wire, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(reporting, FAIL)
    (checkout / "parity.toml").write_text('[project]\nname = "shop"\n[gate]\nexit-zero = true\nexit_zero = true\n')
    for name in ("PARITY_EXIT_ZERO", "EXIT_ZERO", "PARITY_ON_ERROR"):
        monkeypatch.setenv(name, "1")
    assert main(["gate"]) == 1


NOT_A_PASS: list[dict[str, Any]] = [
    {"schema": "paritycheck.gate/2"},
    {"schema": None},
    {"verdict": "PASS"},
    {"verdict": None},
    {"verdict": ["pass"]},
    {"verdict": "fail"},
    {"exit_code": 1},
    {"exit_code": None},
    {"exit_code": "0"},
    {"exit_code": False},
    {"fail_on": "note"},
    {"fail_on": None},
    {"introduced": None},
    {"introduced": "none"},
    {"introduced": [DRIFT]},
    {"candidate": {}},
    {"candidate": {"commit": "0" * 40}},
    {"candidate": None},
    {"unknown": None},
]


@pytest.mark.parametrize("changes", NOT_A_PASS, ids=[json.dumps(row) for row in NOT_A_PASS])
def test_an_answer_that_is_not_a_whole_pass_on_this_commit_never_exits_0(
    reporting: Wire, checkout: Path, changes: dict[str, Any]
) -> None:
    git(checkout, "init", "-q")
    git(checkout, "commit", "-q", "--allow-empty", "-m", "Begin")
    assert main(["gate"]) == 0
    answer(reporting, changes)
    assert main(["gate"]) == 3


def test_evidence_older_than_asked_for_is_4(reporting: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gate", "--max-age", "312s"]) == 0
    assert main(["gate", "--max-age", "5m"]) == 4
    assert "NOT PASSED" in capsys.readouterr().err
    answer(reporting, {"against": {"environment": "production"}})
    assert main(["gate", "--max-age", "5m"]) == 4


def test_the_question_says_what_was_asked(reporting: Wire, checkout: Path) -> None:
    git(checkout, "init", "-q")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "Begin")
    main(["gate", "--against", "staging", "--fail-on", "note", "--max-age", "2h", "--min-coverage", "80", "--record"])
    asked = json.loads(reporting.received[-1].partition(b"\r\n\r\n")[2] or reporting.received[-1].split(b"\n\n", 1)[1])
    assert asked["against"] == "staging"
    assert asked["fail_on"] == "note"
    assert asked["max_age_s"] == 7200
    assert asked["min_coverage"] == 80
    assert asked["record"] is True
    assert asked["candidate"]["commit"] == git(checkout, "rev-parse", "HEAD")
    assert asked["candidate"]["branch"] == "main"
    assert asked["candidate"]["dirty"] is False


def test_json_is_the_answer_and_nothing_else(reporting: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    answer(reporting, {**FAIL, "novelty": "größe\x1b[2J"})
    assert main(["gate", "--format", "json"]) == 1
    out = capsys.readouterr().out
    assert json.loads(out)["novelty"] == "größe\x1b[2J"
    assert out.isascii()
    assert "\x1b" not in out


def test_no_base_is_said_first_with_the_remedy(reporting: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    answer(reporting, {**FAIL, "base": {"source": "none"}})
    assert main(["gate"]) == 1
    assert "parity gate --record" in capsys.readouterr().out.splitlines()[1]


def test_no_string_of_the_server_moves_the_cursor(reporting: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    evil = "a\x1b[2J\u202eb\r\x07"
    drift = {**DRIFT, "name": evil, "rule": evil, "severity": evil, "left": {"value": [evil, evil]}, "right": None}
    unknown = [{"section": evil, "name": evil, "reason": evil}]
    answer(reporting, {**FAIL, "introduced": [drift, "odd", None], "unknown": unknown, "warnings": [evil], "url": evil})
    assert main(["gate"]) == 1
    out = capsys.readouterr().out
    assert all(char.isprintable() or char == "\n" for char in out)


def test_colour_is_for_terminals_and_obeys_no_color() -> None:
    verdict = {"verdict": "fail", "introduced": [DRIFT]}
    assert "\x1b[31m" in text.render(verdict, colour=True)
    assert "\x1b" not in text.render(verdict, colour=False)


def test_ten_thousand_drifts_are_cut_with_a_count() -> None:
    out = text.render({"verdict": "fail", "introduced": [DRIFT] * 10_000, "unknown": [{"section": "a"}] * 10_000})
    assert out.count("services/database") == 200
    assert out.count("and 9800 more") == 2


def test_the_token_is_in_no_output(reporting: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    for fault in (problem(401, TOKEN), b"HTTP/1.1 500 " + TOKEN.encode() + b"\r\n\r\n"):
        reporting.faults = [fault] * 4
        main(["gate"])
    told = capsys.readouterr()
    assert f"Bearer {TOKEN}" not in told.err + told.out
