"""What is told of a configuration value instead of it: its shape, its length, of a URL its scheme and class of host."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def describe(value: str) -> dict[str, str]:
    """Return `shape` and `length` of a configuration value; of a URL also `scheme` and `host` (facts.md)."""
    members = {"shape": shape_of(value), "length": length_of(value)}
    if members["shape"] == "url":
        members.update(scheme=scheme_of(value), host=host_of(value))
    return members


def length_of(value: str) -> str:
    """Return the bucket of a length in characters."""
    for bucket in ("0", "1-7", "8-15", "16-31", "32-63"):
        if len(value) <= int(bucket.rpartition("-")[2]):
            return bucket
    return "64+"


def shape_of(value: str) -> str:
    """Return which of `wire.words.SHAPES` a value has: the first that fits, the most telling first."""
    import re

    text = value.strip()
    if not text:
        return "empty"
    if text[0] in "{[" and _is_json(text):
        return "json"
    if text in _BOOLS:
        return "bool"
    for shape, may, pattern in _SHAPES:
        if may(text) and re.fullmatch(pattern, text, re.DOTALL):
            return shape
    return "text"


_BOOLS = frozenset({
    "True", "true", "TRUE", "False", "false", "FALSE", "Yes", "yes", "YES", "No", "no", "NO", "On", "on", "ON",
    "Off", "off", "OFF",
})  # fmt: skip
_UUID_CHARS, _UUID_DASHES, _LONG_CHARS = 36, 4, 16
_WORDS = ("change", "replace", "fill", "set", "your", "my", "insert", "enter", "to", "tbd", "fix", "dummy", "ex", "pl")


def _numeric(text: str) -> bool:
    return text[0] in "+-." or text[0].isdecimal()


def _stands_in(text: str) -> bool:
    start = text[:8]  # beyond ASCII there are letters that are one with another of the alphabet
    return start[0] in "<$xX*.{" or not start.isascii() or start.lower().startswith(_WORDS)


def _long(text: str) -> bool:
    return len(text) >= _LONG_CHARS


_MIXED = r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])"
# Shape, what every text of it has, and its pattern: to compile one costs a tenth of a millisecond and more, so only
# those are that the value may fit.
_SHAPES: tuple[tuple[str, Callable[[str], bool], str], ...] = (
    ("int", _numeric, r"[+-]?\d{1,64}"),
    ("number", _numeric, r"[+-]?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?\d+[eE][+-]?\d+"),
    ("placeholder", _stands_in, (
        r"<[^<>]*>|\$\{[^{}]*\}|\{\{[^{}]*\}\}|x{3,}|X{3,}|\*{3,}|\.{3}"
        r"|(?i:(?:change|replace|fill|set)[-_ ]?(?:me|this|it|in)(?:[-_ !].*)?|(?:your|my|insert|enter)[-_ ].*"
        r"|to[-_]?do|tbd|fixme|dummy|example|placeholder)"
    )),
    ("pem", lambda text: text[0] == "-", r"-----BEGIN .*"),
    ("jwt", lambda text: text.startswith("eyJ"), r"eyJ[\w-]+\.[\w-]+\.[\w-]*"),
    (
        "url", lambda text: "://" in text or text.startswith(("jdbc:", "sqlite::")),
        r"[A-Za-z][A-Za-z0-9+.-]*://\S*|jdbc:[a-z0-9:]+//\S*|sqlite::memory:",
    ),
    (
        "uuid", lambda text: len(text) == _UUID_CHARS and text.count("-") == _UUID_DASHES,
        r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    ),
    ("email", lambda text: "@" in text, r"[^@\s,:/]+@[^@\s,:/]+\.[^@\s,:/.]+"),
    ("hex", _long, r"(?:[0-9a-fA-F]{2}){8,}"),
    (
        "path", lambda text: text[0] in "~./" or text[1:3] == ":\\",
        r"(?:~|\.{1,2})?/[^\s,]*|[A-Za-z]:\\\S*",
    ),
    ("list", lambda text: "," in text, r"[^,\[{]+(?:,[^,]*)+"),
    ("base64", _long, (
        _MIXED + r"(?:[0-9A-Za-z+/]{4}){4,}(?:[0-9A-Za-z+/]{2}==|[0-9A-Za-z+/]{3}=)?"
        r"|" + _MIXED + r"[\w-]{22,}={0,2}"
    )),
)  # fmt: skip


def _is_json(text: str) -> bool:
    import json

    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


# A scheme is sent as it stands; only a word that many use may be, for a value can begin like one.
_SCHEMES = frozenset({
    "amqp", "amqps", "azure", "bigquery", "cassandra", "clickhouse", "clickhousedb", "cockroach", "cockroachdb",
    "consolemail", "consul", "dbcache", "dummycache", "dummymail", "elasticsearch", "elasticsearch2",
    "elasticsearch5", "elasticsearch7", "etcd", "file", "filecache", "filemail", "filesystem", "ftp", "ftps", "gcs",
    "git", "gs", "http", "https", "jdbc", "kafka", "ldap", "ldaps", "locmem", "locmemcache", "mariadb", "memcache",
    "memcached", "memcaches", "memory", "memorymail", "mongodb", "mqtt", "mqtts", "mssql", "mysql", "mysql2", "nats",
    "opensearch", "oracle", "pgmq", "pgsql", "postgis", "postgres", "postgresql", "pyamqp", "pylibmccache",
    "pymemcache", "pymemcachecache", "rabbitmq", "redis", "redis-cache", "rediscache", "rediscacheunix", "rediss",
    "redshift", "s3", "scylla", "sentry", "sftp", "smtp", "smtps", "snowflake", "spatialite", "sqlite", "sqlite3",
    "sqlserver", "sqs", "ssh", "submission", "tcp", "timescale", "timescaledb", "tls", "trilogy", "udp", "unix",
    "valkey", "valkeys", "vault", "ws", "wss",
})  # fmt: skip
_DRIVERS = frozenset({
    "aiomysql", "aiosqlite", "async", "asyncmy", "asyncpg", "cluster", "http", "https", "mysqlconnector", "mysqldb",
    "native", "odbc", "pg8000", "psycopg", "psycopg2", "psycopg3", "psycopg_async", "pymysql", "pyodbc", "pysqlite",
    "sentinel", "smtp", "socket", "srv", "ssl", "tcp", "tls", "unix",
})  # fmt: skip
OTHER_SCHEME = "other"


def scheme_of(value: str) -> str:
    """Return the scheme of a URL in lower case, `other` when it is none that is known."""
    scheme = value.strip().partition(":")[0].lower()
    if scheme == "jdbc":
        scheme = value.strip().split(":")[1].lower()
    base, plus, driver = scheme.partition("+")
    if base not in _SCHEMES:
        return OTHER_SCHEME
    return scheme if plus and driver in _DRIVERS else base


def host_of(value: str) -> str:
    """Return the class of a URL's host: `loopback private public socket name`."""
    rest = value.strip().partition("://")[2] or value.strip().partition("//")[2]
    authority = rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
    host = authority[1:].partition("]")[0] if authority.startswith("[") else authority.partition(":")[0]
    if not host or host.lower().startswith("%2f"):
        return "socket"
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return "loopback"
    return _address_class(host)


def _address_class(host: str) -> str:
    import ipaddress

    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "name"
    if address.is_loopback:
        return "loopback"
    return "public" if address.is_global else "private"
