"""Redis, Memcached and RabbitMQ are asked live; what they say is what they are."""

from __future__ import annotations

import re
import socket
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from paritycheck_agent.connection.target import Target
from paritycheck_agent.probes import memcached as memcached_probe
from paritycheck_agent.probes import rabbitmq as rabbitmq_probe
from paritycheck_agent.probes import redis as redis_probe
from paritycheck_agent.sources import targets

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.e2e
PASSWORD = "correct horse battery"


def ask(probe: Callable[[Target], dict[str, Any]], url: str) -> dict[str, Any]:
    target = targets.parse("A_URL", url)
    assert target is not None
    return probe(target)


def told(*command: str) -> str:
    """The version that a program tells of itself."""
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    match = re.search(r"\d+\.\d+(?:\.\d+)?", text)
    assert match is not None
    return match[0]


def test_an_open_redis_says_everything(redis: int) -> None:
    answer = ask(redis_probe.probe, f"redis://127.0.0.1:{redis}/0")
    assert (answer["kind"], answer["value"]) == ("redis", told("redis-server", "--version"))
    assert answer["via"] == "handshake"
    assert answer["settings"]["maxmemory-policy"] == "allkeys-lru"
    assert answer["settings"]["save"] == ""
    assert answer["settings"]["mode"] == "standalone"
    assert answer["extensions"] == {}


def test_the_scheme_does_not_decide_what_a_server_is(redis: int) -> None:
    assert ask(redis_probe.probe, f"valkey://127.0.0.1:{redis}")["kind"] == "redis"


@pytest.mark.parametrize(
    ("login", "via", "reason"),
    [
        (f":{quote(PASSWORD)}@", "auth", None),
        (f"default:{quote(PASSWORD)}@", "auth", None),
        ("", "handshake", "auth-required"),
        (":wrong@", "handshake", "auth-failed"),
        ("nobody:wrong@", "handshake", "auth-failed"),
        (f"poor:{PASSWORD.replace(' ', '')}@", "handshake", "no-permission"),
    ],
)
def test_a_locked_redis_opens_for_the_applications_own_password(
    locked_redis: int, login: str, via: str, reason: str | None
) -> None:
    answer = ask(redis_probe.probe, f"redis://{login}127.0.0.1:{locked_redis}")
    assert (answer["via"], answer.get("unknown")) == (via, reason)
    assert ("value" in answer) is (reason is None)
    assert PASSWORD not in repr(answer)


def test_a_password_that_nobody_asked_for_costs_nothing(redis: int) -> None:
    answer = ask(redis_probe.probe, f"redis://:{quote(PASSWORD)}@127.0.0.1:{redis}")
    assert (answer["via"], "value" in answer) == ("handshake", True)


def test_redis_is_shown_no_password_where_nobody_has_proved_to_be_the_server(
    redis: int, locked_redis: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, port, **rest: resolve("127.0.0.1", port, **rest))
    url = f"redis://:{quote(PASSWORD)}@cache.example.com"
    refused = {"kind": "redis", "unknown": "tls-failed", "via": "handshake"}
    assert ask(redis_probe.probe, f"{url}:{locked_redis}") == refused
    # One that is open tells its version all the same.
    answer = ask(redis_probe.probe, f"{url}:{redis}")
    assert (answer["value"], answer["via"]) == (told("redis-server", "--version"), "handshake")


def test_redis_in_tls_is_verified(encrypted_redis: int, authority: Any) -> None:
    url = f"rediss://localhost:{encrypted_redis}"
    assert ask(redis_probe.probe, f"{url}?ssl_ca_certs={authority.certificate}")["via"] == "handshake"
    refused = {"kind": "redis", "unknown": "tls-failed", "via": "scheme"}
    assert ask(redis_probe.probe, url) == refused
    other = f"rediss://127.0.0.1:{encrypted_redis}?ssl_ca_certs={authority.certificate}"
    assert ask(redis_probe.probe, other) == refused


def test_memcached_says_its_version_and_settings(memcached: int) -> None:
    answer = ask(memcached_probe.probe, f"memcached://127.0.0.1:{memcached}")
    assert (answer["kind"], answer["value"], answer["via"]) == ("memcached", told("memcached", "-V"), "handshake")
    assert answer["settings"] == {"maxbytes": str(32 * 1024 * 1024), "item_size_max": "1048576", "evictions": "on"}


@pytest.mark.xdist_group("rabbitmq")
def test_rabbitmq_says_its_version_and_erlangs(rabbitmq: int) -> None:
    answer = ask(rabbitmq_probe.probe, f"amqp://u:p@127.0.0.1:{rabbitmq}//")
    installed = subprocess.run(
        ("dpkg-query", "-W", "-f", "${Version}", "rabbitmq-server"), capture_output=True, text=True, check=True
    ).stdout
    assert answer["kind"] == "rabbitmq"
    assert installed.startswith(answer["value"])
    assert answer["via"] == "handshake"
    assert re.fullmatch(r"\d+(\.\d+)*", answer["settings"]["erlang"])


def test_nobody_listens(tmp_path: Path) -> None:
    closed = targets.parse("A_URL", "redis://127.0.0.1:1")
    assert closed is not None
    assert redis_probe.probe(closed) == {"kind": "redis", "unknown": "connection-refused", "via": "scheme"}
    nowhere = Target("postgresql", path=str(tmp_path / "nothing"))
    from paritycheck_agent.probes import postgresql

    assert postgresql.probe(nowhere)["unknown"] == "connection-refused"


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 300, "bad\0name", "ä" * 100])
def test_a_name_that_is_none_is_not_found(host: str) -> None:
    answer = memcached_probe.probe(Target("memcached", host=host, port=11211))
    assert answer == {"kind": "memcached", "unknown": "name-not-found", "via": "scheme"}
