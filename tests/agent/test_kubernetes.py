"""Reports of a cluster: from a file of kubectl, and from the API as a service account. No value in a single byte."""

from __future__ import annotations

import gzip
import io
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from typing_extensions import override

from paritycheck_agent.cli import main
from paritycheck_agent.collectors import release
from paritycheck_agent.context import Context
from paritycheck_agent.sources import kubernetes_api

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.agent.conftest import Wire

FIXTURE = Path(__file__).parent / "fixtures" / "kubernetes" / "cluster.json"
DIGEST = "sha256:" + "3a" * 32
TOKEN = "eyJhbGciOiJSUzI1NiJ9.service-account.token"
DECLARED = "SECRET_KEY=\nDEBUG=\nAPP_SECRET_KEY=\nLOG_LEVEL=\nNOBODY=\n"
RESOURCES = {
    "deployments": "Deployment", "statefulsets": "StatefulSet", "daemonsets": "DaemonSet", "cronjobs": "CronJob",
    "pods": "Pod", "configmaps": "ConfigMap", "secrets": "Secret",
}  # fmt: skip


@pytest.fixture
def shop(checkout: Path) -> Path:
    """A checkout whose own machine has other values, which must not be told as the cluster's."""
    (checkout / "parity.toml").write_text('[project]\nname = "shop"\n[kubernetes]\nworkload = "web"\n')
    (checkout / ".env.example").write_text(DECLARED)
    (checkout / ".env").write_text("NOBODY=canary\nDATABASE_URL=sqlite:///canary\n")
    return checkout


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["show", *arguments]) == 0
    document = json.loads(capsys.readouterr().out)
    sections: dict[str, Any] = document["sections"]
    for section in sections.values():
        section["by_name"] = {fact.pop("name"): fact for fact in section.get("facts", ())}
    return sections


def test_a_file_of_kubectl_tells_services_configuration_and_release(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del shop
    sections = shown(capsys, "--kubernetes", str(FIXTURE))
    assert sections["services"]["by_name"] == {
        "database": {"kind": "postgresql", "value": "16.4", "via": "declared", "sources": ["kubernetes"]}
    }
    assert sections["services"]["covers"] == []
    config = sections["config"]["by_name"]
    assert {name for name, fact in config.items() if not fact.keys() & {"absent", "unknown"}} == {
        "DEBUG", "SENTRY_DSN", "DATABASE_URL", "POD_NAME", "LOG_LEVEL", "TIME_ZONE", "APP_SECRET_KEY",
        "APP_STRIPE_KEY", "APP_LATE_KEY",
    }  # fmt: skip
    assert config["LOG_LEVEL"] == {"declared": True, "sources": ["kubernetes", ".env.example:4"]}
    assert config["NOBODY"] == {"absent": True, "declared": True, "sources": [".env.example:5"]}
    assert config["SECRET_KEY"]["absent"]
    assert sections["processes"]["by_name"] == {
        "logs": {"unknown": "not-collected", "replicas": 3, "restarts": 0, "sources": ["kubernetes"]},
        "web": {
            "kind": "gunicorn", "port": "true", "replicas": 2, "restarts": 1, "exit_codes": [137],
            "sources": ["kubernetes"],
        },
        "web-proxy": {"unknown": "not-collected", "replicas": 2, "restarts": 0, "sources": ["kubernetes"]},
        "web.stop-signal": {"value": "SIGINT", "sources": ["kubernetes"]},
    }  # fmt: skip
    assert sections["processes"]["covers"] == [""]
    assert sections["release"]["by_name"]["artifact"] == {"value": DIGEST, "sources": ["kubernetes"]}
    assert sections["release"]["by_name"]["id"]["value"] == "1.4.2"
    assert sections["release"]["by_name"]["commit"] == {"unknown": "not-collected", "sources": ["kubernetes"]}
    assert set(sections["runtime"]["by_name"]) & {"os", "libc", "python"} == set()


@pytest.mark.parametrize(
    ("label", "tag", "commit"),
    [
        ("a" * 40, "1.4.2", "a" * 40),
        ("1.4.2", "b" * 40, "b" * 40),
        ("1.4.2", "sha-" + "c" * 40, "c" * 40),
        ("main", "3f1c2d4", None),
    ],
)
def test_the_release_of_a_cluster_is_its_own_not_that_of_the_checkout_or_pipeline_here(
    shop: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    label: str, tag: str, commit: str | None,
) -> None:  # fmt: skip
    for words in (
        ["init", "-q"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x"],
    ):
        subprocess.run(["git", "-C", str(shop), *words], check=True)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_SHA", "e" * 40)
    monkeypatch.setenv("GITHUB_RUN_ID", "77")
    text = FIXTURE.read_text().replace('"1.4.2"', f'"{label}"')
    text = re.sub(r"(acme/shop:)[\w.-]+", rf"\g<1>{tag}", text)
    (tmp_path / "cluster.json").write_text(text)
    found = shown(capsys, "--kubernetes", str(tmp_path / "cluster.json"))["release"]["by_name"]
    assert found.keys() == {"artifact", "commit", "id"}
    assert found["commit"].get("value") == commit
    assert {source for fact in found.values() for source in fact["sources"]} == {"kubernetes"}
    candidate = Context(str(shop), {}, {}, "", candidate=True, kubernetes=str(FIXTURE))
    assert "dirty" in {fact["name"] for fact in release.collect(candidate).facts}


def test_a_file_without_pods_says_nothing_of_types_that_it_does_not_name(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del shop
    document = json.loads(FIXTURE.read_text())
    document["items"] = [item for item in document["items"] if item["kind"] == "Deployment"]
    (tmp_path / "deployments.json").write_text(json.dumps(document))
    section = shown(capsys, "--kubernetes", str(tmp_path / "deployments.json"))["processes"]
    assert "web" in section["by_name"]
    assert section["covers"] == []


def test_standard_input_is_read_once_for_all_sections(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    del shop
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FIXTURE.read_bytes())))
    sections = shown(capsys, "--kubernetes", "-")
    assert "database" in sections["services"]["by_name"]
    assert "DEBUG" in sections["config"]["by_name"]


def test_secrets_that_were_not_read_leave_names_unknown(
    shop: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    del shop
    document = json.loads(FIXTURE.read_text())
    document["items"] = [item for item in document["items"] if item["kind"] != "Secret"]
    path = tmp_path / "cluster.json"
    path.write_text(json.dumps(document))
    config = shown(capsys, "--kubernetes", str(path))["config"]
    assert config["by_name"]["NOBODY"]["unknown"] == "not-collected"
    assert "unknown" not in config["by_name"]["DATABASE_URL"]
    assert config["warnings"] == ["kubernetes: Secret shop-keys is not among what was read; its keys are not known"]


def test_an_application_that_is_not_named_is_not_guessed(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "parity.toml").write_text('[project]\nname = "shop"\n')
    (shop / "Procfile").write_text("clock: celery beat\n")
    sections = shown(capsys, "--kubernetes", str(FIXTURE))
    assert "artifact" not in sections["release"]["by_name"]
    assert {fact["unknown"] for fact in sections["config"]["by_name"].values()} == {"not-collected"}
    assert "clock" not in sections["processes"]["by_name"]
    assert any("[kubernetes] workload" in warning for warning in sections["config"]["warnings"])


def test_the_only_workload_that_stays_is_the_application(
    shop: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (shop / "parity.toml").write_text('[project]\nname = "shop"\n')
    document = json.loads(FIXTURE.read_text())
    document["items"] = [item for item in document["items"] if item["kind"] != "DaemonSet"]
    (tmp_path / "x").write_text(json.dumps(document))
    sections = shown(capsys, "--kubernetes", str(tmp_path / "x"))
    assert sections["release"]["by_name"]["artifact"]["value"] == DIGEST


def test_a_file_that_is_no_json_makes_its_sections_unknown(
    shop: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    del shop
    (tmp_path / "x").write_text("NAME  READY\nweb   2/2\n")
    sections = shown(capsys, "--kubernetes", str(tmp_path / "x"))
    assert sections["services"]["reason"] == sections["config"]["reason"] == "parse-failed"
    assert sections["dependencies"]["status"] == "ok"


def test_a_file_that_is_not_there_is_a_usage_error(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del shop
    assert main(["show", "--kubernetes", "gone.json"]) == 2
    assert "kubectl get" in capsys.readouterr().err


def test_a_gate_s_candidate_is_no_cluster(reporting: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_KUBERNETES", "api")
    assert main(["gate"]) == 0
    assert reporting.calls


def canaries(root: Path) -> bytes:
    files = [path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()]
    return b"\n".join([*files, *(gzip.decompress(body) for body in files if body.startswith(b"\x1f\x8b"))])


def test_no_value_of_a_cluster_is_in_any_byte_that_is_written(
    shop: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    del shop
    assert main(["show", "--kubernetes", str(FIXTURE), "--wire", str(tmp_path / "sent")]) == 0
    sent = canaries(tmp_path / "sent")
    assert b"APP_STRIPE_KEY" in sent
    written = capsys.readouterr()
    kept = canaries(tmp_path / "state")
    for data in (sent, kept, (written.out + written.err).encode()):
        assert b"canary" not in data.lower()
        assert b"Y2FuYXJ5" not in data  # base64 of the same


class Cluster:
    """What the fake API has and what it was asked. `refused` are (verb, resource) that the role lacks."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = json.loads(FIXTURE.read_text())["items"]
        self.refused: set[tuple[str, str]] = set()
        self.asked: list[str] = []
        self.status = 0
        self.raw: bytes | None = None

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        parts = path.strip("/").split("/")
        at = parts.index("namespaces")
        namespace, resource, *name = parts[at + 1 :]
        if ("get" if name else "list", resource) in self.refused:
            return 403, {"kind": "Status", "status": "Failure", "reason": "Forbidden", "code": 403}
        found = [item for item in self.items if item["kind"] == RESOURCES[resource] and namespace == "shop"]
        if name:
            one = [item for item in found if item["metadata"]["name"] == name[0]]
            return (200, one[0]) if one else (404, {"kind": "Status", "code": 404})
        # As the API gives a list: its items without their kind, and a token where there is more.
        start = int(query.get("continue", ["0"])[0])
        rows = [{key: value for key, value in item.items() if key not in {"kind", "apiVersion"}} for item in found]
        more = str(start + 1) if start + 1 < len(rows) else ""
        metadata = {"resourceVersion": "1", **({"continue": more} if more else {})}
        return 200, {"kind": f"{RESOURCES[resource]}List", "metadata": metadata, "items": rows[start : start + 1]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cluster: ClassVar[Cluster]

    def do_GET(self) -> None:
        self.cluster.asked.append(self.path)
        parts = urlsplit(self.path)
        status, document = (200, {}) if self.cluster.raw else self.cluster.answer(parts.path, parse_qs(parts.query))
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            status, document = 401, {"kind": "Status", "code": 401}
        data = json.dumps(document).encode() if self.cluster.raw is None else self.cluster.raw
        self.send_response(self.cluster.status or status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of a service account. The certificate is its own authority, for the address that the API has."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: apt-get install openssl")
    folder = tmp_path / "serviceaccount"
    folder.mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=kubernetes", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(tmp_path / "key.pem"), "-out", str(folder / "ca.crt")],
        check=True, capture_output=True,
    )  # fmt: skip
    (folder / "token").write_text(TOKEN + "\n")
    (folder / "namespace").write_text("shop")
    monkeypatch.setattr(kubernetes_api, "ACCOUNT", str(folder))
    return folder


@pytest.fixture
def pod(shop: Path, account: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A pod of a cluster whose API runs on loopback."""
    del shop
    state = Cluster()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"cluster": state}))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(account / "ca.crt", account.parent / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    monkeypatch.setattr(server, "handle_error", lambda *_: None)  # the agent hangs up on what it does not trust
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.server_address[1]))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_api_tells_what_a_file_tells(pod: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    from_file = shown(capsys, "--kubernetes", str(FIXTURE))
    from_api = shown(capsys, "--kubernetes", "api")
    for section in ("services", "config"):
        assert from_api[section]["digest"] == from_file[section]["digest"]
    assert from_api["release"]["by_name"]["artifact"]["value"] == DIGEST
    assert from_api["services"]["warnings"] == []
    assert all("limit=" in path or "/configmaps/" in path or "/secrets/" in path for path in pod.asked)


def test_secrets_are_asked_for_by_name_and_only_those_that_are_needed(
    pod: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    shown(capsys, "--kubernetes", "api")
    assert [path for path in pod.asked if "secrets" in path] == [
        "/api/v1/namespaces/shop/secrets/shop-keys", "/api/v1/namespaces/shop/secrets/shop-extra",
    ]  # fmt: skip


def test_a_right_that_the_role_lacks_is_named(pod: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    pod.refused = {("get", "secrets"), ("list", "daemonsets")}
    sections = shown(capsys, "--kubernetes", "api")
    assert sections["config"]["by_name"]["NOBODY"]["unknown"] == "no-permission"
    assert sections["config"]["by_name"]["LOG_LEVEL"] == {"declared": True, "sources": ["kubernetes", ".env.example:4"]}
    assert sections["config"]["warnings"] == [
        "kubernetes: no permission; the role needs the verb list for daemonsets",
        "kubernetes: no permission; the role needs the verb get for secrets",
    ]
    assert "database" in sections["services"]["by_name"]


def test_a_role_without_any_right_makes_the_sections_unknown(pod: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    pod.refused = {("list", resource) for resource in RESOURCES}
    sections = shown(capsys, "--kubernetes", "api")
    assert sections["services"]["reason"] == sections["config"]["reason"] == "no-permission"
    assert sections["release"]["by_name"]["artifact"]["unknown"] == "no-permission"


@pytest.mark.parametrize(
    ("status", "raw", "reason"),
    [
        (401, None, "auth-failed"),
        (500, None, "bad-reply"),
        (410, None, "bad-reply"),
        (302, None, "bad-reply"),
        (0, b"<html>", "parse-failed"),
    ],
)
def test_an_api_that_does_not_answer_rightly_is_unknown_with_the_reason(
    pod: Cluster, capsys: pytest.CaptureFixture[str], status: int, raw: bytes | None, reason: str
) -> None:
    pod.status, pod.raw = status, raw
    assert shown(capsys, "--kubernetes", "api")["services"]["reason"] == reason


def test_answers_of_any_other_form_hold_nothing(pod: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    for raw in (b"[]", b"7", b"", b'{"items": 1}', b'{"items": [null, 1, {}]}', b'{"metadata": {"continue": 7}}'):
        pod.raw = raw
        assert shown(capsys, "--kubernetes", "api")["services"]["by_name"] == {}


def test_a_list_without_an_end_comes_to_one(pod: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    pod.raw = b'{"items": [], "metadata": {"continue": "again"}}'
    assert shown(capsys, "--kubernetes", "api")["services"]["reason"] == "too-large"
    assert len(pod.asked) == kubernetes_api.PAGES


def test_an_api_of_another_authority_gets_no_token(
    pod: Cluster, account: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "localhost")
    assert shown(capsys, "--kubernetes", "api")["services"]["reason"] == "tls-failed"
    (account / "ca.crt").unlink()
    assert shown(capsys, "--kubernetes", "api")["services"]["reason"] == "no-permission"
    assert pod.asked == []


def test_an_api_that_does_not_answer_in_time_or_at_all_is_unknown(
    pod: Cluster, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pod.asked == []
    monkeypatch.setattr(kubernetes_api, "ANSWER_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(silent.getsockname()[1]))
        assert shown(capsys, "--kubernetes", "api")["services"]["reason"] == "timeout"
    assert shown(capsys, "--kubernetes", "api")["services"]["reason"] == "connection-refused"


def test_where_there_is_no_pod_nothing_is_told(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del shop
    assert shown(capsys, "--kubernetes", "api")["services"]["reason"] == "not-collected"


def test_a_cluster_is_reported_and_its_token_goes_nowhere_else(
    pod: Cluster, reporting: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HTTPS_PROXY")
    assert main(["report", "--kubernetes", "api"]) == 0
    assert pod.asked
    assert reporting.reports[0]["instance"] == {"id": "kubernetes", "kind": "pod"}
    sent = b"\n".join([*reporting.received, *reporting.bodies.values()])
    assert b"APP_STRIPE_KEY" in sent
    for data in (sent, canaries(tmp_path / "state")):
        assert TOKEN.encode() not in data
        assert b"canary" not in data
