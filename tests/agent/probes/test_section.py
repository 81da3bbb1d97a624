"""The section as it is sent, of services that keep their version to themselves and of those that tell it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paritycheck_agent import redact
from paritycheck_agent.collectors import services
from paritycheck_agent.context import Context
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.canonical import split

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    Behaviour = Callable[[socket.socket], None]
    Serve = Callable[[Behaviour], int]

RECORDINGS = Path(__file__).parents[1] / "fixtures" / "probes"
PASSWORD = "canary-Pa55word-canary"


def replay(file: str, name: str) -> Behaviour:
    recording = json.loads((RECORDINGS / f"{file}.json").read_text())[name]

    def behave(connection: socket.socket) -> None:
        for answered in recording["answered"]:
            connection.recv(65536)
            connection.sendall(bytes.fromhex(answered))
        connection.recv(1000)

    return behave


def mail(connection: socket.socket) -> None:
    connection.sendall(b"220 mx ESMTP Mailpit Service ready\r\n")
    connection.recv(1000)
    connection.sendall(b"250-mx\r\n250 SIZE 1000\r\n")
    connection.recv(1000)


def collected(folder: Path, lines: list[str], compose: str = "") -> tuple[dict[str, dict[str, Any]], bytes]:
    (folder / ".env").write_text("\n".join([*lines, ""]))
    if compose:
        (folder / "compose.yaml").write_text(compose)
    told = services.collect(Context(str(folder), {}, {}, str(folder / "state")))
    facts, warnings = redact.clean("services", told.facts)
    body, evidence = split("services", told.covers, facts, [*told.warnings, *warnings])
    assert check_body(body).count == len(facts)
    return {fact["name"]: fact for fact in facts}, body + evidence


def test_each_is_found_and_told(hostile: Serve, tmp_path: Path) -> None:
    mongodb, kafka = hostile(replay("mongodb", "mongodb-enterprise")), hostile(replay("kafka", "kafka-4.1"))
    scylla, smtp = hostile(replay("cassandra", "scylla-2025.1")), hostile(mail)
    lines = [
        f"MONGODB_URI=mongodb://shop:{PASSWORD}@localhost:{mongodb}/shop",
        "ATLAS_URL=mongodb+srv://shop:x@cluster.example.net/shop",
        f"KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:{kafka},127.0.0.1:1",
        f"CASSANDRA_CONTACT_POINTS=127.0.0.1:{scylla}",
        "CASSANDRA_USERNAME=shop",
        f"CASSANDRA_PASSWORD={PASSWORD}",
        "EMAIL_HOST=localhost",
        f"EMAIL_PORT={smtp}",
        "NATS_URL=nats://127.0.0.1:1",
        "MQTT_URL=mqtts://127.0.0.1:1",
        "LDAP_URL=ldap://127.0.0.1:1",
    ]
    facts, sent = collected(tmp_path, lines)
    services_told = {name: fact for name, fact in facts.items() if "." not in name}
    assert {
        name: (fact["kind"], fact.get("value"), fact["via"], fact.get("unknown"))
        for name, fact in services_told.items()
    } == {
        "mongodb": ("mongodb", "7.0.14", "handshake", None),
        "atlas": ("mongodb", None, "scheme", "not-asked"),
        "kafka": ("kafka", "4.1", "inferred", None),
        "cassandra-contact-points": ("scylla", "2025.1.3", "auth", None),
        "email": ("smtp", None, "handshake", None),
        "nats": ("nats", None, "scheme", "connection-refused"),
        "mqtt": ("mqtt", None, "scheme", "connection-refused"),
        "ldap": ("ldap", None, "scheme", "connection-refused"),
    }
    assert facts["mongodb"]["variant"] == "enterprise"
    assert facts["kafka.setting.metadata.version"]["value"] == "4.0"
    assert facts["kafka"]["sources"][0] == "probe"
    assert facts["email.setting.starttls"]["value"] == "false"
    for secret in (PASSWORD, "127.0.0.1", "localhost", str(mongodb), "cluster.example.net"):
        assert secret.encode() not in sent


def test_where_a_server_does_not_tell_the_file_that_starts_it_does(hostile: Serve, tmp_path: Path) -> None:
    port = hostile(mail)
    compose = f"services: {{mail: {{image: 'axllent/mailpit:v1.18', ports: ['8025:8025', '{port}:1025']}}}}"
    facts, _ = collected(tmp_path, [f"EMAIL_URL=smtp://localhost:{port}"], compose)
    assert (facts["email"]["value"], facts["email"]["via"]) == ("1.18", "declared")
    assert facts["email"]["variant"] == "mailpit"
    assert facts["email.setting.size"]["value"] == "1000"


def test_a_file_that_may_start_another_says_no_more_than_it_declares(hostile: Serve, tmp_path: Path) -> None:
    port = hostile(mail)
    compose = "services: {mail: {image: 'axllent/mailpit:v1.18'}}"
    facts, _ = collected(tmp_path, [f"EMAIL_URL=smtp://localhost:{port}"], compose)
    assert (facts["email"].get("value"), facts["email"]["declared"]) == (None, "1.18")
