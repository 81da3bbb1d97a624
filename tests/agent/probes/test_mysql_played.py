"""MySQL 8's log-in, by a server of a few lines.

No MySQL is to be had from Debian, PyPI or npm, and MariaDB 10.11 has no caching_sha2_password. So it is played with
packets as MySQL's source documentation gives them ("Protocol::HandshakeV10", "Caching_sha2_password information").
"""

from __future__ import annotations

import hashlib
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from paritycheck_agent.connection.mysql import Session
from paritycheck_agent.connection.stream import Connection, Unanswered
from paritycheck_agent.connection.target import Target
from paritycheck_agent.probes import mysql
from paritycheck_agent.sources import targets
from tests.agent.probes.conftest import PASSWORD

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    Serve = Callable[[Callable[[socket.socket], None]], int]

SHOP = f"shop:{quote(PASSWORD)}"


def ask(url: str) -> dict[str, Any]:
    target = targets.parse("DATABASE_URL", url)
    assert target is not None
    return mysql.probe(target)


SALT = bytes(range(65, 85))
SSL, REST = 0x800, 0x8 | 0x200 | 0x2000 | 0x8000 | 0x80000


def greeting(flags: int = REST, plugin: bytes = b"caching_sha2_password", version: bytes = b"8.4.3") -> bytes:
    """Protocol::HandshakeV10."""
    low, high = (flags & 0xFFFF).to_bytes(2, "little"), (flags >> 16).to_bytes(2, "little")
    head = b"\x0a" + version + b"\0" + b"\x07\0\0\0" + SALT[:8] + b"\0" + low + b"\xff\x02\0" + high + b"\x15"
    return head + bytes(10) + SALT[8:] + b"\0" + plugin + b"\0"


def packet(sequence: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([sequence]) + body


def receive(connection: socket.socket) -> tuple[int, bytes]:
    """A packet's number and body, and no byte more: TLS may begin right behind it."""
    head = exactly(connection, 4)
    return head[3], exactly(connection, int.from_bytes(head[:3], "little"))


def exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise OSError  # the other side hung up, which ends the play
        data += more
    return data


def text(*words: bytes) -> bytes:
    return b"".join(bytes([len(word)]) + word for word in words)


END = b"\xfe\0\0\x02\0"
COLUMN = text(b"def", b"", b"", b"", b"name", b"") + b"\x0c\x2d\0\0\x04\0\0\xfd\0\0\0\0\0"


def answer_query(connection: socket.socket, rows: dict[bytes, bytes]) -> None:
    sequence, _ = receive(connection)
    bodies = [b"\x02", COLUMN, COLUMN, END, *(text(*row) for row in rows.items()), END]
    connection.sendall(b"".join(packet(sequence + 1 + number, body) for number, body in enumerate(bodies)))


OKAY = b"\0\0\0\x02\0\0\0"
EIGHT = {b"version": b"8.4.3", b"version_comment": b"MySQL Community Server - GPL", b"sql_mode": b"STRICT_TRANS_TABLES"}


def knows(response: bytes) -> bool:
    """The server keeps SHA256(SHA256(password)): what masks the response must hash to it."""
    stored = hashlib.sha256(hashlib.sha256(PASSWORD.encode()).digest()).digest()
    at = response.index(b"shop\0") + 5
    size, shown = response[at], response[at + 1 : at + 1 + response[at]]
    mask = hashlib.sha256(stored + SALT).digest()
    return size == 32 and hashlib.sha256(bytes(a ^ b for a, b in zip(shown, mask, strict=True))).digest() == stored


def play(
    rows: dict[bytes, bytes], *, full: bool = False, context: ssl.SSLContext | None = None, heard: list[bytes]
) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.sendall(packet(0, greeting(REST | (SSL if context else 0))))
        sequence, response = receive(connection)
        if context is None:
            go_on(connection, sequence, response)
            return
        with context.wrap_socket(connection, server_side=True) as encrypted:
            go_on(encrypted, *receive(encrypted))

    def go_on(connection: socket.socket, sequence: int, response: bytes) -> None:
        heard.append(response)
        if full:
            connection.sendall(packet(sequence + 1, b"\x01\x04"))
            sequence, password = receive(connection)
            heard.append(password)
        else:
            assert knows(response)
            connection.sendall(packet(sequence + 1, b"\x01\x03"))
            sequence += 1
        connection.sendall(packet(sequence + 1, OKAY))
        answer_query(connection, rows)
        receive(connection)

    return behave


def test_mysql_8_lets_in_who_it_remembers(hostile: Serve) -> None:
    heard: list[bytes] = []
    answer = ask(f"mysql://{SHOP}@127.0.0.1:{hostile(play(EIGHT, heard=heard))}/shop")
    assert answer == {
        "kind": "mysql", "value": "8.4.3", "via": "auth", "settings": {"sql_mode": "STRICT_TRANS_TABLES"},
    }  # fmt: skip
    assert not heard[0][0] & 0x80, "no file of this machine is ever offered"


def test_a_password_goes_out_in_tls_only(hostile: Serve, authority: Any) -> None:
    heard: list[bytes] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(f"{authority.directory}/localhost.pem", f"{authority.directory}/localhost.key")
    port = hostile(play(EIGHT, full=True, context=context, heard=heard))
    rooted = f"?ssl-mode=VERIFY_IDENTITY&ssl-ca={authority.certificate}"
    assert ask(f"mysql://{SHOP}@localhost:{port}/shop{rooted}")["via"] == "auth"
    assert heard[-1] == PASSWORD.encode() + b"\0"
    heard.clear()
    port = hostile(play(EIGHT, full=True, heard=heard))
    assert ask(f"mysql://{SHOP}@127.0.0.1:{port}/shop")["via"] == "handshake"
    assert PASSWORD.encode() not in b"".join(heard)


def test_nobody_who_is_not_verified_sees_the_password(
    hostile: Serve, authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, port, **rest: resolve("127.0.0.1", port, **rest))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(f"{authority.directory}/localhost.pem", f"{authority.directory}/localhost.key")
    heard: list[bytes] = []
    port = hostile(play(EIGHT, full=True, context=context, heard=heard))
    assert ask(f"mysql://{SHOP}@db.example.com:{port}/shop")["via"] == "handshake"
    assert heard
    assert PASSWORD.encode() not in b"".join(heard)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (b"\xfemysql_clear_password\0", "tls-failed"),
        (b"\xfeclient_ed25519\0" + bytes(32), "auth-required"),
        (b"\xfe", "auth-required"),
        (b"\xfb/etc/passwd", "bad-reply"),
        (b"\x01\x04", "tls-failed"),
        (b"\xff\x15\x04#28000Access denied", "auth-failed"),
        (b"\xff\x57\x0c#HY000Connections using insecure transport are prohibited", "tls-failed"),
    ],
)
def test_what_a_server_may_ask_of_a_log_in(hostile: Serve, asked: bytes, reason: str) -> None:
    heard: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        connection.sendall(packet(0, greeting()))
        sequence, response = receive(connection)
        connection.sendall(packet(sequence + 1, asked))
        heard.append(response + connection.recv(65536))

    target = Target("mysql", host="127.0.0.1", port=hostile(behave), user="shop", password=PASSWORD)
    with Connection(target) as connection:
        session = Session(connection, target)
        session.greet()
        with pytest.raises(Unanswered) as refused:
            session.log_in()
    assert refused.value.reason == reason
    assert PASSWORD.encode() not in b"".join(heard)


def test_a_switch_to_the_old_way_is_followed(hostile: Serve) -> None:
    """The scramble of mysql_native_password, which the server undoes with what it keeps: SHA1(SHA1(password))."""
    proved: list[bool] = []

    def behave(connection: socket.socket) -> None:
        connection.sendall(packet(0, greeting()))
        sequence, _ = receive(connection)
        salt = SALT[::-1]
        connection.sendall(packet(sequence + 1, b"\xfemysql_native_password\0" + salt + b"\0"))
        sequence, shown = receive(connection)
        stored = hashlib.sha1(hashlib.sha1(PASSWORD.encode(), usedforsecurity=False).digest(), usedforsecurity=False)
        mask = hashlib.sha1(salt + stored.digest(), usedforsecurity=False).digest()
        once = bytes(a ^ b for a, b in zip(shown, mask, strict=True))
        proved.append(hashlib.sha1(once, usedforsecurity=False).digest() == stored.digest())
        connection.sendall(packet(sequence + 1, OKAY))
        answer_query(connection, EIGHT)

    assert ask(f"mysql://{SHOP}@127.0.0.1:{hostile(behave)}/shop")["settings"]
    assert proved == [True]


SIGNS: list[tuple[dict[bytes, bytes], str, str, str | None]] = [
    ({b"version": b"8.0.36-28", b"version_comment": b"Percona Server (GPL), Release 28"}, "mysql", "8.0.36", "percona"),
    ({b"version": b"8.0.39", b"aurora_version": b"3.08.0", b"basedir": b"/rdsdbbin/"}, "mysql", "8.0.39", "aurora"),
    ({b"version": b"8.0.40", b"basedir": b"/rdsdbbin/mysql-8.0.40/"}, "mysql", "8.0.40", "rds"),
    ({b"version": b"8.0.11-TiDB-v7.5.0", b"version_comment": b"TiDB Server"}, "mysql", "8.0.11", "tidb"),
    ({b"version": b"10.6.16-MariaDB-log"}, "mariadb", "10.6.16", None),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "kind", "value", "variant"), SIGNS, ids=[f"{row[1]}-{row[3]}" for row in SIGNS])
def test_the_server_itself_is_believed_before_what_greets(
    hostile: Serve, rows: dict[bytes, bytes], kind: str, value: str, variant: str | None
) -> None:
    answer = ask(f"mysql://{SHOP}@127.0.0.1:{hostile(play(rows, heard=[]))}/shop")
    assert (answer["kind"], answer["value"], answer.get("variant"), answer["via"]) == (kind, value, variant, "auth")


def test_the_time_zone_of_the_system_is_named(hostile: Serve) -> None:
    rows = {**EIGHT, b"time_zone": b"SYSTEM", b"system_time_zone": b"CET"}
    answer = ask(f"mysql://{SHOP}@127.0.0.1:{hostile(play(rows, heard=[]))}/shop")
    assert (answer["settings"]["time_zone"], answer["settings"]["system_time_zone"]) == ("SYSTEM", "CET")


@pytest.mark.parametrize(
    "reply",
    [b"\xfb/etc/passwd", b"\xfe" + b"\xff" * 8, b"\xfd\xff\xff\xff", b"\xfc", b"\x01" * 3],
)
def test_a_reply_that_makes_no_sense_costs_the_settings_only(hostile: Serve, reply: bytes) -> None:
    heard: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        connection.sendall(packet(0, greeting()))
        sequence, _ = receive(connection)
        connection.sendall(packet(sequence + 1, OKAY))
        sequence, _ = receive(connection)
        connection.sendall(packet(sequence + 1, reply) + packet(sequence + 2, b"\xfc"))
        heard.append(connection.recv(65536))

    target = Target("mysql", host="127.0.0.1", port=hostile(behave), user="shop", password=PASSWORD)
    target.deadline = 1.0
    answer = mysql.probe(target)
    assert (answer["value"], answer.get("settings", {})) == ("8.4.3", {})
    assert heard in ([], [b""])
