"""The client of HTTP reads what RFC 9112 allows, within bounds, and sends nothing that a URL could smuggle in."""

from __future__ import annotations

import http.client
import io
import socket
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.connection.http import Reply, Session
from paritycheck_agent.connection.stream import REPLY_BYTES, Connection, Unanswered
from paritycheck_agent.connection.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable

    Serve = Callable[[Callable[[socket.socket], None]], int]

CALM = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def replying(data: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(65536)

    return behave


def fetch(port: int, host: str = "127.0.0.1") -> Reply:
    target = Target("etcd", host=host, port=port)
    target.deadline = 2.0
    with Connection(target) as connection:
        return Session(connection, target).get("/")


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%X;x=y\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\nTrailer: 1\r\n\r\n"


FORMS = ["length", "chunked", "close", "interim"]


class Canned:
    """A socket for http.client, which is the oracle."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self.data)


@CALM
@given(
    body=st.binary(max_size=300),
    form=st.sampled_from(["length", "chunked", "close", "interim"]),
    size=st.integers(1, 99),
)
def test_every_form_of_a_body_is_read_as_the_standard_library_does(
    hostile: Serve, body: bytes, form: str, size: int
) -> None:
    head = b"HTTP/1.1 100 Continue\r\n\r\n" if form == "interim" else b""
    head += b"HTTP/1.1 207 Multi Status\r\nServer:  x y\r\nX-Empty:\r\n"
    if form == "chunked":
        data = head + b"Transfer-Encoding: Chunked\r\n\r\n" + chunked(body, size)
    elif form == "close":
        data = head + b"Connection: close\r\n\r\n" + body
    else:
        data = head + b"Content-Length: %d\r\n\r\n" % len(body) + body + b"HTTP/1.1 200 the next one"
    reply = fetch(hostile(replying(data)))
    oracle = http.client.HTTPResponse(Canned(data))  # type: ignore[arg-type] # only its makefile is used
    oracle.begin()
    assert (reply.status, reply.body) == (oracle.status, oracle.read())
    assert reply.headers == {name.lower(): value for name, value in oracle.getheaders()}


WELL = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\n\r\n[]"
BROKEN = {
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "HTTP/2": b"HTTP/2 200\r\n\r\n",
    "status": b"HTTP/1.1 2x0 OK\r\n\r\n",
    "long status": b"HTTP/1.1 2000 OK\r\n\r\n",
    "negative": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n[]",
    "signed": b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n[]",
    "too long": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (REPLY_BYTES + 1),
    "short": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[]",
    "both": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "gzip": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "chunk's end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naXX0\r\n\r\n",
    "fold": b"HTTP/1.1 200 OK\r\nA: b\r\n c: d\r\n\r\n",
    "space": b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n[]",
    "nameless": b"HTTP/1.1 200 OK\r\nhello\r\n\r\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_could_be_read_in_two_ways_is_a_bad_reply(hostile: Serve, name: str) -> None:
    with pytest.raises(Unanswered) as refused:
        fetch(hostile(replying(BROKEN[name])))
    assert refused.value.reason == "bad-reply"


@CALM
@given(at=st.integers(0, len(WELL) - 1), junk=st.binary(max_size=4))
def test_any_change_is_a_reply_or_a_bad_reply(hostile: Serve, at: int, junk: bytes) -> None:
    status, reason = outcome(hostile(replying(WELL[:at] + junk + WELL[at + 1 :])))
    assert 0 <= status <= 999
    assert reason in {"", "bad-reply"}


def outcome(port: int) -> tuple[int, str]:
    try:
        return fetch(port).status, ""
    except Unanswered as refused:
        return 0, refused.reason


@pytest.mark.parametrize("text", [b"[" * 100_000, b"{", b"\xff", b"", b"9" * 5000 + b"x", b"NaN}"])
def test_a_body_that_is_no_json_is_none(text: bytes) -> None:
    assert Reply(200, {}, text).json() is None


def test_numbers_stay_as_they_are_written() -> None:
    assert Reply(200, {}, b'{"a": 1.50, "b": [' + b"9" * 5000 + b"]}").json() == {"a": "1.50", "b": ["9" * 5000]}


def test_a_connection_that_was_to_be_closed_is_not_used_again(hostile: Serve) -> None:
    target = Target("etcd", host="127.0.0.1", port=hostile(replying(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")))
    with Connection(target) as connection:
        session = Session(connection, target)
        assert session.get("/").status == 200
        with pytest.raises(Unanswered):
            session.get("/")


@pytest.mark.parametrize(
    ("host", "sent"),
    [("localhost", "localhost"), ("::1", "[::1]"), ("b\u00fccher.example", "xn--bcher-kva.example")],
)
def test_the_host_is_sent_in_its_form(hostile: Serve, monkeypatch: pytest.MonkeyPatch, host: str, sent: str) -> None:
    assert f"Host: {sent}:" in heard(hostile, monkeypatch, host)


@pytest.mark.parametrize("host", ["a\r\nX-Evil: 1", "a b", "a\x00b", "a" * 300, "\u00fc" * 300])
def test_a_host_cannot_smuggle_a_header_in(hostile: Serve, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    with pytest.raises(Unanswered) as refused:
        heard(hostile, monkeypatch, host)
    assert refused.value.reason == "name-not-found"


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "\u00fc", "a\x00"])
def test_a_token_that_is_no_header_is_not_sent(hostile: Serve, token: str) -> None:
    target = Target("consul", host="127.0.0.1", port=hostile(replying(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")))
    target.token = token
    with Connection(target) as connection, pytest.raises(Unanswered) as refused:
        Session(connection, target).ask("/")
    assert refused.value.reason == "auth-required"


def test_a_server_that_refuses_and_hangs_up_demanded_a_log_in(hostile: Serve) -> None:
    refusal = b"HTTP/1.1 401 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    target = Target("consul", host="127.0.0.1", port=hostile(replying(refusal)), user="u", password="p")
    with Connection(target) as connection, pytest.raises(Unanswered) as refused:
        Session(connection, target).ask("/")
    assert refused.value.reason == "auth-required"


def heard(hostile: Serve, monkeypatch: pytest.MonkeyPatch, host: str) -> str:
    """What the server hears, whatever the name of its host."""
    requests: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        requests.append(connection.recv(65536))
        connection.sendall(WELL)

    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, port, **rest: resolve("127.0.0.1", port, **rest))
    fetch(hostile(behave), host)
    return requests[0].decode("latin-1")
