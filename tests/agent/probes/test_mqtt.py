"""Mosquitto is asked live, in clear text and in TLS, with and without a password; EMQX' answer is written by the letter
of MQTT 3.1.1 with the topic and payload that EMQX' manual gives."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from paritycheck_agent.probes import mqtt
from paritycheck_agent.sources import targets
from tests.agent.probes.conftest import USER, found, free_port, listens, open_directory, running, unprivileged

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Serve = Callable[[Callable[[socket.socket], None]], int]

PASSWORD = "correct horse battery"


def ask(url: str) -> dict[str, Any]:
    target = targets.parse("MQTT_URL", url)
    assert target is not None
    return mqtt.probe(target)


def version(server: str) -> str:
    text = subprocess.run((server, "-h"), capture_output=True, text=True, check=False).stdout
    match = re.search(r"\d+\.\d+\.\d+", text)
    assert match is not None
    return match[0]


@pytest.fixture(scope="module")
def server() -> str:
    return found("mosquitto", "mosquitto")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with open_directory() as directory:
        yield directory


def serving(server: str, folder: Path, name: str, *lines: str) -> Any:
    port = free_port()
    path = folder / f"{name}.conf"
    path.write_text("\n".join([f"user {USER}", f"listener {port} 127.0.0.1", *lines, ""]))
    return port, running((server, "-c", str(path)), listens(port), user=unprivileged())


@pytest.fixture(scope="module")
def plain(server: str, folder: Path) -> Iterator[int]:
    port, process = serving(server, folder, "plain", "allow_anonymous true")
    with process:
        yield port


@pytest.fixture(scope="module")
def locked(server: str, folder: Path) -> Iterator[int]:
    users, rules = folder / "users", folder / "rules"
    users.touch()
    for name in ("shop", "poor"):
        subprocess.run(
            (found("mosquitto_passwd", "mosquitto"), "-b", str(users), name, PASSWORD), check=True, capture_output=True
        )
    rules.write_text("user shop\ntopic read $SYS/#\nuser poor\ntopic read other/#\n")
    for path in (users, rules):
        path.chmod(0o644)
    port, process = serving(
        server, folder, "locked", "allow_anonymous false", f"password_file {users}", f"acl_file {rules}"
    )
    with process:
        yield port


@pytest.fixture(scope="module")
def encrypted(server: str, folder: Path, authority: Any) -> Iterator[int]:
    certificate = f"certfile {authority.directory}/localhost.pem"
    port, process = serving(
        server, folder, "encrypted", "allow_anonymous true", certificate, f"keyfile {authority.directory}/localhost.key"
    )
    with process:
        yield port


@pytest.mark.e2e
def test_mosquitto_says_its_version_to_any_client(server: str, plain: int) -> None:
    told = {"kind": "mqtt", "value": version(server), "via": "handshake", "variant": "mosquitto"}
    assert ask(f"mqtt://127.0.0.1:{plain}") == told
    assert ask(f"tcp://127.0.0.1:{plain}") == told


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("login", "via", "reason"),
    [
        (f"shop:{quote(PASSWORD)}@", "auth", None),
        ("shop:wrong@", "handshake", "auth-failed"),
        ("shop@", "handshake", "auth-failed"),
        ("", "handshake", "auth-required"),
        (f"poor:{quote(PASSWORD)}@", "auth", "redacted"),
    ],
)
def test_a_locked_broker_opens_for_the_applications_own_password(
    locked: int, login: str, via: str, reason: str | None
) -> None:
    answer = ask(f"mqtt://{login}127.0.0.1:{locked}")
    assert (answer["via"], answer.get("unknown")) == (via, reason)
    assert ("value" in answer) is (reason is None)
    assert PASSWORD not in repr(answer)


@pytest.mark.e2e
def test_tls_is_verified(server: str, encrypted: int, authority: Any) -> None:
    for scheme in ("mqtts", "ssl", "mqtt+tls"):
        answer = ask(f"{scheme}://localhost:{encrypted}?cafile={authority.certificate}")
        assert (answer["value"], answer["via"]) == (version(server), "handshake")
    refused = {"kind": "mqtt", "unknown": "tls-failed", "via": "scheme"}
    assert ask(f"mqtts://localhost:{encrypted}") == refused
    assert ask(f"mqtts://127.0.0.1:{encrypted}?cafile={authority.certificate}") == refused
    assert ask(f"mqtt://localhost:{encrypted}")["unknown"] == "bad-reply"


@pytest.mark.e2e
def test_a_password_is_shown_to_nobody_who_is_not_verified(locked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, port, **rest: resolve("127.0.0.1", port, **rest))
    answer = ask(f"mqtt://shop:{quote(PASSWORD)}@broker.example.com:{locked}")
    assert answer == {"kind": "mqtt", "unknown": "tls-failed", "via": "handshake"}


def published(topic: bytes, payload: bytes) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic + payload
    return bytes([0x31, len(body)]) + body


WELCOME, GRANTED, DENIED = b"\x20\x02\0\0", b"\x90\x04\0\1\0\0", b"\x90\x04\0\1\x80\x80"
SAID = [
    (WELCOME, GRANTED + published(b"$SYS/brokers/emqx@172.17.0.2/version", b"5.8.6"), ("emqx", "5.8.6")),
    (WELCOME, GRANTED + published(b"$SYS/broker/version", b"mosquitto version 2.0.22"), ("mosquitto", "2.0.22")),
    (WELCOME, published(b"$SYS/broker/version", b"aMQTT version 0.11.3") + GRANTED, ("amqtt", "0.11.3")),
    (WELCOME, GRANTED + published(b"$SYS/broker/version", b"v1.2"), (None, "1.2")),
]
REFUSED = [
    (WELCOME, DENIED, "no-permission"),
    (WELCOME, GRANTED, "redacted"),
    (b"\x20\x02\0\3", b"", "connection-refused"),
    (b"\x20\x02\0\2", b"", "bad-reply"),
    (b"\x20\x02\0\4", b"", "auth-failed"),
    (WELCOME, GRANTED + published(b"$SYS/broker/version", b"of its own"), "bad-reply"),
    (WELCOME, GRANTED + published(b"shop/version", b"1.2.3"), "bad-reply"),
    (WELCOME, b"\x31\xff\xff\xff\xff", "bad-reply"),
    (b"\x20\x03\0\0\0", b"", "bad-reply"),
]


def saying(first: bytes, then: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(first)
        connection.recv(1000)
        connection.sendall(then)
        connection.recv(1000)

    return behave


@pytest.mark.parametrize(("first", "then", "told"), SAID)
def test_a_broker_is_named_by_what_it_publishes(
    hostile: Serve, first: bytes, then: bytes, told: tuple[str | None, str]
) -> None:
    answer = ask(f"mqtt://shop:x@127.0.0.1:{hostile(saying(first, then))}")
    assert (answer.get("variant"), answer["value"], answer["via"]) == (*told, "auth")


@pytest.mark.parametrize(("first", "then", "reason"), REFUSED)
def test_a_broker_that_does_not_tell_has_its_reason(hostile: Serve, first: bytes, then: bytes, reason: str) -> None:
    answer = ask(f"mqtt://shop:x@127.0.0.1:{hostile(saying(first, then))}")
    assert answer["unknown"] == reason
    assert "value" not in answer
