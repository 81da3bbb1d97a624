"""More places for canaries: what pipelines, clusters, charts, bills of materials, migrations and units say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SBOM, TAGS, CLUSTER = "image.cdx.json", "image.spdx", "cluster.json"


def _write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def plant_pipelines(root: Path, values: Iterator[str]) -> None:
    """Files of pipelines and platforms: values of variables, arguments, scripts and options."""
    _write(root, ".github/workflows/ci.yml", (
        f"env: {{A: {next(values)}}}\njobs:\n  test:\n    env: {{B: {next(values)}}}\n    services:\n"
        f"      postgres:\n        image: postgres:16\n        env: {{POSTGRES_PASSWORD: {next(values)}}}\n"
        f"        credentials: {{username: {next(values)}, password: {next(values)}}}\n"
        f"        options: --health-cmd {next(values)}\n    steps: [{{run: 'echo {next(values)}'}}]\n"
    ))  # fmt: skip
    _write(root, ".gitlab-ci.yml", (
        f"variables: {{TOKEN: {next(values)}}}\ntest:\n  script: ['curl {next(values)}']\n  services:\n"
        f"    - {{name: 'mysql:8', command: ['--init={next(values)}'], variables: {{ROOT: {next(values)}}}}}\n"
    ))  # fmt: skip
    _write(root, "bitbucket-pipelines.yml", (
        f"definitions: {{services: {{db: {{image: {{name: 'redis:7', username: u, password: {next(values)}}}, "
        f"variables: {{X: {next(values)}}}}}}}}}\n"
        f"pipelines: {{default: [{{step: {{services: [db], script: ['{next(values)}']}}}}]}}\n"
    ))  # fmt: skip
    _write(root, ".circleci/config.yml", (
        "jobs: {test: {docker: [{image: 'cimg/python:3.12'}, {image: 'cimg/postgres:16.1', "
        f"environment: {{P: {next(values)}}}, auth: {{username: u, password: {next(values)}}}}}]}}}}\n"
    ))  # fmt: skip
    env = {"SECRET": {"value": next(values), "description": next(values)}, "PLAIN": next(values)}
    addons = [{"plan": "heroku-redis:mini", "options": {"x": next(values)}}]
    _write(root, "app.json", json.dumps({"env": env, "addons": addons, "scripts": {"postdeploy": next(values)}}))


def plant_manifests(root: Path, values: Iterator[str]) -> None:
    """Manifests and a chart of the checkout, and what kubectl would give of a cluster."""
    _write(root, "k8s/web.yaml", (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n"
        f"  annotations: {{note: {next(values)}}}\nspec:\n  template:\n    spec:\n      containers:\n"
        "        - name: web\n          image: redis:7\n"
        f"          command: [redis-server, --requirepass, {next(values)}]\n"
        f"          env: [{{name: A, value: {next(values)}}}]\n"
        f"---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{K: {next(values)}}}\n"
        f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {{K: {next(values)}}}\n"
    ))  # fmt: skip
    _write(root, "charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\n")
    _write(root, "charts/shop/values.yaml", (
        f"postgresql: {{image: {{repository: bitnami/postgresql, tag: '16'}}, auth: {{password: {next(values)}}}}}\n"
        f"env: {{KEY: {next(values)}}}\n"
    ))  # fmt: skip
    container = {
        "name": "web", "image": "registry.example/shop:1", "command": ["gunicorn", "--key", next(values)],
        "args": [next(values)], "env": [{"name": "INLINE", "value": next(values)}], "envFrom": [
            {"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "keys"}},
        ],
    }  # fmt: skip
    pod = {"containers": [container], "hostAliases": [{"hostnames": [next(values)]}]}
    items = [
        {"kind": "Deployment", "metadata": {"name": "web", "annotations": {"a": next(values)}},
         "spec": {"replicas": 1, "template": {"spec": pod}}},
        {"kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"FROM_MAP": next(values)}},
        {"kind": "Secret", "metadata": {"name": "keys", "annotations": {"last-applied": next(values)}},
         "data": {"FROM_SECRET": next(values)}, "stringData": {"FROM_STRING": next(values)}},
    ]  # fmt: skip
    _write(root, CLUSTER, json.dumps({"kind": "List", "items": items}))


def plant_bills(root: Path, values: Iterator[str]) -> None:
    """Bills of materials: all that is no name and no version."""
    component = {
        "type": "library", "name": "six", "version": "1.16.0", "purl": "pkg:pypi/six@1.16.0",
        "description": next(values), "copyright": next(values), "author": next(values),
        "licenses": [{"license": {"name": next(values)}}], "properties": [{"name": "a", "value": next(values)}],
        "externalReferences": [{"type": "vcs", "url": f"https://{next(values)}:{next(values)}@git.example/x"}],
    }  # fmt: skip
    remote = f"pkg:pypi/idna@3.7?download_url=https://{next(values)}:{next(values)}@pypi.example/x#{next(values)}"
    components = [component, {"type": "library", "name": "idna", "version": "3.7", "purl": remote}]
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components}
    _write(root, SBOM, json.dumps({**document, "metadata": {"properties": [{"name": "b", "value": next(values)}]}}))
    _write(root, TAGS, (
        f"SPDXVersion: SPDX-2.3\nDocumentName: {next(values)}\nCreator: Person: {next(values)}\n"
        "PackageName: attrs\nSPDXID: SPDXRef-attrs\nPackageVersion: 24.2.0\n"
        f"PackageDownloadLocation: https://{next(values)}@pypi.example/attrs\n"
        f"PackageComment: <text>{next(values)}</text>\n"
        "ExternalRef: PACKAGE-MANAGER purl pkg:pypi/attrs@24.2.0\n"
    ))  # fmt: skip


def plant_migrations(root: Path, values: Iterator[str]) -> None:
    """Scripts of two tools, and the configuration that names their database."""
    _write(root, "alembic.ini", (
        f"[alembic]\nscript_location = alembic\nsqlalchemy.url = postgres://{next(values)}:{next(values)}@h/d\n"
    ))  # fmt: skip
    _write(root, "alembic/versions/a.py", (
        f'"""{next(values)}"""\nrevision = "a1b2c3d4e5f6"\ndown_revision = None\n'
        f'def upgrade():\n    op.execute("CALL f(\'{next(values)}\')")\n'
    ))  # fmt: skip
    _write(root, "manage.py", f"SECRET = '{next(values)}'\n")
    _write(root, "till/migrations/0001_initial.py", (
        f"class Migration:\n    dependencies = []\n    operations = [RunSQL('{next(values)}')]\n"
    ))  # fmt: skip


def plant_unit(folder: Path, root: Path, values: Iterator[str]) -> None:
    """A unit of systemd that runs the checkout, with a drop-in."""
    _write(folder, "shop-web.service", (
        f"[Unit]\nDescription={next(values)}\n[Service]\nWorkingDirectory={root}\nEnvironment=IN_UNIT={next(values)}\n"
        f'Environment="TWO={next(values)}" THREE={next(values)}\nUser={next(values)}\n'
        f"ExecStart=/usr/bin/gunicorn shop.wsgi --password {next(values)}\n"
    ))  # fmt: skip
    _write(folder, "shop-web.service.d/more.conf", (
        f"[Service]\nEnvironment=FOUR={next(values)}\nExecStartPre=/bin/echo {next(values)}\n"
    ))  # fmt: skip
