"""A server that drips, floods, lies or hangs up costs a probe its answer, never its time or its temper."""

from __future__ import annotations

import base64
import contextlib
import random
import struct
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.collectors import services
from paritycheck_agent.connection.scram import ROUNDS
from paritycheck_agent.connection.target import Target
from paritycheck_agent.wire.words import REASONS, SERVICE_KINDS, VIA

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    Behaviour = Callable[[socket.socket], None]
    Serve = Callable[[Behaviour], int]

# One kind of each module, and the services of HTTP among them.
KINDS = (
    *("postgresql", "redis", "mysql", "rabbitmq", "memcached"),
    *("mongodb", "kafka", "nats", "mqtt", "smtp", "cassandra", "ldap"),
    *("elasticsearch", "s3", "clickhouse", "etcd", "consul", "vault"),
)
WEB = KINDS[12:]
PROBES = {kind: __import__(services.PROBES[kind], fromlist=["probe"]).probe for kind in KINDS}
PASSWORD = "canary-Pa55word-canary"
DEADLINE = 0.8
SLACK = 0.6
# For what cannot answer and is waited for to the end: a wait like any other, and shorter.
SHORT = 0.3


def ask(kind: str, port: int, *, deadline: float = DEADLINE, tls: str = "") -> tuple[dict[str, Any], float]:
    """The answer and the seconds that it took."""
    target = Target(kind, host="127.0.0.1", port=port, user="shop", password=PASSWORD, database="shop")
    target.deadline, target.tls, target.scheme = deadline, tls, "http" if kind in WEB else ""
    started = time.monotonic()
    answer: dict[str, Any] = PROBES[kind](target)
    return answer, time.monotonic() - started


def check(answer: dict[str, Any]) -> None:
    """What any answer must be, whoever gave it."""
    assert answer["kind"] in SERVICE_KINDS
    assert answer["via"] in VIA
    assert ("value" in answer) != ("unknown" in answer)
    assert answer.get("unknown", "timeout") in REASONS
    assert PASSWORD not in repr(answer)
    for members in ("settings", "extensions"):
        assert all(isinstance(text, str) for pair in answer.get(members, {}).items() for text in pair)


def drip(data: bytes, pause: float = 0.05) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        for byte in data * 1000:
            connection.sendall(bytes([byte]))
            time.sleep(pause)

    return behave


def say(*replies: bytes) -> Behaviour:
    """Answer each thing heard with the next reply, then fall silent."""

    def behave(connection: socket.socket) -> None:
        for reply in replies:
            connection.recv(65536)
            connection.sendall(reply)
        connection.recv(65536)
        time.sleep(10)

    return behave


def flood(start: bytes, data: bytes) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(data)

    return behave


def reset(connection: socket.socket) -> None:
    import socket as sockets

    connection.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def hang_up(connection: socket.socket) -> None:
    connection.close()


def fall_silent(connection: socket.socket) -> None:
    connection.recv(65536)
    time.sleep(10)


def noise(seed: int) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        connection.sendall(random.Random(seed).randbytes(4096))  # noqa: S311 - noise, not a secret
        connection.close()

    return behave


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


STATUS = message(b"S", b"server_version\x0016.3\0")
WELCOME = message(b"R", struct.pack("!I", 0)) + STATUS + message(b"Z", b"I")
HUGE = {
    "postgresql": b"R\x7f\xff\xff\xff",
    "redis": b"$536870912\r\n",
    "mysql": b"\xff\xff\xff\x00",
    "rabbitmq": b"\x01\x00\x00\x7f\xff\xff\xff",
    "memcached": b"VERSION " + b"9" * 100_000,
    **dict.fromkeys(WEB, b"HTTP/1.1 200 OK\r\ncontent-length: 536870912\r\n\r\n"),
    "mongodb": struct.pack("<iiii", 0x7FFFFFFF, 1, 1, 2013),
    "kafka": b"\x7f\xff\xff\xff",
    "nats": b"INFO " + b"x" * 100_000,
    "mqtt": b"\x20\xff\xff\xff\x7f",
    "smtp": b"220 " + b"x" * 100_000,
    "cassandra": b"\x84\0\0\0\x06\x7f\xff\xff\xff",
    "ldap": b"\x30\x84\x7f\xff\xff\xff",
}


def test_every_probe_is_attacked() -> None:
    offline = {services.PROBES["sqlite"]}  # a file, not a connection
    assert {services.PROBES[kind] for kind in KINDS} | offline == set(services.PROBES.values())


@pytest.mark.parametrize("kind", PROBES)
@pytest.mark.parametrize("behave", [drip(b"N"), drip(b"\n\0"), fall_silent], ids=["letters", "lines", "silent"])
def test_what_drips_or_is_silent_ends_at_the_deadline(hostile: Serve, kind: str, behave: Behaviour) -> None:
    answer, seconds = ask(kind, hostile(behave), deadline=SHORT)
    check(answer)
    assert answer["unknown"] in {"timeout", "bad-reply"}
    assert seconds < SHORT + SLACK


@pytest.mark.parametrize("kind", PROBES)
@pytest.mark.parametrize(
    "behave", [reset, hang_up, noise(1), noise(2)], ids=["reset", "hang up", "noise", "other noise"]
)
def test_what_hangs_up_or_babbles_is_a_bad_reply(hostile: Serve, kind: str, behave: Behaviour) -> None:
    answer, seconds = ask(kind, hostile(behave))
    check(answer)
    assert (answer["unknown"], answer["via"]) == ("bad-reply", "scheme")
    assert seconds < DEADLINE


@pytest.mark.parametrize("kind", PROBES)
def test_a_huge_length_is_not_waited_for(hostile: Serve, kind: str) -> None:
    def behave(connection: socket.socket) -> None:
        connection.sendall((b"N" if kind == "postgresql" else b"") + HUGE[kind])
        time.sleep(10)

    answer, seconds = ask(kind, hostile(behave))
    check(answer)
    assert answer["unknown"] == "bad-reply"
    assert seconds < DEADLINE


ENDLESS = {
    "notices": ("postgresql", b"N", message(b"N", b"x" * 100)),
    "statuses": ("postgresql", b"N", message(b"S", b"a\0b\0")),
    "rows": ("postgresql", b"N" + WELCOME, message(b"D", b"\0\2\0\0\0\1a\0\0\0\1b")),
    "nothing but requests": ("postgresql", b"N", message(b"R", struct.pack("!I", 10) + b"X\0\0")),
    "array": ("redis", b"*9999\r\n", b"*9999\r\n"),
    "line": ("redis", b"+", b"x" * 1000),
    "settings": ("memcached", b"VERSION 1.6\r\n", b"STAT maxbytes 1\r\n"),
    "greeting": ("smtp", b"220-a\r\n", b"220-a\r\n"),
    "keywords": ("smtp", b"220 a\r\n250-a\r\n", b"250-A\r\n"),
    "topics": ("mqtt", b"\x20\x02\0\0\x90\x03\0\1\0", b"\xd0\0"),
    "entries": ("ldap", b"", b"\x30\x0b\x02\1\1\x64\x06\x04\0\x30\2\x30\0"),
    "info": ("nats", b"INFO ", b"x" * 1000),
    "options": ("cassandra", b"\x84\0\0\0\x06\0\0\xff\xff\xff\xff", b"\0\1a\xff\xff"),
    "choices": ("cassandra", b"\x84\0\0\0\x06\0\3\xff\xff\xff\xff", b"\0\0"),
    "features": ("kafka", b"\0\0\xff\xff\0\0\0\4\0\0\1\0\0\0\0\xe7\7", b"\0"),
    "elements": ("mongodb", struct.pack("<iiii", 400_000, 1, 1, 2013) + bytes(5) + b"\xff\xff\7\0", b"\x0aa\0" * 300),
    "version": ("mysql", b"\x50\x00\x00\x00\x0a", b"5"),
    "headers": ("etcd", b"HTTP/1.1 200 OK\r\n", b"a: b\r\n"),
    "body": ("s3", b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1000),
    "chunks": ("vault", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"5\r\nabcde\r\n"),
    "interim answers": ("consul", b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_an_endless_reply_has_an_end(hostile: Serve, name: str) -> None:
    kind, start, data = ENDLESS[name]
    answer, seconds = ask(kind, hostile(flood(start, data)))
    check(answer)
    assert seconds < DEADLINE + SLACK


def test_what_was_read_before_the_failure_stays(hostile: Serve) -> None:
    answer, _ = ask(
        "postgresql", hostile(say(b"N", WELCOME, message(b"E", b"SERROR\0C42501\0\0") + message(b"Z", b"I")))
    )
    assert (answer["value"], answer["via"]) == ("16.3", "auth")
    answer, _ = ask("memcached", hostile(say(b"VERSION 1.6.18\r\n")))
    assert answer["value"] == "1.6.18"
    info = b"redis_version:7.2.4\r\nredis_mode:standalone\r\n"
    answer, _ = ask("redis", hostile(say(b"+OK\r\n", b"$%d\r\n%s\r\n" % (len(info), info))))
    assert (answer["value"], answer["via"]) == ("7.2.4", "auth")


def test_the_handshakes_rounds_are_bounded(hostile: Serve) -> None:
    def behave(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"N")
        connection.recv(1000)
        connection.sendall(message(b"R", struct.pack("!I", 10) + b"SCRAM-SHA-256\0\0"))
        nonce = connection.recv(1000).rpartition(b"r=")[2]
        salt = base64.b64encode(b"salt")
        connection.sendall(message(b"R", struct.pack("!I", 11) + b"r=%sx,s=%s,i=%d" % (nonce, salt, 10 * ROUNDS)))
        time.sleep(10)

    answer, seconds = ask("postgresql", hostile(behave))
    assert answer == {"kind": "postgresql", "unknown": "bad-reply", "via": "handshake"}
    assert seconds < DEADLINE


def test_a_server_that_does_not_know_the_password_is_not_believed(hostile: Serve) -> None:
    def behave(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"N")
        connection.recv(1000)
        connection.sendall(message(b"R", struct.pack("!I", 10) + b"SCRAM-SHA-256\0\0"))
        nonce = connection.recv(1000).rpartition(b"r=")[2]
        connection.sendall(message(b"R", struct.pack("!I", 11) + b"r=%sx,s=c2FsdA==,i=4096" % nonce))
        connection.recv(1000)
        connection.sendall(message(b"R", struct.pack("!I", 12) + b"v=" + base64.b64encode(b"x" * 32)) + WELCOME)
        time.sleep(10)

    answer, _ = ask("postgresql", hostile(behave))
    assert answer == {"kind": "postgresql", "unknown": "bad-reply", "via": "handshake"}


def test_bytes_before_the_handshake_of_tls_are_refused(hostile: Serve) -> None:
    answer, _ = ask("postgresql", hostile(say(b"S" + WELCOME)))
    assert answer["unknown"] == "bad-reply"


GREETS = {"postgresql": b"S", "nats": b'INFO {"version":"2.9.10"}\r\n'}


@pytest.mark.parametrize(
    "kind", ["postgresql", "redis", "rabbitmq", "mongodb", "kafka", "nats", "mqtt", "cassandra", "ldap", *WEB]
)
def test_a_server_that_drips_its_handshake_of_tls_ends_at_the_deadline(hostile: Serve, kind: str) -> None:
    def behave(connection: socket.socket) -> None:
        if kind == "postgresql":
            connection.recv(100)
        connection.sendall(GREETS.get(kind, b""))
        connection.recv(10_000)
        drip(b"\x16\x03\x03\x00\x7a")(connection)

    answer, seconds = ask(kind, hostile(behave), deadline=SHORT, tls="verify-full")
    check(answer)
    assert answer["unknown"] in {"timeout", "tls-failed"}
    assert seconds < SHORT + SLACK


@pytest.mark.parametrize("kind", PROBES)
def test_nobody_listens_or_nobody_answers(kind: str) -> None:
    import socket

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        refused, _ = ask(kind, bound.getsockname()[1])
        assert (refused["unknown"], refused["via"]) == ("connection-refused", "scheme")
        # A queue that is full drops who comes next, as a firewall does.
        bound.listen(0)
        with contextlib.ExitStack() as stack:
            for _ in range(4):
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(bound.getsockname())
            dropped, seconds = ask(kind, bound.getsockname()[1], deadline=SHORT)
    assert (dropped["unknown"], dropped["via"]) == ("timeout", "scheme")
    assert seconds < SHORT + SLACK


# What each hears that shows nobody's credentials, and what it says; mongodb and kafka are in test_recorded.py.
SILENT = {
    "nats": ((b'INFO {"version":"2.9.10"}\r\n', b""),),
    "smtp": ((b"220 mx ESMTP Exim 4.98\r\n", b"EHLO [127.0.0.1]\r\n"), (b"250 mx\r\n", b"QUIT\r\n")),
    "ldap": ((b"\x30\x0c\x02\1\1\x65\x07\x0a\1\0\x04\0\x04\0", None),),
}


@pytest.mark.parametrize("kind", SILENT)
def test_who_needs_no_credentials_shows_none(hostile: Serve, kind: str) -> None:
    heard: list[bytes] = []
    ended = threading.Event()

    def behave(connection: socket.socket) -> None:
        for said, _ in SILENT[kind]:
            connection.sendall(said)
            heard.append(connection.recv(65536))
        ended.set()

    check(ask(kind, hostile(behave))[0])
    assert ended.wait(5)
    for data, (_, wanted) in zip(heard, SILENT[kind], strict=True):
        assert wanted is None or data == wanted
        assert PASSWORD.encode() not in data
        assert b"shop" not in data


@pytest.mark.parametrize("kind", PROBES)
@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_reply_breaks_a_probe(hostile: Serve, kind: str, data: st.DataObject) -> None:
    known = [
        b"N",
        b"S",
        WELCOME,
        STATUS,
        HUGE[kind][:7],
        b"VERSION 1",
        b"+OK\r\n",
        b"*1\r\n",
        b"$3\r\nabc\r\n",
        b"\x01\0\0\0\0\0",
        b"HTTP/1.1 200 OK\r\n",
        b"content-length: 2\r\n\r\n[]",
        b"server: MinIO\r\n\r\n",
    ]
    pieces = data.draw(st.lists(st.sampled_from(known) | st.binary(max_size=20), max_size=8))

    def behave(connection: socket.socket) -> None:
        connection.sendall(b"".join(pieces))
        connection.close()

    answer, seconds = ask(kind, hostile(behave))
    check(answer)
    assert seconds < DEADLINE + SLACK
