"""What servers say, as it should be, for the probes and the channel to be given changed."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from typing import TYPE_CHECKING, Any

from paritycheck_agent.collectors.services import PROBES
from paritycheck_agent.connection.target import Target
from paritycheck_agent.transport.channel import Channel
from tests.agent.probes.test_mutated import WHOLE
from tests.agent.probes.test_mysql_played import greeting, packet

if TYPE_CHECKING:
    from collections.abc import Callable

DEADLINE_S = 2.0
OK = packet(2, b"\0\0\0\2\0\0\0")
EOF = b"\xfe\0\0\2\0"
COLUMN = packet(2, b"\3def\0\0\0\7version\0\x0c\x21\0\x20\0\0\0\xfd\0\0\0\0\0")
REDIS = (
    b"redis_version:7.2.4\r\nredis_mode:standalone\r\nexecutable:/usr/bin/redis-server\r\nmaxmemory_policy:noeviction"
)
MEMCACHED = b"VERSION 1.6.21\r\nSTAT pid 1\r\nSTAT version 1.6.21\r\nSTAT limit_maxbytes 67108864\r\nEND\r\n"


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def _rows(*values: bytes) -> bytes:
    fields = b"".join(b"a\0" + bytes(18) for _value in values)
    row = b"".join(len(value).to_bytes(4, "big") + value for value in values)
    count = len(values).to_bytes(2, "big")
    return _message(b"T", count + fields) + _message(b"D", count + row) + _message(b"C", b"SELECT 1\0")


def _web(document: Any, *headers: str) -> bytes:
    body = json.dumps(document).encode()
    head = ["HTTP/1.1 200 OK", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(head) + "\r\n\r\n").encode() + body


READY = _message(b"Z", b"I")
POSTGRESQL = (
    _message(b"R", bytes(4)) + _message(b"S", b"server_version\x0016.3 (Debian 16.3-1)\0")
    + _message(b"S", b"TimeZone\0UTC\0") + _message(b"K", bytes(8)) + READY
    + _rows(b"max_connections", b"100") + READY + _rows(b"plpgsql", b"1.0") + READY
)  # fmt: skip
SCRAM = _message(b"R", b"\0\0\0\x0aSCRAM-SHA-256\0\0") + _message(b"R", b"\0\0\0\x0br=abc,s=c2FsdA==,i=4096")
MYSQL = (
    packet(0, greeting()) + OK + packet(1, b"\1") + COLUMN + packet(3, EOF) + packet(4, b"\x068.4.3x") + packet(5, EOF)
)
PROPERTIES = (
    b"\7productS\0\0\0\x08RabbitMQ\7versionS\0\0\0\x063.10.8\x0ccapabilitiesF\0\0\0\x05\3ackt\1"
)  # fmt: skip
START = (
    b"\0\x0a\0\x0a\0\x09" + len(PROPERTIES).to_bytes(4, "big") + PROPERTIES + b"\0\0\0\x0ePLAIN AMQPLAIN\0\0\0\5en_US"
)
RABBITMQ = b"\1\0\0" + len(START).to_bytes(4, "big") + START + b"\xce"
ELASTICSEARCH = {"version": {"number": "8.15.2"}, "tagline": "You Know, for Search", "persistent": {}, "defaults": {}}
CONSUL = {"Config": {"Version": "1.19.2", "Datacenter": "dc1", "Server": True}, "Stats": {"consul": {"leader": "true"}}}
VAULT = {"initialized": True, "sealed": False, "version": "1.17.5", "cluster_name": "x", "enterprise": False}

# Kind, and what its server says to whatever it is asked.
SAID: dict[str, tuple[bytes, ...]] = {
    **{kind: (data,) for kind, (data, _version) in WHOLE.items()},
    "postgresql": (POSTGRESQL, SCRAM, b"S", b"N", _message(b"E", b"SFATAL\0C28P01\0Mno\0\0")),
    "mysql": (MYSQL, packet(0, b"\xff\x6a\x04Host blocked")),
    "redis": (b"$%d\r\n%s\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n*0\r\n" % (len(REDIS), REDIS), b"-NOAUTH no\r\n"),
    "rabbitmq": (RABBITMQ, b"AMQP\0\0\x09\1"),
    "memcached": (MEMCACHED,),
    "elasticsearch": (_web(ELASTICSEARCH, "X-Elastic-Product: Elasticsearch"), _web([{"component": "a"}])),
    "s3": (_web({}, "Server: MinIO"), b"HTTP/1.1 403 Forbidden\r\nServer: AmazonS3\r\nContent-Length: 0\r\n\r\n"),
    "clickhouse": (_web({"data": [["24.8"]]}), b"HTTP/1.0 200 OK\r\n\r\n24.8\n", b"\0\nClickHouse\x18\x08\xb0\xa9\3"),
    "etcd": (_web({"etcdserver": "3.5.16", "etcdcluster": "3.5.0"}),),
    "consul": (_web(CONSUL),),
    "vault": (_web(VAULT),),
}  # fmt: skip
ANSWERS = (
    _web({"accepted": True}),
    b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.0 503 Busy\r\nRetry-After: 10\r\nConnection: close\r\n\r\nrest",
)
DOCUMENTS = (
    {"report_id": "x", "seq": 1, "duplicate": False, "stale": True, "current_seq": 5, "interval_s": 300},
    {"missing": ["commits", "sha256:" + "0" * 64], "want": 500, "have": ["f" * 40], "tips": ["e" * 40]},
    {"status": 422, "code": "invalid-section", "detail": "x", "errors": [{"pointer": "/a", "detail": "b"}]},
)  # fmt: skip


class Server:
    """Says to everybody on loopback what `data` is at the time, and ends its half."""

    def __init__(self) -> None:
        self.data = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                # A probe may open a second one before it closes the first.
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(DEADLINE_S)
            connection.sendall(self.data)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(DEADLINE_S)
        self.listener.close()


def probed(server: Server, kind: str) -> Callable[[bytes], object]:
    """Ask a server that says what is given as a probe does."""
    probe = __import__(PROBES[kind], fromlist=["probe"]).probe

    def reading(data: bytes) -> object:
        server.data = data
        target = Target(kind, host="127.0.0.1", port=server.port, user="shop", password="secret", database="shop")
        target.deadline = DEADLINE_S
        target.scheme = "http" if data.startswith(b"HTTP") else ""
        return probe(target)

    return reading


def heard(data: bytes) -> None:
    """Read an answer of our own server off the line."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(DEADLINE_S)
        theirs.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            theirs.send(data)
        theirs.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError, ValueError):  # what it documents, Malformed among them
            Channel(ours, read_s=DEADLINE_S, answer_s=DEADLINE_S, most=1 << 20).answer()
