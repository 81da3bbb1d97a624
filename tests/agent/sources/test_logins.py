"""What stands beside the address of a service of HTTP belongs to it."""

from __future__ import annotations

import pytest

from paritycheck_agent.sources import logins, targets

KNOWN = {
    "CLICKHOUSE_URL": "http://ch:8123", "CLICKHOUSE_USER": "shop", "CLICKHOUSE_PASSWORD": "p1",
    "ELASTICSEARCH_URL": "https://search:9200", "ELASTICSEARCH_API_KEY": "k1", "ELASTICSEARCH_CA_CERT": "/ca.pem",
    "CONSUL_HTTP_ADDR": "consul:8500", "CONSUL_HTTP_TOKEN": "t1", "CONSUL_TOKEN": "t2",
    "VAULT_ADDR": "https://vault:8200", "VAULT_TOKEN": "t3", "VAULT_CACERT": "/vault.pem",
    "OPENSEARCH_URL": "https://u:own@search", "OPENSEARCH_PASSWORD": "other",
    "RABBITMQ_MANAGEMENT_URL": "http://mq:15672", "RABBITMQ_USER": "m", "RABBITMQ_PASSWORD": "p2",
    "REDIS_URL": "redis://cache", "REDIS_PASSWORD": "p3", "ETCD_URL": "https://etcd:2379", "ETCD_PASSWORD": "p4",
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "user", "password", "token", "authority"),
    [
        ("CLICKHOUSE_URL", "shop", "p1", None, None),
        ("ELASTICSEARCH_URL", None, None, "k1", "/ca.pem"),
        ("CONSUL_HTTP_ADDR", None, None, "t1", None),
        ("VAULT_ADDR", None, None, None, "/vault.pem"),
        ("OPENSEARCH_URL", "u", "own", None, None),
        ("RABBITMQ_MANAGEMENT_URL", "m", "p2", None, None),
        ("REDIS_URL", None, None, None, None),
        ("ETCD_URL", None, None, None, None),
    ],
)
def test_the_keys_beside_an_address_are_taken(
    key: str, user: str | None, password: str | None, token: str | None, authority: str | None
) -> None:
    target = targets.parse(key, KNOWN[key])
    assert target is not None
    logins.complete(target, key, KNOWN)
    assert (target.user, target.password, target.token, target.ca_file) == (user, password, token, authority)


def test_tls_is_asked_for_beside_an_address_without_a_scheme() -> None:
    target = targets.parse("CONSUL_HTTP_ADDR", "consul:8501")
    assert target is not None
    logins.complete(target, "CONSUL_HTTP_ADDR", {"CONSUL_HTTP_SSL": "true"})
    assert target.tls == "verify-full"


@pytest.mark.parametrize(
    ("url", "port"), [("https://search", 443), ("http://search/", 80), ("http://search:9200", 9200)]
)
def test_an_address_of_the_web_has_the_ports_of_the_web(url: str, port: int) -> None:
    target = targets.parse("ELASTICSEARCH_URL", url)
    assert target is not None
    assert target.port == port


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        ("clickhouse://ch", 9000, ""),
        ("clickhousedb://ch", 8123, ""),
        ("clickhouse+http://ch", 8123, ""),
        ("clickhouses://ch", 9440, "verify-full"),
        ("clickhouse://ch:9440?secure=true", 9440, "verify-full"),
    ],
)
def test_the_port_of_a_clickhouse_follows_its_client(url: str, port: int, tls: str) -> None:
    target = targets.parse("CLICKHOUSE_URL", url)
    assert target is not None
    assert (target.kind, target.port, target.tls) == ("clickhouse", port, tls)
