"""Networks and addresses: what is written is read one way, and whoever stands behind a proxy is told apart."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck.core.networks import NetworkError, address_of, peer_of, read_networks, stands_in

NETWORKS = st.ip_addresses().flatmap(
    lambda address: st.integers(0, address.max_prefixlen).map(lambda bits: ip_network((address, bits), strict=False))
)


@given(NETWORKS, st.ip_addresses())
def test_an_address_stands_in_what_the_standard_library_says(network: object, address: object) -> None:
    (text,) = read_networks([f" {network} "])
    assert text == str(network)
    plain = address_of(str(address))
    assert stands_in(plain, [text]) == (ip_address(plain) in ip_network(text))


@given(st.text(max_size=80))
def test_whatever_is_written_is_a_network_or_refused(text: str) -> None:
    with suppress(NetworkError):
        read = read_networks([text])
        assert read_networks(read) == read


@pytest.mark.parametrize(
    "text", ["203.0.113.7/24", "10.0.0.0/33", "fe80::1%eth0", "localhost", "1.2.3", "::/129", "x" * 99, "", " "]
)
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(NetworkError):
        read_networks([text])


@pytest.mark.parametrize(
    ("remote", "forwarded", "proxies", "peer"),
    [
        ("192.0.2.1", "", 0, "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", 0, "192.0.2.1"),
        ("10.0.0.2", "6.6.6.6, 203.0.113.9", 1, "203.0.113.9"),
        ("10.0.0.2", "203.0.113.9, 10.0.0.1", 2, "203.0.113.9"),
        ("10.0.0.2", "203.0.113.9:4711", 1, "203.0.113.9"),
        ("10.0.0.2", "[2001:db8::9]:4711", 1, "2001:db8::9"),
        ("10.0.0.2", "2001:db8::9", 1, "2001:db8::9"),
        ("10.0.0.2", "::ffff:203.0.113.9", 1, "203.0.113.9"),
        ("10.0.0.2", "unknown", 1, "10.0.0.2"),
        ("10.0.0.2", "", 1, "10.0.0.2"),
        ("10.0.0.2", "203.0.113.9", 2, "10.0.0.2"),
        ("", "", 0, ""),
    ],
)
def test_who_asks_is_told_from_the_right(remote: str, forwarded: str, proxies: int, peer: str) -> None:
    assert peer_of(remote, forwarded, proxies) == peer


def test_nobody_knows_where_stands_in_no_network() -> None:
    assert not stands_in("", ["0.0.0.0/0", "::/0"])
