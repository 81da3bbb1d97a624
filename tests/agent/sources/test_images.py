"""Which backing service an image is, and which version its tag states; a guess is never made."""

from __future__ import annotations

import pytest

from paritycheck_agent.sources import images
from paritycheck_agent.wire.words import SERVICE_KINDS


@pytest.mark.parametrize(
    ("reference", "kind", "version"),
    [
        ("postgres:16-alpine", "postgresql", "16"),
        ("postgres:16.4-bookworm@sha256:" + "0" * 64, "postgresql", "16.4"),
        ("postgres:17beta1", "postgresql", "17beta1"),
        ("postgres:9.6.24", "postgresql", "9.6.24"),
        ("postgres", "postgresql", None),
        ("postgres:latest", "postgresql", None),
        ("postgres:alpine", "postgresql", None),
        ("postgres@sha256:" + "0" * 64, "postgresql", None),
        ("docker.io/library/postgres:15", "postgresql", "15"),
        ("registry.example.com:5000/postgres:15", "postgresql", "15"),
        ("localhost/postgres:15", "postgresql", "15"),
        ("public.ecr.aws/docker/library/redis:7.2", "redis", "7.2"),
        ("bitnami/postgresql:16.2.0-debian-12-r5", "postgresql", "16.2"),
        ("postgis/postgis:16-3.4", "postgresql", "16"),
        ("pgvector/pgvector:pg16", "postgresql", "16"),
        ("timescale/timescaledb:2.14.2-pg16", "postgresql", "16"),
        ("timescale/timescaledb:2.14.2", "postgresql", None),
        ("mysql:8.0.36", "mysql", "8.0.36"),
        ("mariadb:11.4-noble", "mariadb", "11.4"),
        ("percona:8.0", "mysql", "8.0"),
        ("redis/redis-stack-server:7.2.0-v10", "redis", "7.2.0"),
        ("valkey/valkey:8-alpine", "valkey", "8"),
        ("docker.dragonflydb.io/dragonflydb/dragonfly:v1.20.1", "dragonfly", "1.20.1"),
        ("rabbitmq:3.13-management-alpine", "rabbitmq", "3.13"),
        ("memcached:1.6", "memcached", "1.6"),
        ("docker.elastic.co/elasticsearch/elasticsearch:8.13.0", "elasticsearch", "8.13.0"),
        ("confluentinc/cp-kafka:7.6.0", "kafka", None),
        ("apache/kafka:3.7.0", "kafka", "3.7.0"),
        ("minio/minio:RELEASE.2024-05-10T01-41-38Z", "s3", None),
        ("acme/postgres:3", "postgresql", None),
        ("axllent/mailpit:v1.18", "smtp", "1.18"),
        ("eclipse-mosquitto:2.0", "mqtt", "2.0"),
        ("emqx/emqx:5.8.6", "mqtt", "5.8.6"),
        ("nats:2.10-alpine", "nats", "2.10"),
        ("docker.redpanda.com/redpandadata/redpanda:v24.2.1", "redpanda", "24.2.1"),
        ("scylladb/scylla:6.2", "scylla", "6.2"),
        ("percona/percona-server-mongodb:7.0.14", "mongodb", "7.0.14"),
        ("osixia/openldap:1.5.0", "ldap", None),
        ("bitnami/openldap:2.6", "ldap", "2.6"),
    ],
)
def test_a_backing_service_is_known_by_its_image(reference: str, kind: str, version: str | None) -> None:
    image = images.read(reference)
    assert image is not None
    assert (image.kind, image.version) == (kind, version)
    assert image.kind in SERVICE_KINDS


@pytest.mark.parametrize(
    "reference", ["acme/shop:1.2", "nginx:1.25", "oliver006/redis_exporter", "postgres-backup:16", "", ":", "/", "@"]
)
def test_other_images_are_none(reference: str) -> None:
    assert images.read(reference) is None


def test_all_kinds_are_words_of_the_wire() -> None:
    kinds = {*images.KINDS.values(), *(kind for kind, _ in images.OTHERS.values())}
    assert kinds <= set(SERVICE_KINDS)
