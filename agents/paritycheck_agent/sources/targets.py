"""Configuration values that name a backing service, parsed: kind, place and the way in.

What libraries disagree on is read as the service's own client reads it; `postgres:///db?host=/dir` and its like
name a unix socket. Nothing here connects, and nothing of a value is ever in an error: a value that is none is None.
"""

from __future__ import annotations

import os
import re

from paritycheck_agent.connection.target import Target
from paritycheck_agent.sources import tls_options
from paritycheck_agent.sources.schemes import (
    IN_PROCESS,
    KEYS,
    KIND_WORDS,
    LISTS,
    PORTS,
    SCHEMES,
    TLS_OPTIONS,
    TRANSPORT_KEYS,
    TRANSPORTS,
    UNIX_KEYS,
    WRAPPERS,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9_.+-]*)://")
# Lists of whole URLs, as Kombu, Kafka and NATS take them: the first is asked.
FURTHER = re.compile(r"[,;] ?[A-Za-z][A-Za-z0-9_.+-]*://")
HOST = re.compile(r"[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]")
SUFFIXES = ("-bootstrap-servers", "-url", "-uri", "-dsn", "-host", "-servers", "-endpoint", "-endpoints")
POSTGRES_SOCKETS = ("/var/run/postgresql", "/tmp")  # noqa: S108 -- where libpq looks; nothing is written
CHARS = 2048
HOST_KEY = re.compile(r"(.+?)_?HOST")
USER_ENDS, PASSWORD_ENDS = ("USER", "USERNAME"), ("PASSWORD", "PASS")
CA_OPTIONS = ("sslrootcert", "ssl_ca_certs", "ssl-ca", "tlscafile", "ssl_cafile", "cafile")
DATABASE_ENDS, ENGINE_ENDS = ("DB", "DATABASE", "NAME", "VHOST"), ("ENGINE", "CONNECTION", "ADAPTER")
PORT_MAX = 65535


def handle_of(key: str) -> str:
    """The handle that a configuration name gives: `CELERY_BROKER_URL` is `celery-broker` (facts.md)."""
    name = whole_handle(key)
    for suffix in SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)].strip("-")
    return name


def whole_handle(key: str) -> str:
    """A name as a handle with nothing taken off."""
    return re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")


def parse(key: str, value: str) -> Target | None:
    """The service that a value names under this key; None where it names none that is known."""
    value = value.strip()
    if not value or len(value) > CHARS:
        return None
    if value.startswith("sqlite::memory:"):
        return _stand_in("sqlite", "sqlite", ":memory:")
    url = value.removeprefix("jdbc:")
    match = SCHEME.match(url)
    return _listed(key, value) if match is None else _from_url(key, match[1].lower(), url[match.end() :])


def _from_url(key: str, scheme: str, rest: str) -> Target | None:
    rest = FURTHER.split(rest, maxsplit=1)[0]
    for wrapper in WRAPPERS:
        scheme = scheme.removeprefix(wrapper)
    base = scheme.partition("+")[0]
    if base == "unix" or scheme.endswith(("+socket", "+unix")):
        return _socket(key, base, rest)
    if base in ("http", "https"):
        return _by_key(key, base, rest)
    if scheme in TRANSPORTS:
        return _by_transport(key, scheme, rest)
    if scheme not in SCHEMES and base not in SCHEMES:
        return None
    kind, port, encrypted = SCHEMES.get(scheme) or SCHEMES[base]
    if kind in IN_PROCESS:
        return _stand_in(kind, base, rest)
    target = _server(kind, port, rest)
    target.scheme = scheme if scheme in SCHEMES else base
    target.tls = target.tls or ("verify-full" if encrypted or scheme.endswith(("+tls", "+ssl")) else "")
    return target


def from_parts(key: str, known: Mapping[str, str]) -> Target | None:
    """The service of a key such as `REDIS_HOST` or `PGHOST`, with port, user and the rest beside it; None for a key
    that names no kind and has no engine beside it (`DB_HOST` with `DB_ENGINE`).
    """
    match = HOST_KEY.fullmatch(key.upper())
    host = known[key].strip()
    if match is None or not (HOST.fullmatch(host) or host.startswith("/")):
        return None
    stem = key[: match.end(1)]
    kind = _named_kind(match[1]) or _named_kind(_beside(stem, known, ENGINE_ENDS) or "")
    if kind is None:
        return None
    target = Target(kind, host=host, user=_beside(stem, known, USER_ENDS), password=_beside(stem, known, PASSWORD_ENDS))
    target.port = _port(_beside(stem, known, ("PORT",)) or "", PORTS[kind])
    target.database = _beside(stem, known, DATABASE_ENDS) or ""
    target.tls = _beside(stem, known, ("SSLMODE",)) or "" if kind == "postgresql" else ""
    _find_socket(target)
    return target


def _beside(stem: str, known: Mapping[str, str], ends: tuple[str, ...]) -> str | None:
    for end in ends:
        value = known.get(stem + end) or known.get(f"{stem}_{end}")
        if value:
            return value
    return None


def _named_kind(text: str) -> str | None:
    words = re.split(r"[^A-Z0-9]+", text.upper())
    return next(
        (kind for start, kind in KIND_WORDS.items() if any(f"{word}_".startswith(start) for word in words)), None
    )


def _stand_in(kind: str, scheme: str, rest: str) -> Target:
    target = Target(kind, database=rest.partition("?")[0] if kind == "sqlite" else "")
    target.scheme = scheme
    return target


def _by_key(key: str, scheme: str, rest: str) -> Target | None:
    for word, kind in KEYS:
        if word in key.upper():
            target = _server(kind, 443 if scheme == "https" else 80, rest)
            target.scheme = scheme
            return target
    return None


def _by_transport(key: str, scheme: str, rest: str) -> Target | None:
    """`ssl://host:8883` under a key with MQTT in it. `NATS_PORT=tcp://...` is what Kubernetes says of a service."""
    name = key.upper()
    if "_PORT" in name:
        return None
    for word, kind in TRANSPORT_KEYS:
        if word in name:
            target = _server(kind, SCHEMES["mqtts"][1] if kind == "mqtt" and TRANSPORTS[scheme] else PORTS[kind], rest)
            target.scheme = scheme
            target.tls = "verify-full" if TRANSPORTS[scheme] else target.tls
            return target
    return None


def _listed(key: str, value: str) -> Target | None:
    for word, kind, port in LISTS:
        if key.upper().endswith(word):
            host, colon, digits = value.replace(";", ",").split(",")[0].strip().rpartition(":")
            name = host if colon else digits
            if HOST.fullmatch(name):
                return Target(kind, host=name, port=_port(digits, port) if colon else port)
    return None


def _socket(key: str, base: str, rest: str) -> Target | None:
    """`unix:///run/redis.sock?db=1` and `redis+socket:///run/redis.sock`; other programs have sockets too."""
    kind = SCHEMES[base][0] if base in SCHEMES else "redis"
    if base not in SCHEMES and not any(word in key.upper() for word in UNIX_KEYS):
        return None
    target = _server(kind, 0, rest)
    where, _, _ = rest.rpartition("@")[2].partition("?")
    target.path, target.host, target.database = _unquoted(where), "", ""
    target.scheme = base
    _apply(target, _options(rest))
    return target


def _server(kind: str, port: int, rest: str) -> Target:
    """`user:password@host:port/database?options`; of several hosts the first."""
    authority, path, options = _parts(rest)
    login, _, hosts = authority.rpartition("@")
    user, colon, password = login.partition(":")
    host, digits = _host_and_port(re.split(r"[,;]", hosts, maxsplit=1)[0])
    target = Target(
        kind,
        host=_unquoted(host),
        port=_port(digits, port),
        user=_unquoted(user) or None,
        password=_unquoted(password) if colon else None,
        database=_unquoted(path.removeprefix("/")),
    )
    _apply(target, options)
    _find_socket(target)
    return target


def _parts(rest: str) -> tuple[str, str, dict[str, str]]:
    """Authority, path and options. A password may hold `/`, `#` or `?` that nobody escaped."""
    end = re.search(r"[/?#]|\Z", rest)
    stop = end.start() if end else len(rest)
    port = rest[:stop].rpartition(":")[2] if ":" in rest[:stop] else ""
    late = rest.rfind("@")
    if "@" not in rest[:stop] and late > stop and port and not port.isdigit():
        follow = re.search(r"[/?#]|\Z", rest[late:])
        stop = late + (follow.start() if follow else 0)
    path = re.split(r"[?#]", rest[stop:], maxsplit=1)[0]
    return rest[:stop], path, _options(rest[stop:])


def _options(rest: str) -> dict[str, str]:
    query = rest.partition("?")[2].partition("#")[0]
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return {name.lower(): _unquoted(value) for name, _, value in pairs}


def _host_and_port(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, _, tail = text[1:].partition("]")
        return host, tail.removeprefix(":")
    host, colon, port = text.rpartition(":")
    return (host, port) if colon else (port, "")


def _apply(target: Target, options: Mapping[str, str]) -> None:
    target.user = options.get("user") or options.get("username") or target.user
    target.password = options.get("password", target.password)
    target.database = options.get("dbname") or options.get("db") or target.database
    target.port = _port(options.get("port", ""), target.port)
    target.ca_file = next((options[name] for name in CA_OPTIONS if options.get(name)), None)
    if target.kind == "postgresql":
        target.tls = options.get("sslmode") or ("require" if options.get("ssl") == "true" else "")
    elif target.kind in TLS_OPTIONS and "true" in (options.get("tls"), options.get("ssl")):
        target.tls = "verify-full"
    path = options.get("unix_socket") or options.get("socket") or ""
    host = options.get("host", "").split(",")[0]
    if path.startswith("/"):
        target.path = path
    elif host:
        target.host = host
    tls_options.apply(target, options)


def _find_socket(target: Target) -> None:
    """A host that is a directory, or none at all, means a unix socket to the clients of databases."""
    if target.kind == "postgresql":
        if not target.host and target.database.startswith("/"):
            # django-environ's form: postgres:////dir/database
            directory, _, target.database = target.database.rpartition("/")
            target.host = "/" + directory.strip("/")
        directories = (target.host,) if target.host.startswith("/") else () if target.host else POSTGRES_SOCKETS
        paths = [os.path.join(directory, f".s.PGSQL.{target.port}") for directory in directories]
        if paths and (target.host or any(os.path.exists(path) for path in paths)):
            target.path = next((path for path in paths if os.path.exists(path)), paths[0])
    elif target.host.startswith("/"):
        target.path = target.host
    elif not target.host and target.kind == "memcached" and target.database:
        target.path, target.database = "/" + target.database.lstrip("/"), ""


def _port(text: str, default: int) -> int:
    digits = text.strip().rstrip("/")
    if not digits:
        return default
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 5 and int(digits) <= PORT_MAX else 0  # noqa: PLR2004 -- 65535


def _unquoted(text: str) -> str:
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text)


def place(target: Target) -> tuple[str, int, str] | None:
    """What two targets must share to be one resource: host, port, database. None for what lives in a process."""
    if target.kind in IN_PROCESS:
        kept = target.kind == "sqlite" and target.database.strip("/:") not in ("", "memory")
        return ("", 0, target.database) if kept else None
    host = target.path or ("localhost" if target.loopback else target.host.lower().rstrip("."))
    return (host, 0 if target.path else target.port, _database(target))


def _database(target: Target) -> str:
    if target.kind in ("redis", "valkey", "dragonfly", "keydb"):
        return target.database or "0"
    if target.kind in ("rabbitmq", "lavinmq"):
        return target.database or "/"
    if target.kind == "postgresql":
        return target.database or target.user or ""
    return target.database
