"""Services of HTTP that cannot run here, by recorded answers.

Of Elasticsearch, OpenSearch, Consul, Vault, OpenBao and the S3s no server is to be had from Debian, PyPI or npm. Their
answers below have the form of their documentation and sources (`handleSysHealthGet` of Vault and OpenBao, "Agent HTTP
API" of Consul, the root endpoints of Elasticsearch and OpenSearch), shortened to what a probe could look at.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.agent.probes.conftest import PASSWORD
from tests.agent.probes.web import Web, ask, basic

if TYPE_CHECKING:
    from collections.abc import Callable

    Serve = Callable[[Callable[[socket.socket], None]], int]

# What Elasticsearch and OpenSearch would say

PRODUCT = {"X-elastic-product": "Elasticsearch", "content-type": "application/json"}
ELASTIC = {"name": "n", "version": {"number": "8.15.2", "build_flavor": "default"}, "tagline": "You Know, for Search"}
OPEN = {"name": "n", "version": {"distribution": "opensearch", "number": "2.17.1"}, "tagline": "The OpenSearch Project"}
PLUGINS = [{"component": "analysis-icu", "version": "8.15.2"}, {"component": "analysis-icu", "version": "8.15.1"}]
CLUSTER = {
    "persistent": {"action": {"auto_create_index": "false"}},
    "transient": {},
    "defaults": {"action": {"auto_create_index": "true", "destructive_requires_name": "true"}, "search": "odd"},
}
STATE = {"/_cat/plugins": (200, PRODUCT, PLUGINS), "/_cluster/settings": (200, PRODUCT, CLUSTER)}


def test_elasticsearch_tells_plugins_and_settings(hostile: Serve) -> None:
    web = Web({"/": (200, PRODUCT, ELASTIC), **STATE})
    answer = ask("elasticsearch", f"http://127.0.0.1:{hostile(web)}/")
    assert answer == {
        "kind": "elasticsearch", "value": "8.15.2", "via": "handshake", "extensions": {"analysis-icu": "8.15.1"},
        "settings": {"action.auto_create_index": "false", "action.destructive_requires_name": "true"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("login", "token", "sent"),
    [(f"u:{quote(PASSWORD)}@", None, basic("u")), ("", "VnVhQ2ZHY0JDZGJrU", "ApiKey VnVhQ2ZHY0JDZGJrU")],
)
def test_a_locked_elasticsearch_opens_for_the_applications_own_key(
    hostile: Serve, login: str, token: str | None, sent: str
) -> None:
    web = Web({"/": (200, PRODUCT, ELASTIC), **STATE}, login=sent)
    answer = ask("elasticsearch", f"http://{login}127.0.0.1:{hostile(web)}", token)
    assert (answer["value"], answer["via"], "analysis-icu" in answer["extensions"]) == ("8.15.2", "auth", True)
    assert "uthorization" not in web.asked[0], "nothing is shown before it is asked for"


@pytest.mark.parametrize(
    ("login", "reason"), [("", "auth-required"), ("u:wrong@", "auth-failed"), ("u@", "auth-required")]
)
def test_a_locked_elasticsearch_is_known_by_its_header(hostile: Serve, login: str, reason: str) -> None:
    web = Web({"/": (200, PRODUCT, ELASTIC)}, login=basic("u"))
    answer = ask("opensearch", f"http://{login}127.0.0.1:{hostile(web)}")
    assert answer == {"kind": "elasticsearch", "unknown": reason, "via": "handshake"}


def test_a_password_is_shown_to_nobody_who_is_not_verified(hostile: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, port, **rest: resolve("127.0.0.1", port, **rest))
    web = Web({"/": (200, PRODUCT, ELASTIC)}, login=basic("u"))
    answer = ask("elasticsearch", f"http://u:{quote(PASSWORD)}@search.example.com:{hostile(web)}")
    assert answer == {"kind": "elasticsearch", "unknown": "tls-failed", "via": "handshake"}
    assert len(web.asked) == 1
    assert "uthorization" not in web.asked[0]


def test_opensearch_is_no_elasticsearch(hostile: Serve) -> None:
    answer = ask("elasticsearch", f"http://127.0.0.1:{hostile(Web({'/': (200, {}, OPEN)}))}")
    assert answer == {"kind": "opensearch", "value": "2.17.1", "via": "handshake", "settings": {}}
    realm = {"WWW-Authenticate": 'Basic realm="OpenSearch Security"'}
    locked = ask("elasticsearch", f"http://127.0.0.1:{hostile(Web({'/': (401, realm, 'Unauthorized')}))}")
    assert locked == {"kind": "opensearch", "unknown": "auth-required", "via": "handshake"}


def test_opensearch_in_disguise_is_seen_through(hostile: Serve) -> None:
    disguised = {**OPEN, "version": {"distribution": "opensearch", "number": "7.10.2"}}
    web = Web({"/": (200, {}, disguised), "/_cat/nodes": (200, {}, [{"version": "2.17.1"}, {"version": "2.9.0"}])})
    assert ask("opensearch", f"http://127.0.0.1:{hostile(web)}")["value"] == "2.9.0"
    web = Web({"/": (200, {}, disguised), "/_cat/nodes": (403, {}, "")})
    assert ask("opensearch", f"http://127.0.0.1:{hostile(web)}")["unknown"] == "redacted"


def test_serverless_elasticsearch_is_a_variant(hostile: Serve) -> None:
    flavored = {**ELASTIC, "version": {"number": "8.11.0", "build_flavor": "serverless"}}
    answer = ask("elasticsearch", f"http://127.0.0.1:{hostile(Web({'/': (200, PRODUCT, flavored)}))}")
    assert (answer["value"], answer["variant"]) == ("8.11.0", "serverless")


# What Consul would say

CONSUL_TOKEN = "5f2c7a0e-1111-2222-3333-444455556666"
SELF = {"Config": {"Datacenter": "dc1", "NodeName": "n", "Server": True, "Version": "1.20.1"}, "DebugConfig": {}}
LEADER = {"/v1/status/leader": (200, {"X-Consul-Default-Acl-Policy": "deny"}, '"10.1.2.3:8300"')}


@pytest.mark.parametrize(
    ("version", "value", "variant"),
    [("1.20.1", "1.20.1", None), ("1.19.2+ent", "1.19.2", "enterprise"), ("1.21.0-dev", "1.21.0-dev", None)],
)
def test_consul_tells_its_version(hostile: Serve, version: str, value: str, variant: str | None) -> None:
    document = {**SELF, "Config": {**SELF["Config"], "Version": version}}
    answer = ask("consul", f"127.0.0.1:{hostile(Web({'/v1/agent/self': (200, {}, document)}))}")
    assert (answer["value"], answer.get("variant"), answer["via"]) == (value, variant, "handshake")
    assert answer["settings"] == {"datacenter": "dc1"}


@pytest.mark.parametrize(
    ("token", "reason"), [(CONSUL_TOKEN, None), (None, "auth-required"), ("another", "no-permission")]
)
def test_consul_wants_a_token_where_access_lists_do(hostile: Serve, token: str | None, reason: str | None) -> None:
    web = Web({"/v1/agent/self": (200, {}, SELF), **LEADER}, login=f"Bearer {CONSUL_TOKEN}", refusal=403)
    answer = ask("consul", f"http://127.0.0.1:{hostile(web)}", token)
    assert (answer.get("unknown"), answer["via"]) == (reason, "auth" if reason is None else "handshake")


def test_a_web_server_is_no_consul(hostile: Serve) -> None:
    answer = ask("consul", f"http://127.0.0.1:{hostile(Web({'/v1/status/leader': (200, {}, 'hello')}, login='x'))}")
    assert answer == {"kind": "consul", "unknown": "auth-required", "via": "scheme"}


# What Vault and OpenBao would say

HEALTH = {
    "initialized": True, "sealed": False, "standby": False, "performance_standby": False,
    "replication_performance_mode": "disabled", "replication_dr_mode": "disabled", "server_time_utc": 1732900000,
    "version": "1.15.4", "cluster_name": "vault-cluster-1", "cluster_id": "c",
}  # fmt: skip
SEAL: dict[str, tuple[int, dict[str, str], Any]] = {
    "/v1/sys/seal-status": (200, {}, {"type": "awskms", "storage_type": "raft", "sealed": False})
}


@pytest.mark.parametrize(
    ("told", "asked", "kind", "value", "variant"),
    [
        ({}, "vault", "vault", "1.15.4", None),
        ({"version": "1.15.4+ent.hsm"}, "vault", "vault", "1.15.4", "enterprise"),
        ({"version": "1.18.1", "enterprise": False}, "openbao", "vault", "1.18.1", None),
        ({"version": "2.0.1", "enterprise": True}, "vault", "vault", "2.0.1", "enterprise"),
        ({"version": "2.0.3"}, "vault", "openbao", "2.0.3", None),
        ({"version": "v2.1.0"}, "openbao", "openbao", "2.1.0", None),
        ({"sealed": True}, "vault", "vault", "1.15.4", None),
    ],
)
def test_vault_and_openbao_are_told_apart(
    hostile: Serve, told: dict[str, Any], asked: str, kind: str, value: str, variant: str | None
) -> None:
    web = Web({"/v1/sys/health": (200, {}, {**HEALTH, **told}), **SEAL})
    answer = ask(asked, f"http://127.0.0.1:{hostile(web)}")
    assert (answer["kind"], answer["value"], answer.get("variant"), answer["via"]) == (
        kind,
        value,
        variant,
        "handshake",
    )
    assert answer["settings"] == {"seal_type": "awskms", "storage_type": "raft"}


def test_a_version_that_vault_keeps_is_redacted(hostile: Serve) -> None:
    web = Web({"/v1/sys/health": (200, {}, {**HEALTH, "version": "", "enterprise": False}), **SEAL})
    answer = ask("vault", f"http://127.0.0.1:{hostile(web)}")
    assert (answer["kind"], answer["unknown"], answer["via"]) == ("vault", "redacted", "handshake")


# What S3 would say

DENIED = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>'
)


@pytest.mark.parametrize(
    ("status", "headers", "body", "variant", "value"),
    [
        (403, {"Server": "MinIO"}, DENIED, "minio", None),
        (307, {"Server": "AmazonS3", "x-amz-request-id": "X", "Location": "https://aws.example"}, "", "aws", None),
        (200, {"Server": "Ceph Object Gateway (tentacle)"}, "<ListAllMyBucketsResult>", "ceph", None),
        (403, {"Server": "SeaweedFS 30GB 3.88"}, DENIED, "seaweedfs", "3.88"),
        (403, {"x-amz-request-id": "tx0"}, DENIED, None, None),
        (400, {"Server": "cloudflare", "x-amz-request-id": "1"}, "", "r2", None),
    ],
)  # fmt: skip
def test_an_s3_is_known_by_how_it_refuses(
    hostile: Serve, status: int, headers: dict[str, str], body: str, variant: str | None, value: str | None
) -> None:
    web = Web({"/": (status, headers, body)})
    answer = ask("s3", f"http://key:{quote(PASSWORD)}@127.0.0.1:{hostile(web)}")
    assert (answer["kind"], answer.get("variant"), answer.get("value")) == ("s3", variant, value)
    assert (answer.get("unknown"), answer["via"]) == (None if value else "redacted", "handshake")
    assert "uthorization" not in web.asked[0]


@pytest.mark.parametrize("headers", [{"Server": "cloudflare"}, {"Server": "nginx"}, {}])
def test_a_web_server_is_no_s3(hostile: Serve, headers: dict[str, str]) -> None:
    answer = ask("s3", f"http://127.0.0.1:{hostile(Web({'/': (200, headers, '<html>')}))}")
    assert answer == {"kind": "s3", "unknown": "bad-reply", "via": "scheme"}


def test_a_bucket_is_no_host() -> None:
    assert ask("s3", "s3://bucket/prefix") == {"kind": "s3", "unknown": "not-collected", "via": "scheme"}


# What a native port of ClickHouse may say: Hello's answer is name, version, revision, time zone, shown name, patch.

GREETING = b"\x00\x0aClickHouse\x18\x08\xd1\xa9\x03\x03UTC\x04db-1\x04"


@pytest.mark.parametrize(
    ("said", "value", "reason"),
    [
        (GREETING, "24.8.4", None),
        (b"\x00\x0aClickHouse\x01\x01\xae\xa3\x03", "1.1", None),
        (b"\x00\x0aClickHouse\x18\x08\xd1\xa9\x03\xff\xff\xff\xff\x7f", "24.8", None),
        (b"\x00\x05MySQL\x18\x08\xd1\xa9\x03", None, "bad-reply"),
        (b"\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff", None, "bad-reply"),
        (b"\x02\x04\x02\x00\x00\x0dDB::Exception\x00\x00", None, "auth-failed"),
        (b"\x02\x51\x00\x00\x00\x0dDB::Exception\x00\x00", None, "no-permission"),
        (b"\x02\x04\x02\x00\x00\x03abc", None, "bad-reply"),
        (b"HTTP/1.1 200 OK\r\n\r\n", None, "bad-reply"),
    ],
)
def test_clickhouses_native_hello_is_read_within_bounds(
    hostile: Serve, said: bytes, value: str | None, reason: str | None
) -> None:
    def behave(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(said)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(65536)

    answer = ask("clickhouse", f"clickhouse://u:{quote(PASSWORD)}@127.0.0.1:{hostile(behave)}/shop")
    assert (answer.get("value"), answer.get("unknown")) == (value, reason)
