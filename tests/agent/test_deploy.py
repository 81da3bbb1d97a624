"""`parity deploy`: what it tells by itself, what it is told to tell, and its exit codes."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.cli import main
from tests.agent.conftest import TOKEN, Wire, git

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "3f1c" * 10


@pytest.fixture
def committed(reporting: Wire, checkout: Path) -> str:
    del reporting
    git(checkout, "init", "-q", "-b", "main")
    git(checkout, "config", "user.name", "Ann Smith")
    git(checkout, "config", "user.email", "ann@example.com")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "Start the shop")
    git(checkout, "tag", "v1.4.0")
    return str(git(checkout, "rev-parse", "HEAD")).strip()


def deploy(*arguments: str, environment: str = "production") -> int:
    return main(["deploy", "--environment", environment, *arguments])


def test_outside_a_pipeline_it_tells_of_the_checkout_and_of_who_works_there(
    reporting: Wire, committed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy() == 0
    assert reporting.deploys == [
        {
            "environment": "production", "commit": committed, "status": "success", "source": "cli", "release": "v1.4.0",
            "actors": [{"role": "trigger", "name": "Ann Smith", "email": "ann@example.com"}],
        }
    ]  # fmt: skip
    assert capsys.readouterr().out == f"deploy kept: production {committed[:12]} success, after 999999999999\n"


def test_in_a_pipeline_it_tells_what_the_pipeline_says(reporting: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {
        "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_SHA": COMMIT, "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_SERVER_URL": "https://github.com", "GITHUB_RUN_ID": "7001", "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_REF": "refs/heads/main", "GITHUB_TRIGGERING_ACTOR": "bo",
    }  # fmt: skip
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    assert deploy(environment="staging") == 0
    (told,) = reporting.deploys
    assert (told["commit"], told["url"]) == (COMMIT, "https://github.com/acme/shop/actions/runs/7001")
    assert told["actors"] == [{"role": "trigger", "login": "bo", "provider": "github"}]
    assert told["external_id"] == f"7001 staging {COMMIT[:12]}"


def test_a_job_that_is_tried_again_tells_of_the_same_deploy(
    reporting: Wire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {
        "GITLAB_CI": "true", "CI": "true", "CI_COMMIT_SHA": COMMIT, "CI_PIPELINE_ID": "9", "GITLAB_USER_LOGIN": "bo",
        "CI_JOB_URL": "https://gitlab.example/acme/shop/-/jobs/4",
    }  # fmt: skip
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    assert (deploy(), deploy()) == (0, 0)
    (told,) = reporting.deploys
    assert told["url"] == "https://gitlab.example/acme/shop/-/jobs/4"
    assert told["actors"] == [{"role": "trigger", "login": "bo", "provider": "gitlab"}]
    assert "the server knew of this deploy already" in capsys.readouterr().out


def test_what_is_named_goes_before_what_is_found(reporting: Wire, committed: str) -> None:
    assert committed
    assert deploy(
        "--commit", COMMIT, "--release", "v42", "--artifact", "sha256:00ff", "--status", "failure", "--id", "run-7",
        "--url", "https://ci.example/7", "--actor", "bo", "--actor", "Cy <cy@example.com>",
        "--approver", "di@example.com",
    ) == 0  # fmt: skip
    assert reporting.deploys == [
        {
            "environment": "production", "commit": COMMIT, "status": "failure", "source": "cli", "release": "v42",
            "artifact": "sha256:00ff", "url": "https://ci.example/7", "external_id": "run-7",
            "actors": [
                {"role": "trigger", "login": "bo", "provider": "github"},
                {"role": "trigger", "name": "Cy", "email": "cy@example.com"},
                {"role": "approver", "email": "di@example.com"},
            ],
        }
    ]  # fmt: skip


@pytest.mark.parametrize("commit", ["", "HEAD", "3f1c9d0", "--", "G" * 40])
def test_without_a_full_commit_nothing_is_told(
    reporting: Wire, commit: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy(*([f"--commit={commit}"] if commit else [])) == 2
    assert reporting.calls == []
    assert "--commit" in capsys.readouterr().err


def reply(status: int, document: Any) -> bytes:
    body = json.dumps(document).encode()
    kind = "application/json" if status < 400 else "application/problem+json"
    return f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [(401, "unauthenticated", 3), (403, "forbidden", 3), (404, "not-found", 2), (422, "invalid-deploy", 2),
     (500, "internal-error", 3)],
)  # fmt: skip
def test_a_refusal_is_2_where_the_question_was_wrong_and_3_elsewhere(
    reporting: Wire, status: int, code: str, expected: int, capsys: pytest.CaptureFixture[str]
) -> None:
    reporting.faults = [reply(status, {"status": status, "code": code, "detail": ""})]
    assert deploy("--commit", COMMIT) == expected
    assert code in capsys.readouterr().err


@pytest.mark.parametrize("answer", [{}, {"id": "x", "commit": "9" * 40}, {"commit": COMMIT}])
def test_an_answer_that_is_not_about_this_deploy_is_3(reporting: Wire, answer: dict[str, Any]) -> None:
    reporting.faults = [reply(201, answer)]
    assert deploy("--commit", COMMIT) == 3


def test_a_server_that_is_away_is_3_and_0_only_where_asked_for_aloud(
    reporting: Wire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del reporting
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PARITY_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        assert deploy("--commit", COMMIT) == 3
        assert deploy("--commit", COMMIT, "--on-error", "pass") == 0
    assert "NOT TOLD" in capsys.readouterr().err


USAGE = [[], ["--environment", "production", "--status", "maybe"], ["--environment"], ["--environment", "x", "y"]]


@pytest.mark.parametrize("arguments", USAGE)
def test_usage_errors_are_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["deploy", *arguments])
    assert stopped.value.code == 2


def test_the_token_is_nowhere_but_in_its_header(
    reporting: Wire, committed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert committed
    deploy()
    sent = reporting.received[-1]
    assert sent.count(TOKEN.encode()) == 1
    assert TOKEN not in "".join(capsys.readouterr())
