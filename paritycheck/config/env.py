"""Reads the environment: every name also as `NAME_FILE`; a bad value is noted for the system checks, never raised."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ

# Parameters of a PostgreSQL URL that libpq also reads from the environment, and the variable of each.
LIBPQ = {
    "application_name": "PGAPPNAME",
    "channel_binding": "PGCHANNELBINDING",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "gssencmode": "PGGSSENCMODE",
    "sslcert": "PGSSLCERT",
    "sslcrl": "PGSSLCRL",
    "sslkey": "PGSSLKEY",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}

# What was wrong while reading, as (name, what to do); `config/checks.py` turns each into a numbered error.
problems: list[tuple[str, str]] = []


def text(name: str, default: str = "") -> str:
    """The value of `name`, else the content of the file that `NAME_FILE` names, else `default`."""
    if name in os.environ:
        return os.environ[name]
    path = os.environ.get(f"{name}_FILE")
    if path is None:
        return default
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        problems.append((f"{name}_FILE", "names a file that cannot be read; give the path of a readable text file"))
        return default


def secret(name: str, stand_in: str) -> str:
    """A secret; `stand_in` lets tools import the settings, and the checks refuse to serve with it."""
    value = text(name)
    if value:
        return value
    problems.append((name, f"is not set; put a random text of 50 characters into {name} or a file into {name}_FILE"))
    return stand_in


def integer(name: str, default: int, least: int = 1) -> int:
    """A whole number of at least `least`."""
    raw = text(name)
    if not raw:
        return default
    if raw.isascii() and raw.isdigit() and int(raw) >= least:
        return int(raw)
    problems.append((name, f"is no whole number of at least {least}; {default} is used"))
    return default


def choice(name: str, default: str, among: tuple[str, ...]) -> str:
    """One of a few words, in any case."""
    raw = text(name, default).upper()
    if raw in among:
        return raw
    problems.append((name, f"is none of {', '.join(among)}; {default} is used"))
    return default


def words(name: str, default: list[str]) -> list[str]:
    """Comma-separated words."""
    raw = text(name)
    return [word.strip() for word in raw.split(",") if word.strip()] if raw else default


def url(name: str, value: str, read: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """What `read` makes of a service URL; a URL it cannot read is a problem that never repeats the URL."""
    try:
        return read(value)
    except (ValueError, KeyError, environ.ImproperlyConfigured):
        problems.append((name, "is no URL that can be read; compare with the table of variables in the README"))
        return {}


def pgmq_conninfo(database_url: str) -> tuple[str, dict[str, str]]:
    """Libpq keywords for kombu's pgmq client, and what it would drop, as PG* variables.

    The client keeps host, port, dbname, user and password only, so every other parameter of the URL
    (`sslmode`, `connect_timeout`, ...) goes on by libpq's own variables.
    """
    try:
        parts, port = urlsplit(database_url), str(urlsplit(database_url).port or "")
    except ValueError:  # the same URL is read for Django, which notes the problem
        return "", {}
    query = dict(item.partition("=")[::2] for item in parts.query.split("&") if item)
    query = {key: unquote(value) for key, value in query.items()}
    known = {
        "host": query.pop("host", None) or parts.hostname or "",
        "port": query.pop("port", None) or port,
        "dbname": query.pop("dbname", None) or unquote(parts.path.lstrip("/")),
        "user": query.pop("user", None) or unquote(parts.username or ""),
        "password": query.pop("password", None) or unquote(parts.password or ""),
    }
    conninfo = " ".join(f"{key}={value}" for key, value in known.items() if value)
    libpq = {LIBPQ[key]: value for key, value in query.items() if key in LIBPQ}
    if any(mark in known["password"] for mark in " '\\"):
        problems.append(
            (
                "DATABASE_URL",
                "has a password with a blank, quote or backslash, which the queue client cannot take; choose another",
            )
        )
    return conninfo, libpq
