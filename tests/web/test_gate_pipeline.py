"""A pipeline as its shell steps, against a server that listens: what a pull request learns, and what it exits with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from pytest_django.live_server_helper import LiveServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(databases=["default", "heartbeat"], transaction=True),
    pytest.mark.timeout(300),
]
COMPOSE = """\
services:
  web:
    build: .
    environment:
      DATABASE_URL: postgres://db/shop
  db:
    image: postgres:16
"""
WAIVERS = """
[[waivers]]
match = "services/database:version"
reason = "production follows on Monday, OPS-118"
owner = "maria@example.com"
until = 2099-12-31

[[waivers]]
match = "config/SENTRY_DSN:missing"
reason = "the key comes with the release"
owner = "maria@example.com"
until = 2099-12-31
"""
MAIN = "parity gate --record"
CHANGE = """
git switch -q -c bump-pg
sed -i 's/postgres:16/postgres:17/' compose.yaml
echo 'SENTRY_DSN=' >> .env.example
git commit -q -a -m 'PostgreSQL 17, and errors go to Sentry'
"""
GATE = "parity gate --format github --output json=gate.json --output sarif=gate.sarif --output junit=gate.xml"
ACCEPT = """
cat "$WAIVERS" >> parity.toml
git commit -q -a -m 'Accepted until production follows'
"""


@pytest.fixture
def server() -> Iterator[LiveServer]:
    """One that this test may stop."""
    server = LiveServer("127.0.0.1")
    yield server
    server.stop()


class Pipeline:
    """A checkout with the variables of a CI job; each step is run by a shell that stops at the first failure."""

    def __init__(self, place: Path, url: str, token: str) -> None:
        self.root = place / "shop"
        self.root.mkdir()
        (place / "waivers.toml").write_text(WAIVERS)
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        who = {
            f"GIT_{role}_{part}": "ann@example.com" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")
        }
        self.environment = {
            "PATH": programs, "HOME": str(place), "GIT_CONFIG_GLOBAL": os.devnull, **who, "PARITY_URL": url,
            "PARITY_TOKEN": token, "PARITY_DEFAULT_BRANCH": "main", "WAIVERS": str(place / "waivers.toml"),
        }  # fmt: skip

    def step(self, script: str) -> tuple[int, str]:
        ran = subprocess.run(
            ["sh", "-e", "-c", script], cwd=self.root, env=self.environment, capture_output=True, text=True, check=False
        )
        return ran.returncode, ran.stdout + ran.stderr

    def answer(self) -> dict[str, Any]:
        return dict(json.loads((self.root / "gate.json").read_text()))


@pytest.fixture
def pipeline(tmp_path: Path, shop: Any, server: LiveServer) -> Pipeline:
    """Production runs what main declares."""
    keys = [{"name": name, "shape": "text", "declared": True} for name in ("DATABASE_URL", "DEBUG")]
    database = {"name": "database", "kind": "postgresql", "value": "16.9", "keys": ["DATABASE_URL"], "via": "auth"}
    shop.report("production", {"services": [{**database, "sources": ["probe"]}], "config": keys})
    made = Pipeline(tmp_path, server.url, shop.gate_token)
    files = {
        "compose.yaml": COMPOSE,
        ".env.example": "DATABASE_URL=\nDEBUG=\n",
        "parity.toml": '[project]\nname = "shop"\n',
    }
    for name, text in files.items():
        (made.root / name).write_text(text)
    code, said = made.step("git init -q -b main && git add . && git commit -q -m Begin")
    assert code == 0, said
    return made


def test_a_pull_request_learns_which_lines_widen_the_gap(
    pipeline: Pipeline, server: LiveServer, signed_in: Client
) -> None:
    from paritycheck.models import Instance, Verdict

    code, said = pipeline.step(MAIN)
    assert code == 0, said

    assert pipeline.step(CHANGE)[0] == 0
    code, said = pipeline.step(GATE)
    assert code == 1, said
    assert "::error file=compose.yaml,line=7,title=services/database version::" in said
    assert "::error file=.env.example,line=3,title=config/SENTRY_DSN missing::" in said
    assert said.count("::error ") == 2
    page = signed_in.get(urlsplit(pipeline.answer()["url"]).path).content.decode()
    assert "compose.yaml:7" in page
    assert ".env.example:3" in page
    first = {name: (pipeline.root / name).read_bytes() for name in ("gate.sarif", "gate.xml")}

    assert pipeline.step(GATE)[0] == 1
    assert first == {name: (pipeline.root / name).read_bytes() for name in first}, "tried again it says the same"
    assert Verdict.objects.count() == 2

    assert pipeline.step(ACCEPT)[0] == 0
    code, said = pipeline.step(GATE)
    assert code == 0, said
    assert "::error" not in said
    assert [drift["waiver"]["source"] for drift in pipeline.answer()["waived"]] == ["candidate", "candidate"]

    Instance.objects.update(last_seen=datetime.now(UTC) - timedelta(days=2))
    code, said = pipeline.step(GATE)
    assert code == 4, said
    assert pipeline.answer()["reason"] == "stale"

    server.stop()
    code, said = pipeline.step(GATE)
    assert code == 3, said
    assert pipeline.answer()["verdict"] == "unknown"
