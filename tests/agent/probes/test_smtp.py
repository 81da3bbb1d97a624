"""Exim and aiosmtpd are asked live, in clear text, by STARTTLS and in TLS at once; greetings of others are theirs."""

from __future__ import annotations

import re
import ssl
import subprocess
from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller

from paritycheck_agent.probes import smtp
from paritycheck_agent.sources import targets
from tests.agent.probes.conftest import found, free_port, listens, open_directory, running

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Serve = Callable[[Callable[[socket.socket], None]], int]

PASSWORD = "canary-Pa55word-canary"
EXIM = """\
daemon_smtp_ports = {plain} : {encrypted}
tls_on_connect_ports = {encrypted}
local_interfaces = 127.0.0.1
primary_hostname = localhost
spool_directory = {directory}/spool
log_file_path = {directory}/%slog
pid_file_path = {directory}/pid
tls_certificate = {directory}/cert
tls_privatekey = {directory}/key
tls_advertise_hosts = *
message_size_limit = 20M
host_lookup =
rfc1413_hosts =
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = false
  server_advertise_condition = ${{if def:tls_in_cipher}}
"""


def ask(url: str) -> dict[str, Any]:
    target = targets.parse("EMAIL_URL", url)
    assert target is not None
    return smtp.probe(target)


@pytest.fixture(scope="module")
def exim(authority: Any) -> Iterator[tuple[int, int]]:
    """The ports of one Exim, in clear text and in TLS at once."""
    server = found("exim4", "exim4-daemon-light")
    plain, encrypted = free_port(), free_port()
    with open_directory() as directory:
        prepare(directory, authority)
        text = EXIM.format(plain=plain, encrypted=encrypted, directory=directory)
        (directory / "exim.conf").write_text(text)
        with running((server, "-C", str(directory / "exim.conf"), "-bdf"), listens(encrypted)):
            yield plain, encrypted


def prepare(directory: Path, authority: Any) -> None:
    """Exim leaves root for a user of its own, which has to read its key and to write its spool."""
    for kind, ending in (("cert", "pem"), ("key", "key")):
        (directory / kind).write_bytes((authority.directory / f"localhost.{ending}").read_bytes())
        (directory / kind).chmod(0o644)
    (directory / "spool").mkdir()
    for path in (directory, directory / "spool"):
        path.chmod(0o777)


def exim_version() -> str:
    text = subprocess.run((found("exim4", "exim4-daemon-light"), "-bV"), capture_output=True, text=True, check=True)
    match = re.search(r"version (\d+\.\d+(?:\.\d+)?)", text.stdout)
    assert match is not None
    return match[1]


@pytest.mark.e2e
def test_exim_says_its_version_and_what_it_offers(exim: tuple[int, int]) -> None:
    answer = ask(f"smtp://shop:{PASSWORD}@127.0.0.1:{exim[0]}")
    settings = {"starttls": "true", "size": str(20 * 1024 * 1024)}
    told = {"kind": "smtp", "value": exim_version(), "via": "handshake", "variant": "exim", "settings": settings}
    assert answer == told


@pytest.mark.e2e
def test_what_is_offered_inside_of_tls_counts_where_the_url_asks_for_it(exim: tuple[int, int], authority: Any) -> None:
    rooted = f"?cafile={authority.certificate}"
    for url in (f"smtp+tls://localhost:{exim[0]}", f"smtp+ssl://localhost:{exim[1]}", f"smtps://localhost:{exim[1]}"):
        answer = ask(url + rooted)
        assert (answer["value"], answer["settings"]["auth"]) == (exim_version(), "PLAIN"), url
    assert ask(f"smtp+tls://localhost:{exim[0]}{rooted}")["settings"]["starttls"] == "true"


@pytest.mark.e2e
def test_tls_is_verified(exim: tuple[int, int], authority: Any) -> None:
    for url, via in ((f"smtp+tls://localhost:{exim[0]}", "handshake"), (f"smtps://localhost:{exim[1]}", "scheme")):
        assert ask(url) == {"kind": "smtp", "unknown": "tls-failed", "via": via}
        named = f"{url.replace('localhost', '127.0.0.1')}?cafile={authority.certificate}"
        assert ask(named) == {"kind": "smtp", "unknown": "tls-failed", "via": via}


class Sink:
    """Takes everything; the probe sends nothing."""


@pytest.mark.e2e
def test_aiosmtpd_says_its_version(authority: Any) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.directory / "localhost.pem", authority.directory / "localhost.key")
    port = free_port()
    server = Controller(Sink(), hostname="127.0.0.1", port=port, tls_context=context, data_size_limit=1000)
    server.start()
    try:
        answer = ask(f"smtp://127.0.0.1:{port}")
        inside = ask(f"smtp+tls://localhost:{port}?cafile={authority.certificate}")
    finally:
        server.stop()
    assert (answer["variant"], answer["value"]) == ("aiosmtpd", installed("aiosmtpd"))
    assert answer["settings"] == {"starttls": "true", "size": "1000"}
    assert inside["settings"]["auth"] == "LOGIN PLAIN"


# Each as the product sends it where nobody has configured it.
GREETINGS = [
    ("mx.example.com ESMTP Postfix (Debian/GNU)", "postfix", None),
    ("exim.example.com ESMTP Postfix", "postfix", None),
    ("mx.example.com ESMTP Exim 4.98.2 Sun, 29 Nov 2026 10:00:00 +0000", "exim", "4.98.2"),
    ("mx.example.com ESMTP Sendmail 8.17.1/8.17.1; Sun, 29 Nov 2026 10:00:00 GMT", "sendmail", "8.17.1"),
    ("mx.example.com ESMTP OpenSMTPD", "opensmtpd", None),
    ("mx.example.com Microsoft ESMTP MAIL Service ready at Sun, 29 Nov 2026 10:00:00 +0000", "exchange", None),
    ("mailhog.example ESMTP MailHog", "mailhog", None),
    ("3f1c Mailpit ESMTP Service ready", "mailpit", None),
    ("/127.0.0.1 GreenMail SMTP Service v2.1.3 ready", "greenmail", "2.1.3"),
    ("mx.example.com ESMTP Haraka/3.0.5 ready", "haraka", "3.0.5"),
    ("email-smtp.amazonaws.com ESMTP SimpleEmailService-d-ABCDEF 4xyz", "ses", None),
    ("smtp.gmail.com ESMTP 5b1f17b1804b1-abc.21 - gsmtp", "gmail", None),
    ("mx.example.com ESMTP", None, None),
    ("mx.example.com ready at 10.1.2.3", None, None),
    ("", None, None),
]


def greeting(text: str) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.sendall(b"220 " + text.encode() + b"\r\n")
        connection.recv(1000)
        connection.sendall(b"250-mx\r\n250-SIZE\r\n250-AUTH=LOGIN\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n")
        connection.recv(1000)

    return behave


@pytest.mark.parametrize(("text", "variant", "value"), GREETINGS, ids=[row[0] for row in GREETINGS])
def test_a_greeting_names_the_product(hostile: Serve, text: str, variant: str | None, value: str | None) -> None:
    answer = ask(f"smtp://127.0.0.1:{hostile(greeting(text))}")
    assert (answer.get("variant"), answer.get("value")) == (variant, value)
    assert answer.get("unknown") == (None if value else "redacted")
    assert answer["settings"] == {"starttls": "false", "auth": "LOGIN PLAIN"}
    assert answer["via"] == "handshake"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"421 too many connections", "connection-refused"),
        (b"554 no", "connection-refused"),
        (b"535 no", "bad-reply"),
        (b"220x", "bad-reply"),
        (b"HTTP/1.1 400 Bad Request", "bad-reply"),
    ],
)
def test_a_server_that_does_not_greet_has_its_reason(hostile: Serve, line: bytes, reason: str) -> None:
    data = line + b"\r\n"
    answer = ask(f"smtp://127.0.0.1:{hostile(lambda connection: connection.sendall(data))}")
    assert answer == {"kind": "smtp", "unknown": reason, "via": "scheme"}


def test_tls_that_is_asked_for_and_not_offered_is_refused(hostile: Serve) -> None:
    answer = ask(f"smtp+tls://127.0.0.1:{hostile(greeting('mx ESMTP Postfix'))}")
    assert (answer["unknown"], answer["via"]) == ("tls-failed", "handshake")
