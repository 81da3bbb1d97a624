"""What a gate sends of the files that declare services: images and lines, no value of any of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from paritycheck_agent.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.agent.conftest import Wire

FILES = {
    ".github/workflows/ci.yml": """\
env: {TOP: canary}
jobs:
  test:
    env: {JOB: canary}
    services:
      postgres:
        image: postgres:16
        credentials: {username: canary, password: canary}
        env: {POSTGRES_PASSWORD: canary, POSTGRES_USER: "${{ secrets.canary }}"}
        options: --name canary
        ports: ["5432:5432"]
""",
    ".gitlab-ci.yml": """\
variables: {MYSQL_PASSWORD: canary}
test:
  services: [{name: "mysql:8.0", alias: db, command: ["--canary"], variables: {ROOT: canary}}]
""",
    "k8s/cache.yaml": """\
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {SECRET_KEY: canary}
data: {OTHER_KEY: Y2FuYXJ5}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cache, annotations: {note: canary}}
spec:
  template:
    spec:
      containers:
        - name: cache
          image: redis:7.2
          args: ["--requirepass", canary]
          env: [{name: PASSWORD, value: canary}]
""",
    "charts/shop/Chart.yaml": "name: shop\n",
    "charts/shop/values.yaml": "queue: {image: 'rabbitmq:3.13', auth: {password: canary}}\n",
    "app.json": '{"env": {"FROM_APP": {"value": "canary"}}, "addons": ["memcachier:canary"]}',
}
EXPECTED = {
    "postgres": ("postgresql", [".github/workflows/ci.yml:7"]), "db": ("mysql", [".gitlab-ci.yml:3"]),
    "cache": ("redis", ["k8s/cache.yaml:15"]), "queue": ("rabbitmq", ["charts/shop/values.yaml:1"]),
    "memcachier": ("memcached", ["app.json:1"]),
}  # fmt: skip


def plant(root: Path) -> None:
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def services(bodies: list[bytes]) -> dict[str, dict[str, Any]]:
    """Facts and evidence of the section, joined by name."""
    found: dict[str, dict[str, Any]] = {}
    for body in bodies:
        head, *lines = [json.loads(line) for line in body.splitlines()]
        for fact in lines if "services" in head.values() else ():
            found.setdefault(fact["name"], {}).update(fact)
    return found


def test_a_gate_sends_images_and_lines_and_no_value(reporting: Wire, checkout: Path) -> None:
    plant(checkout)
    assert main(["gate"]) == 0
    found = services(list(reporting.bodies.values()))
    assert {name: (fact["kind"], fact["sources"]) for name, fact in found.items()} == EXPECTED
    sent = b"\n".join([*reporting.received, *reporting.bodies.values()])
    assert b"FROM_APP" in sent
    assert b"canary" not in sent
    assert b"Y2FuYXJ5" not in sent


def test_a_laptop_s_report_sends_none_of_them(reporting: Wire, checkout: Path) -> None:
    plant(checkout)
    assert main(["report"]) == 0
    assert services(list(reporting.bodies.values())) == {}


def test_a_job_s_report_sends_its_own_services(
    reporting: Wire, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(checkout)
    monkeypatch.delenv("PARITY_INSTANCE_KIND")
    monkeypatch.setenv("GITHUB_JOB", "test")
    monkeypatch.setenv("GITHUB_WORKFLOW_REF", "acme/shop/.github/workflows/ci.yml@refs/heads/main")
    monkeypatch.setenv("DATABASE_URL", "postgres://canary:canary@postgres:1/canary")
    assert main(["report"]) == 0
    found = services(list(reporting.bodies.values()))
    assert set(found) == {"database"}
    assert (found["database"]["value"], found["database"]["via"]) == ("16", "declared")
    assert found["database"]["sources"] == [".github/workflows/ci.yml:7", "env"]
    assert b"canary" not in b"\n".join([*reporting.received, *reporting.bodies.values()])
