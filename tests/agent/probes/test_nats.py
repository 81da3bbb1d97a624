"""NATS is asked live: what it says to everybody, in clear text and in TLS."""

from __future__ import annotations

import re
import ssl
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.probes import nats
from paritycheck_agent.sources import targets
from tests.agent.probes.conftest import found, free_port, listens, open_directory, running

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    Serve = Callable[[Callable[[socket.socket], None]], int]

PASSWORD = "correct horse battery"


def ask(url: str) -> dict[str, Any]:
    target = targets.parse("NATS_URL", url)
    assert target is not None
    return nats.probe(target)


@pytest.fixture(scope="module")
def server() -> str:
    return found("nats-server", "nats-server")


@pytest.fixture(scope="module")
def plain(server: str) -> Iterator[int]:
    port = free_port()
    with running((server, "-a", "127.0.0.1", "-p", str(port)), listens(port)):
        yield port


@pytest.fixture(scope="module")
def locked(server: str) -> Iterator[int]:
    """With JetStream and a password."""
    port = free_port()
    with open_directory() as directory:
        login = ("--user", "shop", "--pass", PASSWORD, "-js", "-sd", str(directory))
        with running((server, "-a", "127.0.0.1", "-p", str(port), *login), listens(port)):
            yield port


@pytest.fixture(scope="module")
def encrypted(server: str, authority: Any) -> Iterator[int]:
    port = free_port()
    key = ("--tlscert", f"{authority.directory}/localhost.pem", "--tlskey", f"{authority.directory}/localhost.key")
    with running((server, "-a", "127.0.0.1", "-p", str(port), "--tls", *key), listens(port)):
        yield port


def version(server: str) -> str:
    text = subprocess.run((server, "--version"), capture_output=True, text=True, check=True).stdout
    match = re.search(r"\d+\.\d+\.\d+", text)
    assert match is not None
    return match[0]


@pytest.mark.e2e
def test_a_server_says_its_version_and_what_it_can_do(server: str, plain: int) -> None:
    answer = ask(f"nats://127.0.0.1:{plain}")
    settings = {"jetstream": "false", "max_payload": str(1024 * 1024)}
    assert answer == {"kind": "nats", "value": version(server), "via": "handshake", "settings": settings}


@pytest.mark.e2e
@pytest.mark.parametrize("login", ["", "shop:wrong@", "shop:correct%20horse%20battery@"])
def test_a_password_is_neither_needed_nor_shown(server: str, locked: int, login: str) -> None:
    answer = ask(f"nats://{login}127.0.0.1:{locked}")
    assert (answer["value"], answer["via"], answer["settings"]["jetstream"]) == (version(server), "handshake", "true")


@pytest.mark.e2e
def test_tls_is_verified_where_the_url_asks_for_it(server: str, encrypted: int, authority: Any) -> None:
    told = ask(f"tls://localhost:{encrypted}?cafile={authority.certificate}")
    assert (told["value"], told["via"]) == (version(server), "handshake")
    refused = {"kind": "nats", "unknown": "tls-failed", "via": "scheme"}
    assert ask(f"tls://localhost:{encrypted}") == refused
    assert ask(f"nats+tls://127.0.0.1:{encrypted}?cafile={authority.certificate}") == refused


@pytest.mark.e2e
def test_a_server_without_tls_is_refused_where_the_url_asks_for_it(plain: int) -> None:
    assert ask(f"tls://127.0.0.1:{plain}")["unknown"] == "tls-failed"


def test_a_server_that_wants_tls_first_is_asked_in_tls(hostile: Serve, authority: Any) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.directory / "localhost.pem", authority.directory / "localhost.key")

    def behave(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as encrypted:
            encrypted.sendall(b'INFO {"version":"2.10.22","jetstream":true}\r\n')
            encrypted.recv(1000)

    url = "tls://{}:{}?cafile={}"
    answer = ask(url.format("localhost", hostile(behave), authority.certificate))
    assert answer == {"kind": "nats", "value": "2.10.22", "via": "handshake", "settings": {"jetstream": "true"}}
    assert ask(url.format("127.0.0.1", hostile(behave), authority.certificate))["unknown"] == "tls-failed"


LINES = {
    "empty": b"INFO {}",
    "list": b"INFO []",
    "number": b"INFO 5",
    "deep": b"INFO " + b"[" * 60_000,
    "no version": b'INFO {"version":"x"}',
    "no info": b"+OK",
    "cut": b'INFO {"version":"1.',
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_that_is_no_info_is_a_bad_reply(hostile: Serve, name: str) -> None:
    line = LINES[name] + b"\r\n"
    answer = ask(f"nats://127.0.0.1:{hostile(lambda connection: connection.sendall(line))}")
    assert answer == {"kind": "nats", "unknown": "bad-reply", "via": "scheme"}
