"""Which addresses a request of ours may go to: never into the network that the server itself stands in.

The rules are of two parts. The URL's form is looked at when a channel is made and again before each request; what its
name resolves to is looked at once, and the request then goes to that very address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_URL: Final = 2_048
LONGEST_HOST: Final = 253
PORTS: Final = frozenset({443, 8443})
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_HIGHEST_PORT: Final = 65_535
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[^\s/?#@:\[\]\\%]{1,1000})(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>(?:/[!-~]{0,2048})?(?:\?[!-~]{0,2048})?)",
    re.IGNORECASE,
)
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A last label that browsers and resolvers take for part of an IPv4 address."""
_DENIED: Final = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
            "::/96", "::1/128", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "64:ff9b::/96", "64:ff9b:1::/48",
            "2001::/32", "2002::/16",
        ),
    )
)  # fmt: skip
"""Named one by one: neither `is_private` nor `is_global` of the standard library knows all of them."""


class DestinationError(Exception):
    """An address that nothing is sent to. Says the rule, never the address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL taken apart. `target` is path and query as they go into the request; `literal` is the host where it is an
    address itself.
    """

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)
    literal: Address | None

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def usual(self) -> bool:
        """Whether it may go anywhere public: HTTPS at the ports of the web, by name."""
        return self.scheme == "https" and self.port in PORTS and self.literal is None


def destination_of(url: str, allowed: Sequence[Network] = ()) -> Destination:
    """The URL, taken apart strictly. Raises DestinationError.

    What only an allowed network may have (plain HTTP, another port, a numeric host) is refused here already where no
    network is allowed.
    """
    found = _URL.fullmatch(url) if len(url) <= LONGEST_URL else None
    if found is None:
        raise DestinationError("the URL is not of the form https://host/path")
    scheme = found["scheme"].lower()
    port = int(found["port"] or DEFAULT_PORTS[scheme])
    if not 0 < port <= _HIGHEST_PORT:
        raise DestinationError("the URL has no such port")
    host, literal = _host(found["host"])
    target = found["target"]
    place = Destination(scheme, host, port, target if target.startswith("/") else f"/{target}", literal)
    if not place.usual and not allowed:
        raise DestinationError("the URL is not https at port 443 or 8443 of a host with a name")
    return place


def _host(written: str) -> tuple[str, Address | None]:
    if written.startswith("["):
        return _literal(written[1:-1])
    host = _ascii(written).lower()
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _literal(host)
    if len(host) > LONGEST_HOST or not all(map(_LABEL.fullmatch, labels)):
        raise DestinationError("the URL's host is no host name")
    return host, None


def _literal(text: str) -> tuple[str, Address]:
    try:
        address = ip_address(text)
    except ValueError:
        raise DestinationError("the URL's host is no host name") from None
    return str(address), address


def _ascii(host: str) -> str:
    """IDNA, once; every rule is about what comes out."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        raise DestinationError("the URL's host is no host name") from None


def allowed_addresses(place: Destination, resolved: Iterable[str], allowed: Sequence[Network] = ()) -> list[Address]:
    """The addresses to connect to, in their order. Raises DestinationError if one of them is not allowed.

    One that is inside is enough to refuse all: which of them is connected to is not left to chance.
    """
    addresses = [ip_address(text.partition("%")[0]) for text in resolved]
    if not addresses:
        raise DestinationError("name not found")
    for address in addresses:
        inside = any(address.version == network.version and address in network for network in allowed)
        if not inside and not (place.usual and is_public(address)):
            raise DestinationError("the host leads to an address that nothing is sent to")
    return list(dict.fromkeys(addresses))


def is_public(address: Address) -> bool:
    """Whether the address is one of the public internet."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    if mapped is not None:
        return is_public(mapped)
    denied = any(address.version == network.version and address in network for network in _DENIED)
    return address.is_global and not address.is_multicast and not denied


def networks_of(words: Iterable[str]) -> tuple[Network, ...]:
    """Networks as `10.0.0.0/8`. Raises ValueError."""
    return tuple(ip_network(word) for word in words)
