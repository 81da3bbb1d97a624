"""Container images that are backing services: which kind, and which version their tag states."""

from __future__ import annotations

import re

# By the last part of the name, for official images, mirrors of them, and publishers who keep their version.
KINDS = {
    "postgres": "postgresql", "postgresql": "postgresql", "postgis": "postgresql", "mysql": "mysql",
    "mysql-server": "mysql", "mariadb": "mariadb", "redis": "redis", "redis-stack": "redis",
    "redis-stack-server": "redis", "valkey": "valkey", "dragonfly": "dragonfly", "keydb": "keydb",
    "rabbitmq": "rabbitmq", "lavinmq": "lavinmq", "memcached": "memcached", "mongo": "mongodb",
    "mongodb": "mongodb", "mongodb-community-server": "mongodb", "elasticsearch": "elasticsearch",
    "elasticsearch-oss": "elasticsearch", "opensearch": "opensearch", "kafka": "kafka", "redpanda": "redpanda",
    "nats": "nats", "eclipse-mosquitto": "mqtt", "clickhouse": "clickhouse", "clickhouse-server": "clickhouse",
    "cassandra": "cassandra", "scylla": "scylla", "openldap": "ldap", "lldap": "ldap", "etcd": "etcd",
    "consul": "consul", "vault": "vault", "openbao": "openbao",
}  # fmt: skip
# Images whose tag states another version than the service's, or whose variant is worth telling: by full name.
OTHERS = {
    "timescale/timescaledb": ("postgresql", None),
    "timescale/timescaledb-ha": ("postgresql", None),
    "pgvector/pgvector": ("postgresql", None),
    "ankane/pgvector": ("postgresql", None),
    "citusdata/citus": ("postgresql", None),
    "confluentinc/cp-kafka": ("kafka", "confluent"),
    "confluentinc/confluent-local": ("kafka", "confluent"),
    "confluentinc/cp-server": ("kafka", "confluent"),
    "percona": ("mysql", "percona"),
    "percona/percona-server": ("mysql", "percona"),
    "percona/percona-server-mongodb": ("mongodb", "percona"),
    "emqx": ("mqtt", "emqx"),
    "emqx/emqx": ("mqtt", "emqx"),
    "osixia/openldap": ("ldap", "openldap"),
    "greenmail/standalone": ("smtp", "greenmail"),
    "rnwood/smtp4dev": ("smtp", "smtp4dev"),
    "maildev/maildev": ("smtp", "maildev"),
    "inbucket/inbucket": ("smtp", "inbucket"),
    "minio/minio": ("s3", "minio"),
    "axllent/mailpit": ("smtp", "mailpit"),
    "mailhog/mailhog": ("smtp", "mailhog"),
    "microsoft/garnet": ("redis", "garnet"),
}
# Those of the above whose tag is the service's own version all the same.
OWN_VERSION = frozenset([
    "percona", "percona/percona-server", "percona/percona-server-mongodb", "emqx", "emqx/emqx", "axllent/mailpit",
    "mailhog/mailhog", "greenmail/standalone", "rnwood/smtp4dev", "maildev/maildev", "inbucket/inbucket",
])  # fmt: skip
PUBLISHERS = frozenset([
    "", "library", "docker/library", "bitnami", "bitnamilegacy", "postgis", "valkey", "redis", "dragonflydb", "eqalpha",
    "snapchat", "cloudamqp", "mongodb", "elasticsearch", "opensearchproject", "apache", "redpandadata", "redpanda",
    "clickhouse", "scylladb", "lldap", "coreos", "hashicorp", "openbao", "supabase", "cimg", "mysql", "mariadb",
])  # fmt: skip
TAG_VERSION = re.compile(r"v?(\d+(?:\.\d+)*(?:(?:beta|rc)\d+)?)(?![0-9a-zA-Z])")
POSTGRES_IN_TAG = re.compile(r"(?:^|-)pg(\d+(?:\.\d+)?)(?![0-9])")
FIRST_TWO_PART_MAJOR = 10


class Image:
    """`version` is None where the tag states none: `latest`, a digest alone, another product's number."""

    __slots__ = ("kind", "variant", "version")

    def __init__(self, kind: str, version: str | None, variant: str | None) -> None:
        self.kind = kind
        self.version = version
        self.variant = variant


def read(reference: str) -> Image | None:
    """The backing service that `registry/name:tag@digest` holds; None for any other image."""
    name, tag = split(reference)
    if name in OTHERS:
        kind, variant = OTHERS[name]
        named = _postgres_in(tag) if kind == "postgresql" else None
        return Image(kind, _version(kind, tag) if name in OWN_VERSION else named, variant)
    publisher, _, last = name.rpartition("/")
    if last not in KINDS:
        return None
    kind = KINDS[last]
    return Image(kind, _version(kind, tag) if publisher in PUBLISHERS else None, None)


def split(reference: str) -> tuple[str, str]:
    """The name without its registry, in lower case, and the tag; empty where there is none."""
    whole = reference.strip().partition("@")[0]
    path, _, last = whole.rpartition("/")
    last, _, tag = last.partition(":")
    parts = [part for part in path.split("/") if part]
    if parts and (parts[0] == "localhost" or "." in parts[0] or ":" in parts[0]):
        del parts[0]
    return "/".join([*parts, last]).lower(), tag


def _version(kind: str, tag: str) -> str | None:
    match = TAG_VERSION.match(tag)
    if match is None:
        return None
    parts = match[1].split(".")
    # PostgreSQL has two numbers since 10; a third is the publisher's own.
    two = kind == "postgresql" and parts[0].isdigit() and int(parts[0]) >= FIRST_TWO_PART_MAJOR
    return ".".join(parts[:2] if two else parts)


def _postgres_in(tag: str) -> str | None:
    match = POSTGRES_IN_TAG.search(tag)
    return match[1] if match else None
