"""Addresses of the internet: networks from which something may be used, and who stands behind proxies."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST: Final = 16
LONGEST: Final = 64
Address = IPv4Address | IPv6Address


class NetworkError(ValueError):
    """What was written is no list of networks; the message says what one is, never what was written."""


def read_networks(said: Iterable[str]) -> tuple[str, ...]:
    """Networks in their usual form, each once, in order; an address alone is a network of one. Raises NetworkError, for
    an empty text too: a variable that was never set must not let everybody in.
    """
    found = dict.fromkeys(_network(text.strip()) for text in said)
    if len(found) > MOST:
        raise NetworkError(f"are at most {MOST} networks")
    return tuple(str(network) for network in sorted(found, key=lambda each: (each.version, int(each[0]), each)))


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        if len(text) > LONGEST or "%" in text:
            raise ValueError  # noqa: TRY301  one answer for every way of being wrong
        return ip_network(text)
    except ValueError:
        hint = "are networks such as 203.0.113.0/24, 2001:db8::/48 or a single address; bits beyond the prefix are 0"
        raise NetworkError(hint) from None


def address_of(text: str) -> str:
    """An address in its usual form, empty where it is none; an IPv4 address that IPv6 carries is one of IPv4."""
    try:
        found: Address = ip_address(text.strip().partition("%")[0][:LONGEST])
    except ValueError:
        return ""
    carried = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(carried or found)


def stands_in(address: str, networks: Iterable[str]) -> bool:
    """Whether an address of `address_of` is in one of these networks; where nobody knows it, it is in none."""
    if not address:
        return False
    found = ip_address(address)
    return any(found in ip_network(network) for network in networks)


def peer_of(remote: str, forwarded: str, proxies: int) -> str:
    """Who asks: the peer, or the n-th address from the right where `proxies` of ours each add one. Empty: unknown."""
    passed = forwarded.split(",")
    if not 0 < proxies <= len(passed):
        return address_of(remote)
    return _without_port(passed[-proxies]) or address_of(remote)


def _without_port(text: str) -> str:
    """Some proxies write the port as well: `192.0.2.1:4711`, `[2001:db8::1]:4711`."""
    text = text.strip()
    if text.startswith("["):
        return address_of(text[1:].partition("]")[0])
    return address_of(text.partition(":")[0] if text.count(":") == 1 else text)
