"""PostgreSQL: its client protocol 3.0, spoken here, so that the commonest service needs no driver.

Start-up, TLS where sslmode asks, SCRAM-SHA-256, md5, clear text and simple queries, as in "Frontend/Backend
Protocol" of PostgreSQL's manual. The version comes with ParameterStatus before the first query; settings,
extensions and the variant by reading queries, each of which may be refused without costing the version.
"""

from __future__ import annotations

import re

from paritycheck_agent.connection.stream import REPLY_BYTES, Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("postgresql",)
SSL_REQUEST = (80877103).to_bytes(4, "big")
PROTOCOL = (3 << 16).to_bytes(4, "big")
METHOD_OK, METHOD_CLEAR, METHOD_MD5, METHOD_SASL, METHOD_SASL_GOES_ON, METHOD_SASL_ENDS = 0, 3, 5, 10, 11, 12
MECHANISM = b"SCRAM-SHA-256"
VERSION = re.compile(r"\d+(?:\.\d+)*(?:devel|beta\d+|rc\d+)?")
STATES = {
    b"28P01": "auth-failed",
    b"28000": "auth-failed",
    b"42501": "no-permission",
    b"3D000": "no-permission",
    b"53300": "connection-refused",
    b"57P03": "connection-refused",
}
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
            _Session(connection, target, found).run()
    except Unanswered as answer:
        if "value" not in found:
            found["unknown"] = answer.reason
    return found


class _Session:
    """Fills `found` step by step, so that what was read before a failure stays."""

    def __init__(self, connection: Connection, target: Target, found: dict[str, Any]) -> None:
        self.connection = connection
        self.target = target
        self.found = found
        self.user = target.user or _own_user()
        self.status: dict[str, str] = {}

    def run(self) -> None:
        self._encrypt()
        self._start()
        self._log_in()
        self._expect(b"Z")
        self._version()
        self._ask()
        self.connection.send(_message(b"X", b""))

    # Before the first query

    def _encrypt(self) -> None:
        mode = self.target.tls or "prefer"
        if self.target.path or mode in ("disable", "allow"):
            return
        self.connection.send(_message(b"", SSL_REQUEST))
        answer = self.connection.read(1)
        if answer == b"S":
            # As with libpq, `require` alone verifies nothing unless certificates to verify with are named.
            verify = mode.startswith("verify") or (mode == "require" and self.target.ca_file is not None)
            self.connection.encrypt(verify=verify, hostname=mode == "verify-full")
        elif answer != b"N":
            raise Unanswered("bad-reply")
        elif mode != "prefer":
            raise Unanswered("tls-failed")

    def _start(self) -> None:
        user = self.user
        words = ["user", user, "database", self.target.database or user, "client_encoding", "UTF8"]
        words += ["application_name", "paritycheck"]
        self.connection.send(_message(b"", PROTOCOL + b"".join(_text(word) for word in words) + b"\0"))

    def _log_in(self) -> None:
        request = self._expect(b"R")
        method, password = _method(request), self.target.password
        if method == METHOD_OK:
            return
        if password is None or method not in (METHOD_CLEAR, METHOD_MD5, METHOD_SASL):
            raise Unanswered("auth-required")
        if method == METHOD_SASL:
            self._scram(password, request[4:].split(b"\0"))
        elif method == METHOD_MD5:
            self._send_password(_text(_md5(self.user, password, request[4:8])))
        elif self.connection.verified or self.target.loopback or self.target.tls in ("disable", "allow"):
            self._send_password(_text(password))
        else:
            raise Unanswered("tls-failed")  # nobody has proved to be the server, and the password would be shown
        if _method(self._expect(b"R")) != METHOD_OK:
            raise Unanswered("bad-reply")

    def _scram(self, password: str, offered: list[bytes]) -> None:
        import secrets

        from paritycheck_agent.connection.scram import Scram

        if MECHANISM not in offered:
            raise Unanswered("auth-required")
        scram = Scram(password, secrets.token_urlsafe(18))
        self._send_password(MECHANISM + b"\0" + len(scram.first).to_bytes(4, "big") + scram.first)
        try:
            self._send_password(scram.final(self._sasl(METHOD_SASL_GOES_ON)))
            proved = scram.proved(self._sasl(METHOD_SASL_ENDS))
        except (ValueError, KeyError):
            proved = False
        if not proved:
            raise Unanswered("bad-reply")

    def _sasl(self, method: int) -> bytes:
        body = self._expect(b"R")
        if _method(body) != method:
            raise Unanswered("bad-reply")
        return body[4:]

    def _send_password(self, data: bytes) -> None:
        self.connection.send(_message(b"p", data))

    # What the server says

    def _messages(self) -> Iterator[tuple[bytes, bytes]]:
        """Its messages without notices and keys; ParameterStatus is kept on the way."""
        while True:
            head = self.connection.read(5)
            size = int.from_bytes(head[1:], "big") - 4
            if not 0 <= size <= REPLY_BYTES:
                raise Unanswered("bad-reply")
            kind, body = head[:1], self.connection.read(size)
            if kind == b"S":
                name, _, value = body.partition(b"\0")
                self.status[_decoded(name)] = _decoded(value.rstrip(b"\0"))
            elif kind not in (b"N", b"v", b"A", b"K"):
                yield kind, body

    def _expect(self, wanted: bytes) -> bytes:
        """The body of the next message, which must be of this kind; an error becomes its reason."""
        for kind, body in self._messages():
            fields = {field[:1]: field[1:] for field in body.split(b"\0")} if kind == b"E" else {}
            if kind == wanted or b"C" in fields:
                self.found["via"] = "handshake"
            if kind == wanted:
                return body
            raise Unanswered(STATES.get(fields.get(b"C", b""), "bad-reply"))
        raise Unanswered("bad-reply")

    def _version(self) -> None:
        match = VERSION.match(self.status.get("server_version", ""))
        if match is None:
            raise Unanswered("bad-reply")
        self.found.update(value=match[0], via="auth")

    def _ask(self) -> None:
        told = {name: self.status[name] for name in STATUS_SETTINGS if name in self.status}
        told.update(self._query(READ_SETTINGS) or {})
        settings = {name.lower(): value for name, value in told.items()}
        locale = self._query(READ_LOCALE) or {}
        settings.update({LOCALE[column]: value for column, value in locale.items() if column in LOCALE and value})
        if "datlocprovider" in locale:
            settings["locale_provider"] = PROVIDERS.get(locale["datlocprovider"], locale["datlocprovider"])
        self.found["settings"] = settings
        extensions = self._query(READ_EXTENSIONS)
        if extensions is not None:
            self.found["extensions"] = extensions
        self._name_variant(self._query(READ_VARIANT) or {})

    def _name_variant(self, rows: dict[str, str]) -> None:
        banner = rows.get("version", "")
        named = [variant for word, variant in BANNERS.items() if word in banner]
        named += [variant for role, variant in ROLES.items() if role in rows]
        if named:
            self.found["variant"] = named[0]
        cockroach = re.match(r"CockroachDB \S+ v(\d+(?:\.\d+)*)", banner)
        if cockroach:
            self.found["value"] = cockroach[1]

    def _query(self, sql: str) -> dict[str, str] | None:
        """The first two columns of every row, as a dictionary; None where the server refuses the query."""
        self.connection.send(_message(b"Q", _text(sql)))
        rows: dict[str, str] = {}
        refused = False
        for kind, body in self._messages():
            if kind == b"Z":
                break
            refused = refused or kind == b"E"
            if kind == b"D":
                name, value = _columns(body)
                rows[name] = value
        return None if refused else rows


def _own_user() -> str:
    """The user that runs the agent, as libpq assumes where a URL names none."""
    try:
        import pwd
    except ImportError:
        return "postgres"
    import os

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return "postgres"


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def _text(text: str) -> bytes:
    return text.replace("\0", "").encode("utf-8", "replace") + b"\0"


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _method(body: bytes) -> int:
    return int.from_bytes(body[:4], "big") if len(body) >= 4 else -1  # noqa: PLR2004 -- an int32


def _md5(user: str, password: str, salt: bytes) -> str:
    import hashlib

    try:
        inner = hashlib.md5((password + user).encode(), usedforsecurity=False).hexdigest()
        return "md5" + hashlib.md5(inner.encode() + salt, usedforsecurity=False).hexdigest()
    except ValueError:  # a build of OpenSSL without md5
        raise Unanswered("auth-required") from None


def _columns(body: bytes) -> tuple[str, str]:
    """The first two columns of a DataRow; null is empty."""
    columns: list[str] = []
    at = 2
    for _ in range(min(2, int.from_bytes(body[:2], "big"))):
        size = int.from_bytes(body[at : at + 4], "big", signed=True)
        at += 4
        columns.append(_decoded(body[at : at + max(size, 0)]))
        at += max(size, 0)
    return (columns[0], columns[1]) if len(columns) > 1 else ("", "")
