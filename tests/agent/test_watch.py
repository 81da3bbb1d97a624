"""`parity watch` as a process: what it sends and says, how it ends, and what it survives."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.cli import main
from paritycheck_agent.runner import rounds
from tests.agent.conftest import TOKEN, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.e2e
PATIENCE_S = 30
# Promised are 2 s, on a machine that has time; what hangs here would answer after 10 s, or after 30.
SOON_S = 8
AWAY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Length: 45\r\n\r\n"
AWAY += b'{"code": "overloaded", "retryable": true}    '


def until(holds: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.02)


class Watching:
    """A running `parity watch` with what it said so far."""

    def __init__(self, command: list[str], out: Path) -> None:
        self.out, self.err = out / "out", out / "err"
        with self.out.open("wb") as told, self.err.open("wb") as warned:
            self.process = subprocess.Popen(command, stdout=told, stderr=warned)

    def said(self) -> list[str]:
        """The lines on stdout, without their time."""
        return [row.partition(" ")[2] for row in self.out.read_text().splitlines()]

    def end(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Send a signal; return the exit code and the seconds until it came."""
        began = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_S)
        return code, time.monotonic() - began

    def rounds(self) -> list[int]:
        """The processes that a round consists of."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in listed.read_text().split()]


@pytest.fixture
def start(parity: list[str], tmp_path: Path, checkout: Path) -> Iterator[Callable[..., Watching]]:
    """`start("--quiet")`: a watching agent, killed at the end where it still runs."""
    del checkout
    begun: list[Watching] = []

    def begin(*arguments: str) -> Watching:
        out = tmp_path / f"said{len(begun)}"
        out.mkdir()
        begun.append(Watching([*parity, "watch", *arguments], out))
        return begun[-1]

    yield begin
    for watching in begun:
        if watching.process.poll() is None:
            watching.process.kill()
            watching.process.wait()


def state(tmp_path: Path) -> Path:
    return next(path for path in (tmp_path / "state").iterdir() if len(path.name) == 16)


def waiting(tmp_path: Path) -> int:
    return len(list((tmp_path / "state").glob("*/spool/*.report")))


def test_it_reports_at_once_tells_its_interval_and_ends_well(start: Callable[..., Watching], reporting: Wire) -> None:
    watching = start("--interval", "10m")
    until(lambda: len(watching.said()) == 2, "a report")
    assert watching.said()[0].startswith("watching ")
    assert watching.said()[1] == "report taken, snapshot 1"
    assert reporting.reports[0]["agent"]["interval_s"] == 600
    code, seconds = watching.end()
    assert code == 0
    assert seconds < SOON_S


def test_an_unchanged_round_is_one_request_and_no_line(start: Callable[..., Watching], reporting: Wire) -> None:
    watching = start("--interval", "1m")
    until(lambda: reporting.reports, "a report")
    until(lambda: not watching.rounds(), "the end of the first round")
    before = len(reporting.calls)
    watching.process.send_signal(signal.SIGHUP)
    until(lambda: len(reporting.reports) == 2, "a second report")
    until(lambda: len(watching.said()) == 3, "the word that SIGHUP was heard")
    assert watching.said()[2] == "the configuration was read anew"
    assert len(reporting.calls) == before + 1


def test_sighup_reads_the_configuration_anew(
    start: Callable[..., Watching], reporting: Wire, checkout: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The token's file changed, the policy is broken, the policy is whole again."""
    (tmp_path / "token").write_text(TOKEN[:-1] + "x")
    (tmp_path / "token").chmod(0o600)
    monkeypatch.delenv("PARITY_TOKEN")
    monkeypatch.setenv("PARITY_TOKEN_FILE", str(tmp_path / "token"))
    watching = start()
    until(lambda: len(watching.said()) == 2, "a refusal")
    assert "unauthenticated" in watching.said()[1]
    (tmp_path / "token").write_text(TOKEN)
    watching.process.send_signal(signal.SIGHUP)
    until(lambda: reporting.reports, "a report with the new token")
    (checkout / "parity.toml").write_text("[agent]\npython = 3\n")
    until(lambda: not watching.rounds(), "the end of the round")
    watching.process.send_signal(signal.SIGHUP)
    mistake = "parity.toml:2:1: agent.python must be a string"
    until(lambda: [row for row in watching.said() if mistake in row], "the mistake")
    (checkout / "parity.toml").write_text('[project]\nname = "other"\n')
    until(lambda: not watching.rounds(), "the end of the round")
    watching.process.send_signal(signal.SIGHUP)
    until(lambda: len(reporting.reports) == 2, "a report under the new name")
    assert reporting.reports[1]["resource"] == {"service.name": "other"}


def test_the_servers_interval_is_obeyed_and_told(start: Callable[..., Watching], reporting: Wire) -> None:
    reporting.answers["reports"] = {"interval_s": 1_200}
    watching = start("--interval", "1m")
    until(lambda: len(watching.said()) == 2, "a report")
    watching.process.send_signal(signal.SIGHUP)
    until(lambda: len(reporting.reports) == 2, "a second report")
    assert [found["agent"]["interval_s"] for found in reporting.reports] == [60, 1_200]


def test_what_was_kept_goes_out_soon_after_the_server_is_back(
    start: Callable[..., Watching], reporting: Wire, tmp_path: Path
) -> None:
    """Refused until the client gives up: the next round is an hour away, and yet it comes within seconds."""
    down = True
    serving = reporting.call

    def call(method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if down:
            return 500, {"status": 500, "code": "internal", "detail": "", "retryable": True}
        return serving(method, path, body)

    reporting.call = call  # type: ignore[method-assign]
    watching = start("--interval", "1h")
    until(lambda: waiting(tmp_path) == 1, "a kept report")
    until(lambda: len(watching.said()) == 2, "the error")
    assert watching.said()[1].startswith("error: the server refused the report: 500 internal")
    down = False
    until(lambda: reporting.reports, "the kept report")
    until(lambda: len(watching.said()) == 3, "the word that it was sent")
    assert watching.said()[2] == "1 kept report was sent"
    assert waiting(tmp_path) == 0


def test_retry_after_is_obeyed(start: Callable[..., Watching], reporting: Wire, tmp_path: Path) -> None:
    said = AWAY.replace(b"\r\n\r\n", b"\r\nRetry-After: 600\r\n\r\n")
    reporting.faults = [said] * 100
    watching = start("--interval", "1m")
    until(lambda: len(watching.said()) == 2, "the error")
    until(lambda: not watching.rounds(), "the end of the round")
    time.sleep(6)  # Without the header the first retry comes within 4 s.
    assert len(reporting.calls) == 1
    assert waiting(tmp_path) == 1


def test_a_server_that_hangs_delays_no_end(start: Callable[..., Watching], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        monkeypatch.setenv("PARITY_URL", f"http://127.0.0.1:{hanging.getsockname()[1]}")
        monkeypatch.setenv("PARITY_TOKEN", TOKEN)
        watching = start()
        hanging.settimeout(PATIENCE_S)
        accepted, _address = hanging.accept()
        with accepted:
            assert accepted.recv(10)
            code, seconds = watching.end()
    assert code == 0
    assert seconds < SOON_S


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
@pytest.mark.usefixtures("reporting")
def test_a_collection_that_hangs_delays_no_end_and_leaves_nothing_running(
    start: Callable[..., Watching], checkout: Path, monkeypatch: pytest.MonkeyPatch, number: int, expected: int
) -> None:
    """An interpreter that is asked for its packages, never answers, and does not listen to SIGTERM."""
    slow, pid = checkout.parent / "slow", checkout.parent / "pid"
    slow.write_text(f"#!/bin/sh\ntrap '' TERM INT\necho $$ > {pid}\nwhile :; do sleep 0.1; done\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PARITY_PYTHON", str(slow))
    watching = start()
    until(lambda: pid.exists() and pid.read_text().strip(), "the interpreter to hang")
    rounds = watching.rounds()
    code, seconds = watching.end(number)
    assert code == expected
    assert seconds < SOON_S
    left = [*rounds, int(pid.read_text())]
    until(lambda: not any(Path(f"/proc/{each}").exists() for each in left), "the end of all that was started")


def test_a_round_that_dies_is_said_and_the_next_one_goes_well(
    start: Callable[..., Watching], reporting: Wire, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = checkout.parent / "slow"
    slow.write_text("#!/bin/sh\nsleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PARITY_PYTHON", str(slow))
    watching = start()
    until(watching.rounds, "a round")
    os.kill(watching.rounds()[0], signal.SIGKILL)
    until(lambda: len(watching.said()) == 2, "the word that it died")
    assert watching.said()[1] == "error: a round ended with code -9 and said nothing"
    slow.write_text("#!/bin/sh\nexit 1\n")
    watching.process.send_signal(signal.SIGHUP)
    until(lambda: reporting.reports, "a report")


def test_quiet_says_only_what_failed(start: Callable[..., Watching], reporting: Wire) -> None:
    watching = start("--quiet")
    until(lambda: reporting.reports and not watching.rounds(), "a report")
    reporting.faults = [AWAY.replace(b"\r\n\r\n", b"\r\nRetry-After: 900\r\n\r\n")]
    watching.process.send_signal(signal.SIGHUP)
    until(watching.said, "the error")
    assert [row.partition(":")[0] for row in watching.said()] == ["error"]


def test_a_warning_is_said_once_for_as_long_as_it_stays(start: Callable[..., Watching], reporting: Wire) -> None:
    watching = start()
    until(lambda: reporting.reports and not watching.rounds(), "a report")
    watching.process.send_signal(signal.SIGHUP)
    until(lambda: len(reporting.reports) == 2 and not watching.rounds(), "a second one")
    watching.process.send_signal(signal.SIGHUP)
    until(lambda: len(reporting.reports) == 3 and not watching.rounds(), "a third one")
    assert watching.err.read_text().count("section release is unknown (no-git)") == 1


def test_a_state_directory_that_cannot_be_written_is_a_warning(
    start: Callable[..., Watching], reporting: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in its place: root may write to whatever has no write bit."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PARITY_STATE_DIR", str(tmp_path / "file" / "state"))
    watching = start()
    until(lambda: len(watching.said()) == 2, "a report")
    assert "cannot be written to: nothing is kept between runs" in watching.err.read_text()
    watching.process.send_signal(signal.SIGHUP)
    until(lambda: len(reporting.reports) == 2, "a second report")
    assert reporting.reports[0]["seq"] < reporting.reports[1]["seq"]


def test_a_deploy_that_turns_a_link_is_seen(start: Callable[..., Watching], reporting: Wire, checkout: Path) -> None:
    """The directory of the first release is gone when the second round begins."""
    second = checkout.parent / "second"
    shutil.copytree(checkout, second)
    (second / "parity.toml").write_text('[project]\nname = "second"\n')
    link = checkout.parent / "current"
    link.symlink_to(checkout)
    watching = start("-C", str(link))
    until(lambda: reporting.reports and not watching.rounds(), "a report")
    link.unlink()
    link.symlink_to(second)
    shutil.rmtree(checkout)
    watching.process.send_signal(signal.SIGHUP)
    until(lambda: len(reporting.reports) == 2, "a report of the second release")
    assert reporting.reports[1]["resource"] == {"service.name": "second"}


def test_nothing_of_the_directory_it_runs_in_is_imported(
    start: Callable[..., Watching], reporting: Wire, checkout: Path
) -> None:
    """A checkout may hold a json.py: it is data here, not a module."""
    for name in ("json", "os", "sitecustomize", "paritycheck_agent"):
        (checkout / f"{name}.py").write_text(f"open({str(checkout.parent / 'imported')!r}, 'w')\nraise SystemExit(9)\n")
    start()
    until(lambda: reporting.reports, "a report")
    assert not (checkout.parent / "imported").exists()


def test_no_token_is_on_a_command_line(start: Callable[..., Watching], checkout: Path, reporting: Wire) -> None:
    slow = checkout.parent / "slow"
    slow.write_text("#!/bin/sh\nsleep 60\n")
    slow.chmod(0o755)
    os.environ["PARITY_PYTHON"] = str(slow)
    try:
        watching = start()
    finally:
        del os.environ["PARITY_PYTHON"]
    until(watching.rounds, "a round")
    for pid in (watching.process.pid, *watching.rounds()):
        assert TOKEN.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert not reporting.reports


def test_a_signal_that_came_just_before_the_wait_ends_it() -> None:
    code = "import os, signal\nfrom paritycheck_agent.runner.signals import Signals\nsignals = Signals()\n"
    code += "os.kill(os.getpid(), signal.SIGTERM)\nsignals.readable(None, 0)\nsignals.wait(60)\nprint(signals.stop)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    assert done.stdout == "15\n"


def test_the_graces_before_the_end_add_up_to_less_than_two_seconds() -> None:
    assert rounds.GRACE_S < 1


@pytest.mark.usefixtures("checkout")
def test_a_mistake_at_the_start_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch"]) == 2
    assert "PARITY_TOKEN: no token to report with" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["59s", "2d", "0m", "-5m", "5", "five", "1e3s"])
def test_an_interval_that_cannot_be_is_a_usage_error(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["watch", f"--interval={text}"])
    assert caught.value.code == 2
    assert "--interval" in capsys.readouterr().err


def test_a_single_report_names_no_interval(reporting: Wire) -> None:
    assert main(["report"]) == 0
    assert "interval_s" not in reporting.reports[0]["agent"]
