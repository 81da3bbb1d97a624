"""HTTPS requests to addresses that people enter, which must not become a way into the server's own network.

The name is resolved once, every address it has must be allowed, and the connection goes to one of them with the name
in SNI, certificate and Host: a second look-up that could answer otherwise does not take place. Redirects are not
followed. The whole exchange ends at a deadline however slowly the other side talks.
"""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http.client import HTTPException
from typing import Any, Final, Self

import urllib3
from django.conf import settings
from typing_extensions import override
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from paritycheck.core.channel import LONGEST_RETRY_AFTER_S, Answer, ChannelError, Request
from paritycheck.core.destinations import (
    Address,
    Destination,
    DestinationError,
    Network,
    allowed_addresses,
    destination_of,
    networks_of,
)

CONNECT_S: Final = 5.0
RESOLVE_S: Final = 5.0
TOTAL_S: Final = 15.0
MOST_BYTES: Final = 16 * 1024
MOST_ADDRESSES: Final = 3
NO_CONTENT: Final = 204
LATE: Final = "no whole answer in time"
USER_AGENT: Final = "paritycheck"
Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Rules:
    """Networks that may be reached besides the public internet, the file of certificate authorities (empty for the
    system's), and by when all requests of one delivery have to end, by `time.monotonic()`.
    """

    allowed: tuple[Network, ...] = ()
    ca_file: str = ""
    ends: float = field(default=float("inf"))


def rules(*, within_s: float = float("inf")) -> Rules:
    """The rules of this installation."""
    try:
        allowed = networks_of(settings.WEBHOOK_ALLOW_CIDRS)
    except ValueError:  # the system check says so, and nothing more is allowed
        allowed = ()
    return Rules(allowed, settings.WEBHOOK_CA_FILE, time.monotonic() + within_s)


def check_url(url: str) -> None:
    """Raise DestinationError for a URL that no request would ever go to. Nothing is resolved."""
    destination_of(url, rules().allowed)


def send(request: Request, given: Rules) -> Answer:
    """The answer to the request. Raises ChannelError: in words of its own, without any part of the request."""
    ends = min(time.monotonic() + TOTAL_S, given.ends)
    try:
        place = destination_of(request.url, given.allowed)
        found = [str(place.literal)] if place.literal else resolve_within(place, ends)
        addresses = allowed_addresses(place, found, given.allowed)
    except DestinationError as error:
        raise ChannelError(error.reason, permanent=error.reason != "name not found") from None
    return _exchange(request, place, addresses, given, ends)


def resolve(host: str, port: int) -> list[str]:
    """Every address of the host, in the order of the system's resolver. Raises OSError."""
    return [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def resolve_within(place: Destination, ends: float) -> list[str]:
    """As `resolve`, but it ends in time: the system's resolver knows no deadline, so it runs beside us."""
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(resolve(place.host, place.port))
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError())

    threading.Thread(target=look_up, name="resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=max(0.0, min(RESOLVE_S, ends - time.monotonic())))
    except queue.Empty:
        raise ChannelError("the name was not resolved in time", permanent=False) from None
    if isinstance(answer, OSError):
        raise ChannelError("name not found", permanent=False) from None
    return answer


class _Cutter:
    """Ends a connection at the deadline, from outside: no timeout of a socket bounds a peer that sends a byte now and
    then. It works on a twin of the socket, because TLS takes the first one away.
    """

    def __init__(self, ends: float) -> None:
        self.late = False
        self.ends = ends
        self._twin: socket.socket | None = None
        self._timer = threading.Timer(max(0.0, ends - time.monotonic()), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def watch(self, sock: socket.socket) -> None:
        self._twin = sock.dup()

    def _cut(self) -> None:
        self.late = True
        if self._twin is not None:
            with suppress(OSError):
                self._twin.shutdown(socket.SHUT_RDWR)

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._twin is not None:
            self._twin.close()


def _connect(addresses: Sequence[Address], port: int, ends: float) -> socket.socket:
    """A connection to the first address that takes one, CONNECT_S for all of them. Raises OSError."""
    limit = min(time.monotonic() + CONNECT_S, ends)
    trouble: OSError = TimeoutError()
    for address in addresses[:MOST_ADDRESSES]:
        left = limit - time.monotonic()
        if left <= 0:
            break
        try:
            return connect(str(address), port, left)
        except OSError as error:
            trouble = error
    raise trouble


def connect(address: str, port: int, timeout_s: float) -> socket.socket:
    """A TCP connection to an address, by number: nothing is looked up."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout_s)
        sock.connect((address, port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock


@lru_cache(maxsize=8)
def _context(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Http(HTTPConnection):
    """Plain HTTP over a socket that is connected already."""

    opened: socket.socket

    @override
    def _new_conn(self) -> socket.socket:
        return self.opened


class _Https(HTTPSConnection):
    """TLS over a socket that is connected already."""

    opened: socket.socket

    @override
    def _new_conn(self) -> socket.socket:
        return self.opened


def _connection(place: Destination, opened: socket.socket, given: Rules, left: float) -> _Http | _Https:
    made: _Http | _Https
    if place.scheme == "http":
        made = _Http(place.host, place.port, timeout=left)
    else:
        context = _context(given.ca_file)
        made = _Https(place.host, place.port, timeout=left, ssl_context=context, server_hostname=place.host)
    made.opened = opened
    return made


def _exchange(request: Request, place: Destination, addresses: Sequence[Address], given: Rules, ends: float) -> Answer:
    with _Cutter(ends) as cutter:
        try:
            answer = _talk(request, place, _connect(addresses, place.port, ends), given, cutter)
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            raise ChannelError(_trouble(error, late=cutter.late), permanent=False) from None
    if cutter.late:
        # What was cut where it stood may look like a whole answer.
        raise ChannelError(LATE, permanent=False)
    return answer


def _talk(request: Request, place: Destination, opened: socket.socket, given: Rules, cutter: _Cutter) -> Answer:
    with opened:
        cutter.watch(opened)
        left = max(0.1, cutter.ends - time.monotonic())
        opened.settimeout(left)
        connection = _connection(place, opened, given, left)
        try:
            connection.request(
                request.method,
                place.target,
                body=request.body,
                headers={**_headers(place), **request.headers},
                preload_content=False,
                decode_content=False,
            )
            response = connection.getresponse()
            body = response.read(MOST_BYTES) if response.status != NO_CONTENT else b""
            return Answer(response.status, body, retry_after_s(response.headers.get("Retry-After"), datetime.now(UTC)))
        finally:
            connection.close()


def _headers(place: Destination) -> dict[str, str]:
    return {"Host": place.authority, "User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Connection": "close"}


def retry_after_s(said: str | None, now: datetime) -> int | None:
    """Seconds of a Retry-After header, as a number or as a date: an hour at most. None where it says nothing."""
    if not said:
        return None
    text = said.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), LONGEST_RETRY_AFTER_S)
    try:
        wait = (parsedate_to_datetime(text) - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(0, int(wait)), LONGEST_RETRY_AFTER_S)


def _trouble(error: BaseException, *, late: bool) -> str:
    """A word for what went wrong: what libraries say may hold the address or part of the answer."""
    if late:
        return LATE
    chain = list(_chain(error))
    for kinds, word in _WORDS:
        if any(isinstance(one, kinds) for one in chain):
            return word
    return "connection lost"


def _chain(error: BaseException | None) -> Any:
    seen = 0
    while error is not None and seen < 10:  # noqa: PLR2004  a bound, chains are of two or three
        yield error
        error, seen = error.__cause__ or error.__context__, seen + 1


_WORDS: Final[Sequence[tuple[tuple[type[BaseException], ...], str]]] = (
    ((ssl.SSLCertVerificationError,), "the certificate is not trusted"),
    ((ssl.SSLEOFError, ssl.SSLZeroReturnError), "connection lost"),
    ((ssl.SSLError, urllib3.exceptions.SSLError), "TLS failed"),
    ((ConnectionRefusedError,), "connection refused"),
    ((TimeoutError, urllib3.exceptions.TimeoutError), "no answer in time"),
    ((ConnectionError,), "connection lost"),
    ((urllib3.exceptions.ProtocolError,), "connection lost"),
    ((HTTPException, HTTPError, ValueError), "the answer is no HTTP"),
)
