"""Signing in by the id token of a CI job: where it comes from, where it goes, and that it goes nowhere else."""

from __future__ import annotations

import base64
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from typing_extensions import override

from paritycheck_agent.cli import main
from paritycheck_agent.config import load
from tests.agent.conftest import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.agent.conftest import Wire


def jwt(secret: str) -> str:
    """A token of the right form; only a server that has the key can tell more."""
    parts = (json.dumps({"alg": "RS256"}), json.dumps({"sub": secret}), secret)
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


ID = jwt("canary-identity")
REQUEST_TOKEN = "canary-request-token"
COMMIT = ("--commit", "3f1c" * 10, "--environment", "production")
EXCHANGED = {
    "access_token": TOKEN, "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
    "token_type": "Bearer", "expires_in": 600, "scope": "gate deploy record",
}  # fmt: skip


def raw(status: int, document: Any, kind: str = "application/json") -> bytes:
    data = json.dumps(document).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n"
    return head.encode() + data


class GitHub(BaseHTTPRequestHandler):
    """The address of id tokens that GitHub's runner gives a job with `permissions: id-token: write`."""

    asked: list[tuple[str, str]]
    answer: bytes

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Authorization"]))
        self.wfile.write(self.answer)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[GitHub]]:
    handler = type("Bound", (GitHub,), {"asked": [], "answer": raw(200, {"count": 1, "value": ID})})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}/idtoken/7/x?api-version=2.0"
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", url)
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN)
    yield handler
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def pipeline(reporting: Wire, monkeypatch: pytest.MonkeyPatch) -> Wire:
    """A job without a stored token; the server exchanges once."""
    for name in ("PARITY_TOKEN", "BUILDKITE", "GITLAB_CI", "BUILDKITE_JOB_ID", "ACTIONS_ID_TOKEN_REQUEST_URL"):
        monkeypatch.delenv(name, raising=False)
    reporting.faults.append(raw(200, EXCHANGED))
    return reporting


def exchange(wire: Wire) -> dict[str, Any]:
    """What the exchange sent, without what is the same each time."""
    assert wire.calls[0] == ("POST", "/api/v1/auth/oidc")
    assert "Authorization" not in wire.headers[0]
    document: dict[str, Any] = json.loads(wire.received[0][wire.received[0].index(b"{") :])
    assert document.pop("grant_type") == "urn:ietf:params:oauth:grant-type:token-exchange"
    assert document.pop("subject_token_type") == "urn:ietf:params:oauth:token-type:id_token"
    return document


def test_github_is_asked_for_an_id_token_for_this_server_alone(pipeline: Wire, github: type[GitHub]) -> None:
    assert main(["gate"]) == 0
    ((path, authorization),) = github.asked
    assert parse_qs(urlsplit(path).query) == {"api-version": ["2.0"], "audience": [pipeline.url]}
    assert authorization == f"Bearer {REQUEST_TOKEN}"
    assert exchange(pipeline) == {"subject_token": ID, "project": "shop"}
    assert pipeline.headers[-1]["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("name", ["PARITY_ID_TOKEN", "CIRCLE_OIDC_TOKEN_V2"])
def test_gitlab_and_circleci_set_it_in_a_variable(pipeline: Wire, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, ID)
    assert main(["deploy", *COMMIT]) == 0
    assert exchange(pipeline)["subject_token"] == ID
    assert pipeline.deploys[0]["commit"] == COMMIT[1]


def test_buildkites_agent_is_asked_by_its_command(
    pipeline: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "bin" / "buildkite-agent"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\necho {ID}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("BUILDKITE", "true")
    monkeypatch.setenv("BUILDKITE_JOB_ID", "7")
    assert main(["gate"]) == 0
    assert exchange(pipeline)["subject_token"] == ID
    assert (tmp_path / "asked").read_text() == f"oidc request-token --audience {pipeline.url}\n"


def test_who_waits_for_longer_than_a_token_lasts_signs_in_again(
    pipeline: Wire, github: type[GitHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.faults[:] = [raw(200, {**EXCHANGED, "expires_in": 1})]
    pipeline.answers["gate"] = {"verdict": "unknown", "exit_code": 4, "reason": "stale"}

    def sleep(seconds: float) -> None:
        assert seconds > 0
        pipeline.answers.clear()
        pipeline.faults.append(raw(200, EXCHANGED))

    monkeypatch.setattr("time.sleep", sleep)
    assert main(["gate", "--wait", "30m"]) == 0
    assert [path for _method, path in pipeline.calls].count("/api/v1/auth/oidc") == 2
    assert len(github.asked) == 2


def test_a_token_that_is_set_goes_before_any_id_token(reporting: Wire, github: type[GitHub]) -> None:
    assert main(["gate"]) == 0
    assert github.asked == []
    assert not any("oidc" in path for _method, path in reporting.calls)


def test_it_remembers_by_pipeline_and_project_so_that_no_run_leaves_a_folder(
    pipeline: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PARITY_ID_TOKEN", ID)
    assert main(["gate"]) == 0
    pipeline.faults.append(raw(200, {**EXCHANGED, "access_token": "pcg_other"}))
    main(["gate"])
    assert len({path.name for path in (tmp_path / "state").iterdir() if path.is_dir()} - {"locks"}) == 1


PROBLEM = "application/problem+json"
REFUSALS: list[tuple[bytes, int, str]] = [
    (raw(401, {"status": 401, "code": "unauthenticated", "detail": "x"}, PROBLEM), 3, "It counts once"),
    (raw(404, {"status": 404, "code": "not-found", "detail": "no such"}, PROBLEM), 2, "whom it trusts"),
    (raw(200, {**EXCHANGED, "access_token": "two words"}), 3, "no token"),
    (raw(200, {"access_token": TOKEN}), 3, "no token"),
    (raw(200, [1]), 3, "without our JSON"),
    (raw(302, {}), 3, "redirects are not followed"),
    (b"", 3, "cannot be reached"),
]  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS, ids=[case[2] + str(case[1]) for case in REFUSALS])
def test_a_server_that_gives_no_token_is_never_0_and_is_never_shown_the_id_token_again(
    pipeline: Wire,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    case: tuple[bytes, int, str],
) -> None:
    answer, code, said = case
    monkeypatch.setattr("paritycheck_agent.transport.client._BACKOFF_S", 0)
    monkeypatch.setenv("PARITY_ID_TOKEN", ID)
    pipeline.faults[:] = [answer] * 4
    assert main(["gate"]) == code
    told = capsys.readouterr()
    assert said in told.err
    kept = "".join(path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())
    assert ID not in told.out + told.err + kept
    assert {path for _method, path in pipeline.calls} == {"/api/v1/auth/oidc"}


def test_by_http_to_another_machine_no_id_token_is_even_asked_for(
    pipeline: Wire, github: type[GitHub], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PARITY_URL", "http://parity.example")
    assert main(["gate"]) == 2
    assert "by https only" in capsys.readouterr().err
    assert (github.asked, pipeline.calls) == ([], [])


@pytest.mark.parametrize(("mark", "hint"), [("GITHUB_ACTIONS", "id-token: write"), ("GITLAB_CI", "id_tokens:")])
def test_a_job_that_has_no_id_token_is_told_how_to_get_one(
    pipeline: Wire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mark: str, hint: str
) -> None:
    monkeypatch.setenv(mark, "true")
    assert main(["gate"]) == 2
    assert hint in capsys.readouterr().err
    assert pipeline.calls == []


NO_TOKENS = ["canary", "canary." * 3, "a.b.c d", "x" * 20_000 + ".b.c"]


@pytest.mark.parametrize("value", NO_TOKENS)
def test_what_is_no_token_is_said_and_not_shown(
    pipeline: Wire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    monkeypatch.setenv("PARITY_ID_TOKEN", value)
    assert main(["gate"]) == 2
    said = capsys.readouterr().err
    assert "no JSON Web Token" in said
    assert "canary" not in said
    assert pipeline.calls == []


GITHUBS = [raw(403, {"message": "canary"}), raw(200, {"value": 7}), raw(200, "canary"), b"canary", b""]


@pytest.mark.parametrize("answer", GITHUBS)
def test_where_github_gives_none_nothing_is_passed(
    pipeline: Wire, github: type[GitHub], capsys: pytest.CaptureFixture[str], answer: bytes
) -> None:
    github.answer = answer
    assert main(["gate"]) == 3
    assert main(["gate", "--on-error", "pass"]) == 0
    said = capsys.readouterr().err
    assert "GitHub gives no id token" in said
    assert "NOT PASSED" in said
    assert "canary" not in said
    assert pipeline.calls == []


def test_an_address_of_github_that_is_not_https_is_not_asked(
    pipeline: Wire, github: type[GitHub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", "http://elsewhere.example/?x=1")
    assert main(["gate"]) == 2
    assert (github.asked, pipeline.calls) == ([], [])


def test_doctor_says_which_way_it_signs_in(
    pipeline: Wire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PARITY_ID_TOKEN", ID)
    pipeline.faults.append(raw(401, {"status": 401, "code": "unauthenticated"}, "application/problem+json"))
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "signs in with the id token of GitLab CI, for: gate deploy record" in said
    assert "this one is spent now" in said
    assert main(["doctor"]) == 3
    said += capsys.readouterr().out
    assert "the server takes no id token of GitLab CI" in said
    assert ID not in said
    assert TOKEN not in said


def test_collectors_and_their_programs_never_see_it(checkout: Path) -> None:
    secrets = {
        "PARITY_ID_TOKEN", "PARITY_ID_TOKEN_DEPLOY", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL",
        "CIRCLE_OIDC_TOKEN_V2"
    }  # fmt: skip
    environ = dict.fromkeys(secrets, ID)
    assert (
        load(str(checkout), {**environ, "PARITY_STATE_DIR": str(checkout)}).public_environ().keys() & secrets == set()
    )
