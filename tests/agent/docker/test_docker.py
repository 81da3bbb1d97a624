"""What a real Docker engine tells of a project's containers, and what of it is sent."""

from __future__ import annotations

import gzip
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.collectors import config, processes, release, services
from paritycheck_agent.context import Context, Unknown
from paritycheck_agent.redact import clean
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.canonical import split
from tests.agent.docker.conftest import REVISION, Engine, Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paritycheck_agent.context import Collected

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("docker")]

ON: dict[str, Any] = {"docker": {"enabled": True}}
COMPOSE = """\
services:
  web: { build: ., command: python manage.py runserver }
  database: { image: "postgres:13", environment: { POSTGRES_PASSWORD: canary-compose } }
"""
PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"
FOLDER, ONE_OFF = "com.docker.compose.project.working_dir", "com.docker.compose.oneoff"


def labelled(service: str, folder: Path, **more: str) -> dict[str, str]:
    """The labels that compose gives a container, and one of its own."""
    return {PROJECT: "shop", SERVICE: service, FOLDER: str(folder), ONE_OFF: "False", "note": "canary-label", **more}


@pytest.fixture(scope="module")
def root(engine: Engine) -> Iterator[Path]:
    """A checkout whose project runs: two of web, a worker that fails, a task, a database; and a stranger beside it."""
    with tempfile.TemporaryDirectory(prefix="pc-") as name:
        folder = Path(name) / "shop"
        folder.mkdir()
        (folder / "compose.yaml").write_text(COMPOSE)
        (folder / ".env.example").write_text("BAKED=\n")
        _fill(engine, folder)
        yield folder


def _fill(engine: Engine, folder: Path) -> None:
    secret = "--password=canary-argument"
    given = {
        "RUNTIME_KEY": "canary-runtime",
        "DATABASE_URL": "postgres://canary-user:canary-word@database:5432/canary-name",
    }
    started = {
        f"web-{number}": engine.start(
            f"web-{number}", ["gunicorn", secret], labels=labelled("web", folder), environment=given,
            stop_signal="SIGQUIT", log_config={"Type": "local", "Config": {"max-size": "7m"}},
        )
        for number in (1, 2)
    }  # fmt: skip
    again = {"Name": "on-failure", "MaximumRetryCount": 2}
    command = ["sh", "-c", f"exec celery --fail {secret}"]
    failing = engine.start("worker-1", command, labels=labelled("worker", folder), restart_policy=again)
    task = labelled("task", folder, **{ONE_OFF: "True"})
    started["task"] = engine.start("task-1", ["shop", "canary-task"], labels=task)
    started["database"] = engine.start(
        "database-1", ["postgres"], image="postgres:16.9-alpine", labels=labelled("database", folder)
    )
    engine.start("other-1", ["shop", secret], labels=labelled("other", folder.parent, own="yes"))
    end = time.monotonic() + 30
    while (state := engine.api.inspect_container(failing))["RestartCount"] < 2 or state["State"]["Status"] != "exited":
        assert time.monotonic() < end
        time.sleep(0.05)


def context(root: Path, host: str, settings: Mapping[str, Any] = ON) -> Context:
    return Context(str(root), {"DOCKER_HOST": host, "PATH": os.environ["PATH"]}, settings, str(root))


def facts_of(section: str, collected: Collected) -> dict[str, dict[str, Any]]:
    """The facts by name; both bodies pass the server's check and hold no canary."""
    facts, _warnings = clean(section, collected.facts)
    for body in split(section, collected.covers, facts, collected.warnings):
        check_body(body)
        assert b"canary" not in body
    return {fact["name"]: {key: fact[key] for key in fact if key != "name"} for fact in facts}


def test_processes_are_those_that_run(engine: Engine, root: Path) -> None:
    collected = processes.collect(context(root, engine.host))
    assert facts_of("processes", collected) == {
        "web": {
            "kind": "gunicorn", "port": "true", "replicas": 2, "restarts": 0, "sources": ["docker", "compose.yaml:2"],
        },
        "web.log-driver": {"value": "local", "sources": ["docker", "compose.yaml:2"]},
        "web.stop-signal": {"value": "SIGQUIT", "sources": ["docker", "compose.yaml:2"]},
        "worker": {"kind": "celery", "replicas": 0, "restarts": 2, "exit_codes": [3], "sources": ["docker"]},
        "worker.log-driver": {"value": "json-file", "sources": ["docker"]},
        "worker.stop-signal": {"value": "SIGTERM", "sources": ["docker"]},
    }  # fmt: skip
    assert collected.warnings == ["web: docker runs gunicorn, compose.yaml:2 runs runserver; the first counts"]


def test_a_service_s_running_image_counts_before_the_declared_one(engine: Engine, root: Path) -> None:
    facts = facts_of("services", services.collect(context(root, engine.host)))
    assert facts == {
        "database": {
            "kind": "postgresql", "via": "declared", "value": "16.9", "declared": "13", "keys": ["DATABASE_URL"],
            "resource": "r1", "sources": ["docker", "compose.yaml:3"],
        },
    }  # fmt: skip


def test_configuration_that_a_container_was_given_is_listed_and_its_image_s_is_not(engine: Engine, root: Path) -> None:
    facts = facts_of("config", config.collect(context(root, engine.host)))
    assert facts["RUNTIME_KEY"]["sources"] == ["docker"]
    assert facts["DATABASE_URL"]["scheme"] == "postgres"
    assert facts["BAKED"]["sources"] == ["docker", ".env.example:1"]
    assert "PATH" not in facts


def test_the_release_is_that_of_the_image_where_nothing_better_tells(engine: Engine, root: Path) -> None:
    assert facts_of("release", release.collect(context(root, engine.host))) == {
        "artifact": {"value": engine.digest, "sources": ["docker"]},
        "commit": {"value": REVISION, "sources": ["docker"]},
        "repository": {"value": "git.example/a/shop", "sources": ["docker"]},
    }


def test_a_pipeline_s_commit_counts_before_the_image_s(engine: Engine, root: Path) -> None:
    seen = context(root, engine.host)
    seen.environ = {**seen.environ, "GITHUB_ACTIONS": "true", "GITHUB_SHA": "f" * 40}
    facts = facts_of("release", release.collect(seen))
    assert (facts["commit"]["value"], facts["artifact"]["value"]) == ("f" * 40, engine.digest)


def test_a_label_names_the_containers_otherwise(engine: Engine, root: Path) -> None:
    settings = {"docker": {"enabled": True, "label": "own=yes"}}
    facts = facts_of("processes", processes.collect(context(root, engine.host, settings)))
    assert facts["other"] == {"kind": "shop", "replicas": 1, "restarts": 0, "sources": ["docker"]}
    assert "worker" not in facts
    named = context(root.parent, engine.host)
    named.environ = {**named.environ, "COMPOSE_PROJECT_NAME": "shop"}
    assert facts_of("processes", processes.collect(named)).keys() >= {"web", "worker", "other"}


def test_a_proxy_that_denies_inspecting_costs_what_only_inspecting_tells(
    denying: Proxy, engine: Engine, root: Path
) -> None:
    seen = context(root, denying.host)
    collected = processes.collect(seen)
    sources = ["docker", "compose.yaml:2"]
    assert facts_of("processes", collected) == {
        "web": {"kind": "gunicorn", "port": "true", "replicas": 2, "sources": sources},
        "worker": {"kind": "celery", "replicas": 0, "exit_codes": [3], "sources": ["docker"]},
    }
    assert collected.warnings[0] == (
        "Docker does not tell what a container was started with (status 403): "
        "restarts, stop signals, logging drivers and configuration names are not told"
    )
    assert facts_of("release", release.collect(seen))["artifact"]["value"] == engine.digest
    assert facts_of("services", services.collect(seen))["database"]["value"] == "16.9"
    told = config.collect(seen)
    assert "RUNTIME_KEY" not in facts_of("config", told)
    assert len(told.warnings) == 1
    assert set(denying.asked) - set(denying.denied) == {"version", "containers/json", "images/json"}
    assert len(denying.denied) == 1


def test_no_value_is_in_any_byte_that_show_writes(
    engine: Engine, root: Path, tmp_path: Path, parity: list[str]
) -> None:
    (root / "parity.toml").write_text('[project]\nname = "shop"\n[docker]\nenabled = true\n')
    environ = {**os.environ, "DOCKER_HOST": engine.host, "PARITY_STATE_DIR": str(tmp_path / "state")}
    command = [*parity, "show", "--wire", str(tmp_path / "sent")]
    try:
        done = subprocess.run(command, cwd=root, env=environ, capture_output=True, check=True)
    finally:
        (root / "parity.toml").unlink()
    files = [path.read_bytes() for path in (tmp_path / "sent").iterdir()]
    data = b"\n".join([*files, *(gzip.decompress(body) for body in files if body.startswith(b"\x1f\x8b"))])
    assert b'"gunicorn"' in data
    assert b"RUNTIME_KEY" in data
    assert b"canary" not in data + done.stdout + done.stderr


# Where there is no engine, or none is wanted


@pytest.fixture
def listening() -> Iterator[tuple[str, list[int]]]:
    """A socket that counts who connects."""
    came: list[int] = []
    with tempfile.TemporaryDirectory(prefix="pl-") as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{folder}/docker.sock")
        server.listen()
        server.settimeout(0.05)
        done = threading.Event()

        def count() -> None:
            while not done.is_set():
                try:
                    server.accept()[0].close()
                except TimeoutError:
                    continue
                came.append(1)

        thread = threading.Thread(target=count)
        thread.start()
        yield f"unix://{folder}/docker.sock", came
        done.set()
        thread.join()


@pytest.mark.parametrize(
    "settings", [{}, {"docker": {}}, {"docker": {"enabled": "yes"}}, {"docker": {"enabled": False}}]
)
def test_an_engine_is_never_touched_unless_it_is_said(
    listening: tuple[str, list[int]], tmp_path: Path, settings: dict[str, Any]
) -> None:
    host, came = listening
    _collect_all(context(tmp_path, host, settings))
    candidate = Context(str(tmp_path), {"DOCKER_HOST": host}, ON, "", candidate=True)
    _collect_all(candidate)
    assert came == []


def _collect_all(seen: Context) -> list[str]:
    warnings: list[str] = []
    for collector in (processes, services, config, release):
        with suppress(Unknown):
            warnings += collector.collect(seen).warnings
    return warnings


def test_an_engine_that_hangs_up_is_a_warning(listening: tuple[str, list[int]], tmp_path: Path) -> None:
    host, came = listening
    assert set(_collect_all(context(tmp_path, host))) == {"Docker is not asked: no engine answers (DockerException)"}
    assert len(came) == 1


def test_the_sdk_is_an_extra(listening: tuple[str, list[int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docker", None)
    said = set(_collect_all(context(tmp_path, listening[0])))
    assert said == {"Docker is not asked: the SDK is missing; pip install 'paritycheck-agent[docker]'"}
    assert listening[1] == []
