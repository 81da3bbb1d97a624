"""PostgreSQL is asked in its own protocol, by every way to log in, in plain text and in TLS."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from paritycheck_agent.connection.target import Target
from paritycheck_agent.probes import postgresql
from paritycheck_agent.sources import targets

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("postgresql")]
PASSWORD = "correct horse battery"


def ask(url: str) -> dict[str, Any]:
    target = targets.parse("DATABASE_URL", url)
    assert target is not None
    return postgresql.probe(target)


def address(server: Any, user: str, password: str = PASSWORD, options: str = "") -> str:
    return f"postgres://{user}:{quote(password)}@127.0.0.1:{server.port}/shop{options}"


def version_of(server: Any) -> str:
    """What the server's own client says."""
    match = re.match(r"\d+\.\d+", server.sql("SHOW server_version"))
    assert match is not None
    return match[0]


@pytest.mark.parametrize("user", ["scram", "hashing", "plain", "trusting"])
def test_every_way_to_log_in_gives_the_version(postgres: Any, user: str) -> None:
    answer = ask(address(postgres, user))
    assert (answer["kind"], answer["value"], answer["via"]) == ("postgresql", version_of(postgres), "auth")
    assert "unknown" not in answer


def test_a_password_is_prepared_as_the_server_prepares_it(postgres: Any) -> None:
    assert ask(address(postgres, "accented", "gr\u00fc\u00dfe\u00a0\u2168"))["via"] == "auth"
    assert ask(address(postgres, "accented", "gr\u00fc\u00dfe IX"))["via"] == "auth"


def test_a_socket_is_as_good_as_a_port(postgres: Any) -> None:
    url = f"postgres:///shop?host={postgres.directory}&port={postgres.port}&user=scram&password={quote(PASSWORD)}"
    assert ask(url)["value"] == version_of(postgres)


def test_settings_and_extensions_are_the_servers_own(postgres: Any) -> None:
    answer = ask(address(postgres, "scram"))
    settings = answer["settings"]
    assert settings["timezone"] == "Europe/Berlin"
    assert settings["max_connections"] == "33"
    assert settings["server_encoding"] == "UTF8"
    for name in ("wal_level", "jit", "password_encryption", "ssl", "default_transaction_isolation"):
        assert settings[name] == postgres.sql(f"SELECT setting FROM pg_settings WHERE name = '{name}'")  # noqa: S608 - names above
    assert settings["collate"] == postgres.sql("SELECT datcollate FROM pg_database WHERE datname = 'shop'")
    assert settings["locale_provider"] == "libc"
    listed = dict(
        row.split("|") for row in postgres.sql("\\c shop\nSELECT extname, extversion FROM pg_extension").split()
    )
    assert answer["extensions"] == listed
    assert "vector" in listed
    assert "variant" not in answer


def test_a_role_names_the_variant(postgres: Any) -> None:
    postgres.sql("CREATE ROLE rds_superuser")
    try:
        assert ask(address(postgres, "scram"))["variant"] == "rds"
    finally:
        postgres.sql("DROP ROLE rds_superuser")


@pytest.mark.parametrize(
    ("user", "password", "database", "reason"),
    [
        ("scram", "wrong", "shop", "auth-failed"),
        ("hashing", "wrong", "shop", "auth-failed"),
        ("plain", "wrong", "shop", "auth-failed"),
        ("nobody_here", PASSWORD, "shop", "auth-failed"),
        ("nowhere", PASSWORD, "shop", "auth-failed"),
        ("scram", None, "shop", "auth-required"),
        ("scram", PASSWORD, "closed", "no-permission"),
        ("scram", PASSWORD, "missing", "no-permission"),
    ],
)
def test_a_refusal_has_its_reason(postgres: Any, user: str, password: str | None, database: str, reason: str) -> None:
    target = Target("postgresql", host="127.0.0.1", port=postgres.port, user=user, password=password, database=database)
    assert postgresql.probe(target) == {"kind": "postgresql", "unknown": reason, "via": "handshake"}


def test_the_server_sees_a_reading_client_that_leaves(postgres: Any) -> None:
    ask(address(postgres, "scram"))
    busy = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'paritycheck' AND state IS NOT NULL"
    assert postgres.sql(f"SELECT pg_sleep(0.2); {busy}").split()[-1] == "0"


def test_a_server_without_tls_is_refused_where_tls_is_demanded(postgres: Any) -> None:
    for mode in ("require", "verify-ca", "verify-full"):
        assert ask(address(postgres, "scram", options=f"?sslmode={mode}"))["unknown"] == "tls-failed"
    for mode in ("disable", "allow", "prefer"):
        assert ask(address(postgres, "scram", options=f"?sslmode={mode}"))["via"] == "auth"


def test_a_password_is_shown_to_nobody_who_is_not_verified(postgres: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, port, **rest: resolve("127.0.0.1", port, **rest))
    url = f"postgres://plain:{quote(PASSWORD)}@db.example.com:{postgres.port}/shop"
    for mode in ("prefer", "disable", "allow"):
        refused = {"kind": "postgresql", "unknown": "tls-failed", "via": "handshake"}
        assert ask(f"{url}?sslmode={mode}") == refused
    for user in ("scram", "hashing"):
        assert ask(f"{url.replace('plain:', f'{user}:')}?sslmode=disable")["via"] == "auth"


def encrypted(server: Any, authority: Any, mode: str, host: str = "localhost", user: str = "scram") -> dict[str, Any]:
    rooted = f"&sslrootcert={authority.certificate}" if authority else ""
    return ask(f"postgres://{user}:{quote(PASSWORD)}@{host}:{server.port}/shop?sslmode={mode}{rooted}")


def test_tls_is_verified_with_the_authority_that_the_url_names(encrypted_postgres: Any, authority: Any) -> None:
    for mode in ("verify-full", "verify-ca", "require"):
        answer = encrypted(encrypted_postgres, authority, mode)
        assert (answer["value"], answer["settings"]["ssl"]) == (version_of(encrypted_postgres), "on")


def test_another_name_passes_verify_ca_only(encrypted_postgres: Any, authority: Any) -> None:
    assert encrypted(encrypted_postgres, authority, "verify-ca", "127.0.0.1")["via"] == "auth"
    refused = encrypted(encrypted_postgres, authority, "verify-full", "127.0.0.1")
    assert refused == {"kind": "postgresql", "unknown": "tls-failed", "via": "scheme"}


def test_an_unknown_authority_is_refused_where_it_counts(encrypted_postgres: Any, tmp_path: Path) -> None:
    assert encrypted(encrypted_postgres, None, "verify-full")["unknown"] == "tls-failed"
    assert encrypted(encrypted_postgres, None, "verify-ca")["unknown"] == "tls-failed"
    # Nobody is verified here, but SCRAM proves that the server knows the password.
    assert encrypted(encrypted_postgres, None, "require")["via"] == "auth"
    assert encrypted(encrypted_postgres, None, "prefer")["via"] == "auth"
    (tmp_path / "empty.pem").write_text("")
    url = (
        f"postgres://scram:x@localhost:{encrypted_postgres.port}/shop?sslmode=require&sslrootcert={tmp_path}/empty.pem"
    )
    assert ask(url)["unknown"] == "tls-failed"
