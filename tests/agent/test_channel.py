"""Answers of HTTP/1.1 as our own reader understands them, held against http.client of the same bytes."""

from __future__ import annotations

import http.client
import io
import socket
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paritycheck_agent.transport.channel import Channel, Malformed

MOST = 10_000
Read = tuple[int, dict[str, str], bytes, bool]


def spoken(data: bytes) -> Read:
    """What the channel reads of a peer that says these bytes and closes."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        return Channel(ours, read_s=5, answer_s=5, most=MOST).answer()


class Said:
    """A socket for http.client that says these bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


def known(data: bytes) -> tuple[int, bytes] | None:
    """Status and body as http.client reads them, None where it refuses."""
    response = http.client.HTTPResponse(Said(data), method="POST")  # type: ignore[arg-type]  # what it uses of a socket
    try:
        response.begin()
        return response.status, response.read()
    except (http.client.HTTPException, ValueError, OSError):
        return None


OK = b"HTTP/1.1 200 OK\r\n"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: Chunked\r\n\r\n"
GOOD: dict[str, tuple[bytes, tuple[int, bytes, bool]]] = {
    "a length": (OK + b"Content-Length: 2\r\n\r\n{}", (200, b"{}", True)),
    "a length twice": (OK + b"Content-Length: 2\r\ncontent-length: 2\r\n\r\n{}", (200, b"{}", True)),
    "until it is closed": (OK + b"\r\nall of it", (200, b"all of it", False)),
    "closing": (OK + b"Connection: keep-alive, Close\r\nContent-Length: 1\r\n\r\nx", (200, b"x", False)),
    "HTTP/1.0": (b"HTTP/1.0 202 Accepted\r\nContent-Length: 1\r\n\r\nx", (202, b"x", False)),
    "no reason": (b"HTTP/1.1 202\r\nContent-Length: 0\r\n\r\n", (202, b"", True)),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"", True)),
    "bare newlines": (b"HTTP/1.1 200 OK\nContent-Length: 1\n\nx", (200, b"x", True)),
    "chunks": (CHUNKED + b"2;a=b\r\nab\r\n1\r\nc\r\n0\r\nT: x\r\n\r\n", (200, b"abc", True)),
    "interim answers": (EARLY + OK + b"Content-Length: 1\r\n\r\nx", (200, b"x", True)),
}


@pytest.mark.parametrize(("data", "expected"), GOOD.values(), ids=GOOD.keys())
def test_an_answer_is_read_whole(data: bytes, expected: tuple[int, bytes, bool]) -> None:
    status, _headers, body, keeps = spoken(data)
    assert (status, body, keeps) == expected
    if b"103" not in data:  # http.client passes over 100 alone
        assert known(data) == (status, body)


def test_names_of_headers_are_in_lower_case_and_values_without_blanks() -> None:
    headers = spoken(OK + b"Retry-After:  30 \r\nX-A: \xfc\r\nContent-Length: 0\r\n\r\n")[1]
    assert headers == {"retry-after": "30", "x-a": "ü", "content-length": "0"}


BAD = {
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "HTTP/2": b"HTTP/2 200\r\n\r\n",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
    "cut in the status": b"HTTP/1.1 200 O",
    "cut in a header": OK + b"Content-Le",
    "cut in the body": OK + b"Content-Length: 3\r\n\r\n{}",
    "cut in a chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    "cut before the last chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
    "two lengths": OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    "a length that is none": OK + b"Content-Length: 1e3\r\n\r\n{}",
    "a negative length": OK + b"Content-Length: -1\r\n\r\n{}",
    "a length without end": OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "a chunk that is none": OK + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n0\r\n\r\n",
    "a chunk that is longer": OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    "a chunk without its end": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nb\r\n1\r\nc\r\n0\r\n\r\n",
    "a return in a header": OK + b"X: a\rb\r\nContent-Length: 0\r\n\r\n",
    "a name that is none": OK + b"\x00Content-Length: 0\r\n\r\n",
    "another coding": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a header without a name": OK + b": x\r\n\r\n",
    "a blank before the colon": OK + b"Content-Length : 1\r\n\r\nx",
    "a folded header": OK + b"X: a\r\n b: c\r\n\r\n",
    "too large": OK + b"Content-Length: 10001\r\n\r\n" + b"x" * 10_001,
    "too large without a length": OK + b"\r\n" + b"x" * 10_001,
    "too large in chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + b"x" * 4096 + b"\r\n1771\r\n",
    "a line without end": OK + b"X: " + b"x" * 40_000 + b"\r\n\r\n",
    "headers without end": OK + b"X: x\r\n" * 200 + b"\r\n",
    "trailers without end": OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: x\r\n" * 200 + b"\r\n",
    "interim answers without end": b"HTTP/1.1 102 Processing\r\n\r\n" * 50,
    "another protocol from here": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_what_is_no_whole_answer_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        spoken(data)


def test_closed_before_an_answer_is_a_connection_that_was_reset() -> None:
    with pytest.raises(ConnectionResetError):
        spoken(b"")


ANSWERS = st.sampled_from([data for data, _expected in GOOD.values()] + [data[:300] for data in BAD.values()])


@settings(max_examples=300, deadline=None)
@given(ANSWERS, st.lists(st.tuples(st.integers(0, 299), st.binary(max_size=3)), max_size=4))
def test_mutated_answers_are_read_as_http_client_reads_them_or_refused(
    data: bytes, changes: list[tuple[int, bytes]]
) -> None:
    for place, piece in changes:
        data = data[:place] + piece + data[place + 1 :]
    try:
        status, _headers, body, _keeps = spoken(data)
    except (Malformed, ConnectionResetError):
        return
    if not data.startswith(b"HTTP/1.1 1"):
        assert known(data) == (status, body)


@given(st.lists(st.binary(min_size=1, max_size=500), max_size=8))
def test_chunks_are_put_together(pieces: list[bytes]) -> None:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    assert spoken(OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")[2] == b"".join(pieces)


def test_two_answers_on_one_connection_do_not_mix() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(OK + b"Content-Length: 1\r\n\r\na" + OK + b"Content-Length: 1\r\n\r\nb")
        channel = Channel(ours, read_s=5, answer_s=5, most=MOST)
        assert [channel.answer()[2] for _ in range(2)] == [b"a", b"b"]


def test_a_request_is_what_a_server_of_the_standard_library_reads() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        body = b"x" * 200_000
        headers = {"Host": "h", "Content-Length": "200000"}
        channel = Channel(ours, read_s=5, answer_s=5, most=MOST)
        sender = threading.Thread(target=channel.send, args=("PUT", "/a", headers, body))
        sender.start()
        with theirs.makefile("rb") as stream:
            assert stream.readline() == b"PUT /a HTTP/1.1\r\n"
            assert dict(http.client.parse_headers(stream)) == headers
            assert stream.read(200_000) == body
        sender.join()


@pytest.mark.parametrize("text", ["a\r\nX: y", "a\ny"])
def test_no_header_can_be_smuggled_in(text: str) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(Malformed):
        Channel(ours, read_s=5, answer_s=5, most=MOST).send("GET", "/", {"X": text}, b"")
