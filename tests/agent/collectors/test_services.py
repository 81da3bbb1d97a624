"""Services: handles, kinds, resources, what compose declares, and what is said where nothing answers."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent import redact
from paritycheck_agent.collectors import services
from paritycheck_agent.connection import stream, target
from paritycheck_agent.context import Context
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.canonical import split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

KEY = "11" * 32
COMPOSE = """\
services:
  web: {build: .}
  db:
    image: postgres:16.4
  cache:
    image: valkey/valkey:8-alpine
  queue:
    image: rabbitmq
  search:
    image: opensearchproject/opensearch:2.11.0
"""


class Checkout:
    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            (self.root / name).write_text(text, encoding="utf-8")

    def collect(
        self, environ: Mapping[str, str] | None = None, *, candidate: bool = False, **tables: object
    ) -> dict[str, dict[str, Any]]:
        context = Context(str(self.root), environ or {}, tables, str(self.root / "state"), candidate=candidate)
        collected = services.collect(context)
        self.covers, self.warnings = collected.covers, collected.warnings
        facts, _ = redact.clean("services", collected.facts)
        body, evidence = split("services", collected.covers, facts, collected.warnings)
        assert check_body(body).count == len(facts)
        check_body(evidence)
        self.sent = body + evidence
        return {fact["name"]: fact for fact in facts}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], int]]:
    """`answering(reply)` serves that reply to whoever connects; gives the port."""
    listeners: list[socket.socket] = []

    def serve(reply: bytes) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def run() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(reply)
                    connection.recv(1000)

        threading.Thread(target=run, daemon=True).start()
        port: int = listener.getsockname()[1]
        return port

    yield serve
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_stand_ins_need_no_connection(checkout: Checkout) -> None:
    checkout.write({".env": "DATABASE_URL=sqlite:///shop.db\nCACHE_URL=locmemcache://\nEMAIL_URL=consolemail://\n"})
    assert checkout.collect() == {
        "cache": {"name": "cache", "kind": "locmem", "via": "scheme", "keys": ["CACHE_URL"], "sources": [".env:2"]},
        "database": {
            "name": "database", "kind": "sqlite", "via": "scheme", "keys": ["DATABASE_URL"], "resource": "r1",
            "sources": [".env:1"],
        },
        "email": {"name": "email", "kind": "console", "via": "scheme", "keys": ["EMAIL_URL"], "sources": [".env:3"]},
    }  # fmt: skip
    assert checkout.covers == []


def test_the_scheme_is_told_where_nothing_answers(checkout: Checkout) -> None:
    found = checkout.collect({"DATABASE_URL": "postgres://u:p@127.0.0.1:1/x", "FILES_URL": "s3://bucket/dir"})
    assert found["database"] == {
        "name": "database", "kind": "postgresql", "via": "scheme", "unknown": "connection-refused",
        "keys": ["DATABASE_URL"], "resource": "r1", "sources": ["env"],
    }  # fmt: skip
    assert (found["files"]["kind"], found["files"]["unknown"]) == ("s3", "not-collected")


def test_what_answers_is_told_with_its_version(checkout: Checkout, answering: Callable[[bytes], int]) -> None:
    port = answering(b"VERSION 1.6.18\r\nSTAT maxbytes 67108864\r\nSTAT oldest 0\r\nEND\r\n")
    checkout.write({".env": f"CACHE_URL=memcached://127.0.0.1:{port}\n"})
    found = checkout.collect({"SESSION_URL": f"memcached://localhost:{port}"})
    assert found["cache"] == {
        "name": "cache", "kind": "memcached", "value": "1.6.18", "via": "handshake", "keys": ["CACHE_URL"],
        "resource": "r1", "sources": ["probe", ".env:1"],
    }  # fmt: skip
    assert found["cache.setting.maxbytes"] == {
        "name": "cache.setting.maxbytes", "value": "67108864", "sources": ["probe"],
    }  # fmt: skip
    assert found["session"]["resource"] == "r1"
    assert "cache.setting.oldest" not in found


def test_two_names_of_one_handle_share_it_or_part(checkout: Checkout) -> None:
    same = "redis://127.0.0.1:1/0"
    found = checkout.collect({"CACHE_URL": same, "CACHE_URI": same, "DB_URL": same, "DB_DSN": "redis://127.0.0.1:1/1"})
    assert found["cache"]["keys"] == ["CACHE_URI", "CACHE_URL"]
    assert {name: fact["keys"] for name, fact in found.items() if name.startswith("db")} == {
        "db": ["DB_DSN"], "db-url": ["DB_URL"],
    }  # fmt: skip
    assert found["cache"]["resource"] == found["db-url"]["resource"] != found["db"]["resource"]


def test_a_container_that_the_url_names_is_what_is_declared(checkout: Checkout) -> None:
    checkout.write({
        "compose.yaml": COMPOSE,
        ".env": "DATABASE_URL=postgres://u:p@db/x\nCACHE_URL=redis://cache\nBROKER_URL=amqp://queue\n",
    })  # fmt: skip
    found = checkout.collect()
    assert found["database"] == {
        "name": "database", "kind": "postgresql", "value": "16.4", "via": "declared", "keys": ["DATABASE_URL"],
        "resource": "r3", "sources": ["compose.yaml:4", ".env:1"],
    }  # fmt: skip
    assert (found["cache"]["kind"], found["cache"]["value"]) == ("valkey", "8")
    assert (found["broker"]["kind"], found["broker"]["unknown"]) == ("rabbitmq", "unpinned")
    assert found["search"] == {
        "name": "search", "kind": "opensearch", "value": "2.11.0", "via": "declared", "sources": ["compose.yaml:10"],
    }  # fmt: skip
    assert checkout.covers == [""]


def test_a_published_port_leads_to_its_container(checkout: Checkout) -> None:
    checkout.write({"compose.yaml": "services: {pg: {image: 'postgres:16', ports: ['5599:5432']}}"})
    found = checkout.collect({"DATABASE_URL": "postgres://u@localhost:5599/x"})
    assert (found["database"]["value"], found["database"]["via"]) == ("16", "declared")
    assert set(found) == {"database"}


def test_the_only_image_of_the_kind_is_declared_but_not_believed(checkout: Checkout) -> None:
    checkout.write({"compose.yaml": "services: {pg: {image: 'postgres:16'}}"})
    found = checkout.collect({"DATABASE_URL": "postgres://u@127.0.0.1:1/x"})
    assert set(found) == {"database"}
    assert (found["database"]["unknown"], found["database"]["declared"]) == ("connection-refused", "16")
    assert "value" not in found["database"]


@pytest.mark.parametrize(
    ("declared", "told"), [("1", None), ("1.6", None), ("1.6.18", None), ("1.5", "1.5"), ("1.60", "1.60")]
)
def test_declared_is_told_where_it_differs(
    checkout: Checkout, answering: Callable[[bytes], int], declared: str, told: str | None
) -> None:
    port = answering(b"VERSION 1.6.18\r\nEND\r\n")
    checkout.write({"compose.yaml": f"services: {{m: {{image: 'memcached:{declared}'}}}}"})
    found = checkout.collect({"CACHE_URL": f"memcached://127.0.0.1:{port}"})
    assert (found["cache"]["value"], found["cache"].get("declared")) == ("1.6.18", told)


def test_a_stand_in_hides_no_container(checkout: Checkout) -> None:
    checkout.write({"compose.yaml": COMPOSE, ".env": "DATABASE_URL=sqlite:///x\n"})
    found = checkout.collect()
    assert (found["database"]["kind"], found["db"]["kind"]) == ("sqlite", "postgresql")


def test_a_candidate_asks_nobody_and_tells_what_it_declares(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dial(*_: object) -> None:
        pytest.fail("a candidate connects to nothing")

    monkeypatch.setattr(stream.Connection, "__init__", dial)
    checkout.write({
        ".env.example": "DATABASE_URL=postgres://localhost/shop\nCACHE_URL=\n", "compose.yaml": COMPOSE,
        ".env": "DATABASE_URL=sqlite:///x\n",
    })  # fmt: skip
    found = checkout.collect({"OTHER_URL": "redis://127.0.0.1"}, candidate=True)
    assert found["database"]["value"] == "16.4"
    assert found["database"]["sources"] == ["compose.yaml:4", ".env.example:1"]
    assert set(found) == {"database", "cache", "queue", "search"}


def test_a_compose_file_that_is_not_read_covers_nothing(checkout: Checkout) -> None:
    checkout.write({"compose.yaml": "services: ["})
    assert checkout.collect() == {}
    assert checkout.covers == []
    assert checkout.warnings == ["compose.yaml is not read: parse-failed in line 1"]


def test_the_table_overrides_and_forbids(checkout: Checkout) -> None:
    environ = {"DATABASE_URL": "postgres://127.0.0.1:1/x", "CACHE_URL": "redis://127.0.0.1:1"}
    tables = {"database": {"version": "15.4"}, "cache": {"probe": False, "kind": "valkey"}}
    found = checkout.collect(environ, services=tables)
    assert (found["database"]["value"], found["database"]["via"]) == ("15.4", "declared")
    assert found["database"]["sources"] == ["env", "parity.toml"]
    assert (found["cache"]["kind"], found["cache"]["unknown"]) == ("valkey", "disabled")


def test_fingerprints_are_of_places_that_mean_the_same_everywhere(checkout: Checkout) -> None:
    hosts = {"A": "db.prod.example.com", "B": "db", "C": "127.0.0.1", "D": "10.0.0.5", "E": "db.prod.example.com"}
    environ = {f"{name}_URL": f"opensearch://u:p{name}@{host}/shop" for name, host in hosts.items()}
    found = checkout.collect({**environ, "PARITY_KEY": KEY})
    expected = redact.fingerprint(bytes.fromhex(KEY), "resource", "db.prod.example.com:9200/shop")
    assert {name: fact.get("fps") for name, fact in found.items()} == {
        "a": [expected], "b": None, "c": None, "d": None, "e": [expected],
    }  # fmt: skip


def test_all_are_asked_at_once_and_in_time(checkout: Checkout) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        environ = {f"CACHE_{number}": f"redis://127.0.0.1:{port}/{number}" for number in range(12)}
        started = time.monotonic()
        found = checkout.collect(environ)
        seconds = time.monotonic() - started
    assert {fact["unknown"] for fact in found.values()} == {"timeout"}
    assert len(found) == 12
    assert seconds < target.TOTAL_S + 1


def test_a_resolver_that_hangs_keeps_nobody(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def hang(*_: object, **__: object) -> list[Any]:
        released.wait(30)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(target, "TOTAL_S", 0.5)
    started = time.monotonic()
    found = checkout.collect({"CACHE_URL": "redis://somewhere.example.com"})
    seconds = time.monotonic() - started
    released.set()
    assert found["cache"]["unknown"] == "timeout"
    assert seconds < 2


def test_a_probe_that_breaks_stops_no_other(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, answering: Callable[[bytes], int]
) -> None:
    monkeypatch.setitem(services.PROBES, "redis", "paritycheck_agent.probes.nothing_here")
    port = answering(b"VERSION 1.6.18\r\nEND\r\n")
    found = checkout.collect({"CACHE_URL": f"memcached://127.0.0.1:{port}", "B_URL": "redis://127.0.0.1:1"})
    assert (found["cache"]["value"], found["b"]["unknown"]) == ("1.6.18", "collector-failed")


def test_names_that_hold_secrets_and_foreign_variables_attach_nothing(checkout: Checkout) -> None:
    environ = {
        "ghp_0123456789abcdef_URL": "redis://127.0.0.1:1", "KUBERNETES_REDIS_URL": "redis://10.0.0.1",
        "PARITY_X_URL": "redis://10.0.0.1", "DOCKER_HOST": "unix:///var/run/docker.sock",
    }  # fmt: skip
    assert checkout.collect(environ) == {}


def test_no_part_of_a_url_is_sent_but_its_kind(checkout: Checkout) -> None:
    environ = {
        "DATABASE_URL": "postgres://canary1:canary2@127.0.0.1:1/canary3?sslmode=disable&application_name=canary4",
        "CACHE_URL": "redis://:canary2@canary5.invalid/7", "BROKER_URL": "amqp://canary1:canary2@127.0.0.1:1/canary6",
        "A_URL": "mysql://canary1:canary2@127.0.0.1:1/canary3", "B_URL": "sqlite:////canary/canary7.db",
        "REDIS_HOST": "canary5.invalid", "REDIS_PASSWORD": "canary2",
    }  # fmt: skip
    found = checkout.collect(environ)
    assert len(found) == 6
    assert b"canary" not in checkout.sent


def test_more_services_than_the_wire_takes_are_cut_and_counted(checkout: Checkout) -> None:
    found = checkout.collect({f"S{number:03}_URL": "opensearch://x" for number in range(230)})
    assert len(found) == 200
    assert checkout.warnings == ["30 services left out: at most 200 are sent"]
    # With a compose file that is read whole too: those left out are not absent.
    checkout.write({"compose.yaml": "services: { db: { image: postgres:16 } }"})
    found = checkout.collect({f"S{number:03}_URL": "opensearch://x" for number in range(230)})
    assert (len(found), checkout.covers) == (200, [])
    assert checkout.warnings == ["31 services left out: at most 200 are sent"]
