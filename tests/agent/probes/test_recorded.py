"""MongoDB, Kafka, Redpanda, Cassandra and Scylla cannot run here: recordings of what they say and how they are asked.

`tests/agent/fixtures/probes/README.md` has where each comes from.
"""

from __future__ import annotations

import json
import ssl
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.connection.target import Target
from paritycheck_agent.probes import cassandra, kafka, mongodb
from paritycheck_agent.sources import targets

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    Serve = Callable[[Callable[[socket.socket], None]], int]

RECORDINGS = Path(__file__).parents[1] / "fixtures" / "probes"
MODULES = {
    "mongodb": mongodb,
    "kafka": kafka,
    "redpanda": kafka,
    "cassandra": cassandra,
    "scylla": cassandra,
}
PASSWORD = "canary-Pa55word-canary"


def recordings(name: str) -> dict[str, dict[str, list[str]]]:
    told: dict[str, dict[str, list[str]]] = json.loads((RECORDINGS / f"{name}.json").read_text())
    return told


def replayed(serve: Serve, recording: dict[str, list[str]], target: Target) -> tuple[dict[str, Any], list[bytes]]:
    """What the probe answers, and what it sent that the recording does not have."""
    heard: list[bytes] = []
    ended = threading.Event()

    def behave(connection: socket.socket) -> None:
        for asked, answered in zip(recording["asked"], recording["answered"], strict=True):
            wanted = bytes.fromhex(asked)
            said = exactly(connection, len(wanted))
            if said != wanted:
                heard.append(said)
            connection.sendall(bytes.fromhex(answered))
        rest = connection.recv(1000)
        if rest:
            heard.append(rest)
        ended.set()

    target.port, target.deadline = serve(behave), 2.0
    answer = MODULES[target.kind].probe(target)
    assert ended.wait(5)
    return answer, heard


def exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            break
        data += chunk
    return data


def ask(serve: Serve, name: str, **more: Any) -> dict[str, Any]:
    kind = name.partition("-")[0]
    file = {"redpanda": "kafka", "scylla": "cassandra"}.get(kind, kind)
    host = more.pop("host", "127.0.0.1")
    target = Target(kind, host=host, user="shop", password=PASSWORD, **more)
    answer, others = replayed(serve, recordings(file)[name], target)
    assert others == []
    assert PASSWORD not in repr(answer)
    return answer


MONGODB = [
    ("mongodb-secantusdb", {"value": "8.2.11", "via": "handshake", "settings": {"topology": "replica-set"}}),
    (
        "mongodb-enterprise",
        {"value": "7.0.14", "via": "handshake", "variant": "enterprise", "settings": {"topology": "replica-set"}},
    ),
    ("mongodb-community", {"value": "6.0.19", "via": "handshake", "settings": {"topology": "sharded"}}),
    (
        "mongodb-percona",
        {"value": "6.0.9", "via": "handshake", "variant": "percona", "settings": {"topology": "standalone"}},
    ),
    (
        "mongodb-ferretdb",
        {"value": "7.0.77", "via": "handshake", "variant": "ferretdb", "settings": {"topology": "standalone"}},
    ),
    ("mongodb-3.6", {"value": "3.6.3", "via": "handshake", "settings": {"topology": "standalone"}}),
    ("mongodb-refused", {"value": "8.0", "via": "inferred", "settings": {"topology": "standalone"}}),
    (
        "mongodb-refused-new",
        {"unknown": "auth-required", "via": "handshake", "settings": {"topology": "standalone"}},
    ),
]


@pytest.mark.parametrize(("name", "told"), MONGODB, ids=[name for name, _ in MONGODB])
def test_mongodb_says_its_version_or_its_series_before_a_log_in(
    hostile: Serve, name: str, told: dict[str, Any]
) -> None:
    assert ask(hostile, name) == {"kind": "mongodb", **told}


def test_every_recording_of_mongodb_is_looked_at() -> None:
    assert {name for name, _ in MONGODB} == recordings("mongodb").keys()


def test_a_name_that_stands_for_servers_is_not_asked() -> None:
    target = Target("mongodb", host="cluster.example.net", port=27017)
    target.scheme = "mongodb+srv"
    assert mongodb.probe(target) == {"kind": "mongodb", "via": "scheme", "unknown": "not-asked"}


RELEASES = [name for name in recordings("kafka") if name.startswith("kafka-") and name[6].isdigit()]


@pytest.mark.parametrize("name", RELEASES)
def test_each_release_of_kafka_is_inferred(hostile: Serve, name: str) -> None:
    answer = ask(hostile, name)
    assert (answer["kind"], answer["value"], answer["via"]) == ("kafka", name.split("-")[1], "inferred")


def test_the_releases_are_many() -> None:
    assert len(RELEASES) == 25


def test_what_the_cluster_has_settled_on_is_no_version_of_the_broker(hostile: Serve) -> None:
    answer = ask(hostile, "kafka-4.1-not-yet-upgraded")
    assert answer == {"kind": "kafka", "value": "4.1", "via": "inferred", "settings": {"metadata.version": "3.7"}}
    assert ask(hostile, "kafka-4.0")["settings"] == {"metadata.version": "4.0"}
    assert "settings" not in ask(hostile, "kafka-3.9-zookeeper")


def test_a_kafka_from_after_this_agent_is_not_guessed(hostile: Serve) -> None:
    answer = ask(hostile, "kafka-newer-than-known")
    assert (answer["unknown"], answer["via"]) == ("unsupported-format", "handshake")


def test_what_is_no_kafka_of_apache_is_not_taken_for_one(hostile: Serve) -> None:
    assert ask(hostile, "redpanda") == {"kind": "redpanda", "unknown": "redacted", "via": "handshake"}
    assert ask(hostile, "kafka-tansu") == {"kind": "kafka", "unknown": "redacted", "via": "handshake"}


CASSANDRA = {"cql": "3.4.7", "partitioner": "Murmur3Partitioner"}
NODES = [
    ("cassandra-5.0", {"kind": "cassandra", "value": "5.0.2", "via": "auth", "settings": CASSANDRA}),
    ("cassandra-open", {"kind": "cassandra", "value": "4.1.7", "via": "handshake", "settings": CASSANDRA}),
    ("cassandra-beta", {"kind": "cassandra", "value": "5.0-beta1", "via": "handshake", "settings": CASSANDRA}),
    ("cassandra-snapshot", {"kind": "cassandra", "value": "4.0.11", "via": "handshake", "settings": CASSANDRA}),
    (
        "scylla-2025.1",
        {
            "kind": "scylla",
            "value": "2025.1.3",
            "via": "auth",
            "settings": {"cql": "3.3.1", "partitioner": "Murmur3Partitioner"},
        },
    ),
]
REFUSED = {
    "cassandra-refused": "auth-failed",
    "cassandra-other-authenticator": "auth-required",
    "cassandra-forbidden": "no-permission",
    "cassandra-overloaded": "connection-refused",
    "cassandra-empty": "bad-reply",
}


@pytest.mark.parametrize(("name", "told"), NODES, ids=[name for name, _ in NODES])
def test_cassandra_and_scylla_say_their_release_to_who_may_read(
    hostile: Serve, name: str, told: dict[str, Any]
) -> None:
    assert ask(hostile, name) == told


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_of_cassandra_has_its_reason(hostile: Serve, name: str) -> None:
    answer = ask(hostile, name)
    assert answer["unknown"] == REFUSED[name]
    assert "value" not in answer


def test_every_recording_of_cassandra_is_looked_at() -> None:
    assert {name for name, _ in NODES} | REFUSED.keys() == recordings("cassandra").keys()


def test_cassandra_without_credentials_is_not_guessed(hostile: Serve) -> None:
    recording = {key: rows[:2] for key, rows in recordings("cassandra")["cassandra-5.0"].items()}
    answer, others = replayed(hostile, recording, Target("cassandra", host="127.0.0.1"))
    assert (answer["unknown"], others) == ("auth-required", [])


def test_cassandras_password_is_shown_to_nobody_who_is_not_verified(
    hostile: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, port, **rest: resolve("127.0.0.1", port, **rest))
    recording = {key: rows[:2] for key, rows in recordings("cassandra")["cassandra-5.0"].items()}
    target = Target("cassandra", host="db.example.com", user="shop", password=PASSWORD)
    answer, others = replayed(hostile, recording, target)
    assert (answer["unknown"], others) == ("tls-failed", [])


HOSTS = [
    ("mongodb-community", "shop-shard-00.ab1cd.mongodb.net", "atlas"),
    ("mongodb-community", "shop.cluster-x.eu-west-1.docdb.amazonaws.com", "documentdb"),
    ("kafka-3.7-zookeeper", "b-1.shop.x.c2.kafka.eu-west-1.amazonaws.com", "msk"),
    ("kafka-3.7-zookeeper", "pkc-1.eu-west-1.aws.confluent.cloud", "confluent-cloud"),
    ("cassandra-open", "cassandra.eu-west-1.amazonaws.com", "keyspaces"),
    ("mongodb-community", "mongodb.net.example.com", None),
]


@pytest.mark.parametrize(("name", "host", "variant"), HOSTS, ids=[row[1] for row in HOSTS])
def test_the_host_of_a_managed_service_names_it(
    hostile: Serve, monkeypatch: pytest.MonkeyPatch, name: str, host: str, variant: str | None
) -> None:
    import socket

    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, port, **rest: resolve("127.0.0.1", port, **rest))
    assert ask(hostile, name, host=host).get("variant") == variant


ENCRYPTED = [
    ("mongodb-community", "mongodb://{host}:{port}/?tls=true&tlsCAFile={ca}"),
    ("kafka-4.1", "kafka+ssl://{host}:{port}?cafile={ca}"),
    ("cassandra-open", "cassandra+ssl://{host}:{port}?cafile={ca}"),
]


@pytest.mark.parametrize(("name", "url"), ENCRYPTED, ids=[row[0] for row in ENCRYPTED])
def test_tls_is_verified(hostile: Serve, authority: Any, name: str, url: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.directory / "localhost.pem", authority.directory / "localhost.key")
    recording = recordings(name.partition("-")[0])[name]

    def behave(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as encrypted:
            for asked, answered in zip(recording["asked"], recording["answered"], strict=True):
                assert exactly(encrypted, len(asked) // 2).hex() == asked
                encrypted.sendall(bytes.fromhex(answered))
            encrypted.recv(1000)

    def answer(host: str, ca: str) -> dict[str, Any]:
        target = targets.parse("A_URL", url.format(host=host, port=hostile(behave), ca=ca))
        assert target is not None
        target.deadline = 5.0
        told: dict[str, Any] = MODULES[target.kind].probe(target)
        return told

    assert "value" in answer("localhost", authority.certificate)
    refused = {"kind": name.partition("-")[0], "unknown": "tls-failed", "via": "scheme"}
    assert answer("127.0.0.1", authority.certificate) == refused
    assert answer("localhost", "") == refused
