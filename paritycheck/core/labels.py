"""Names of services and runtimes as their makers write them, for sentences; facts keep their own (`facts`)."""

from __future__ import annotations

from typing import Final

KINDS: Final = {
    "postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "redis": "Redis", "valkey": "Valkey",
    "dragonfly": "Dragonfly", "keydb": "KeyDB", "rabbitmq": "RabbitMQ", "lavinmq": "LavinMQ", "memcached": "Memcached",
    "mongodb": "MongoDB", "elasticsearch": "Elasticsearch", "opensearch": "OpenSearch", "kafka": "Kafka",
    "redpanda": "Redpanda", "nats": "NATS", "mqtt": "MQTT", "smtp": "SMTP", "s3": "S3", "clickhouse": "ClickHouse",
    "cassandra": "Cassandra", "scylla": "ScyllaDB", "ldap": "LDAP", "etcd": "etcd", "consul": "Consul",
    "vault": "Vault", "openbao": "OpenBao", "sqlite": "SQLite", "locmem": "local memory", "dummy": "a dummy",
    "file": "files", "console": "the console", "eager": "eager tasks",
    "python": "Python", "node": "Node.js", "ruby": "Ruby", "php": "PHP", "java": "Java", "go": "Go", "dotnet": ".NET",
    "erlang": "Erlang", "elixir": "Elixir", "rust": "Rust", "debian": "Debian", "ubuntu": "Ubuntu", "alpine": "Alpine",
    "macos": "macOS", "fedora": "Fedora", "rhel": "RHEL", "windows": "Windows",
}  # fmt: skip
ENVIRONMENT_WORDS: Final = frozenset({"production", "staging", "development", "testing"})
"""Slugs that are ordinary words, and begin a sentence in upper case as words do."""


def kind_label(kind: str) -> str:
    """`PostgreSQL`; a kind this release does not know goes by its own name."""
    return KINDS.get(kind, kind)


def where(environment: str) -> str:
    """`in production`, `on staging`."""
    return f"in {environment}" if environment == "production" else f"on {environment}"


def capital(sentence: str) -> str:
    """The sentence as a title: an environment whose slug is a word begins in upper case, other names stay."""
    first = sentence.partition(" ")[0].rstrip(":")
    return sentence[:1].upper() + sentence[1:] if first in ENVIRONMENT_WORDS else sentence


def uncapital(sentence: str) -> str:
    """The reverse of `capital`, for a sentence that does not stand at a beginning."""
    return sentence[:1].lower() + sentence[1:] if capital(sentence[:1].lower() + sentence[1:]) == sentence else sentence


def plural(count: int, one: str, many: str = "") -> str:
    """`1 drift`, `1,396 drifts`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def counted(numbers: dict[str, int], most: int = 4) -> str:
    """`2 errors, 1 warning` in the order given; nothing of what is 0."""
    said = [plural(number, word) for word, number in numbers.items() if number]
    return ", ".join(said[:most])


def short_name(section: str, name: str) -> str:
    """A fact as sentences name it: `npm/@sentry/browser` of `pkg:npm/%40sentry/browser`."""
    return name[4:].replace("%40", "@") if section == "dependencies" and name.startswith("pkg:") else name
