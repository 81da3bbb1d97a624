"""Which proxy a request takes, and that it takes it."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from paritycheck_agent.transport.client import Client
from paritycheck_agent.transport.connection import Connection, Unreachable
from paritycheck_agent.transport.proxies import proxy_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.agent.conftest import Wire

PROXY = {"HTTPS_PROXY": "http://proxy.example:3128", "http_proxy": "proxy.example"}


def test_each_scheme_has_its_variable_in_either_case() -> None:
    secure, plain = proxy_for("https", "h", 443, PROXY), proxy_for("http", "h", 80, PROXY)
    assert secure is not None
    assert plain is not None
    assert (secure.host, secure.port, secure.headers) == ("proxy.example", 3128, {})
    assert (plain.host, plain.port) == ("proxy.example", 8080)
    assert proxy_for("https", "h", 443, {"HTTP_PROXY": "http://p:1"}) is None


def test_credentials_of_a_proxy_become_its_header() -> None:
    proxy = proxy_for("http", "h", 80, {"HTTP_PROXY": "http://us%40er:p%3Aw@p:1"})
    assert proxy is not None
    assert proxy.headers == {"Proxy-Authorization": "Basic dXNAZXI6cDp3"}


@pytest.mark.parametrize("value", ["socks5://p:1", "http://", "https://p:1"])
def test_a_proxy_that_is_none_is_refused_without_being_repeated(value: str) -> None:
    with pytest.raises(ValueError, match="HTTP_PROXY is not an http:// URL"):
        proxy_for("http", "h", 80, {"HTTP_PROXY": value})


BYPASSED = [
    ("*", True), ("parity.example", True), ("example", True), (".example", True), ("*.example", True),
    ("arity.example", False), ("other", False), ("parity.example:8443", True), ("parity.example:443", False),
    ("a, b ,parity.example", True), ("", False), (",", False), ("10.0.0.0/8", False), ("PARITY.EXAMPLE", True),
]  # fmt: skip


@pytest.mark.parametrize(("listed", "direct"), BYPASSED)
def test_no_proxy_names_domains_with_all_below_them(listed: str, direct: bool) -> None:  # noqa: FBT001 - a table's column
    environ = {"HTTPS_PROXY": "http://p:1", "NO_PROXY": listed}
    assert (proxy_for("https", "parity.example", 8443, environ) is None) is direct


def test_no_proxy_knows_networks_and_ipv6() -> None:
    environ = {"HTTP_PROXY": "http://p:1", "no_proxy": "10.0.0.0/8,[::1],fd00::/8"}
    assert proxy_for("http", "10.1.2.3", 80, environ) is None
    assert proxy_for("http", "::1", 80, environ) is None
    assert proxy_for("http", "fd00::5", 80, environ) is None
    assert proxy_for("http", "11.1.2.3", 80, environ) is not None


def test_plain_http_goes_through_the_proxy_with_the_whole_url(wire: Wire) -> None:
    environ = {"HTTP_PROXY": wire.url.replace("http://", "http://user:pw@")}
    connection = Connection("http://parity.invalid:81", token="t", environ=environ)
    with pytest.raises(Exception, match="unauthenticated"):
        Client(connection).post_report({"a": 1})
    connection.close()
    assert wire.calls == [("POST", "http://parity.invalid:81/api/v1/reports")]
    assert wire.headers[0]["Proxy-Authorization"] == "Basic dXNlcjpwdw=="
    assert wire.headers[0]["Host"] == "parity.invalid:81"


@pytest.fixture
def tunnel() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that refuses every CONNECT and notes what it was told."""
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        peer, _address = listener.accept()
        with peer:
            heard.append(peer.recv(65_536))
            peer.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", heard
    thread.join()
    listener.close()


def test_https_asks_for_a_tunnel_and_never_shows_the_proxy_its_token(tunnel: tuple[str, list[bytes]]) -> None:
    url, heard = tunnel
    environ = {"HTTPS_PROXY": url.replace("http://", "http://user:pw@")}
    connection = Connection("https://parity.invalid", token="pca_hunter2", environ=environ)
    with pytest.raises(Unreachable, match="403"):
        Client(connection).post_report({"a": 1})
    assert heard[0].startswith(b"CONNECT parity.invalid:443 ")
    assert b"Proxy-Authorization: Basic dXNlcjpwdw==" in heard[0]
    assert b"hunter2" not in heard[0]
