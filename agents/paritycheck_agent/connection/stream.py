"""One bounded connection to a backing service.

A connection has 3 seconds to be made, all of a probe the deadline of its target, and no reply is read past 1 MiB.
So a service that drips, floods or falls silent costs a probe its answer and the agent nothing else. Errors are
words of the closed list of facts.md: no text of a service or of a URL is ever in one.
"""

from __future__ import annotations

import socket
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self

    from paritycheck_agent.connection.target import Target

CONNECT_S = 3.0
REPLY_BYTES = 1024 * 1024
LINE_BYTES = 64 * 1024
CHUNK_BYTES = 64 * 1024
ADDRESSES = 4


class Unanswered(Exception):  # noqa: N818 -- a normal outcome of asking, not an error of the agent
    """No usable answer; `reason` is one of the closed list of facts.md."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Connection:
    """One connection, closed at the end of its `with`. Every method may raise Unanswered."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.ends = time.monotonic() + target.deadline
        self.verified = False
        self._buffer = bytearray()
        self._received = 0
        try:
            self._socket = self._dial()
        except OSError as error:
            raise Unanswered(reason_of(error)) from None
        except (ValueError, OverflowError):  # a name, a port or a path that no socket can have
            raise Unanswered("name-not-found") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        try:
            self._socket.close()
        except OSError:
            return

    def send(self, data: bytes) -> None:
        try:
            self._socket.settimeout(self._left())
            self._socket.sendall(data)
        except OSError as error:
            raise Unanswered(reason_of(error)) from None

    def read(self, count: int) -> bytes:
        """Exactly `count` bytes."""
        if count < 0 or count > REPLY_BYTES:
            raise Unanswered("bad-reply")
        while len(self._buffer) < count:
            self._fill()
        return self._take(count)

    def line(self) -> bytes:
        """The bytes up to the next CR LF, at most 64 KiB."""
        while b"\r\n" not in self._buffer:
            if len(self._buffer) > LINE_BYTES:
                raise Unanswered("bad-reply")
            self._fill()
        return self._take(self._buffer.index(b"\r\n") + 2)[:-2]

    def rest(self) -> bytes:
        """What comes until the other side ends the connection."""
        while self._receive():
            pass
        return self._take(len(self._buffer))

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def encrypt(self, *, verify: bool = True, hostname: bool = True) -> None:
        """Go on in TLS. Without `verify` anybody may be on the other side: the caller must not trust it."""
        import ssl

        if self._buffer:
            raise Unanswered("bad-reply")  # what came before the handshake came from anybody
        try:
            context = self._context(verify=verify, hostname=hostname)
            self._socket.settimeout(self._left())
            self._socket.getpeername()  # of a socket that is not connected any more, wrapping it leaks the file
            host = self.target.host or None
            encrypted = context.wrap_socket(self._socket, server_hostname=host, do_handshake_on_connect=False)
            self._socket = encrypted
            encrypted.do_handshake()
        except ssl.SSLError:
            raise Unanswered("tls-failed") from None
        except (OSError, ValueError) as error:
            timed_out = isinstance(error, (socket.timeout, TimeoutError))
            raise Unanswered("timeout" if timed_out else "tls-failed") from None
        self.verified = verify

    def _context(self, *, verify: bool, hostname: bool) -> ssl.SSLContext:
        import ssl

        context = ssl.create_default_context(cafile=self.target.ca_file)
        context.check_hostname = verify and hostname
        if not verify:
            context.verify_mode = ssl.CERT_NONE
        return context

    def _dial(self) -> socket.socket:
        if self.target.path:
            return self._reach(socket.AF_UNIX, self.target.path)
        found = socket.getaddrinfo(self.target.host or "localhost", self.target.port, type=socket.SOCK_STREAM)
        error: OSError = ConnectionRefusedError()
        for family, _, _, _, address in found[:ADDRESSES]:
            made = self._attempt(family, address)
            if isinstance(made, socket.socket):
                return made
            error = made
        raise error

    def _attempt(self, family: int, address: Any) -> socket.socket | OSError:
        try:
            return self._reach(family, address)
        except OSError as error:
            return error

    def _reach(self, family: int, address: Any) -> socket.socket:
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            made.settimeout(min(CONNECT_S, self._left()))
            made.connect(address)
        except BaseException:
            made.close()
            raise
        return made

    def _left(self) -> float:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise Unanswered("timeout")
        return left

    def _fill(self) -> None:
        if not self._receive():
            raise Unanswered("bad-reply")

    def _receive(self) -> bool:
        """Whether there was more; false at the end of the connection."""
        try:
            self._socket.settimeout(self._left())
            chunk = self._socket.recv(CHUNK_BYTES)
        except OSError as error:
            raise Unanswered(reason_of(error)) from None
        self._received += len(chunk)
        if self._received > REPLY_BYTES:
            raise Unanswered("bad-reply")
        self._buffer += chunk
        return bool(chunk)


def reason_of(error: OSError) -> str:
    """The word of facts.md for an error of a socket."""
    if isinstance(error, (socket.timeout, TimeoutError)):
        return "timeout"
    if isinstance(error, socket.gaierror):
        return "name-not-found"
    if isinstance(error, PermissionError):
        return "no-permission"
    if isinstance(error, (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)):
        return "bad-reply"
    return _reason_of_library(error)


def _reason_of_library(error: OSError) -> str:
    import ssl

    return "tls-failed" if isinstance(error, ssl.SSLError) else "connection-refused"
