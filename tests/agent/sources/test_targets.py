"""Which service a configuration value names, where it listens, and how to get in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck_agent.sources import targets
from paritycheck_agent.wire.words import SERVICE_KINDS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("key", "handle"),
    [
        ("DATABASE_URL", "database"),
        ("CELERY_BROKER_URL", "celery-broker"),
        ("KAFKA_BOOTSTRAP_SERVERS", "kafka"),
        ("REDIS_HOST", "redis"),
        ("SEARCH_ENDPOINTS", "search"),
        ("MONGODB_URI", "mongodb"),
        ("SENTRY_DSN", "sentry"),
        ("URL", "url"),
        ("My.Odd__Key_URL", "my-odd-key"),
        ("DATABASE_URL_2", "database-url-2"),
    ],
)
def test_handles_are_names_without_their_ending(key: str, handle: str) -> None:
    assert targets.handle_of(key) == handle


SERVERS = [
    # value, kind, host, port, user, password, database, tls
    ("postgres://u:p@db.example.com:5433/shop", "postgresql", "db.example.com", 5433, "u", "p", "shop", ""),
    ("postgresql+psycopg://u:p%40ss@db/shop?sslmode=require", "postgresql", "db", 5432, "u", "p@ss", "shop", "require"),
    ("postgis://u@[2001:db8::1]:5432/gis", "postgresql", "2001:db8::1", 5432, "u", None, "gis", ""),
    ("pgsql://db1,db2:6543/x", "postgresql", "db1", 5432, None, None, "x", ""),
    ("jdbc:postgresql://db/x?user=u&password=p", "postgresql", "db", 5432, "u", "p", "x", ""),
    ("sqla+postgresql://u:p@db/x", "postgresql", "db", 5432, "u", "p", "x", ""),
    ("postgres://u:p#a/s?s@db/x", "postgresql", "db", 5432, "u", "p#a/s?s", "x", ""),
    ("mysql2://u:p@db/x", "mysql", "db", 3306, "u", "p", "x", ""),
    ("mariadb+pymysql://u:p@db/x", "mariadb", "db", 3306, "u", "p", "x", ""),
    ("redis://:secret@cache/3", "redis", "cache", 6379, None, "secret", "3", ""),
    ("rediss://u:p@cache:6380", "redis", "cache", 6380, "u", "p", "", "verify-full"),
    ("redis+pubsub://cache", "redis", "cache", 6379, None, None, "", ""),
    ("redis://a:1,b:2/0", "redis", "a", 1, None, None, "0", ""),
    ("valkey://cache/1", "valkey", "cache", 6379, None, None, "1", ""),
    ("memcached://m1:11212", "memcached", "m1", 11212, None, None, "", ""),
    ("amqp://u:p@mq/%2Fshop", "rabbitmq", "mq", 5672, "u", "p", "/shop", ""),
    ("amqps://u:p@mq//", "rabbitmq", "mq", 5671, "u", "p", "/", "verify-full"),
    ("mongodb+srv://u:p@cluster.example.net/x", "mongodb", "cluster.example.net", 27017, "u", "p", "x", ""),
    ("smtp+tls://u:p@mail:587", "smtp", "mail", 587, "u", "p", "", "verify-full"),
    ("nats://n:4222", "nats", "n", 4222, None, None, "", ""),
    ("mongodb://u:p@a:27018,b:27018/x?replicaSet=r&tls=true", "mongodb", "a", 27018, "u", "p", "x", "verify-full"),
    ("mongodb://a/x?ssl=false", "mongodb", "a", 27017, None, None, "x", ""),
    ("smtps://u:p@mail", "smtp", "mail", 465, "u", "p", "", "verify-full"),
    ("smtp+ssl://mail", "smtp", "mail", 465, None, None, "", "verify-full"),
    ("smtp+tls://mail", "smtp", "mail", 587, None, None, "", "verify-full"),
    ("submission://mail", "smtp", "mail", 587, None, None, "", ""),
    ("nats://u:p@n1:4222,nats://u:p@n2:4222", "nats", "n1", 4222, "u", "p", "", ""),
    ("nats+tls://n", "nats", "n", 4222, None, None, "", "verify-full"),
    ("mqtts://u:p@b", "mqtt", "b", 8883, "u", "p", "", "verify-full"),
    ("kafka+ssl://k1:9096,kafka+ssl://k2:9096", "kafka", "k1", 9096, None, None, "", "verify-full"),
    ("confluentkafka://k1:9092;k2:9092", "kafka", "k1", 9092, None, None, "", ""),
    ("ldaps://dir.example.com", "ldap", "dir.example.com", 636, None, None, "", "verify-full"),
    ("cassandra+ssl://u:p@c1/shop", "cassandra", "c1", 9042, "u", "p", "shop", "verify-full"),
    ("scylladb://s1", "scylla", "s1", 9042, None, None, "", ""),
    ("postgres://db:notaport/x", "postgresql", "db", 0, None, None, "x", ""),
    ("postgres://db:99999/x", "postgresql", "db", 0, None, None, "x", ""),
]


@pytest.mark.parametrize("row", SERVERS, ids=lambda row: row[0])
def test_urls_are_read_as_their_clients_read_them(row: tuple[object, ...]) -> None:
    target = targets.parse("DATABASE_URL", str(row[0]))
    assert target is not None
    seen = (target.kind, target.host, target.port, target.user, target.password, target.database, target.tls)
    assert seen == row[1:]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("sqlite:///shop.sqlite3", "sqlite"),
        ("sqlite::memory:", "sqlite"),
        ("spatialite:///x", "sqlite"),
        ("locmemcache://", "locmem"),
        ("dummycache://", "dummy"),
        ("filecache:///var/tmp/cache", "file"),
        ("consolemail://", "console"),
        ("memory://", "locmem"),
        ("cache+memory://", "locmem"),
        ("filesystem://", "file"),
    ],
)
def test_stand_ins_are_kinds_of_their_own(value: str, kind: str) -> None:
    target = targets.parse("CACHE_URL", value)
    assert target is not None
    assert target.kind == kind
    assert kind in SERVICE_KINDS


@pytest.mark.parametrize(
    ("value", "path", "user", "database"),
    [
        ("postgres:///shop?host=/run/pg&user=me", "/run/pg/.s.PGSQL.5432", "me", "shop"),
        ("postgres://me@%2Frun%2Fpg:5433/shop", "/run/pg/.s.PGSQL.5433", "me", "shop"),
        ("postgres:////run/pg/shop", "/run/pg/.s.PGSQL.5432", None, "shop"),
        ("mysql://me@/shop?unix_socket=/run/mysqld/mysqld.sock", "/run/mysqld/mysqld.sock", "me", "shop"),
        ("unix:///run/redis.sock?db=2", "/run/redis.sock", None, "2"),
        ("redis+socket:///run/redis.sock", "/run/redis.sock", None, ""),
        ("memcache:///run/memcached.sock", "/run/memcached.sock", None, ""),
    ],
)
def test_sockets_are_found_in_every_form(value: str, path: str, user: str | None, database: str) -> None:
    target = targets.parse("CACHE_URL", value)
    assert target is not None
    assert (target.path, target.user, target.database) == (path, user, database)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DOCKER_HOST", "unix:///var/run/docker.sock"),
        ("PUBLIC_URL", "https://shop.example.com"),
        ("SENTRY_DSN", "https://abc@o1.ingest.sentry.io/1"),
        ("DB_PORT", "tcp://172.17.0.2:5432"),
        ("NATS_PORT", "tcp://10.0.0.7:4222"),
        ("NATS_PORT_4222_TCP", "tcp://10.0.0.7:4222"),
        ("METRICS_ADDR", "tcp://10.0.0.7:9000"),
        ("PATH", "/usr/bin:/bin"),
        ("NAME", "postgres"),
        ("NOTE", "see postgres://x"),
        ("ALL_PROXY", "socks5://proxy:1080"),
        ("X_URL", ""),
        ("X_URL", "://"),
        ("X_URL", "postgres"),
    ],
)
def test_other_values_name_no_service(key: str, value: str) -> None:
    assert targets.parse(key, value) is None


@pytest.mark.parametrize(
    ("key", "value", "kind", "host"),
    [
        ("ELASTICSEARCH_URL", "https://u:p@search:9200", "elasticsearch", "search"),
        ("VAULT_ADDR", "https://vault:8200", "vault", "vault"),
        ("AWS_ENDPOINT_URL_S3", "http://minio:9000", "s3", "minio"),
        ("KAFKA_BOOTSTRAP_SERVERS", "k1:9092,k2:9092", "kafka", "k1"),
        ("MEMCACHED_SERVERS", "m1;m2", "memcached", "m1"),
        ("EVENTS_KAFKA_BROKERS", "SASL_SSL://k1:9093,SASL_SSL://k2:9093", "kafka", "k1"),
        ("KAFKA_URL", "PLAINTEXT://k1:9092", "kafka", "k1"),
        ("NATS_URL", "tls://n1:4222", "nats", "n1"),
        ("MQTT_BROKER_URL", "tcp://broker:1883", "mqtt", "broker"),
        ("MQTT_BROKER", "broker", "mqtt", "broker"),
        ("CASSANDRA_CONTACT_POINTS", "c1,c2", "cassandra", "c1"),
        ("SCYLLA_NODES", "s1:9042", "scylla", "s1"),
        ("SMTP_SERVER", "mail.example.com", "smtp", "mail.example.com"),
        ("AUTH_LDAP_SERVER_URI", "ldap://dir", "ldap", "dir"),
    ],
)
def test_a_key_says_what_its_value_does_not(key: str, value: str, kind: str, host: str) -> None:
    target = targets.parse(key, value)
    assert target is not None
    assert (target.kind, target.host) == (kind, host)


@pytest.mark.parametrize(
    ("options", "mode", "authority"),
    [
        ("", "", None),
        ("?ssl-mode=VERIFY_IDENTITY&ssl-ca=/ca.pem", "verify-full", "/ca.pem"),
        ("?ssl_mode=REQUIRED", "require", None),
        ("?sslMode=VERIFY_CA&ssl_ca=/ca.pem", "verify-ca", "/ca.pem"),
        ("?tls=skip-verify", "require", None),
        ("?useSSL=false", "disable", None),
        ("?ssl-mode=whatever", "", None),
    ],
)
def test_mysql_says_in_its_own_words_how_it_is_encrypted(options: str, mode: str, authority: str | None) -> None:
    target = targets.parse("DATABASE_URL", f"mysql://u:p@db/shop{options}")
    assert target is not None
    assert (target.tls, target.ca_file, target.database) == (mode, authority, "shop")


def test_a_transport_tells_whether_tls_is_spoken() -> None:
    rows = [("MQTT_URL", "ssl://b", 8883, "verify-full"), ("MQTT_URL", "tcp://b", 1883, "")]
    rows += [("NATS_URL", "tls://n", 4222, "verify-full"), ("KAFKA_BROKERS", "sasl_plaintext://k", 9092, "")]
    for key, value, port, tls in rows:
        target = targets.parse(key, value)
        assert target is not None
        assert (target.port, target.tls) == (port, tls), value


def test_a_scheme_that_says_more_than_its_service_is_kept() -> None:
    for scheme in ("mongodb+srv", "smtp+tls", "smtp+ssl", "smtps"):
        target = targets.parse("A_URL", f"{scheme}://host")
        assert target is not None
        assert target.scheme == scheme
    driver = targets.parse("A_URL", "postgresql+psycopg://host")
    assert driver is not None
    assert driver.scheme == "postgresql"


def test_a_certificate_may_be_named() -> None:
    for option in ("sslrootcert", "ssl_ca_certs", "tlsCAFile", "cafile"):
        target = targets.parse("A_URL", f"mongodb://host/?{option}=/etc/ca.pem")
        assert target is not None
        assert target.ca_file == "/etc/ca.pem"


def test_parts_beside_a_host_belong_to_it() -> None:
    known = {
        "DB_HOST": "db.example.com", "DB_PORT": "5433", "DB_USER": "u", "DB_PASSWORD": "p", "DB_NAME": "shop",
        "DB_ENGINE": "django.db.backends.postgresql", "PGHOST": "/run/pg", "PGUSER": "me", "PGDATABASE": "x",
        "REDIS_HOST": "cache", "UPGRADE_HOST": "x", "ALLOWED_HOST": "x", "MAIL_HOST": "not a host",
        "MAILGUN_HOST": "api.example.com",
    }  # fmt: skip
    found = {key: targets.from_parts(key, known) for key in known}
    database, postgres, redis = found["DB_HOST"], found["PGHOST"], found["REDIS_HOST"]
    assert database is not None
    assert postgres is not None
    assert redis is not None
    assert (database.kind, database.host, database.port, database.user) == ("postgresql", "db.example.com", 5433, "u")
    assert (database.password, database.database) == ("p", "shop")
    assert (postgres.path, postgres.user, postgres.database) == ("/run/pg/.s.PGSQL.5432", "me", "x")
    assert (redis.kind, redis.host, redis.port) == ("redis", "cache", 6379)
    assert [key for key, target in found.items() if target] == ["DB_HOST", "PGHOST", "REDIS_HOST"]


def test_a_socket_that_exists_is_taken_where_no_host_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".s.PGSQL.5432").touch()
    monkeypatch.setattr(targets, "POSTGRES_SOCKETS", (os.fspath(tmp_path),))
    target = targets.parse("DATABASE_URL", "postgres:///shop")
    assert target is not None
    assert target.path == os.fspath(tmp_path / ".s.PGSQL.5432")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("redis://localhost", "redis://127.0.0.1:6379/0", True),
        ("redis://CACHE.example.com./1", "rediss://:x@cache.example.com:6379/1", True),
        ("redis://cache/0", "redis://cache/1", False),
        ("amqp://mq", "amqp://mq/%2F", True),
        ("postgres://u@db", "postgres://db/u", True),
        ("postgres://db/x", "postgres://db:5433/x", False),
        ("sqlite:///a.db", "sqlite:///b.db", False),
    ],
)
def test_two_urls_are_one_resource_by_host_port_and_database(one: str, other: str, *, same: bool) -> None:
    first, second = targets.parse("A_URL", one), targets.parse("B_URL", other)
    assert first is not None
    assert second is not None
    assert (targets.place(first) == targets.place(second)) is same


@given(st.text(max_size=60), st.sampled_from(["", "redis://", "postgres://", "unix://", "amqp://", "jdbc:mysql://"]))
def test_any_text_is_a_target_or_none(text: str, start: str) -> None:
    target = targets.parse("CACHE_URL", start + text)
    if target is not None:
        assert target.kind in SERVICE_KINDS
        assert 0 <= target.port <= 65535
        targets.place(target)
