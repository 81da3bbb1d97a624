"""How each probe finds a version, and on what that was seen. A kind in the registry without a row here fails a test."""

from __future__ import annotations

# kind: how the version is found; before or after authentication; the real server of the tests, or a recording
ROWS: dict[str, tuple[str, str, str]] = {
    "postgresql": ("ParameterStatus server_version", "after", "real: PostgreSQL 18 of a wheel, Debian's in TLS"),
    "mysql": ("initial handshake, then @@version", "before", "recording: greetings; the family's protocol on MariaDB"),
    "mariadb": ("initial handshake, then @@version", "before", "real: Debian's MariaDB"),
    "redis": ("INFO redis_version", "after", "real: Debian's Redis"),
    "valkey": ("INFO valkey_version", "after", "recording: INFO"),
    "dragonfly": ("INFO dragonfly_version", "after", "recording: INFO"),
    "keydb": ("INFO redis_version, executable keydb-server", "after", "recording: INFO"),
    "rabbitmq": ("Connection.Start, server-properties", "before", "real: Debian's RabbitMQ"),
    "lavinmq": ("Connection.Start, server-properties", "before", "recording: Connection.Start"),
    "memcached": ("version", "before", "real: Debian's Memcached"),
    "elasticsearch": ("GET /, version.number", "after", "recording: documented answers"),
    "opensearch": ("GET /, version.number; in disguise _cat/nodes", "after", "recording: documented answers"),
    "s3": ("none; kind and variant by the header Server", "before", "recording: documented headers"),
    "clickhouse": ("SELECT version(), a refusal's text; Hello", "after", "real: Debian's ClickHouse 18.16"),
    "etcd": ("GET /version", "before", "real: Debian's etcd"),
    "consul": ("GET /v1/agent/self", "after", "recording: documented answers"),
    "vault": ("GET /v1/sys/health", "before", "recording: documented answers"),
    "openbao": ("GET /v1/sys/health", "before", "recording: documented answers"),
    "mongodb": ("buildInfo, else maxWireVersion", "before", "recording: SecantusDB 0.7, FerretDB's form, refusals"),
    "kafka": ("ApiVersions: metadata.version, else the APIs", "before", "recording: APIs of real brokers; Tansu 0.6"),
    "redpanda": ("none; ApiVersions tells the kind", "before", "recording: its list of APIs"),
    "nats": ("INFO version", "before", "real: Debian's nats-server"),
    "mqtt": ("$SYS/broker/version, $SYS/brokers/+/version", "after", "real: Debian's Mosquitto; EMQX' topic recorded"),
    "smtp": ("greeting", "before", "real: Debian's Exim, aiosmtpd; other greetings recorded"),
    "cassandra": ("system.local release_version", "after", "recording: made with cassandra-driver 3.30"),
    "scylla": ("system.versions version", "after", "recording: made with cassandra-driver 3.30"),
    "ldap": ("root entry, vendorVersion", "before", "real: Debian's slapd, which tells none; 389's recorded"),
    "sqlite": ("own library, else the header's last writer", "before", "real: the interpreter's SQLite"),
}


def lines() -> list[str]:
    """The table as people read it, after a run of the tests."""
    rows = [("service", "the version is", "log-in", "seen on"), *((kind, *row) for kind, row in ROWS.items())]
    widths = [max(len(row[at]) for row in rows) for at in range(3)]
    return ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows]
