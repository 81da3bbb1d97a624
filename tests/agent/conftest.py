"""A server of the standard library that speaks wire.md, strictly, on loopback; and a checkout to report from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from typing_extensions import override

from paritycheck_agent.sources import machine
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.candidates import check_candidate
from paritycheck_agent.wire.canonical import digest
from paritycheck_agent.wire.commits import check_commits
from paritycheck_agent.wire.errors import Invalid
from paritycheck_agent.wire.reading import read_json
from paritycheck_agent.wire.reports import check_report, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "pca_Ab3dEf6hIj9k_0123456789abcdefghijklmnopqrstuvABCDEF"


class Wire:
    """What the server knows and what it was told; `faults` are raw answers given first, in order."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.policies: dict[str, bytes] = {}
        self.commits: list[dict[str, Any]] = []
        self.heads: set[str] = set()
        self.reports: list[dict[str, Any]] = []
        self.current: dict[str, Any] | None = None
        self.calls: list[tuple[str, str]] = []
        self.received: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.faults: list[bytes | None] = []
        self.answers: dict[str, dict[str, Any]] = {}
        self.refused: set[str] = set()
        self.deploys: list[dict[str, Any]] = []
        self.url = ""

    def call(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Answer one call as wire.md says."""
        try:
            return self._call(method, path, body)
        except Invalid as error:
            problem = {"status": error.status, "code": error.code, "detail": error.detail, "errors": error.errors}
            return error.status, {**problem, "retryable": False}

    def door(self, authorization: str, path: str, body: bytes) -> tuple[int, dict[str, Any]] | None:
        """Refuse who may not come in; None lets a call in."""
        del path, body
        if authorization == f"Bearer {TOKEN}":
            return None
        return 401, {"status": 401, "code": "unauthenticated", "detail": "no valid token", "retryable": False}

    def _call(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        room, _slash, last = path.removeprefix("/api/v1/").partition("/")
        if (method, room) == ("PUT", "sections"):
            return self._section(last, body)
        if (method, room) == ("PUT", "policies"):
            self.policies["sha256:" + last] = body
            return 201, self.answers.get("policies", {})
        if (method, room) == ("POST", "commits"):
            header, commits = check_commits(body)
            self.heads.add(header["head"])
            self.commits += commits
            return 202, {"commits": len(commits)}
        if (method, room) == ("POST", "reports"):
            return self._report(read_json(body))
        asked = {"deploys": self._deploy, "gate": self._gate}.get(last.rpartition("/")[2])
        if (method, room) == ("POST", "projects") and asked is not None:
            return asked(read_json(body))
        return 404, {"status": 404, "code": "not-found", "detail": "no such thing", "retryable": False}

    def _section(self, name: str, body: bytes) -> tuple[int, dict[str, Any]]:
        said = check_body(body)
        if digest(body) != "sha256:" + name:
            raise Invalid("digest-mismatch", "the bytes do not hash to the path")
        if said.section in self.refused:
            raise Invalid("invalid-section", "not today")
        self.bodies[digest(body)] = body
        return 201, {}

    def _missing(self, document: dict[str, Any]) -> dict[str, Any] | None:
        named = [item for part in document["sections"].values() for item in (part.get("digest"), part.get("evidence"))]
        missing = [item for item in named if item and item not in self.bodies]
        if document.get("policy") and document["policy"] not in self.policies:
            missing.append(document["policy"])
        answer: dict[str, Any] = {"missing": missing}
        if document.get("head") and document["head"] not in self.heads:
            missing.append("commits")
            answer["commits"] = {"have": sorted(self.heads)[:20], "want": 500}
        return answer if missing else None

    def _report(self, document: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        warnings = check_report(document)
        missing = self._missing(document)
        if missing:
            return 200, missing
        known = [report for report in self.reports if report["report_id"] == document["report_id"]]
        if known:
            return 200, {"duplicate": True}
        self.reports.append(document)
        if self.current is not None and document["seq"] <= self.current["seq"]:
            return 200, {"stale": True, "current_seq": self.current["seq"]}
        unchanged = self.current is not None and state_of(self.current) == state_of(document)
        self.current = document
        taken = {"report": document["report_id"], "warnings": warnings, **self.answers.get("reports", {})}
        return 202, {**taken, "unchanged": True} if unchanged else {**taken, "snapshot": len(self.reports)}

    def _deploy(self, document: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        known = [one for one in self.deploys if one.get("external_id") and one == document]
        self.deploys += [] if known else [document]
        kept = {"id": "0193f0c2-6f2a-7c31-9b54-2f6a1d0c7e88", "previous": "9" * 40, **document}
        return (200 if known else 201), {**kept, "created": not known}

    def _gate(self, document: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        check_candidate(document)
        missing = self._missing(document)
        if missing:
            return 200, missing
        answer: dict[str, Any] = {
            "schema": "paritycheck.gate/1", "verdict": "pass", "exit_code": 0, "fail_on": document["fail_on"],
            "project": "shop", "candidate": document["candidate"], "coverage": 0.91,
            "against": {"environment": "production", "snapshot": "production#42", "age_s": 312},
            "base": {"source": "default-branch", "commit": "9" * 40}, "introduced": [], "fixed": [], "remaining": [],
            "waived": [], "unknown": [], "warnings": [],
        }  # fmt: skip
        return 200, {**answer, **self.answers.get("gate", {})}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wire: ClassVar[Wire]

    def _answer(self) -> None:
        length = self.headers["Content-Length"]
        body = self.rfile.read(int(length)) if length else b""
        self.wire.calls.append((self.command, self.path))
        self.wire.received.append(self.requestline.encode() + bytes(self.headers) + body)
        self.wire.headers.append(dict(self.headers.items()))
        if self.wire.faults:
            self._fault(self.wire.faults.pop(0))
            return
        status, document = self._checked(length, body)
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status < 400 else "application/problem+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _checked(self, length: str | None, body: bytes) -> tuple[int, dict[str, Any]]:
        said = self.wire.door(self.headers["Authorization"] or "", self.path, body)
        if said is not None:
            return said
        if length is None:
            return 411, {"status": 411, "code": "length-required", "detail": "no length", "retryable": False}
        if self.headers["Content-Encoding"] == "gzip":
            unpacker = zlib.decompressobj(31)
            body = unpacker.decompress(body)
            assert unpacker.eof
            assert not unpacker.unused_data
        # Asked as a proxy, the path is a whole URL.
        path = self.path if self.path.startswith("/") else "/" + self.path.split("/", 3)[3]
        return self.wire.call(self.command, path, body)

    def _fault(self, raw: bytes | None) -> None:
        """Give a raw answer, or none at all, and close."""
        self.close_connection = True
        if raw is not None:
            self.wfile.write(raw)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815 - the names that http.server calls

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


class Server(ThreadingHTTPServer):
    """A server whose clients may hang up, as some tests want them to."""

    daemon_threads = True

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A running server."""
    state = Wire()
    handler = type("Bound", (Handler,), {"wire": state})
    server = Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def no_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the tests run, the agent does not take this machine for an image, whose packages it would report."""
    monkeypatch.setattr(machine, "_CONTAINER_MARKS", ())
    for name in ("KUBERNETES_SERVICE_HOST", "container"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def no_settings_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of all tests starts a server and names it; an application whose agent runs here has no part in that."""
    for name in ("DATABASE_URL", "SECRET_KEY", "PEPPER", "ALLOWED_HOSTS", "DJANGO_SETTINGS_MODULE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small checkout, the working directory, with an environment that names nothing of this machine."""
    root = tmp_path / "shop"
    root.mkdir()
    (root / "parity.toml").write_text('[project]\nname = "shop"\n')
    (root / ".env").write_text("DEBUG=1\nGREETING=hello\n")
    (root / ".env.example").write_text("DEBUG=\nGREETING=\nMISSING_KEY=\n")
    (root / "requirements.txt").write_text("django==5.2.19\nsqlparse==0.5.3\n")
    for name in list(os.environ):
        if name.startswith(("PARITY_", "CI", "GITHUB_", "OTEL_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PARITY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("PARITY_INSTANCE_KIND", "host")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def reporting(checkout: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Wire:
    """The checkout set up to report to the server."""
    del checkout
    monkeypatch.setenv("PARITY_URL", wire.url)
    monkeypatch.setenv("PARITY_TOKEN", TOKEN)
    return wire


@pytest.fixture(scope="session")
def parity() -> list[str]:
    """The command, as installed beside this interpreter."""
    return [str(Path(sys.executable).parent / "parity")]


@pytest.fixture(scope="session")
def agents() -> Path:
    """The directory that holds the agent's package."""
    import paritycheck_agent

    return Path(paritycheck_agent.__path__[0]).parent


def git(root: Path, *arguments: str) -> str:
    """Run git in a checkout, as nobody in particular."""
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "init.defaultBranch=main"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=root, check=True, capture_output=True, text=True
    ).stdout.strip()
