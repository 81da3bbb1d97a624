"""Section processes: the types of one checkout, from all that tells of them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.collectors import processes
from paritycheck_agent.context import Context
from paritycheck_agent.redact import clean
from paritycheck_agent.sources import systemd
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.canonical import join, split

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from paritycheck_agent.context import Collected

CANARY = "canary7hunter2"


@pytest.fixture(autouse=True)
def no_units(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The units of the machine that runs the tests are none of theirs."""
    monkeypatch.setattr(systemd, "FOLDER", str(tmp_path / "units"))


def collect(root: Path, settings: Mapping[str, Any] | None = None, *, candidate: bool = False) -> Collected:
    """What is collected; both bodies of it pass the server's check."""
    context = Context(str(root), {"SECRET": CANARY}, settings or {}, str(root), candidate=candidate)
    collected = processes.collect(context)
    facts, _warnings = clean("processes", collected.facts)
    bodies = split("processes", collected.covers, facts, collected.warnings)
    for body in bodies:
        check_body(body)
        assert CANARY.encode() not in body
    assert [fact["name"] for fact in join(*bodies)["facts"]] == sorted(fact["name"] for fact in facts)
    return collected


def by_name(collected: Collected) -> dict[str, dict[str, Any]]:
    return {fact["name"]: {key: fact[key] for key in fact if key != "name"} for fact in collected.facts}


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        (root / name).write_text(text)


def test_an_empty_checkout_names_no_type(tmp_path: Path) -> None:
    collected = collect(tmp_path)
    assert (collected.facts, collected.covers, collected.warnings) == ([], [], [])


def test_versions_are_those_of_the_installed_packages(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / ".venv")], check=True)
    packages = next((tmp_path / ".venv" / "lib").glob("python*/site-packages"))
    for name in ("gunicorn-26.2.0", "Django-5.2.19", "celery-5.7.0"):
        (packages / f"{name}.dist-info").mkdir()
        (packages / f"{name}.dist-info" / "METADATA").write_text("")
    (tmp_path / "node_modules" / "next").mkdir(parents=True)
    (tmp_path / "node_modules" / "next" / "package.json").write_text(json.dumps({"version": "15.1.2"}))
    write(tmp_path, Procfile="web: gunicorn a\ndev: ./manage.py runserver\nfront: npm start\nother: bin/shop\n")
    (tmp_path / "package.json").write_text(json.dumps({"scripts": {"start": "next start"}}))
    assert by_name(collect(tmp_path)) == {
        "web": {"kind": "gunicorn", "value": "26.2.0", "port": "true", "sources": ["Procfile:1"]},
        "dev": {"kind": "runserver", "value": "5.2.19", "port": "true", "sources": ["Procfile:2"]},
        "front": {"kind": "next", "value": "15.1.2", "port": "true", "sources": ["Procfile:3"]},
        "other": {"kind": "shop", "sources": ["Procfile:4"]},
    }
    assert "value" not in by_name(collect(tmp_path, candidate=True))["web"]


def test_a_package_s_manifest_may_hold_anything(tmp_path: Path) -> None:
    (tmp_path / "node_modules" / "next").mkdir(parents=True)
    write(tmp_path, Procfile="web: npm start\n")
    for version, scripts in ((f"1 {CANARY}", {"start": "next start"}), (["1"], {"start": ["x"]}), (None, [])):
        (tmp_path / "node_modules" / "next" / "package.json").write_text(json.dumps({"version": version}))
        (tmp_path / "package.json").write_text(json.dumps({"scripts": scripts}))
        assert "value" not in by_name(collect(tmp_path))["web"]
    (tmp_path / "package.json").write_text("[" * 100_000)
    assert by_name(collect(tmp_path))["web"] == {"unknown": "unsupported-format", "sources": ["Procfile:1"]}


def test_scripts_of_the_checkout_are_read_and_links_out_of_it_are_not(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    (root / "bin").mkdir(parents=True)
    (tmp_path / "secret").write_text(f"#!/bin/sh\nexec gunicorn {CANARY}\n")
    (root / "bin" / "web.sh").write_text(f"#!/bin/sh\nexport A={CANARY}\nexec gunicorn --key {CANARY}\n")
    (root / "bin" / "out.sh").symlink_to(tmp_path / "secret")
    (root / "bin" / "large").write_bytes(b"#!/bin/sh\nexec gunicorn\n" + b"#" * 100_000)
    lines = ["web: bin/web.sh", "out: bin/out.sh", "up: sh ../secret", "large: bin/large", f"odd: sh {'a' * 5000}.sh"]
    write(root, Procfile="\n".join(lines))
    kinds = {name: fact.get("kind", fact.get("unknown")) for name, fact in by_name(collect(root)).items()}
    none = "unsupported-format"
    assert kinds == {"web": "gunicorn", "out": none, "up": none, "large": "large", "odd": none}
    write(root, Dockerfile='FROM python:3\nCMD ["./bin/web.sh"]\n')
    (root / "Procfile").unlink()
    assert by_name(collect(root))["web"]["kind"] == "gunicorn"


def test_the_first_source_counts_and_sources_are_joined(tmp_path: Path) -> None:
    compose = """\
services:
  web: { build: ., command: python manage.py runserver, logging: { driver: local }, stop_signal: INT }
  worker: { build: ., command: celery worker }
"""
    write(tmp_path, Procfile=f"web: gunicorn a --password={CANARY}\n", Dockerfile="FROM python:3\n")
    (tmp_path / "compose.yaml").write_text(compose)
    collected = collect(tmp_path)
    sources = ["Procfile:1", "compose.yaml:2"]
    assert by_name(collected) == {
        "web": {"kind": "gunicorn", "port": "true", "sources": sources},
        "web.log-driver": {"value": "local", "sources": sources},
        "web.stop-signal": {"value": "SIGINT", "sources": sources},
        "worker": {"kind": "celery", "sources": ["compose.yaml:3"]},
    }
    assert collected.covers == [""]
    assert collected.warnings == ["web: Procfile:1 runs gunicorn, compose.yaml:2 runs runserver; the first counts"]


def test_a_source_that_knows_the_program_counts_before_one_that_does_not(tmp_path: Path) -> None:
    write(tmp_path, Procfile="web: $COMMAND\n", Dockerfile="FROM python:3\n")
    (tmp_path / "compose.yaml").write_text("services: { web: { build: ., command: gunicorn a } }")
    assert by_name(collect(tmp_path))["web"]["kind"] == "gunicorn"
    (tmp_path / "compose.yaml").unlink()
    assert by_name(collect(tmp_path))["web"] == {"unknown": "unsupported-format", "sources": ["Procfile:1"]}


def test_types_beyond_the_limit_are_told_and_cover_nothing(tmp_path: Path) -> None:
    services = "".join(f"  type{number}: {{ build: ., command: gunicorn a }}\n" for number in range(201))
    (tmp_path / "compose.yaml").write_text(f"services:\n{services}")
    collected = collect(tmp_path)
    assert len(collected.facts) == 200
    assert collected.covers == []
    assert collected.warnings == ["types of process left out: 1; at most 200 of one source are sent"]


def test_a_dockerfile_is_the_last_resort(tmp_path: Path) -> None:
    write(tmp_path, Dockerfile="FROM python:3\nCMD uvicorn shop:app\n")
    collected = collect(tmp_path)
    assert by_name(collected) == {"web": {"kind": "uvicorn", "port": "true", "sources": ["Dockerfile:2"]}}
    assert collected.covers == []
    write(tmp_path, Procfile="worker: celery worker\n")
    assert list(by_name(collect(tmp_path))) == ["worker"]


def test_units_of_this_host_count_before_what_is_declared(tmp_path: Path) -> None:
    (tmp_path / "units").mkdir()
    root = tmp_path / "shop"
    root.mkdir()
    unit = f"[Service]\nWorkingDirectory={root}\nEnvironment=A={CANARY}\nExecStart=/usr/bin/uvicorn {CANARY}\n"
    (tmp_path / "units" / "shop-web.service").write_text(unit)
    write(root, Procfile="web: gunicorn a\n")
    found = by_name(collect(root))
    assert found["web"]["kind"] == "uvicorn"
    assert found["web"]["sources"] == [str(tmp_path / "units" / "shop-web.service"), "Procfile:1"]
    assert found["web.stop-signal"]["value"] == "SIGTERM"
    named = collect(tmp_path, {"processes": {"units": ["shop-web"]}, "project": {"name": "shop"}})
    assert by_name(named)["web"]["kind"] == "uvicorn"
    assert by_name(collect(root, candidate=True))["web"]["kind"] == "gunicorn"


def test_a_compose_file_that_is_not_read_whole_covers_nothing(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("include: [missing.yaml]\nservices: { web: { image: shop, command: puma } }")
    collected = collect(tmp_path)
    assert by_name(collected)["web"]["kind"] == "puma"
    assert collected.covers == []
    assert len(collected.warnings) == 1


def test_names_that_hold_a_token_are_in_no_warning(tmp_path: Path) -> None:
    token = "ghp_0123456789abcdef0123456789abcdef0123"
    write(tmp_path, Procfile=f"{token}: gunicorn a\n", Dockerfile="FROM python:3\n")
    (tmp_path / "compose.yaml").write_text(f"services: {{ {token}: {{ build: ., command: puma }} }}")
    collected = collect(tmp_path)
    assert token not in repr(collected.warnings)
    assert clean("processes", collected.facts)[0] == []
