"""Rows 9, 51 and 52 of the table of bad inputs: what the proxy in front answers, or does for us."""

import json
import re
import shutil
import socket
import time

import pytest

from tests.api.conftest import SERVED
from tests.api.installation import Site, http_road
from tests.api.servers import HERE_S, free_port, nginx
from tests.api.test_rows_server import exchange, head

pytestmark = SERVED
JSON = "Content-Type: application/json"
ERROR = re.compile(rb"HTTP/1\.1 (\d+) .*?\r\n\r\n(.*)", re.DOTALL)


def problem(answer: bytes) -> dict[str, object]:
    found = ERROR.match(answer)
    assert found is not None
    assert b"application/problem+json" in answer
    document = json.loads(found[2])
    assert document["status"] == int(found[1])
    return dict(document)


def test_row_51_two_lengths_are_refused_and_the_connection_ends(proxied: Site) -> None:
    request = head(proxied, JSON, "Content-Length: 2", "Content-Length: 4")
    with socket.create_connection(("127.0.0.1", proxied.port), timeout=20) as peer:
        peer.sendall(request.replace("\n", "\r\n").encode() + b"{}{}")
        answer = b"".join(iter(lambda: peer.recv(65_536), b""))
    assert problem(answer)["code"] == "bad-request"


@pytest.mark.parametrize("chunked", ["Transfer-Encoding: chunked", "Transfer-Encoding: xchunked"])
def test_row_51_a_length_and_chunks_never_reach_the_application_as_two_requests(proxied: Site, chunked: str) -> None:
    request = head(proxied, JSON, "Content-Length: 4", chunked)
    status, answer = exchange(proxied, request, b"0\r\n\r\nGET /api/v1/projects HTTP/1.1\r\n\r\n")
    assert status in {400, 501}
    assert answer.count(b"HTTP/1.1") == 1


def test_row_9_the_proxy_gives_a_chunked_body_its_length(proxied: Site) -> None:
    status, answer = exchange(proxied, head(proxied, JSON, "Transfer-Encoding: chunked"), b"2\r\n{}\r\n0\r\n\r\n")
    assert status == 422
    assert b"invalid-report" in answer


def test_row_52_stalled_bodies_end_in_time_and_hold_up_nobody(proxied: Site) -> None:
    request = head(proxied, JSON, "Content-Length: 100").replace("\n", "\r\n").encode()
    stalled = [socket.create_connection(("127.0.0.1", proxied.port), timeout=20) for _ in range(50)]
    try:
        for peer in stalled:
            peer.sendall(request + b"{")
        started = time.monotonic()
        for _ in range(10):
            assert proxied.post(proxied.report()).status == 202
        assert time.monotonic() - started < HERE_S
        stalled[0].recv(4_096)
        assert HERE_S - 2 < time.monotonic() - started < HERE_S + 4
    finally:
        for peer in stalled:
            peer.close()


def test_an_application_that_is_away_is_said_in_form(proxied: Site, tmp_path_factory: pytest.TempPathFactory) -> None:
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    assert program is not None
    with nginx(program, free_port(), tmp_path_factory.mktemp("away")) as port:
        reply = Site(http_road(port), proxied.tokens).get("/api/v1/projects")
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "unavailable", "5")
    assert reply.json()["retryable"] is True
