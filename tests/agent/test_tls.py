"""TLS is always verified: against a named authority, or those of the system."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.transport.client import Client
from paritycheck_agent.transport.connection import Connection, Unreachable
from tests.agent.conftest import TOKEN, Handler, Server, Wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TAKEN = b'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"report": "x"}'


def ask(url: str, ca_file: str = "") -> dict[str, Any]:
    connection = Connection(url, token=TOKEN, ca_file=ca_file)
    try:
        return Client(connection).post_report({})
    finally:
        connection.close()


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for the name localhost, which is its own authority, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: apt-get install openssl")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


@pytest.fixture
def secure(authority: tuple[Path, Path]) -> Iterator[Wire]:
    """The server behind TLS."""
    state = Wire()
    server = Server(("127.0.0.1", 0), type("Bound", (Handler,), {"wire": state}))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"https://localhost:{server.server_address[1]}"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_private_authority_is_trusted_when_named(secure: Wire, authority: tuple[Path, Path]) -> None:
    secure.faults = [TAKEN]
    assert ask(secure.url, str(authority[0])) == {"report": "x"}


def test_a_certificate_that_is_not_trusted_gets_no_token(secure: Wire) -> None:
    with pytest.raises(Unreachable, match="not trusted"):
        ask(secure.url)
    assert secure.calls == []


def test_a_certificate_of_another_name_gets_no_token(secure: Wire, authority: tuple[Path, Path]) -> None:
    with pytest.raises(Unreachable, match="not trusted"):
        ask(secure.url.replace("localhost", "127.0.0.1"), str(authority[0]))
    assert secure.calls == []
