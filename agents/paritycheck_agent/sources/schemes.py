"""What the scheme of a URL says: the kind of service, its port, and whether it is spoken in TLS.

Schemes of django-environ, dj-database-url, kombu, SQLAlchemy, JDBC, Rails, Go and the services' own clients.
"""

from __future__ import annotations

# kind, port, schemes, schemes in TLS
SERVERS = (
    ("postgresql", 5432, "postgres postgresql pgsql psql postgis pgmq timescale timescalegis timescaledb pgvector", ""),
    ("postgresql", 26257, "cockroach cockroachdb", ""),
    ("postgresql", 5439, "redshift", ""),
    ("mysql", 3306, "mysql mysql2 mysqlgis mysql-connector trilogy", "mysqls"),
    ("mariadb", 3306, "mariadb", ""),
    ("redis", 6379, "redis rediscache redis-cache rediscacheunix", "rediss"),
    ("redis", 26379, "sentinel", ""),
    ("valkey", 6379, "valkey", "valkeys"),
    ("memcached", 11211, "memcache memcached pymemcache pymemcachecache pylibmc pylibmccache", "memcaches"),
    ("rabbitmq", 5672, "amqp pyamqp rabbitmq", ""),
    ("rabbitmq", 5671, "", "amqps"),
    ("mongodb", 27017, "mongodb mongodb+srv", ""),
    ("elasticsearch", 9200, "elasticsearch elasticsearch2 elasticsearch5 elasticsearch7 elasticsearch8", ""),
    ("opensearch", 9200, "opensearch", ""),
    ("kafka", 9092, "kafka confluentkafka", ""),
    ("nats", 4222, "nats", ""),
    ("mqtt", 1883, "mqtt", ""),
    ("mqtt", 8883, "", "mqtts"),
    ("smtp", 25, "smtp", ""),
    ("smtp", 587, "submission", "smtp+tls"),
    ("smtp", 465, "", "smtps smtp+ssl"),
    ("s3", 443, "s3", ""),
    ("clickhouse", 9000, "clickhouse", ""),
    ("clickhouse", 8123, "clickhousedb clickhouse+http", ""),
    ("clickhouse", 9440, "", "clickhouses"),
    ("cassandra", 9042, "cassandra", ""),
    ("scylla", 9042, "scylla scylladb", ""),
    ("ldap", 389, "ldap ldapi", ""),
    ("ldap", 636, "", "ldaps"),
    ("etcd", 2379, "etcd etcd3", ""),
    ("consul", 8500, "consul", ""),
    ("vault", 8200, "vault", ""),
)
STAND_INS = (
    ("sqlite", "sqlite sqlite3 spatialite pysqlite"),
    ("locmem", "locmem locmemcache memory inmemory memorymail"),
    ("dummy", "dummy dummycache dummymail"),
    ("file", "filecache filemail filesystem"),
    ("console", "console consolemail"),
)
# What a key says of an http(s) URL, which says nothing itself. The first that is part of the key counts.
KEYS = (
    ("OPENSEARCH", "opensearch"),
    ("ELASTICSEARCH", "elasticsearch"),
    ("ELASTIC_URL", "elasticsearch"),
    ("CLICKHOUSE", "clickhouse"),
    ("BAO_ADDR", "openbao"),
    ("VAULT_ADDR", "vault"),
    ("CONSUL_HTTP_ADDR", "consul"),
    ("ETCD", "etcd"),
    ("ENDPOINT_URL_S3", "s3"),
    ("S3_ENDPOINT", "s3"),
    ("MINIO", "s3"),
    ("RABBITMQ", "rabbitmq"),
)
# What says how it is spoken and not what: lists of Kafka's listeners, clients of MQTT and of NATS. The key says what.
TRANSPORTS = {
    "tcp": False,
    "ssl": True,
    "tls": True,
    "plaintext": False,
    "sasl_plaintext": False,
    "sasl_ssl": True,
}
TRANSPORT_KEYS = (("KAFKA", "kafka"), ("NATS", "nats"), ("MQTT", "mqtt"))
# Words that name a kind in keys such as REDIS_HOST, and in engines such as django.db.backends.postgresql.
KIND_WORDS = {
    "POSTGRES": "postgresql",
    "POSTGIS": "postgresql",
    "PGSQL": "postgresql",
    "PG": "postgresql",
    "MARIADB": "mariadb",
    "MYSQL": "mysql",
    "REDIS": "redis",
    "VALKEY": "valkey",
    "MEMCACHE": "memcached",
    "RABBITMQ": "rabbitmq",
    "AMQP": "rabbitmq",
    "MONGO": "mongodb",
    "ELASTICSEARCH": "elasticsearch",
    "OPENSEARCH": "opensearch",
    "CLICKHOUSE": "clickhouse",
    "CASSANDRA": "cassandra",
    "SCYLLA": "scylla",
    "KAFKA": "kafka",
    "NATS": "nats",
    "MQTT": "mqtt",
    "MOSQUITTO": "mqtt",
    "LDAP": "ldap",
    "SMTP": "smtp",
    "EMAIL": "smtp",
    # The whole word: a Mailgun is no SMTP server.
    "MAIL_": "smtp",
}
# Keys whose value is one or more host:port without a scheme.
LISTS = (
    ("KAFKA_BOOTSTRAP_SERVERS", "kafka", 9092),
    ("KAFKA_BROKERS", "kafka", 9092),
    ("MEMCACHED_SERVERS", "memcached", 11211),
    ("MEMCACHIER_SERVERS", "memcached", 11211),
    ("NATS_SERVERS", "nats", 4222),
    ("CONSUL_HTTP_ADDR", "consul", 8500),
    ("ETCDCTL_ENDPOINTS", "etcd", 2379),
    ("KAFKA_BOOTSTRAP_SERVER", "kafka", 9092),
    ("KAFKA_HOSTS", "kafka", 9092),
    ("REDPANDA_BROKERS", "kafka", 9092),
    ("CASSANDRA_CONTACT_POINTS", "cassandra", 9042),
    ("CASSANDRA_HOSTS", "cassandra", 9042),
    ("CASSANDRA_NODES", "cassandra", 9042),
    ("SCYLLA_CONTACT_POINTS", "scylla", 9042),
    ("SCYLLA_HOSTS", "scylla", 9042),
    ("SCYLLA_NODES", "scylla", 9042),
    ("MQTT_BROKER", "mqtt", 1883),
    ("MQTT_SERVER", "mqtt", 1883),
    ("SMTP_SERVER", "smtp", 25),
    ("SMTP_ADDRESS", "smtp", 25),
    ("MAIL_SERVER", "smtp", 25),
    ("LDAP_SERVER", "ldap", 389),
)
# Keys of a unix: URL that mean Redis; other programs have sockets too (DOCKER_HOST).
UNIX_KEYS = ("REDIS", "VALKEY", "CACHE", "BROKER", "CELERY", "QUEUE", "SESSION", "CHANNEL", "RESULT_BACKEND")
# Kinds whose URL may ask for TLS by an option: `?tls=true`, `?ssl=true`.
TLS_OPTIONS = frozenset({"mongodb", "kafka", "nats", "mqtt", "smtp", "cassandra", "scylla", "ldap"})
# Before the scheme that counts: kombu's and Celery's wrappers, Prometheus' of Django, JDBC.
WRAPPERS = ("sqla+", "db+", "cache+", "prometheus-", "prometheus+")


def _by_scheme() -> dict[str, tuple[str, int, bool]]:
    found: dict[str, tuple[str, int, bool]] = {}
    for kind, port, plain, encrypted in SERVERS:
        found.update(dict.fromkeys(plain.split(), (kind, port, False)))
        found.update(dict.fromkeys(encrypted.split(), (kind, port, True)))
    for kind, names in STAND_INS:
        found.update(dict.fromkeys(names.split(), (kind, 0, False)))
    return found


SCHEMES = _by_scheme()
IN_PROCESS = frozenset(kind for kind, _ in STAND_INS)
PORTS = {kind: port for kind, port, _, _ in reversed(SERVERS)}
