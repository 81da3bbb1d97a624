"""What counts as an answer, what is tried again, and how long (faults.md, F14)."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
import zlib
from typing import Any

import pytest

from paritycheck_agent.transport import connection as connections
from paritycheck_agent.transport.client import Client, Refused, compressed, fits
from paritycheck_agent.transport.connection import Connection, Unreachable
from tests.agent.conftest import TOKEN, Wire


class Bench:
    """A client whose waits are noted instead of waited."""

    def __init__(self, url: str, **options: Any) -> None:
        self.waits: list[float] = []
        self.connection = Connection(url, token=TOKEN, **options)
        self.client = Client(self.connection, sleep=self.waits.append)

    def ask(self) -> dict[str, Any]:
        try:
            return self.client.ask("POST", "/api/v1/nothing", b"{}", {"Content-Type": "application/json"})
        finally:
            self.connection.close()


def raw(status: str, body: bytes = b"", kind: str = "application/json", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


def problem(status: int, code: str, **members: Any) -> bytes:
    return json.dumps({"status": status, "code": code, "detail": "so", **members}).encode()


PROBLEM = "application/problem+json"


def test_a_json_object_with_2xx_is_an_answer(wire: Wire) -> None:
    wire.faults = [raw("202 Accepted", b'{"report": "x"}')]
    assert Bench(wire.url).ask() == {"report": "x"}


def test_an_empty_201_is_an_answer(wire: Wire) -> None:
    wire.faults = [raw("201 Created")]
    assert Bench(wire.url).ask() == {}


NO_ANSWERS = [
    ("captive portal", raw("200 OK", b"<html>log in</html>", "text/html")),
    ("captive portal that says JSON", raw("200 OK", b"<html>log in</html>")),
    ("a list", raw("200 OK", b"[]")),
    ("a string", raw("202 Accepted", b'"ok"')),
    ("nothing", raw("200 OK")),
    ("204", raw("204 No Content")),
    ("text that would be JSON", raw("200 OK", b"{}", "text/plain")),
    ("deep", raw("200 OK", b"[" * 100_000)),
    ("redirect", raw("302 Found", b"", "text/html", "Location: http://169.254.169.254/")),
    ("redirect with JSON", raw("308 Permanent Redirect", b'{"code": "x"}')),
    ("a proxy's 502", raw("502 Bad Gateway", b"<html>", "text/html")),
    ("a proxy's 403", raw("403 Forbidden", b"<html>", "text/html")),
    ("JSON of something else", raw("404 Not Found", b'{"message": "no route"}')),
    ("no HTTP", b"SSH-2.0-OpenSSH_9.2\r\n"),
    ("cut off", b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{}"),
]


@pytest.mark.parametrize("answer", [row[1] for row in NO_ANSWERS], ids=[row[0] for row in NO_ANSWERS])
def test_whatever_is_not_our_json_is_no_answer(wire: Wire, answer: bytes) -> None:
    wire.faults = [answer] * 4
    with pytest.raises(Unreachable):
        Bench(wire.url).ask()


def test_a_redirect_is_never_followed(wire: Wire) -> None:
    wire.faults = [raw("307 Temporary Redirect", b"", "text/html", f"Location: {wire.url}/api/v1/other")]
    with pytest.raises(Unreachable, match="not followed"):
        Bench(wire.url).ask()
    assert len(wire.calls) == 1


def test_a_problem_is_a_refusal_with_its_code(wire: Wire) -> None:
    body = problem(422, "invalid-report", errors=[{"pointer": "/seq"}, "odd"], retryable=False)
    wire.faults = [raw("422 Unprocessable Content", body, PROBLEM)]
    with pytest.raises(Refused) as caught:
        Bench(wire.url).ask()
    refused = caught.value
    assert (refused.status, refused.code, refused.retryable) == (422, "invalid-report", False)
    assert refused.errors == [{"pointer": "/seq"}]


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_busy_is_asked_again_after_retry_after(wire: Wire, status: str) -> None:
    busy = raw(status, problem(int(status[:3]), "unavailable", retryable=True), PROBLEM, "Retry-After: 7")
    wire.faults = [busy, busy, raw("202 Accepted", b'{"report": "x"}')]
    bench = Bench(wire.url)
    assert bench.ask() == {"report": "x"}
    assert bench.waits == [7.0, 7.0]


def test_busy_is_asked_four_times_at_most(wire: Wire) -> None:
    wire.faults = [raw("503 Service Unavailable", problem(503, "unavailable", retryable=True), PROBLEM)] * 9
    bench = Bench(wire.url)
    with pytest.raises(Refused) as caught:
        bench.ask()
    assert caught.value.retryable
    assert len(wire.calls) == 4
    assert len(bench.waits) == 3
    assert all(wait < 16 for wait in bench.waits)


def test_one_run_waits_a_minute_at_most(wire: Wire) -> None:
    busy = raw("503 Service Unavailable", problem(503, "unavailable", retryable=True), PROBLEM, "Retry-After: 40")
    wire.faults = [busy] * 9
    bench = Bench(wire.url)
    with pytest.raises(Refused):
        bench.ask()
    assert bench.waits == [40.0]


@pytest.mark.parametrize("said", ["999999", "-1", "soon", "1e9", "٣"])
def test_an_odd_retry_after_does_not_hold_the_agent(wire: Wire, said: str) -> None:
    busy = raw("503 Service Unavailable", problem(503, "unavailable", retryable=True), PROBLEM)
    busy = busy.replace(b"\r\n\r\n", f"\r\nRetry-After: {said}\r\n\r\n".encode("latin-1", "replace"), 1)
    wire.faults = [busy] * 9
    bench = Bench(wire.url)
    with pytest.raises(Refused):
        bench.ask()
    assert sum(bench.waits) <= 60


def test_a_connection_that_breaks_is_tried_again(wire: Wire) -> None:
    wire.faults = [None, raw("202 Accepted", b'{"report": "x"}')]
    bench = Bench(wire.url)
    assert bench.ask() == {"report": "x"}
    assert len(bench.waits) == 1


def test_a_connection_that_always_breaks_is_given_up(wire: Wire) -> None:
    wire.faults = [None] * 9
    with pytest.raises(Unreachable):
        Bench(wire.url).ask()
    assert len(wire.calls) == 4


def test_a_refused_connection_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    bench = Bench(f"http://127.0.0.1:{port}")
    with pytest.raises(Unreachable, match="refused"):
        bench.ask()
    assert bench.waits == []


def test_a_black_hole_is_left_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "READ_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(Unreachable, match="no answer in time"):
            Bench(f"http://127.0.0.1:{silent.getsockname()[1]}").ask()
        assert time.monotonic() - started < 5


def test_an_answer_that_drips_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "ANSWER_S", 0.3)

    def drip(listener: socket.socket) -> None:
        peer, _address = listener.accept()
        with peer:
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            for _ in range(100):
                time.sleep(0.05)
                try:
                    peer.sendall(b"x")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        with pytest.raises(Unreachable, match="longer than"):
            Bench(f"http://127.0.0.1:{listener.getsockname()[1]}").ask()
        thread.join()


def test_an_answer_without_end_is_cut(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "ANSWER_BYTES", 100_000)
    wire.faults = [b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b" " * 1_000_000]
    with pytest.raises(Unreachable, match="more than"):
        Bench(wire.url).ask()


def test_a_server_that_closes_on_a_large_body_is_heard() -> None:
    """It answers 413 and closes before the body is read: its word counts, not the broken pipe."""
    answer = raw("413 Content Too Large", problem(413, "body-too-large"), PROBLEM)

    def refuse(listener: socket.socket) -> None:
        peer, _address = listener.accept()
        with peer:
            peer.recv(1024)
            peer.sendall(answer)
            peer.shutdown(socket.SHUT_WR)
            time.sleep(0.2)
            while peer.recv(1 << 20):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=refuse, args=(listener,))
        thread.start()
        connection = Connection(f"http://127.0.0.1:{listener.getsockname()[1]}", token=TOKEN)
        with pytest.raises(Refused) as caught:
            Client(connection).ask("PUT", "/api/v1/sections/x", b"x" * 3_000_000, {})
        connection.close()
        thread.join()
    assert caught.value.code == "body-too-large"


def test_every_request_has_a_length_a_token_and_no_content_in_its_line(wire: Wire) -> None:
    wire.faults = [raw("201 Created")]
    connection = Connection(wire.url, token=TOKEN)
    Client(connection).put_section("sha256:" + "0" * 64, b'{"covers":[],"section":"config"}\n')
    connection.close()
    headers = wire.headers[0]
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Content-Type"] == "application/x-ndjson"
    assert headers["Content-Encoding"] == "gzip"
    assert int(headers["Content-Length"]) > 0
    assert wire.calls == [("PUT", "/api/v1/sections/" + "0" * 64)]


def test_a_connection_is_kept_over_requests_and_opened_anew_when_stale(wire: Wire) -> None:
    bench = Bench(wire.url)
    for _ in range(3):
        bench.client.put_policy("sha256:" + "0" * 64, b"")
    kept = bench.connection._open
    assert kept is not None
    kept.sock.shutdown(socket.SHUT_RDWR)
    bench.client.put_policy("sha256:" + "0" * 64, b"")
    assert bench.connection._open is not kept
    bench.connection.close()
    assert len(wire.calls) == 4
    assert bench.waits == []


def test_a_path_below_the_host_is_kept(wire: Wire) -> None:
    with pytest.raises(Refused):
        Bench(wire.url + "/parity").ask()
    assert wire.calls == [("POST", "/parity/api/v1/nothing")]


def test_equal_bodies_are_equal_on_the_wire_and_one_member_of_gzip() -> None:
    body = b"line\n" * 1000
    first, headers = compressed(body, "application/x-ndjson")
    assert first == compressed(body, "application/x-ndjson")[0]
    assert headers == {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    unpacker = zlib.decompressobj(31)
    assert unpacker.decompress(first) == body
    assert unpacker.eof
    assert not unpacker.unused_data


def test_a_body_beyond_a_limit_is_seen_before_it_is_sent() -> None:
    noise = b"".join(hashlib.sha256(str(number).encode()).digest() for number in range(35_000))
    assert fits(b"a" * 8 * 1024 * 1024)
    assert not fits(b"a" * (8 * 1024 * 1024 + 1))
    assert not fits(noise)
