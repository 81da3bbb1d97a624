"""Is a TCP port free, and if not, which one is."""

import errno
import socket

from paritycheck.local.errors import LocalError

HIGHEST = 65535


def taken(address: str, port: int) -> bool:
    """Whether something listens there. Raises LocalError when the address is not ours or the port not allowed."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except socket.gaierror:
        raise LocalError(f"{address} is no address of this machine. Use --bind 127.0.0.1") from None
    except OSError as error:
        return _judge(error, address, port)
    return False


def _judge(error: OSError, address: str, port: int) -> bool:
    if error.errno == errno.EADDRINUSE:
        return True
    if error.errno == errno.EACCES:
        raise LocalError(f"Port {port} needs more rights than this user has. Use --port 8000") from None
    raise LocalError(f"Cannot listen on {address} port {port}: {error.strerror}. Use --bind 127.0.0.1") from None


def next_free(address: str, port: int) -> int | None:
    """The first free port after `port`, of the next hundred."""
    candidates = range(port + 1, min(port + 100, HIGHEST) + 1)
    return next((candidate for candidate in candidates if not taken(address, candidate)), None)
