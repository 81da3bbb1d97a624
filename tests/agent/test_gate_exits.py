"""`parity gate`: no way to 0 but a whole, fresh pass and the two loud switches (threats.md, P21); and its `--wait`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paritycheck_agent.cli import main
from paritycheck_agent.runner import asking
from paritycheck_agent.transport.connection import Unreachable
from tests.agent.test_faults import STAND_INS, stand_in

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from tests.agent.conftest import Wire

__all__ = ["stand_in"]  # a fixture

ASKED: dict[str, Any] = {"fail_on": "warning", "candidate": {"commit": "a" * 40}, "against": "production"}
PASS: dict[str, Any] = {
    "schema": "paritycheck.gate/1", "verdict": "pass", "exit_code": 0, "fail_on": "warning", "project": "shop",
    "candidate": {"commit": "a" * 40}, "against": {"environment": "production", "snapshot": None, "age_s": 9},
    "introduced": [{"severity": "note"}], "fixed": [], "remaining": [], "waived": [], "unknown": [],
}  # fmt: skip
DRIFT = {"section": "services", "name": "database", "rule": "version", "severity": "error"}


def code_for(answer: Any, max_age_s: int | None = None) -> int:
    """The exit code of an answer to ASKED."""
    try:
        asking.check_answer(answer, ASKED, "shop")
    except Unreachable:
        return 3
    return asking.code_of(answer, max_age_s)


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 5), st.floats(), st.text(max_size=3), st.just("pass"), st.just([]),
    st.just({}), st.just([DRIFT]), st.just([{"severity": "warning"}]), st.just([{"severity": "novel"}]),
    st.just([None]),
)  # fmt: skip


@settings(max_examples=300)
@given(
    changes=st.dictionaries(st.sampled_from([*PASS]), ODD, max_size=3),
    against=st.dictionaries(st.sampled_from(["environment", "age_s"]), ODD),
    lost=st.sets(st.sampled_from([*PASS]), max_size=2),
    max_age_s=st.none() | st.integers(0, 20),
)
def test_0_is_a_whole_and_fresh_pass_whatever_an_answer_says(
    changes: dict[str, Any], against: dict[str, Any], lost: set[str], max_age_s: int | None
) -> None:
    answer = {**PASS, "against": {**PASS["against"], **against}, **changes}
    answer = {name: value for name, value in answer.items() if name not in lost}
    code = code_for(answer, max_age_s)
    assert code in {0, 3, 4}
    if code == 0:
        told = {name: answer[name] for name in ("schema", "verdict", "exit_code", "fail_on", "project", "candidate")}
        assert told == {name: PASS[name] for name in told}
        assert answer["exit_code"] is not False
        assert answer["against"]["environment"] == "production"
        assert 0 <= answer["against"]["age_s"] <= (9e99 if max_age_s is None else max_age_s)
        assert all(drift["severity"] == "note" for drift in answer["introduced"])
        assert all(isinstance(answer[name], list) for name in ("introduced", "fixed", "remaining", "waived", "unknown"))


def test_a_whole_and_fresh_pass_is_0() -> None:
    assert code_for(PASS) == code_for(PASS, 9) == 0
    assert code_for(PASS, 8) == code_for({**PASS, "against": {"environment": "production"}}) == 4
    assert (
        code_for({**PASS, "project": "other"}) == code_for({**PASS, "against": {"environment": "ci", "age_s": 1}}) == 3
    )


@pytest.mark.parametrize("behave", STAND_INS.values(), ids=STAND_INS)
def test_no_stand_in_is_a_pass(
    stand_in: Callable[..., None],
    behave: Callable[[socket.socket], None],
    checkout: Path,
) -> None:
    (checkout / "parity.toml").write_text('[project]\nname = "shop"\n[agent]\ncollect = ["config"]\n')
    stand_in(behave)
    assert main(["gate", "--exit-zero"]) == 3


def test_a_pass_that_contradicts_itself_or_breaks_off_is_none(reporting: Wire, checkout: Path) -> None:
    (checkout / "parity.toml").write_text('[project]\nname = "shop"\n[agent]\ncollect = ["config"]\n')
    whole = json.dumps(PASS).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    for body in (whole[:-9], json.dumps({**PASS, "exit_code": 1}).encode(), b"[" + whole + b"]", b"<html>", b"null"):
        reporting.faults = [head % len(body) + body] * 5
        assert main(["gate", "--fail-on", "warning"]) == 3
    reporting.faults = []
    assert main(["gate", "--fail-on", "warning"]) == 0


OUTPUTS = {
    "text": [], "json": ["--format", "json"], "github": ["--format", "github"], "a file": ["--output", "tap=/dev/full"],
    "a folder": ["--output", "tap=."], "nowhere": ["--output", "sarif=nowhere/at/all"],
}  # fmt: skip


@pytest.mark.e2e
@pytest.mark.parametrize("arguments", OUTPUTS.values(), ids=OUTPUTS)
def test_a_pass_that_cannot_be_written_is_2(
    reporting: Wire, parity: list[str], checkout: Path, arguments: list[str]
) -> None:
    del reporting
    with Path("/dev/full" if "--output" not in arguments else "/dev/null").open("wb") as stdout:
        command = [*parity, "gate", "--exit-zero", "--on-error", "pass", *arguments]
        done = subprocess.run(command, cwd=checkout, stdout=stdout, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert b"error:" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.e2e
def test_a_pass_that_nobody_reads_is_3(reporting: Wire, parity: list[str], checkout: Path) -> None:
    del reporting
    with subprocess.Popen([*parity, "gate"], cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait() == 3


def test_a_summary_that_cannot_be_written_is_2(reporting: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    del reporting
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "/dev/full")
    assert main(["gate", "--format", "github"]) == 2


WRONG = ["sarif", "sarif=", "=x", "pdf=x", "tap=-", "--wait=25h", "--wait=soon"]


@pytest.mark.parametrize("said", WRONG)
def test_an_output_or_a_wait_that_is_none_is_2_before_anything_is_asked(reporting: Wire, said: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["gate", said if said.startswith("--") else f"--output={said}"])
    assert caught.value.code == 2
    assert main(["gate", "--output=tap=a", "--output=sarif=./a"]) == 2
    assert reporting.calls == []


class Clock:
    """Time that passes only while somebody sleeps; `at` is called with the number of each pause."""

    def __init__(self, at: Callable[[int], None]) -> None:
        self.pauses: list[float] = []
        self._at = at

    def monotonic(self) -> float:
        return sum(self.pauses)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._at(len(self.pauses))


STALE: dict[str, Any] = {"verdict": "unknown", "exit_code": 4, "reason": "stale"}


def test_it_waits_for_a_report_and_judges_what_came(
    reporting: Wire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def report(pause: int) -> None:
        reporting.answers["gate"] = STALE if pause < 3 else {}

    report(0)
    clock = Clock(report)
    monkeypatch.setattr(asking, "time", clock)
    assert main(["gate", "--wait", "10m"]) == 0
    assert clock.pauses == [2, 3, 5]
    told = capsys.readouterr()
    assert told.out.startswith("PASS")
    assert told.err.count("waiting up to 600 s for a report") == 1


def test_a_wait_ends_with_what_there_is_then(reporting: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    reporting.answers["gate"] = STALE
    clock = Clock(lambda _pause: None)
    monkeypatch.setattr(asking, "time", clock)
    assert main(["gate", "--wait", "5m"]) == 4
    assert sum(clock.pauses) == 300
    assert max(clock.pauses) == 30
    asked = len([call for call in reporting.calls if call[1].endswith("/gate")])
    assert asked == len(clock.pauses) + 2


@pytest.mark.parametrize("changes", [{"verdict": "fail", "exit_code": 1, "introduced": [DRIFT]}, {}])
def test_nothing_waits_where_there_is_a_verdict(
    reporting: Wire, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    reporting.answers["gate"] = changes
    clock = Clock(lambda _pause: None)
    monkeypatch.setattr(asking, "time", clock)
    assert main(["gate", "--wait", "1h"]) == changes.get("exit_code", 0)
    assert clock.pauses == []
