"""What stands in for the server, or breaks it off, takes no report away; nor does a kill, nor a damaged file."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.cli import main
from paritycheck_agent.transport import client, connection
from tests.agent.conftest import TOKEN, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LOGIN = b"<html><form action=/login>"
HTML = b"Content-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(LOGIN), LOGIN)


def speak(text: bytes) -> Callable[[socket.socket], None]:
    def answer(accepted: socket.socket) -> None:
        accepted.recv(65_536)
        accepted.sendall(text)

    return answer


def hang(accepted: socket.socket) -> None:
    """Take all and say nothing, until the client goes."""
    while accepted.recv(65_536):
        pass


def drip(accepted: socket.socket) -> None:
    """A byte of a header from time to time, for as long as the client listens."""
    accepted.recv(65_536)
    accepted.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    with contextlib.suppress(OSError):
        while True:
            accepted.sendall(b"x")
            time.sleep(0.05)


def reset(accepted: socket.socket) -> None:
    accepted.recv(10)
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


STAND_INS: dict[str, Callable[[socket.socket], None]] = {
    "black hole": hang,
    "reset": reset,
    "closed at once": lambda _accepted: None,
    "page of a gateway": speak(b"HTTP/1.1 502 Bad Gateway\r\n" + HTML),
    "captive portal": speak(b"HTTP/1.1 200 OK\r\n" + HTML),
    "captive portal that leads away": speak(b"HTTP/1.1 302 Found\r\nLocation: http://login.invalid/\r\n" + HTML),
    "empty 200": speak(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    "empty 204": speak(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "JSON of another": speak(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"),
    "half an answer": speak(b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"),
    "another protocol": speak(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
}


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, checkout: Path) -> Iterator[Callable[..., None]]:
    """`stand_in(behaviour)`: what listens where PARITY_URL leads to. The agent waits for 0.3 s in place of 30."""
    del checkout
    monkeypatch.setattr(connection, "CONNECT_S", 0.3)
    monkeypatch.setattr(connection, "READ_S", 0.3)
    monkeypatch.setattr(client, "_BACKOFF_S", 0.001)
    monkeypatch.setenv("PARITY_TOKEN", TOKEN)
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def serve(behave: Callable[[socket.socket], None]) -> None:
        with contextlib.suppress(OSError):
            while True:
                accepted, _address = listener.accept()
                with accepted, contextlib.suppress(OSError):
                    behave(accepted)

    def begin(behave: Callable[[socket.socket], None]) -> None:
        monkeypatch.setenv("PARITY_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
        threads.append(threading.Thread(target=serve, args=(behave,)))
        threads[-1].start()

    yield begin
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for thread in threads:
        thread.join(10)


def waiting(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "state").glob("*/spool/*.report"))


@pytest.mark.parametrize("behave", STAND_INS.values(), ids=STAND_INS.keys())
def test_no_stand_in_gets_a_report_taken(
    stand_in: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str], behave: Any
) -> None:
    stand_in(behave)
    assert main(["report"]) == 3
    assert "kept and goes with the next run" in capsys.readouterr().err
    [kept] = waiting(tmp_path)
    assert json.loads(kept.read_bytes().partition(b"\n")[2])["report"]["schema"] == "paritycheck.report/1"


def test_a_server_that_drips_is_left(
    stand_in: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "ANSWER_S", 0.5)
    stand_in(drip)
    done: list[int] = []
    runs = threading.Thread(target=lambda: done.append(main(["report"])), daemon=True)
    runs.start()
    runs.join(20)
    assert done == [3]
    assert len(waiting(tmp_path)) == 1


@pytest.mark.e2e
def test_killed_again_and_again_the_agent_loses_nothing_that_was_kept(
    parity: list[str], reporting: Wire, checkout: Path, tmp_path: Path
) -> None:
    """A server that takes nothing, and an agent that is killed in the middle of each run: what waited before waits."""
    answering = reporting.call
    reporting.call = lambda *_: (503, {"code": "overloaded", "retryable": True})  # type: ignore[method-assign]
    kept: set[str] = set()
    for number in range(6):
        (checkout / "requirements.txt").write_text(f"django==5.2.{number}\n")
        process = subprocess.Popen([*parity, "report"], stderr=subprocess.DEVNULL)
        time.sleep(0.1 + number * 0.07)
        process.kill()
        process.wait()
        names = {path.name for path in waiting(tmp_path)}
        assert kept <= names
        kept = names
    reporting.call = answering  # type: ignore[method-assign]
    assert main(["report"]) == 0
    assert not waiting(tmp_path)
    assert len(reporting.reports) >= len(kept) + 1


@pytest.mark.e2e
@pytest.mark.parametrize(
    "file", ["state.json", "last.json", "rejected.json", "lock", "../settings.json", "../instance"]
)
def test_no_damaged_file_of_the_state_stops_a_report(reporting: Wire, tmp_path: Path, file: str) -> None:
    assert main(["report"]) == 0
    place = next(path for path in (tmp_path / "state").iterdir() if len(path.name) == 16)
    for data in (b"", b"\xff" * 64, os.urandom(512), b"[" * 100_000):
        (place / file).write_bytes(data)
        assert main(["report"]) == 0
    assert len(reporting.reports) == 5
    assert sys.getrecursionlimit() > 0
