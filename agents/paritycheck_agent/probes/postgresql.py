"""PostgreSQL, in its own protocol (connection/postgresql.py), so that the commonest service needs no driver.

The version comes with ParameterStatus before the first query; settings, extensions and the variant by reading
queries, each of which may be refused without costing the version.
"""

from __future__ import annotations

import re

from paritycheck_agent.connection.postgresql import Session
from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("postgresql",)
VERSION = re.compile(r"\d+(?:\.\d+)*(?:devel|beta\d+|rc\d+)?")
STATUS_SETTINGS = ("TimeZone", "DateStyle", "IntervalStyle", "server_encoding", "default_transaction_read_only")
READ_SETTINGS = (
    "SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ('TimeZone', 'DateStyle', 'IntervalStyle',"
    " 'server_encoding', 'default_transaction_isolation', 'default_transaction_read_only', 'statement_timeout',"
    " 'max_connections', 'wal_level', 'jit', 'shared_preload_libraries', 'password_encryption', 'ssl')"
)
READ_EXTENSIONS = "SELECT extname, extversion FROM pg_catalog.pg_extension"
# The whole row: which columns there are depends on the version.
READ_LOCALE = (
    "SELECT key, value FROM pg_catalog.pg_database d, pg_catalog.jsonb_each_text(pg_catalog.to_jsonb(d))"
    " WHERE d.datname = pg_catalog.current_database()"
)
LOCALE = {
    "datcollate": "collate",
    "datctype": "ctype",
    "datlocprovider": "locale_provider",
    "datlocale": "locale",
    "daticulocale": "locale",
    "datcollversion": "collation_version",
}
PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin"}
READ_VARIANT = (
    "SELECT 'version', pg_catalog.version() UNION ALL SELECT rolname, '' FROM pg_catalog.pg_roles"
    " WHERE rolname IN ('rds_superuser', 'cloudsqlsuperuser', 'azure_pg_admin')"
    " UNION ALL SELECT proname, '' FROM pg_catalog.pg_proc WHERE proname = 'aurora_version'"
)
ROLES = {
    "aurora_version": "aurora",
    "rds_superuser": "rds",
    "cloudsqlsuperuser": "cloudsql",
    "azure_pg_admin": "azure",
}
BANNERS = {
    "CockroachDB": "cockroachdb",
    "-YB-": "yugabytedb",
    "Redshift": "redshift",
    "EnterpriseDB": "enterprisedb",
    "Greenplum": "greenplum",
}


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `variant`, `settings`, `extensions`."""
    found: dict[str, Any] = {"kind": "postgresql", "via": "scheme"}
    try:
        with Connection(target) as connection:
            _read(Session(connection, target), found)
    except Unanswered as answer:
        if "value" not in found:
            found["unknown"] = answer.reason
    return found


def _read(session: Session, found: dict[str, Any]) -> None:
    """Fill `found` step by step, so that what was read before a failure stays."""
    try:
        session.log_in()
    finally:
        found["via"] = "handshake" if session.answered else "scheme"
    match = VERSION.match(session.status.get("server_version", ""))
    if match is None:
        raise Unanswered("bad-reply")
    found.update(value=match[0], via="auth")
    _settings(session, found)
    extensions = _pairs(session, READ_EXTENSIONS)
    if extensions is not None:
        found["extensions"] = extensions
    _name_variant(_pairs(session, READ_VARIANT) or {}, found)
    session.leave()


def _settings(session: Session, found: dict[str, Any]) -> None:
    told = {name: session.status[name] for name in STATUS_SETTINGS if name in session.status}
    told.update(_pairs(session, READ_SETTINGS) or {})
    settings = {name.lower(): value for name, value in told.items()}
    locale = _pairs(session, READ_LOCALE) or {}
    settings.update({LOCALE[column]: value for column, value in locale.items() if column in LOCALE and value})
    if "datlocprovider" in locale:
        settings["locale_provider"] = PROVIDERS.get(locale["datlocprovider"], locale["datlocprovider"])
    found["settings"] = settings


def _name_variant(rows: dict[str, str], found: dict[str, Any]) -> None:
    banner = rows.get("version", "")
    named = [variant for word, variant in BANNERS.items() if word in banner]
    named += [variant for role, variant in ROLES.items() if role in rows]
    if named:
        found["variant"] = named[0]
    cockroach = re.match(r"CockroachDB \S+ v(\d+(?:\.\d+)*)", banner)
    if cockroach:
        found["value"] = cockroach[1]


def _pairs(session: Session, sql: str) -> dict[str, str] | None:
    """The first two columns of every row, as a dictionary; None where the server refuses the query."""
    rows = session.query(sql)
    return None if rows is None else {row[0]: row[1] for row in rows if len(row) > 1}
