"""MariaDB is asked in its own protocol, in plain text, in TLS and over its socket."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from paritycheck_agent.connection.mysql import Session
from paritycheck_agent.connection.stream import Connection, Unanswered
from paritycheck_agent.connection.target import Target
from paritycheck_agent.probes import mysql
from paritycheck_agent.sources import targets
from tests.agent.probes.conftest import PASSWORD, found, free_port, listens, open_directory, running, unprivileged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
