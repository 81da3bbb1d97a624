"""Servers that speak one protocol are told apart by what they say of themselves, as recorded."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from tests.agent.probes.test_hostile import ask, flood, say

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    Serve = Callable[[Callable[[socket.socket], None]], int]


NAMED = [
    ("valkey_version:8.0.1\r\nredis_version:7.2.4\r\nserver_name:valkey", "valkey", "8.0.1", None),
    ("redis_version:7.4.0\r\ndragonfly_version:df-v1.20.1", "dragonfly", "1.20.1", None),
    ("redis_version:6.3.4\r\nexecutable:/usr/bin/keydb-server", "keydb", "6.3.4", None),
    ("garnet_version:1.0.50\r\nredis_version:7.2.5", "redis", "1.0.50", "garnet"),
    ("redis_version:7.1.0\r\nos:Amazon ElastiCache", "redis", "7.1.0", "elasticache"),
]


@pytest.mark.parametrize(("info", "kind", "value", "variant"), NAMED, ids=[row[1] + str(row[3]) for row in NAMED])
def test_the_family_of_redis_is_told_apart(
    hostile: Serve, info: str, kind: str, value: str, variant: str | None
) -> None:
    text = info.encode()
    serve = say(b"+OK\r\n", b"$%d\r\n%s\r\n" % (len(text), text), b"-ERR unknown command\r\n", b"-ERR\r\n")
    answer, _ = ask("redis", hostile(serve))
    assert (answer["kind"], answer["value"], answer.get("variant")) == (kind, value, variant)


BANNERS = [
    (b"5.5.5-10.11.19-MariaDB-0+deb12u1", "mariadb", "10.11.19", None),
    (b"11.4.2-MariaDB", "mariadb", "11.4.2", None),
    (b"8.0.36-0ubuntu0.22.04.1", "mysql", "8.0.36", None),
    (b"5.7.25-TiDB-v7.5.0", "mysql", "5.7.25", "tidb"),
    (b"8.0.30-Vitess", "mysql", "8.0.30", "vitess"),
]


@pytest.mark.parametrize(("banner", "kind", "value", "variant"), BANNERS, ids=[row[0].decode() for row in BANNERS])
def test_the_family_of_mysql_is_told_apart(
    hostile: Serve, banner: bytes, kind: str, value: str, variant: str | None
) -> None:
    body = b"\x0a" + banner + b"\0" + b"\0" * 40
    packet = len(body).to_bytes(3, "little") + b"\0" + body
    answer, _ = ask("mysql", hostile(flood(packet, b"\0")))
    assert (answer["kind"], answer["value"], answer.get("variant")) == (kind, value, variant)


def test_a_host_that_mysql_does_not_let_in_is_told_so(hostile: Serve) -> None:
    body = b"\xff" + (1130).to_bytes(2, "little") + b"Host '127.0.0.1' is not allowed to connect"
    answer, _ = ask("mysql", hostile(flood(len(body).to_bytes(3, "little") + b"\0" + body, b"\0")))
    assert answer == {"kind": "mysql", "unknown": "no-permission", "via": "handshake"}


def start(product: bytes, version: bytes) -> bytes:
    """Connection.Start."""

    def text(name: bytes, value: bytes) -> bytes:
        return bytes([len(name)]) + name + b"S" + struct.pack("!I", len(value)) + value

    table = text(b"product", product) + b"\x04flagt\x01" + text(b"version", version)
    body = struct.pack("!HH", 10, 10) + b"\0\x09" + struct.pack("!I", len(table)) + table
    return b"\x01\0\0" + struct.pack("!I", len(body)) + body + b"\xce"


def test_lavinmq_is_no_rabbitmq(hostile: Serve) -> None:
    answer, _ = ask("rabbitmq", hostile(flood(start(b"LavinMQ", b"2.1.0"), b"\0")))
    assert answer == {"kind": "lavinmq", "value": "2.1.0", "via": "handshake"}


def test_a_proxy_does_not_pass_for_the_server_behind_it(hostile: Serve) -> None:
    answer, _ = ask("rabbitmq", hostile(flood(start(b"AMQProxy", b"3.0.1"), b"\0")))
    assert answer == {"kind": "rabbitmq", "variant": "amqproxy", "unknown": "redacted", "via": "handshake"}


def test_redis_tells_by_info_what_config_may_not(hostile: Serve) -> None:
    """As managed services answer: CONFIG is no command there."""
    info = b"redis_version:7.1.0\r\nmaxmemory:1000\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\ncluster_enabled:1"
    serve = say(b"+OK\r\n", b"$%d\r\n%s\r\n" % (len(info), info), b"-ERR unknown command\r\n", b"-ERR\r\n")
    answer, _ = ask("redis", hostile(serve))
    assert answer["settings"] == {
        "maxmemory": "1000", "maxmemory-policy": "noeviction", "appendonly": "yes", "cluster_enabled": "1",
    }  # fmt: skip
