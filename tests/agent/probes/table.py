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
