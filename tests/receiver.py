"""A real HTTPS server on loopback that keeps what it is sent, with a certificate authority of its own."""

import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from typing_extensions import override

NAME = "receiver.test"
Talk = Callable[[socket.socket], None]


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Said:
    """What it answers."""

    status: int = 200
    body: bytes = b"ok"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Receiver:
    """What came, and what is answered: `says` may be set while it runs."""

    port: int = 0
    requests: list[Received] = field(default_factory=list)
    says: Callable[[Received], Said] = field(default=lambda _: Said())

    def url(self, path: str = "/", host: str = NAME) -> str:
        return f"https://{host}:{self.port}{path}"


class Authority:
    """Signs certificates; `file` is what a client has to trust."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of the tests")])
        self.file = str(directory / "ca.pem")
        certificate = self._certificate(self._name, self._key.public_key(), [], authority=True)
        Path(self.file).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _certificate(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, names: list[str], *, authority: bool
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        built = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if authority:
            usage = x509.KeyUsage(
                digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
            )  # fmt: skip
            built = built.add_extension(usage, critical=True)
        if names:
            said = [_general(name) for name in names]
            built = built.add_extension(x509.SubjectAlternativeName(said), critical=False)
        return built.sign(self._key, hashes.SHA256())

    def context(self, *names: str) -> ssl.SSLContext:
        """A server's, with a certificate for these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        certificate = self._certificate(subject, key.public_key(), list(names), authority=False)
        path = self._directory / f"{names[0].replace(':', '-')}-{certificate.serial_number}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@contextmanager
def running_receiver(context: ssl.SSLContext | None) -> Iterator[Receiver]:
    """The server, by TLS where there is a context."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received = Received(self.command, self.path, headers, body)
            receiver.requests.append(received)
            said = receiver.says(received)
            self.send_response(said.status)
            for name, value in (*said.headers, ("Content-Length", str(len(said.body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.body)

        do_PATCH = do_PUT = do_GET = do_POST  # noqa: N815  http.server's own names

        @override
        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        @override
        def finish_request(self, request: Any, client_address: Any) -> None:
            """By TLS, in the caller's own thread: a handshake that fails or hangs is its alone."""
            if context is None:
                super().finish_request(request, client_address)
                return
            with context.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)

        @override
        def handle_error(self, request: Any, client_address: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def raw_tls_server(context: ssl.SSLContext, talk: Talk) -> Iterator[int]:
    """A server that reads a request and then does what `talk` does, in a thread for each caller; its port."""
    ended = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(30)
            with context.wrap_socket(connection, server_side=True) as secured:
                _read_request(secured)
                talk(secured)

    def accept(listener: socket.socket) -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            threading.Thread(target=serve, args=[connection], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=accept, args=[listener], daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        ended.set()
        thread.join(10)


def _read_request(connection: socket.socket) -> None:
    """All of it: what is left unread when a socket closes resets the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65_536) or b"\r\n\r\n"
    head, _, body = data.partition(b"\r\n\r\n")
    found = re.search(rb"(?i)content-length: *([0-9]+)", head)
    while found and len(body) < int(found[1]):
        body += connection.recv(65_536) or b" " * int(found[1])


def reset(connection: socket.socket) -> None:
    """End the connection with a RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
