"""The shipped nginx configuration, run by nginx in front of a small web server."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typing_extensions import override

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("proxy")]
PATIENCE_S = 10
"""How long the shipped configuration waits for a body that stalls; here it waits HERE_S, which is sooner seen."""
HERE_S = 3
CONFIGURATION = Path(__file__).resolve().parents[2] / "compose" / "nginx" / "nginx.conf"

QUEUE = 48
"""Requests that the shipped configuration lets be at web at once."""
HELD, RELEASED = threading.Semaphore(0), threading.Event()


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was sent."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["X-Hold"]:
            HELD.release()
            RELEASED.wait(30)
        answer = json.dumps({"length": len(body), "proto": self.headers["X-Forwarded-Proto"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "4000")
        self.end_headers()
        self.wfile.write(b"x" * 4000)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Web(ThreadingHTTPServer):
    """Takes as many connections at once as the proxy makes."""

    request_queue_size = 128


@dataclass(frozen=True)
class Proxy:
    port: int
    log: Path
    web: ThreadingHTTPServer

    def post(self, body: bytes, **headers: str) -> tuple[int, bytes, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/api/v1/reports?token=canary", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers.get("Content-Type", "")
        finally:
            connection.close()

    def get(self, path: str) -> tuple[int, str]:
        """Status and coding of a page, for who takes gzip."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Content-Encoding", "")
        finally:
            connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Proxy]]:
    place = tmp_path_factory.mktemp("nginx")
    web = Web(("127.0.0.1", 0), Echo)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    started: list[subprocess.Popen[bytes]] = []

    def start(path: str) -> Proxy:
        port, log = free_port(), place / "log"
        text = CONFIGURATION.read_text(encoding="utf-8").replace("server web:8000 resolve", f"server {at(web)}")
        text = text.replace("listen 8080", f"listen 127.0.0.1:{port}").replace("/dev/stdout", str(log))
        assert f"client_body_timeout {PATIENCE_S}s;" in text
        text = text.replace(f"client_body_timeout {PATIENCE_S}s;", f"client_body_timeout {HERE_S}s;")
        text = re.sub(r"/\w+/(?=nginx)", f"{place}/", text)
        (place / "nginx.conf").write_text(text, encoding="utf-8")
        command = [
            path,
            "-c",
            str(place / "nginx.conf"),
            "-g",
            "daemon off; user root;",
        ]  # so that it may enter our directory
        started.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        await_port(port)
        return Proxy(port, log, web)

    yield start
    for process in started:
        process.terminate()
        process.wait(10)
    web.shutdown()
    web.server_close()


def at(server: ThreadingHTTPServer) -> str:
    return f"127.0.0.1:{server.server_address[1]}"


def await_port(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("nginx does not listen")


@pytest.fixture(scope="module")
def proxy(nginx: Callable[[str], Proxy]) -> Proxy:
    path = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if path is None:
        pytest.skip("nginx is not here. Install it with: apt-get install nginx")
    return nginx(path)


def test_a_request_reaches_the_application_whole(proxy: Proxy) -> None:
    status, body, _ = proxy.post(b"x" * 1_048_576)
    assert (status, json.loads(body)) == (200, {"length": 1_048_576, "proto": "http"})


def test_the_scheme_outside_is_passed_on(proxy: Proxy) -> None:
    assert b'"proto": "https"' in proxy.post(b"x", **{"X-Forwarded-Proto": "https"})[1]


def test_a_chunked_body_arrives_with_a_length(proxy: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as client:
        head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        client.sendall(head + b"3\r\nabc\r\n0\r\n\r\n")
        assert b'"length": 3' in b"".join(iter(lambda: client.recv(4096), b""))


def test_a_body_beyond_the_limit_is_a_problem_document(proxy: Proxy) -> None:
    status, body, kind = proxy.post(b"x" * 3_000_000)
    assert (status, kind) == (413, "application/problem+json")
    assert json.loads(body)["code"] == "body-too-large"


def test_pages_are_compressed_but_those_that_show_the_secrets_of_an_account(proxy: Proxy) -> None:
    assert proxy.get("/p/shop") == (200, "gzip")
    assert proxy.get("/account/two-factor") == (200, "")


def test_the_proxy_tells_that_it_runs_without_the_application(proxy: Proxy) -> None:
    assert proxy.get("/nginx/alive") == (204, "")


def test_the_log_is_json_and_holds_no_query(proxy: Proxy) -> None:
    proxy.post(b"x", Authorization="Bearer canary")
    time.sleep(0.2)
    text = proxy.log.read_text(encoding="utf-8")
    assert {json.loads(line)["path"] for line in text.splitlines()} >= {"/api/v1/reports"}
    assert "canary" not in text


def test_stalled_bodies_hold_up_nobody_and_are_cut_off(proxy: Proxy) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nslow"
    stalled = [socket.create_connection(("127.0.0.1", proxy.port), timeout=15) for _ in range(100)]
    try:
        for client in stalled:
            client.sendall(head)
        began = time.monotonic()
        assert {proxy.post(b"x")[0] for _ in range(20)} == {200}
        assert time.monotonic() - began < 2
        stalled[0].recv(4096)  # ends when nginx gives up on it
        assert HERE_S - 2 < time.monotonic() - began < HERE_S + 3
    finally:
        for client in stalled:
            client.close()


def test_beyond_a_full_queue_everybody_is_told_when_to_come_back(proxy: Proxy) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nX-Hold: 1\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx"
    held = [socket.create_connection(("127.0.0.1", proxy.port), timeout=30) for _ in range(QUEUE)]
    try:
        for client in held:
            client.sendall(head)
        assert all(HELD.acquire(timeout=30) for _ in range(QUEUE))
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)
        connection.request("POST", "/api/v1/reports", b"x")
        refused = connection.getresponse()
        assert (refused.status, refused.headers["Content-Type"]) == (503, "application/problem+json")
        assert int(refused.headers["Retry-After"]) > 0
        assert json.loads(refused.read())["retryable"] is True
        connection.close()
        RELEASED.set()
        assert {client.recv(15) for client in held} == {b"HTTP/1.1 200 OK"}
        assert proxy.post(b"x")[0] == 200
    finally:
        RELEASED.set()
        for client in held:
            client.close()
