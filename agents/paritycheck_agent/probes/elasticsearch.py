"""Elasticsearch and OpenSearch: `GET /`, then plugins and named settings of the cluster.

What refuses strangers says in its headers what it is. OpenSearch can give itself out for an Elasticsearch 7.10.2, for
the sake of old clients (`compatibility.override_main_response_version`); its nodes say what they run.
"""

from __future__ import annotations

import re

from paritycheck_agent.connection.http import OKAY, Reply, Session
from paritycheck_agent.connection.stream import Connection, Unanswered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from paritycheck_agent.connection.target import Target

KINDS = ("elasticsearch", "opensearch")
VERSION = re.compile(r"\d+(?:\.\d+)*(?:-(?:alpha|beta|rc|SNAPSHOT)\d*)?")
NUMBER = re.compile(r"\d{1,9}")
FLAVORS = ("oss", "serverless")
DISGUISE = "7.10.2"
SETTINGS = (
    *("action.auto_create_index", "action.destructive_requires_name", "cluster.max_shards_per_node"),
    *("search.max_buckets", "search.default_search_timeout", "search.allow_expensive_queries"),
)
# The stronger first.
LEVELS = ("transient", "persistent", "defaults")
READ_SETTINGS = "/_cluster/settings?include_defaults=true&filter_path=" + ",".join(f"*.{name}" for name in SETTINGS)
READ_PLUGINS = "/_cat/plugins?h=component,version&format=json"
READ_NODES = "/_cat/nodes?h=version&format=json"


def probe(target: Target) -> dict[str, Any]:
    """The members of the service's fact: `kind`, `value` or `unknown`, `via`, `variant`, `settings`, `extensions`."""
    kind = target.kind if target.kind in KINDS else "elasticsearch"
    found: dict[str, Any] = {"kind": kind, "via": "scheme"}
    try:
        with Connection(target) as connection:
            _read(Session(connection, target), found)
    except Unanswered as answer:
        if "value" not in found:
            found["unknown"] = answer.reason
    return found


def _read(session: Session, found: dict[str, Any]) -> None:
    try:
        reply = session.ask("/", "ApiKey")
    finally:
        _recognise(session.last, found)
    _name(session, reply.json(), found)
    plugins = _rows(session, READ_PLUGINS)
    if plugins is not None:
        # Nodes may differ while they are upgraded: the lowest, whoever answers first.
        plugins.sort(key=lambda row: _order(_text(row.get("version"))), reverse=True)
        found["extensions"] = {_text(row.get("component")): _text(row.get("version")) for row in plugins}
    found["settings"] = _settings(session)


def _recognise(reply: Reply | None, found: dict[str, Any]) -> None:
    headers = reply.headers if reply is not None else {}
    if headers.get("x-elastic-product") == "Elasticsearch":
        found.update(kind="elasticsearch", via="handshake")
    elif "opensearch" in headers.get("www-authenticate", "").lower():
        found.update(kind="opensearch", via="handshake")


def _name(session: Session, document: Any, found: dict[str, Any]) -> None:
    told = document.get("version") if isinstance(document, dict) else None
    told = told if isinstance(told, dict) else {}
    match = VERSION.fullmatch(_text(told.get("number")))
    if match is None:
        raise Unanswered("bad-reply")
    opensearch = told.get("distribution") == "opensearch" or "OpenSearch" in _text(document.get("tagline"))
    found.update(kind="opensearch" if opensearch else "elasticsearch", via="auth" if session.shown else "handshake")
    if told.get("build_flavor") in FLAVORS:
        found["variant"] = told["build_flavor"]
    found["value"] = match[0]
    if opensearch and match[0] == DISGUISE:
        _see_through(session, found)


def _see_through(session: Session, found: dict[str, Any]) -> None:
    versions = [_text(row.get("version")) for row in _rows(session, READ_NODES) or []]
    known = sorted(filter(VERSION.fullmatch, versions), key=_order)
    if known:
        found["value"] = known[0]  # of several the lowest, which is what the cluster can do
    else:
        del found["value"]
        raise Unanswered("redacted")


def _settings(session: Session) -> dict[str, str]:
    document = _document(session, READ_SETTINGS)
    settings: dict[str, str] = {}
    for level in LEVELS if isinstance(document, dict) else ():
        for name in SETTINGS:
            value = document.get(level)
            for part in name.split("."):
                value = value.get(part) if isinstance(value, dict) else None
            if isinstance(value, str):
                settings.setdefault(name, value)
    return settings


def _rows(session: Session, path: str) -> list[dict[str, Any]] | None:
    """The rows of a table; None where it is refused."""
    document = _document(session, path)
    return [row for row in document if isinstance(row, dict)] if isinstance(document, list) else None


def _document(session: Session, path: str) -> Any:
    reply = session.get(path, session.login("ApiKey") if session.shown else None)
    return reply.json() if reply.status == OKAY else None


def _order(version: str) -> list[int]:
    return [int(digits) for digits in NUMBER.findall(version)]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
