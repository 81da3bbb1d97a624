"""`parity status`: what this agent remembers, without asking anybody."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.cli import main
from tests.agent.conftest import TOKEN, Wire

if TYPE_CHECKING:
    from pathlib import Path

    Capture = pytest.CaptureFixture[str]

AWAY = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"


def status(capsys: Capture) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main(["status", "--format", "json"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, document


def last_file(tmp_path: Path) -> Path:
    return next((tmp_path / "state").glob("*/last.json"))


def back(tmp_path: Path, seconds: int) -> None:
    """Let the last run have been so long ago."""
    path = last_file(tmp_path)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds))
    path.write_text(json.dumps({**json.loads(path.read_text()), "at": at, "taken_at": at}))


def test_after_a_report_all_is_well(reporting: Wire, capsys: Capture) -> None:
    main(["report"])
    code, document = status(capsys)
    assert code == 0
    [server] = document["servers"]
    assert server["server"] == reporting.url
    assert server["text"] == "report taken, snapshot 1"
    assert server["at"] == server["taken_at"]
    assert (server["waiting"], server["rejected"], server["next"]) == (0, [], [])
    assert document["instance"]["id"] == reporting.reports[0]["instance"]["id"]


def test_it_asks_nobody_and_changes_nothing(reporting: Wire, tmp_path: Path, capsys: Capture) -> None:
    main(["report"])
    calls = len(reporting.calls)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    status(capsys)
    main(["status"])
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert len(reporting.calls) == calls


@pytest.mark.usefixtures("reporting")
def test_before_the_first_report_it_makes_no_directory(tmp_path: Path, capsys: Capture) -> None:
    code, document = status(capsys)
    assert code == 3
    assert "nothing was reported from here yet" in document["servers"][0]["next"][0]
    assert not (tmp_path / "state").exists()


def test_what_waits_is_counted_with_its_age(reporting: Wire, capsys: Capture) -> None:
    reporting.faults = [AWAY]
    main(["report"])
    code, document = status(capsys)
    assert code == 3
    [server] = document["servers"]
    assert server["waiting"] == 1
    assert server["waiting_bytes"] > 1000
    assert server["waiting_since"] <= time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    assert server["taken_at"] is None
    assert any("what waits goes with the next" in step for step in server["next"])
    main(["report"])
    assert status(capsys)[0] == 0


@pytest.mark.usefixtures("reporting")
def test_a_token_that_is_not_known_is_the_first_thing_to_do(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("PARITY_TOKEN", TOKEN[:-1] + "x")
    main(["report"])
    code, document = status(capsys)
    assert code == 3
    [server] = document["servers"]
    assert (server["waiting"], server["rejected"]) == (1, [])
    assert server["next"][0] == "PARITY_TOKEN is not known to this server, or was revoked"
    assert main(["status"]) == 3
    out = capsys.readouterr().out
    assert "401 unauthenticated" in out
    assert TOKEN[:-1] not in out


def test_what_was_rejected_is_told_with_why(reporting: Wire, capsys: Capture) -> None:
    forbidden = {"status": 403, "code": "forbidden", "title": "", "detail": "not this one", "retryable": False}
    reporting.call = lambda *_: (403, forbidden)  # type: ignore[method-assign]
    main(["report"])
    code, document = status(capsys)
    assert code == 3
    [server] = document["servers"]
    assert [rejected["why"] for rejected in server["rejected"]] == ["403 forbidden not this one"]
    assert any("is not sent again" in step for step in server["next"])


def test_without_a_token_it_tells_of_all_that_it_remembers_the_latest_first(
    reporting: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    main(["report"])
    back(tmp_path, 3_600)
    monkeypatch.setenv("PARITY_TOKEN", TOKEN[:-1] + "x")
    main(["report"])
    monkeypatch.delenv("PARITY_TOKEN")
    code, document = status(capsys)
    assert code == 3
    assert [server["code"] for server in document["servers"]] == [3, 0]
    assert {server["server"] for server in document["servers"]} == {reporting.url}


@pytest.mark.usefixtures("reporting")
@pytest.mark.parametrize(
    ("interval_s", "silent_s", "code"), [(0, 25 * 3_600, 0), (0, 27 * 3_600, 3), (300, 600, 0), (300, 700, 3)]
)
def test_silence_for_longer_than_the_server_grants_is_not_well(
    tmp_path: Path, capsys: Capture, interval_s: int, silent_s: int, code: int
) -> None:
    main(["report"])
    path = last_file(tmp_path)
    path.write_text(json.dumps({**json.loads(path.read_text()), "interval_s": interval_s}))
    back(tmp_path, silent_s)
    assert status(capsys)[0] == code


@pytest.mark.usefixtures("reporting")
def test_its_text_has_a_line_for_each(tmp_path: Path, capsys: Capture) -> None:
    main(["report"])
    back(tmp_path, 7_300)
    capsys.readouterr()
    assert main(["status"]) == 0
    rows = [row.split(None, 1) for row in capsys.readouterr().out.splitlines() if row]
    assert [row[0] for row in rows] == ["instance", "state", "server", "taken", "last", "interval", "waiting", "next"]
    assert rows[3][1].endswith("2 hours ago")
    assert rows[-1][1] == "nothing to do"


@pytest.mark.usefixtures("reporting")
@pytest.mark.parametrize("text", ["", "[]", "{", '{"at": 3, "warnings": 3, "hints": {}}', "\x00", "[" * 100_000])
def test_a_torn_file_is_no_reason_to_fail(tmp_path: Path, capsys: Capture, text: str) -> None:
    main(["report"])
    last_file(tmp_path).write_text(text)
    assert status(capsys)[0] == 3
    assert main(["status"]) == 3


def test_a_state_directory_that_may_not_be_read_is_said(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    del checkout

    def refuse(path: str) -> list[str]:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "listdir", refuse)
    assert main(["status"]) == 2
    assert "Permission denied" in capsys.readouterr().err
