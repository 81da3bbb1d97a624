"""MariaDB is asked in its own protocol, in plain text, in TLS and over its socket; MySQL 8's log-in by a script.

No MySQL is to be had from Debian, PyPI or npm, and MariaDB 10.11 has no caching_sha2_password. So a server of a few
lines plays its part with packets as MySQL's source documentation gives them ("Caching_sha2_password information").
"""

from __future__ import annotations

import hashlib
import re
import ssl
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from paritycheck_agent.connection.mysql import Session
from paritycheck_agent.connection.stream import Connection, Unanswered
from paritycheck_agent.connection.target import Target
from paritycheck_agent.migrators import knex, rails
from paritycheck_agent.probes import mysql
from paritycheck_agent.sources import applied, targets
from tests.agent.probes.conftest import PASSWORD, found, free_port, listens, open_directory, running, unprivileged

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Serve = Callable[[Callable[[socket.socket], None]], int]

USERS = f"""
CREATE USER shop@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('{PASSWORD}');
CREATE USER other@'%' IDENTIFIED VIA ed25519 USING PASSWORD('{PASSWORD}');
CREATE USER open@'%' IDENTIFIED BY '';
CREATE USER secure@'%' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL;
CREATE DATABASE shop;
CREATE TABLE shop.applied (app VARCHAR(20), name LONGTEXT);
INSERT INTO shop.applied VALUES ('shop', '0001_initial'), ('shop', NULL), ('long', REPEAT('x', 70000));
GRANT SELECT ON shop.* TO shop@'%';
"""  # noqa: S608 - a made-up password in statements of our own


class MariaDB:
    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.socket = f"{directory}/s"

    def sql(self, text: str) -> str:
        client = (found("mariadb", "mariadb-client"), "--no-defaults", f"--socket={self.socket}", "-uroot", "-BN")
        return subprocess.run(client, input=text, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.fixture(scope="module")
def mariadb(authority: Any) -> Iterator[MariaDB]:
    """MariaDB in plain text and in TLS, with a user for each way to log in (USERS above)."""
    server, setup = found("mariadbd", "mariadb-server"), found("mariadb-install-db", "mariadb-server")
    user = unprivileged()
    with open_directory() as directory:
        data, made = f"--datadir={directory}/data", MariaDB(directory)
        subprocess.run(
            [setup, "--no-defaults", data, "--skip-test-db", "--auth-root-authentication-method=normal"],
            check=True, capture_output=True, user=user, cwd="/", timeout=100,
        )  # fmt: skip
        options = (f"--port={made.port}", "--bind-address=127.0.0.1", f"--socket={made.socket}")
        files = (f"--pid-file={directory}/p", f"--ssl-ca={authority.certificate}", "--plugin-load-add=auth_ed25519")
        pair = (f"--ssl-cert={authority.directory}/localhost.pem", f"--ssl-key={authority.directory}/localhost.key")
        chosen = ("--default-time-zone=+02:00", "--lower-case-table-names=1", "--sql-mode=ANSI")
        command = (server, "--no-defaults", data, *options, *files, *pair, *chosen)
        with running(command, listens(made.port), user=user):
            made.sql(USERS)
            yield made


def ask(url: str) -> dict[str, Any]:
    target = targets.parse("DATABASE_URL", url)
    assert target is not None
    return mysql.probe(target)


def address(server: MariaDB, login: str, options: str = "", host: str = "127.0.0.1") -> str:
    return f"mysql://{login}@{host}:{server.port}/shop{options}"


def version_of(server: MariaDB) -> str:
    match = re.match(r"\d+\.\d+\.\d+", server.sql("SELECT @@version"))
    assert match is not None
    return match[0]


SHOP = f"shop:{quote(PASSWORD)}"


@pytest.mark.e2e
@pytest.mark.parametrize("login", ["u:p", "shop:wrong", "shop", f"other:{quote(PASSWORD)}", "", "secure:wrong"])
@pytest.mark.parametrize("options", ["", "?ssl-mode=DISABLED"])
def test_the_version_is_known_though_nobody_is_let_in(mariadb: MariaDB, login: str, options: str) -> None:
    url = address(mariadb, login, options) if login else f"mysql://127.0.0.1:{mariadb.port}/shop{options}"
    assert ask(url) == {"kind": "mariadb", "value": version_of(mariadb), "via": "handshake"}


@pytest.mark.e2e
@pytest.mark.parametrize("login", [SHOP, "open:", "open", f"secure:{quote(PASSWORD)}"])
def test_settings_are_the_servers_own(mariadb: MariaDB, login: str) -> None:
    answer = ask(address(mariadb, login))
    assert (answer["kind"], answer["value"], answer["via"]) == ("mariadb", version_of(mariadb), "auth")
    assert set(answer["settings"]) == set(mysql.SETTINGS)
    for name, value in answer["settings"].items():
        own = {"transaction_isolation": "tx_isolation"}.get(name, name)
        assert mariadb.sql(f"SHOW GLOBAL VARIABLES LIKE '{own}'").rstrip("\n") == f"{own}\t{value}"
    assert answer["settings"]["time_zone"] == "+02:00"
    assert answer["settings"]["lower_case_table_names"] == "1"
    assert "ANSI" in answer["settings"]["sql_mode"]
    assert "variant" not in answer


@pytest.mark.e2e
def test_a_socket_is_as_good_as_a_port(mariadb: MariaDB) -> None:
    assert ask(f"mysql://{SHOP}@localhost/shop?unix_socket={mariadb.socket}")["via"] == "auth"


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("mode", "host", "rooted", "opens"),
    [
        ("VERIFY_IDENTITY", "localhost", True, True),
        ("VERIFY_IDENTITY", "127.0.0.1", True, False),
        ("VERIFY_IDENTITY", "localhost", False, False),
        ("VERIFY_CA", "127.0.0.1", True, True),
        ("REQUIRED", "127.0.0.1", True, False),
        ("REQUIRED", "127.0.0.1", False, True),
        ("PREFERRED", "127.0.0.1", False, True),
    ],
)
def test_tls_is_verified_as_the_url_demands(
    mariadb: MariaDB, authority: Any, mode: str, host: str, *, rooted: bool, opens: bool
) -> None:
    ca = authority.certificate if rooted and mode != "REQUIRED" else f"{authority.directory}/elsewhere.example.pem"
    answer = ask(address(mariadb, SHOP, f"?ssl-mode={mode}" + (f"&ssl-ca={ca}" if rooted else ""), host))
    assert (answer["value"], answer["via"]) == (version_of(mariadb), "auth" if opens else "handshake")


def session_of(server: MariaDB, login: str = "shop") -> tuple[Connection, Session]:
    target = Target("mysql", host="127.0.0.1", port=server.port, user=login, password=PASSWORD)
    connection = Connection(target)
    session = Session(connection, target)
    session.greet()
    return connection, session


@pytest.mark.e2e
def test_a_session_reads_rows_and_outlives_a_refusal(mariadb: MariaDB) -> None:
    connection, session = session_of(mariadb)
    with connection:
        session.log_in("shop")
        rows = session.query("SELECT app, name FROM applied ORDER BY app DESC, name DESC")
        assert rows == [["shop", "0001_initial"], ["shop", ""], ["long", "x" * 70000]]
        assert session.query("SELECT 1 FROM mysql.global_priv") is None
        assert session.query("no SQL") is None
        assert session.query("SELECT 'grün'") == [["grün"]]
        assert session.query("DO 1") == []
        session.leave()


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("login", "database", "reason"),
    [("shop", "mysql", "no-permission"), ("shop", "missing", "no-permission"), ("other", "", "auth-required")],
)
def test_a_session_that_is_not_let_in_says_why(mariadb: MariaDB, login: str, database: str, reason: str) -> None:
    connection, session = session_of(mariadb, login)
    with connection, pytest.raises(Unanswered) as refused:
        session.log_in(database)
    assert refused.value.reason == reason


# MySQL 8, played


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
    """A packet's number and body; of one who hangs up, nothing."""
    head = connection.recv(4)
    if len(head) < 4:
        raise OSError
    return head[3], connection.recv(65536)


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

    answer = ask(f"mysql://{SHOP}@127.0.0.1:{hostile(behave)}/shop")
    assert (answer["value"], answer.get("settings", {})) == ("8.4.3", {})
    assert heard in ([], [b""])


@pytest.mark.e2e
def test_applied_migrations_are_read_with_the_same_log_in(mariadb: MariaDB) -> None:
    mariadb.sql(
        "CREATE TABLE shop.schema_migrations (version VARCHAR(255)); INSERT INTO shop.schema_migrations VALUES ('2')"
    )
    target = targets.parse("DATABASE_URL", address(mariadb, SHOP))
    assert target is not None
    wanted = {rails.TABLE: rails.APPLIED, knex.TABLE: knex.APPLIED}
    found = applied.read(target, "", wanted)
    assert (found.reason, found.rows) == ("", {rails.TABLE: [("", "2")], knex.TABLE: None})
