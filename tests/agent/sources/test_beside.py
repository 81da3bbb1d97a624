"""A host without a URL has its port, its log-in and its TLS in the keys beside it, as frameworks name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck_agent.sources import beside, targets

if TYPE_CHECKING:
    from paritycheck_agent.connection.target import Target

CASES = [
    # what uses them, the keys, and kind, host, port, scheme, tls, user, password
    (
        "Django",
        {"EMAIL_HOST": "mail", "EMAIL_PORT": "587", "EMAIL_USE_TLS": "True", "EMAIL_HOST_USER": "u",
         "EMAIL_HOST_PASSWORD": "p"},
        ("smtp", "mail", 587, "smtp+tls", "verify-full", "u", "p"),
    ),
    (
        "Django in TLS at once",
        {"EMAIL_HOST": "mail", "EMAIL_PORT": "465", "EMAIL_USE_TLS": "False", "EMAIL_USE_SSL": "1"},
        ("smtp", "mail", 465, "smtp+ssl", "verify-full", None, None),
    ),
    (
        "Laravel",
        {"MAIL_HOST": "mail", "MAIL_PORT": "2525", "MAIL_ENCRYPTION": "null", "MAIL_USERNAME": "u"},
        ("smtp", "mail", 2525, "", "", "u", None),
    ),
    (
        "Flask-Mail",
        {"MAIL_SERVER": "mail", "MAIL_PORT": "465", "MAIL_USE_SSL": "true", "MAIL_PASSWORD": "p"},
        ("smtp", "mail", 465, "smtp+ssl", "verify-full", None, "p"),
    ),
    ("Mastodon", {"SMTP_SERVER": "mail", "SMTP_PORT": "587"}, ("smtp", "mail", 587, "", "", None, None)),
    (
        "Kafka",
        {"KAFKA_BOOTSTRAP_SERVERS": "k1:9093,k2:9093", "KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_PORT": "1"},
        ("kafka", "k1", 9093, "", "verify-full", None, None),
    ),
    (
        "Kafka in clear text",
        {"ORDERS_KAFKA_BROKERS": "k1", "ORDERS_KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"},
        ("kafka", "k1", 9092, "", "", None, None),
    ),
    (
        "Cassandra",
        {"CASSANDRA_CONTACT_POINTS": "c1,c2", "CASSANDRA_PORT": "9142", "CASSANDRA_USERNAME": "u",
         "CASSANDRA_PASSWORD": "p", "CASSANDRA_SSL": "true"},
        ("cassandra", "c1", 9142, "", "verify-full", "u", "p"),
    ),
    (
        "MQTT",
        {"MQTT_HOST": "b", "MQTT_PORT": "8883", "MQTT_TLS": "on", "MQTT_USER": "u", "MQTT_PASS": "p"},
        ("mqtt", "b", 8883, "", "verify-full", "u", "p"),
    ),
]  # fmt: skip


def found(known: dict[str, str], key: str = "") -> Target:
    key = key or next(iter(known))
    target = targets.parse(key, known[key]) or targets.from_parts(key, known)
    assert target is not None
    beside.complete(target, key, known)
    return target


@pytest.mark.parametrize(("name", "known", "told"), CASES, ids=[row[0] for row in CASES])
def test_what_stands_beside_a_host_belongs_to_it(name: str, known: dict[str, str], told: tuple[object, ...]) -> None:
    target = found(known)
    seen = (target.kind, target.host, target.port, target.scheme, target.tls, target.user, target.password)
    assert seen == told, name


def test_a_url_says_all_itself() -> None:
    target = found({"NATS_SERVERS": "nats://n:4222", "NATS_TLS": "true", "NATS_PORT": "1", "NATS_USER": "u"})
    assert (target.port, target.tls, target.user) == (4222, "", None)


def test_a_service_that_has_its_own_rules_is_left_alone() -> None:
    target = found({"REDIS_HOST": "cache", "REDIS_TLS": "true"})
    assert (target.port, target.tls) == (6379, "")


def test_a_certificate_beside_a_host_is_used() -> None:
    assert found({"KAFKA_BROKERS": "k", "KAFKA_SSL_CAFILE": "/etc/ca.pem"}).ca_file == "/etc/ca.pem"


def test_a_port_that_is_none_costs_nothing() -> None:
    for port in ("", "x", "99999", "-1", "٣"):
        assert found({"MQTT_HOST": "b", "MQTT_PORT": port}).port in {1883, 0}
        assert found({"MQTT_BROKER": "b", "MQTT_PORT": port}).port == 1883


@given(st.dictionaries(st.sampled_from(["EMAIL_PORT", "EMAIL_USE_TLS", "EMAIL_HOST_USER", "EMAIL_SSL"]), st.text()))
def test_no_value_breaks_it(known: dict[str, str]) -> None:
    target = found({"EMAIL_HOST": "mail", **known})
    assert target.tls in {"", "verify-full"}
