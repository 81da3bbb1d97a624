"""The closed lists of the wire: what a member may say."""

from __future__ import annotations

SECTIONS = ("release", "dependencies", "services", "config", "runtime", "processes", "migrations")
STATUSES = ("ok", "unknown")
INSTANCE_KINDS = ("host", "container", "pod", "runner", "laptop")
SEVERITIES = ("error", "warning", "note")

SERVER_KINDS = (
    "postgresql", "mysql", "mariadb", "redis", "valkey", "dragonfly", "keydb", "rabbitmq", "lavinmq",
    "memcached", "mongodb", "elasticsearch", "opensearch", "kafka", "redpanda", "nats", "mqtt", "smtp", "s3",
    "clickhouse", "cassandra", "scylla", "ldap", "etcd", "consul", "vault", "openbao", "sqlite",
)  # fmt: skip
STAND_IN_KINDS = ("locmem", "dummy", "file", "console", "eager")
SERVICE_KINDS = SERVER_KINDS + STAND_IN_KINDS
VIA = ("handshake", "auth", "inferred", "declared", "scheme")

SHAPES = (
    "empty", "placeholder", "bool", "int", "number", "url", "email", "uuid", "hex", "base64", "jwt", "pem",
    "json", "path", "list", "text",
)  # fmt: skip
LENGTHS = ("0", "1-7", "8-15", "16-31", "32-63", "64+")
URL_HOSTS = ("loopback", "private", "public", "socket", "name")
SCOPES = ("direct", "transitive")
ORIGINS = ("registry", "vcs", "path", "url")

SERVER_REASONS = ("skew", "stale", "not-comparable")
REASONS = (
    "not-collected", "disabled", "collector-failed", "tool-missing", "no-git", "shallow", "no-permission",
    "auth-required", "auth-failed", "connection-refused", "name-not-found", "timeout", "tls-failed",
    "bad-reply", "redacted", "not-asked", "unpinned", "unsupported-format", "parse-failed", "too-large",
    "no-key", "key-mismatch", "too-short", *SERVER_REASONS,
)  # fmt: skip

# Members that travel in the evidence body: they change without meaning anything.
VOLATILE = {"processes": frozenset({"replicas", "restarts", "exit_codes"})}
_EVIDENCE = {section: frozenset({"sources"}) | VOLATILE.get(section, frozenset()) for section in SECTIONS}


def evidence_members(section: str) -> frozenset[str]:
    """Return the members of a section's facts that belong to its evidence body."""
    return _EVIDENCE[section]
