"""etcd, ClickHouse and RabbitMQ's management are asked live."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import time
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from paritycheck_agent import redact
from paritycheck_agent.collectors import services
from paritycheck_agent.context import Context
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.canonical import split
from tests.agent.probes.conftest import PASSWORD, found, free_port, listens, open_directory, running, unprivileged
from tests.agent.probes.web import Web, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Serve = Callable[[Callable[[socket.socket], None]], int]


# etcd


@pytest.fixture(scope="module")
def etcd() -> Iterator[int]:
    port, peers = free_port(), free_port()
    with open_directory() as directory:
        here, there = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peers}"
        clients = ("--listen-client-urls", here, "--advertise-client-urls", here)
        members = ("--listen-peer-urls", there, "--initial-advertise-peer-urls", there)
        command = (found("etcd", "etcd-server"), "--data-dir", f"{directory}/data", *clients, *members)

        def ready() -> bool:
            """Its one member has agreed with itself on the version of the cluster."""
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{here}/version", timeout=1) as reply:
                return b"not_decided" not in reply.read()
            return False

        with running((*command, "--initial-cluster", f"default={there}"), ready, user=unprivileged()):
            yield port


def told(*command: str) -> str:
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    match = re.search(r"\d+\.\d+(?:\.\d+)*", text)
    assert match is not None
    return match[0]


def packaged(name: str) -> str:
    return told("dpkg-query", "-W", "-f", "${Version}", name)


@pytest.mark.e2e
def test_etcd_says_its_version_to_everybody(etcd: int) -> None:
    for url in (f"http://127.0.0.1:{etcd}", f"etcd://127.0.0.1:{etcd}", f"http://u:p@localhost:{etcd}/"):
        answer = ask("etcd", url)
        assert (answer["kind"], answer["value"], answer["via"]) == ("etcd", told("etcd", "--version"), "handshake")
        assert answer["value"].startswith(answer["settings"]["cluster_version"].rpartition(".")[0])


@pytest.mark.e2e
def test_etcd_in_plain_text_is_not_mistaken_for_tls(etcd: int) -> None:
    assert ask("etcd", f"https://127.0.0.1:{etcd}") == {"kind": "etcd", "unknown": "tls-failed", "via": "scheme"}


# ClickHouse


CONFIG = """\
<yandex>
 <logger><level>error</level><console>1</console></logger>
 <http_port>{http}</http_port><tcp_port>{native}</tcp_port>
 <https_port>{https}</https_port><tcp_port_secure>{secure}</tcp_port_secure>
 <listen_host>127.0.0.1</listen_host><path>{directory}/</path><tmp_path>{directory}/tmp/</tmp_path>
 <users_config>{directory}/users.xml</users_config>
 <mark_cache_size>1000000</mark_cache_size><timezone>Asia/Tokyo</timezone>
 <default_profile>default</default_profile><default_database>default</default_database>
 <openSSL><server><certificateFile>{certificates}/localhost.pem</certificateFile>
  <privateKeyFile>{certificates}/localhost.key</privateKeyFile><verificationMode>none</verificationMode>
 </server></openSSL>
</yandex>
"""
CLICKHOUSE_USERS = f"""\
<yandex><profiles><default><join_use_nulls>1</join_use_nulls></default></profiles>
<users>
 <default><password>{PASSWORD}</password><networks><ip>::/0</ip></networks><profile>default</profile>
  <quota>default</quota></default>
 <open><password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></open>
</users><quotas><default></default></quotas></yandex>
"""


@pytest.fixture(scope="module")
def clickhouse(authority: Any) -> Iterator[dict[str, int]]:
    """ClickHouse 18.16; its ports by what is spoken there."""
    server = found("clickhouse-server", "clickhouse-server")
    ports = {name: free_port() for name in ("http", "native", "https", "secure")}
    with open_directory() as directory:
        config = CONFIG.format(directory=directory, certificates=authority.directory, **ports)
        (directory / "config.xml").write_text(config)
        (directory / "users.xml").write_text(CLICKHOUSE_USERS)
        command = (server, f"--config-file={directory}/config.xml")
        ready = [listens(port) for port in ports.values()]
        with running(command, lambda: all(one() for one in ready), user=unprivileged()):
            yield ports


DEFAULT = f"default:{quote(PASSWORD)}"


@pytest.mark.e2e
@pytest.mark.parametrize("login", [DEFAULT, "open:", "open"])
def test_clickhouse_answers_by_http(clickhouse: dict[str, int], login: str) -> None:
    answer = ask("clickhouse", f"http://{login}@127.0.0.1:{clickhouse['http']}/default")
    assert answer["value"].startswith(packaged("clickhouse-server"))
    assert answer["via"] == "auth"
    assert (answer["settings"]["timezone"], answer["settings"]["join_use_nulls"]) == ("Asia/Tokyo", "1")


@pytest.mark.e2e
@pytest.mark.parametrize(("login", "reason"), [("default:wrong@", "auth-failed"), ("", "auth-required")])
def test_a_refusal_of_clickhouse_is_told(clickhouse: dict[str, int], login: str, reason: str) -> None:
    """18.16 does not put its version into a refusal yet; newer ones do (recorded below)."""
    for url in (
        f"http://{login}127.0.0.1:{clickhouse['http']}",
        f"clickhouse://{login}127.0.0.1:{clickhouse['native']}",
    ):
        answer = ask("clickhouse", url)
        assert answer == {"kind": "clickhouse", "unknown": reason, "via": "handshake"}


@pytest.mark.e2e
def test_clickhouse_answers_natively(clickhouse: dict[str, int]) -> None:
    for login in (DEFAULT, "open"):
        answer = ask("clickhouse", f"clickhouse://{login}@127.0.0.1:{clickhouse['native']}/default")
        assert answer == {
            "kind": "clickhouse", "value": packaged("clickhouse-server"), "via": "auth",
            "settings": {"timezone": "Asia/Tokyo"},
        }  # fmt: skip


@pytest.mark.e2e
def test_clickhouse_in_tls_is_verified(clickhouse: dict[str, int], authority: Any) -> None:
    rooted = f"sslrootcert={authority.certificate}"
    secure = f"clickhouse://{DEFAULT}@localhost:{clickhouse['secure']}/default?secure=true"
    web = f"https://{DEFAULT}@localhost:{clickhouse['https']}/default"
    for url in (f"{secure}&{rooted}", f"{web}?{rooted}"):
        assert ask("clickhouse", url)["via"] == "auth"
    for url in (secure, web, web.replace("localhost", "127.0.0.1") + f"?{rooted}"):
        assert ask("clickhouse", url) == {"kind": "clickhouse", "unknown": "tls-failed", "via": "scheme"}


@pytest.mark.e2e
def test_a_password_of_clickhouse_stays_where_nobody_is_verified(
    clickhouse: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, port, **rest: resolve("127.0.0.1", port, **rest))
    refused = ask("clickhouse", f"http://{DEFAULT}@db.example.com:{clickhouse['http']}")
    assert refused == {"kind": "clickhouse", "unknown": "tls-failed", "via": "handshake"}
    native = ask("clickhouse", f"clickhouse://{DEFAULT}@db.example.com:{clickhouse['native']}")
    assert native == {"kind": "clickhouse", "unknown": "tls-failed", "via": "scheme"}


def test_a_newer_clickhouse_tells_its_version_while_it_refuses(hostile: Serve) -> None:
    text = (
        "Code: 516. DB::Exception: default: Authentication failed: password is incorrect, or there is no user with such"
        " name. (AUTHENTICATION_FAILED) (version 24.8.4.13 (official build))\n"
    )
    named = {"x-clickhouse-server-display-name": "db-1"}
    web = Web({"/ping": (200, named, "Ok.\n"), "/": (403, named, text)})
    answer = ask("clickhouse", f"http://u:wrong@127.0.0.1:{hostile(web)}")
    assert answer == {"kind": "clickhouse", "value": "24.8.4.13", "via": "handshake"}


# RabbitMQ's management


@pytest.mark.e2e
@pytest.mark.xdist_group("rabbitmq")
def test_rabbitmqs_management_tells_plugins_and_feature_flags(managed_rabbitmq: tuple[int, int]) -> None:
    answer: dict[str, Any] = {}
    end = time.monotonic() + 30
    while "extensions" not in answer and time.monotonic() < end:  # what nodes run is gathered every five seconds
        answer = ask("rabbitmq", f"http://guest:guest@127.0.0.1:{managed_rabbitmq[1]}/api/")
        time.sleep(0.5)
    assert packaged("rabbitmq-server").startswith(answer["value"])
    assert (answer["kind"], answer["via"]) == ("rabbitmq", "auth")
    assert answer["extensions"] == {"rabbitmq_management": "enabled"}
    assert answer["settings"]["feature_flag.quorum_queue"] == "enabled"
    assert re.fullmatch(r"\d+(\.\d+)*", answer["settings"]["erlang"])


@pytest.mark.e2e
@pytest.mark.xdist_group("rabbitmq")
@pytest.mark.parametrize(("login", "reason"), [("guest:wrong@", "auth-failed"), ("", "auth-required")])
def test_who_may_not_manage_rabbitmq_is_told(managed_rabbitmq: tuple[int, int], login: str, reason: str) -> None:
    answer = ask("rabbitmq", f"http://{login}127.0.0.1:{managed_rabbitmq[1]}")
    assert answer == {"kind": "rabbitmq", "unknown": reason, "via": "handshake"}


# From configuration to the bytes that are sent


@pytest.mark.e2e
def test_what_configuration_says_in_two_keys_opens_the_service(
    clickhouse: dict[str, int], etcd: int, tmp_path: Path
) -> None:
    values = {
        "CLICKHOUSE_URL": f"http://127.0.0.1:{clickhouse['http']}", "CLICKHOUSE_USER": "default",
        "CLICKHOUSE_PASSWORD": PASSWORD, "ETCDCTL_ENDPOINTS": f"localhost:{etcd},other:2379",
    }  # fmt: skip
    (tmp_path / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in values.items()))
    collected = services.collect(Context(str(tmp_path), {}, {}, str(tmp_path / "state")))
    facts, warnings = redact.clean("services", collected.facts)
    named = {fact["name"]: fact for fact in facts}
    assert (named["clickhouse"]["kind"], named["clickhouse"]["via"]) == ("clickhouse", "auth")
    assert named["clickhouse.setting.timezone"]["value"] == "Asia/Tokyo"
    assert (named["etcdctl"]["kind"], named["etcdctl"]["via"]) == ("etcd", "handshake")
    body, evidence = split("services", collected.covers, facts, [*collected.warnings, *warnings])
    assert check_body(body).count == len(facts)
    for secret in (PASSWORD, "127.0.0.1", "localhost", str(etcd), str(clickhouse["http"])):
        assert secret.encode() not in body + evidence
