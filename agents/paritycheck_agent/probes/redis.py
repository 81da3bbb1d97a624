"""Redis and the servers that speak its protocol (RESP 2): Valkey, Dragonfly, KeyDB, Garnet.

`AUTH` with the application's own credentials where the URL holds some, and TLS has verified the server or it is on this
machine; then `INFO`, `CONFIG GET` of named settings and `MODULE LIST`. Managed services forbid some of these; what INFO
says of it stands in, the rest is left out.
"""

from __future__ import annotations

import re

from paritycheck_agent.connection.stream import REPLY_BYTES, Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Union

    from paritycheck_agent.connection.target import Target

    Reply = Union[str, list["Reply"], "Refusal", None]

KINDS = ("redis", "valkey", "dragonfly", "keydb")
SETTINGS = ("maxmemory", "maxmemory-policy", "appendonly", "save", "notify-keyspace-events", "databases")
# What INFO calls them, for where CONFIG is forbidden.
INFO_SETTINGS = {"maxmemory": "maxmemory", "maxmemory_policy": "maxmemory-policy", "cluster_enabled": "cluster_enabled"}
DEPTH = 8
ITEMS = 10_000
VERSION = re.compile(r"v?(\d+(?:\.\d+)*)")
# What INFO calls the version, and what the server is then. KeyDB shows itself by its executable only.
VERSIONS = (("valkey_version", "valkey"), ("dragonfly_version", "dragonfly"), ("garnet_version", "redis"))
AUTH_NOT_WANTED = ("without any password configured", "no password is set")


class Refusal:
    """An error reply: `code` is its first word."""

    __slots__ = ("code", "text")

    def __init__(self, text: str) -> None:
        self.code = text.partition(" ")[0]
        self.text = text


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `variant`, `settings`, `extensions`."""
    kind = target.kind if target.kind in KINDS else "redis"
    found: dict[str, Any] = {"kind": kind, "via": "scheme"}
    try:
        with Connection(target) as connection:
            if target.tls not in ("", "disable"):
                connection.encrypt(hostname=target.tls != "verify-ca")
            _read(_Session(connection), target, found)
    except Unanswered as answer:
        if "value" not in found:
            found["unknown"] = answer.reason
    return found


def _read(session: _Session, target: Target, found: dict[str, Any]) -> None:
    known = _log_in(session, target, found)
    info = session.ask("INFO")
    if isinstance(info, Refusal):
        found["via"] = "handshake"
    if not isinstance(info, str):
        held = target.password is not None and not known and not (session.connection.verified or target.loopback)
        raise Unanswered(_reason(info, known=known, held=held))
    fields = dict(line.split(":", 1) for line in info.splitlines() if ":" in line)
    _name(fields, found)
    found["via"] = "auth" if known else "handshake"
    found["settings"] = _settings(session, fields)
    modules = session.ask("MODULE", "LIST")
    if isinstance(modules, list):
        found["extensions"] = _modules(modules)


def _log_in(session: _Session, target: Target, found: dict[str, Any]) -> bool:
    """Whether credentials were shown and taken. One who has not proved to be the server is asked without them."""
    if target.password is None or not (session.connection.verified or target.loopback):
        return False
    words = [target.user, target.password] if target.user else [target.password]
    answer = session.ask("AUTH", *words)
    if isinstance(answer, Refusal):
        found["via"] = "handshake"
        # A server that wants no password answers all the same.
        if any(said in answer.text for said in AUTH_NOT_WANTED):
            return False
        raise Unanswered("auth-failed")
    return True


def _reason(answer: Reply, *, known: bool, held: bool) -> str:
    """`held`: there is a password, which was not shown to whoever answers."""
    if not isinstance(answer, Refusal):
        return "bad-reply"
    if answer.code == "NOAUTH":
        return "auth-failed" if known else "tls-failed" if held else "auth-required"
    if answer.code in ("NOPERM", "DENIED", "-DENIED"):
        return "no-permission"
    return "bad-reply"


def _name(fields: dict[str, str], found: dict[str, Any]) -> None:
    version = fields.get("redis_version", "")
    for field, kind in VERSIONS:
        if field in fields:
            version, found["kind"] = fields[field], kind
            if field == "garnet_version":
                found["variant"] = "garnet"
            break
    else:
        found["kind"] = "keydb" if "keydb-server" in fields.get("executable", "") else "redis"
    if "ElastiCache" in fields.get("os", ""):
        found["variant"] = "elasticache"
    match = VERSION.search(version)
    if match is None:
        raise Unanswered("bad-reply")
    found["value"] = match[1]


def _settings(session: _Session, fields: dict[str, str]) -> dict[str, str]:
    settings = {name: fields[field] for field, name in INFO_SETTINGS.items() if field in fields}
    if "redis_mode" in fields:
        settings["mode"] = fields["redis_mode"]
    if "aof_enabled" in fields:
        settings["appendonly"] = "yes" if fields["aof_enabled"] == "1" else "no"
    for name in SETTINGS:
        answer = session.ask("CONFIG", "GET", name)
        if isinstance(answer, Refusal):
            break
        pair = answer if isinstance(answer, list) else []
        if len(pair) == 2 and isinstance(pair[1], str):  # noqa: PLR2004 -- name and value
            settings[name] = pair[1]
    return settings


def _modules(rows: list[Reply]) -> dict[str, str]:
    """Loaded modules by name; their version is a number such as 20810."""
    modules: dict[str, str] = {}
    for row in rows:
        words = [word for word in row if isinstance(word, str)] if isinstance(row, list) else []
        pairs = dict(zip(words[::2], words[1::2]))
        if "name" in pairs:
            modules[pairs["name"]] = pairs.get("ver", "")
    return modules


class _Session:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def ask(self, *words: str) -> Reply:
        parts = [word.encode("utf-8", "surrogateescape") for word in words]
        self.connection.send(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        return self._reply(0)

    def _reply(self, depth: int) -> Reply:
        line = self.connection.line()
        sign, text = line[:1], line[1:].decode("utf-8", "replace")
        if sign == b"+":
            return text
        if sign == b"-":
            return Refusal(text)
        if sign == b":":
            return text
        if sign == b"$":
            return self._bulk(_count(text, REPLY_BYTES))
        if sign == b"*" and depth < DEPTH:
            return [self._reply(depth + 1) for _ in range(max(0, _count(text, ITEMS)))]
        raise Unanswered("bad-reply")

    def _bulk(self, size: int) -> str | None:
        if size < 0:
            return None
        return self.connection.read(size + 2)[:-2].decode("utf-8", "replace")


def _count(text: str, most: int) -> int:
    digits = text.removeprefix("-")
    if not digits.isdigit() or not digits.isascii() or len(digits) > len(str(most)) or int(digits) > most:
        raise Unanswered("bad-reply")
    return int(text)
