"""Services that pipelines, manifests, charts and app.json declare, in a gate's candidate and in the job itself.

The files are written after the formats' own references (the docstrings of the readers name them): none of these
services can run here. PyYAML reads the same files in test_yaml.py.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.context import Context
from paritycheck_agent.sources import configuration, declarations

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from paritycheck_agent.sources.declarations import Declared

WORKFLOW = """\
name: Tests
on: [push]
jobs:
  test:
    runs-on: ubuntu-24.04
    strategy:
      matrix:
        pg: ["16"]
        cache: ["7", "8"]
    services:
      postgres:
        image: postgres:${{ matrix.pg }}-alpine
        env:
          POSTGRES_PASSWORD: canary
        ports:
          - 5432:5432
        options: >-
          --health-cmd pg_isready
      redis:
        image: redis:${{ matrix.cache }}
        ports: ["6379/tcp"]
    steps:
      - run: make test
  search:
    runs-on: ubuntu-24.04
    container: node:20
    services:
      search: opensearchproject/opensearch:2.11.0
      broken: [x]
"""
GITLAB = """\
include:
  - local: /ci/more.yml
  - project: acme/other
    file: x.yml
variables:
  PG: "15"
  ES: {value: "8.13.0", description: which}
default:
  services:
    - mariadb:11.4
.base:
  services:
    - name: postgres:$PG
      alias: db database
    - registry.example.com/tools/redis:7.2
test:
  extends: .base
  image: python:3.12
  script: [make test]
own:
  variables: {PG: "16"}
  services: ["postgres:${PG}", "elasticsearch:$ES", "rabbitmq:$UNTOLD"]
plain:
  script: [make]
both: {extends: [.base, plain]}
refers:
  services: !reference [.base, services]
none:
  services: []
"""
DEPLOYMENT = """\
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {ports: [{port: 5432}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  template:
    spec:
      containers:
        - name: postgres
          image: postgres:16.4
          env:
            - {name: POSTGRES_PASSWORD, value: canary}
        - name: exporter
          image: prometheuscommunity/postgres-exporter:v0.15.0
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers: [{name: web, image: registry.example.com/shop:1}]
"""
VALUES = """\
image:
  repository: registry.example.com/shop
  tag: "1.2"
postgresql:
  enabled: true
  primary:
    image: {registry: docker.io, repository: bitnami/postgresql, tag: 16.2.0-debian-12-r5}
cache:
  image: "valkey/valkey:8-alpine"
broker:
  image:
    repository: rabbitmq
auth:
  image: {tag: "3"}
extra: {image: "{{ .Values.x }}"}
"""


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def declared(
    root: Path, files: Mapping[str, str], environ: Mapping[str, str] | None = None, **tables: object
) -> tuple[dict[str, Declared], list[str]]:
    """What a candidate declares, or, with an environment, the report of a job."""
    write(root, files)
    context = Context(str(root), environ or {}, tables, str(root / ".state"), candidate=environ is None)
    warnings: list[str] = []
    found = declarations.read(context, configuration.read(context).project, warnings)
    return {one.container.name: one for one in found}, warnings


def told(found: Mapping[str, Declared]) -> dict[str, tuple[str, str | None, list[str]]]:
    return {name: (one.image.kind, one.image.version, one.sources) for name, one in found.items()}


def test_a_workflow_declares_its_jobs_services_with_their_lines(tmp_path: Path) -> None:
    path = ".github/workflows/ci.yml"
    found, warnings = declared(tmp_path, {path: WORKFLOW, ".github/workflows/readme.md": "services: x"})
    assert told(found) == {
        "postgres": ("postgresql", "16", [f"{path}:12"]),
        "redis": ("redis", None, [f"{path}:20"]),
        "search": ("opensearch", "2.11.0", [f"{path}:28"]),
    }
    assert found["postgres"].container.ports == {5432: 5432}
    assert warnings == []


@pytest.mark.parametrize(
    ("matrix", "image", "version"),
    [
        ("{pg: [16]}", "postgres:${{matrix.pg}}", "16"),
        ("{pg: [16], include: [{pg: 16, os: x}]}", "postgres:${{ matrix.pg }}", "16"),
        ("{pg: [16], include: [{pg: 17}]}", "postgres:${{ matrix.pg }}", None),
        ("{include: [{pg: 15.4}]}", "postgres:${{ matrix.pg }}", "15.4"),
        ("{pg: [16, 17]}", "postgres:${{ matrix.pg }}", None),
        ('{pg: ["${{ vars.PG }}"]}', "postgres:${{ matrix.pg }}", None),
        ('"${{ fromJSON(x) }}"', "postgres:${{ matrix.pg }}", None),
        ("{}", "postgres:${{ matrix.pg }}", None),
        ("{pg: [16]}", "postgres:${{ matrix.pg || 15 }}", None),
        ("{pg: [16]}", "postgres:1${{ env.MINOR }}", None),
        ("{pg: [16]}", "postgres:16-${{ env.OS }}", "16"),
    ],
)
def test_an_expression_pins_nothing_but_a_single_literal(
    tmp_path: Path, matrix: str, image: str, version: str | None
) -> None:
    text = f"jobs:\n  a:\n    strategy: {{matrix: {matrix}}}\n    services:\n      db:\n        image: {image}\n"
    found, _ = declared(tmp_path, {".github/workflows/a.yaml": text})
    assert told(found) == {"db": ("postgresql", version, [".github/workflows/a.yaml:6"])}


def test_an_image_that_only_the_workflow_knows_is_not_guessed(tmp_path: Path) -> None:
    text = "jobs: {a: {services: {db: {image: '${{ matrix.image }}:16'}}}}"
    assert declared(tmp_path, {".github/workflows/a.yml": text})[0] == {}


def test_two_jobs_of_several_versions_pin_none(tmp_path: Path) -> None:
    text = "jobs:\n  a: {services: {db: {image: 'postgres:15'}}}\n  b: {services: {db: {image: 'postgres:16'}}}\n"
    found, _ = declared(tmp_path, {".github/workflows/a.yml": text})
    assert told(found) == {"db": ("postgresql", None, [".github/workflows/a.yml:2", ".github/workflows/a.yml:3"])}


GITHUB = {"GITHUB_JOB": "test", "GITHUB_WORKFLOW_REF": "acme/shop/.github/workflows/ci.yml@refs/heads/main"}


def test_a_report_counts_the_services_of_the_job_it_comes_from_only(tmp_path: Path) -> None:
    files = {".github/workflows/ci.yml": WORKFLOW, "k8s/db.yaml": DEPLOYMENT, ".gitlab-ci.yml": GITLAB}
    assert set(declared(tmp_path, files, GITHUB)[0]) == {"postgres", "redis"}
    assert set(declared(tmp_path, {}, {**GITHUB, "GITHUB_JOB": "search"})[0]) == {"search"}
    for environ in (
        {"HOME": "/root"}, {"GITHUB_JOB": "test"}, {**GITHUB, "PARITY_INSTANCE_KIND": "host"},
        {**GITHUB, "GITHUB_WORKFLOW_REF": "acme/other/.github/workflows/gone.yml@v1"},
        {**GITHUB, "GITHUB_WORKFLOW_REF": "acme/shop/.github/workflows/../../x.yml@v1"},
    ):  # fmt: skip
        assert declared(tmp_path, {}, environ)[0] == {}


def test_a_gitlab_pipeline_declares_services_of_all_its_jobs(tmp_path: Path) -> None:
    more = "services:\n  - memcached:1.6\n"
    found, warnings = declared(tmp_path, {".gitlab-ci.yml": GITLAB, "ci/more.yml": more})
    assert told(found) == {
        "memcached": ("memcached", "1.6", ["ci/more.yml:2"]),
        "mariadb": ("mariadb", "11.4", [".gitlab-ci.yml:10"]),
        "db": ("postgresql", "15", [".gitlab-ci.yml:13"]),
        "registry.example.com-tools-redis": ("redis", None, [".gitlab-ci.yml:15"]),
        "postgres": ("postgresql", "16", [".gitlab-ci.yml:22"]),
        "elasticsearch": ("elasticsearch", "8.13.0", [".gitlab-ci.yml:22"]),
        "rabbitmq": ("rabbitmq", None, [".gitlab-ci.yml:22"]),
    }
    assert found["db"].container.names == {"db", "database", "postgres"}
    assert warnings == []


BASE = {"db", "registry.example.com-tools-redis"}


@pytest.mark.parametrize(
    ("job", "names"),
    [
        ("test", BASE), ("test 1/3", BASE), ("own: [a, b]", {"postgres", "elasticsearch", "rabbitmq"}),
        ("plain", {"mariadb"}), ("none", set()), ("both", BASE), ("refers", BASE), ("nobody", set()),
    ],
)  # fmt: skip
def test_a_job_of_gitlab_has_its_own_services_else_those_it_extends_else_the_default(
    tmp_path: Path, job: str, names: set[str]
) -> None:
    assert set(declared(tmp_path, {".gitlab-ci.yml": GITLAB}, {"CI_JOB_NAME": job})[0]) == names


def test_a_pipeline_that_includes_itself_comes_to_an_end(tmp_path: Path) -> None:
    text = "include: .gitlab-ci.yml\na: {extends: b}\nb: {extends: [a, b]}\n"
    assert declared(tmp_path, {".gitlab-ci.yml": text}, {"CI_JOB_NAME": "a"})[0] == {}


def test_bitbucket_and_circleci_declare_theirs(tmp_path: Path) -> None:
    files = {
        "bitbucket-pipelines.yml": "definitions:\n  services:\n    cache:\n      image: redis:7\n    db:\n"
        "      image: {name: 'mysql:8.0'}\n    docker: {memory: 2048}\n",
        ".circleci/config.yml": "version: 2.1\njobs:\n  test:\n    docker:\n      - image: cimg/postgres:99\n"
        "      - image: cimg/postgres:16.4\n      - image: rabbitmq:<< parameters.v >>\n        name: queue\n",
    }
    found, _ = declared(tmp_path, files)
    assert told(found) == {
        "cache": ("redis", "7", ["bitbucket-pipelines.yml:4"]),
        "db": ("mysql", "8.0", ["bitbucket-pipelines.yml:6"]),
        "postgres": ("postgresql", "16.4", [".circleci/config.yml:6"]),
        "queue": ("rabbitmq", None, [".circleci/config.yml:7"]),
    }
    assert set(declared(tmp_path, {}, {"CIRCLE_JOB": "test"})[0]) == {"postgres", "queue"}
    assert declared(tmp_path, {}, {"CIRCLE_JOB": "other"})[0] == {}


def test_manifests_declare_the_containers_of_workloads(tmp_path: Path) -> None:
    pod = "{spec: {containers: [{image: 'redis:7'}]}}"
    each = f"kind: DaemonSet\nmetadata: {{name: c}}\nspec: {{template: {pod}}}\n"
    each += f"---\nkind: CronJob\nmetadata: {{name: dump}}\nspec: {{jobTemplate: {{spec: {{template: {pod}}}}}}}\n"
    one = "{kind: Pod, metadata: {name: m}, spec: {containers: [{image: 'memcached:1.6'}]}}"
    listed = f"kind: List\nitems:\n  - {one}\n"
    found, _ = declared(tmp_path, {"k8s/app/all.yaml": DEPLOYMENT, "deploy/each.yml": each, "manifests/l.yaml": listed})
    assert told(found) == {
        "postgres": ("postgresql", "16.4", ["k8s/app/all.yaml:14"]),
        "c": ("redis", "7", ["deploy/each.yml:3"]),
        "m": ("memcached", "1.6", ["manifests/l.yaml:3"]),
    }
    assert found["postgres"].container.names == {"db", "postgres"}
    assert set(declared(tmp_path, {}, kubernetes={"manifests": ["deploy"]})[0]) == {"c"}


def test_a_kustomization_changes_images_of_its_own_folder(tmp_path: Path) -> None:
    own = "images:\n  - name: postgres\n    newTag: '17.1'\n  - {name: other, newTag: '1'}\n"
    files = {"kustomize/base/db.yaml": DEPLOYMENT, "kustomize/base/kustomization.yaml": own}
    found, _ = declared(tmp_path, files)
    assert told(found) == {"postgres": ("postgresql", "17.1", ["kustomize/base/kustomization.yaml:3"])}


def test_overlays_of_several_versions_pin_none(tmp_path: Path) -> None:
    overlay = "resources: [../../base]\nimages: [{name: postgres, newName: bitnami/postgresql, newTag: '15'}]\n"
    files = {"kustomize/base/db.yaml": DEPLOYMENT, "kustomize/overlays/x/kustomization.yaml": overlay}
    found, _ = declared(tmp_path, files)
    sources = ["kustomize/base/db.yaml:14", "kustomize/overlays/x/kustomization.yaml:2"]
    assert told(found) == {"postgres": ("postgresql", None, sources)}


def test_a_chart_declares_the_images_of_its_values(tmp_path: Path) -> None:
    files = {
        "charts/shop/Chart.yaml": "name: shop\ndependencies: [{name: redis, version: 19.0.0}]\n",
        "charts/shop/values.yaml": VALUES, "charts/shop/values-production.yaml": "cache: {image: 'redis:6'}",
        "charts/shop/templates/db.yaml": "image: {{ .Values.x }}\n", "other/values.yaml": "x: {image: 'redis:1'}",
    }  # fmt: skip
    found, warnings = declared(tmp_path, files)
    assert told(found) == {
        "postgresql": ("postgresql", "16.2", ["charts/shop/values.yaml:7"]),
        "cache": ("valkey", "8", ["charts/shop/values.yaml:9"]),
        "broker": ("rabbitmq", None, ["charts/shop/values.yaml:12"]),
    }
    assert warnings == []


def test_files_that_are_left_out_are_said(tmp_path: Path) -> None:
    _, warnings = declared(tmp_path, {f"k8s/{number:03}.yaml": "" for number in range(105)})
    assert "k8s: more than 100 files of YAML; the rest is not read" in warnings


def test_templates_of_a_chart_are_no_manifests(tmp_path: Path) -> None:
    chart = {"k8s/shop/Chart.yaml": "name: x", "k8s/shop/templates/a.yaml": "{{ if x }}\n", "k8s/b.yaml": "a: [\n"}
    assert declared(tmp_path, chart)[1] == ["k8s/b.yaml is not read: parse-failed in line 2"]


def test_app_json_declares_its_addons(tmp_path: Path) -> None:
    addons = [
        {"plan": "heroku-postgresql:standard-0", "options": {"version": "16"}}, "heroku-redis:mini", "papertrail",
        {"plan": "heroku-redis", "as": "QUEUE"}, 7, {"plan": None},
    ]  # fmt: skip
    found, _ = declared(tmp_path, {"app.json": json.dumps({"addons": addons}, indent=1)})
    assert told(found) == {
        "database": ("postgresql", "16", ["app.json:4"]),
        "redis": ("redis", None, ["app.json:9"]),
        "queue": ("redis", None, ["app.json:12"]),
    }
    assert declared(tmp_path, {}, {})[0] == {}


def test_one_service_in_several_files_is_one_with_all_sources(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "services:\n  database:\n    image: postgres:16\n",
        "k8s/db.yaml": DEPLOYMENT,
        ".github/workflows/ci.yml": "jobs: {a: {services: {postgres: {image: 'postgres:16-alpine'}}}}",
    }
    found, warnings = declared(tmp_path, files)
    sources = ["compose.yaml:3", "k8s/db.yaml:14", ".github/workflows/ci.yml:1"]
    assert told(found) == {"database": ("postgresql", "16", sources)}
    assert warnings == []


def test_files_that_disagree_are_said_and_compose_counts(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "services:\n  db: {image: 'postgres:17'}\n",
        ".github/workflows/ci.yml": "jobs: {a: {services: {db: {image: 'postgres:16'}}}}",
    }
    found, warnings = declared(tmp_path, files)
    assert found["db"].image.version == "17"
    assert warnings == [
        "compose.yaml:2 declares postgresql 17, .github/workflows/ci.yml:1 postgresql 16: the former counts"
    ]


def test_a_candidate_reads_no_file_that_a_link_draws_in(tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    write(tmp_path, {"secret.yml": "jobs: {a: {services: {db: {image: 'postgres:16'}}}}", "out/db.yaml": DEPLOYMENT})
    (root / ".github/workflows").mkdir(parents=True)
    (root / ".github/workflows/a.yml").symlink_to(tmp_path / "secret.yml")
    (root / "k8s").symlink_to(tmp_path / "out")
    found, warnings = declared(root, {})
    assert found == {}
    assert len(warnings) == 2


NAMES = (".github/workflows/a.yml", ".gitlab-ci.yml", ".circleci/config.yml", "bitbucket-pipelines.yml")
FILES = {
    **dict.fromkeys(NAMES[:1], WORKFLOW), ".gitlab-ci.yml": GITLAB, "k8s/a.yaml": DEPLOYMENT,
    "k8s/kustomization.yaml": "images: [{name: postgres, newTag: '1'}]", "charts/Chart.yaml": "name: x",
    "charts/values.yaml": VALUES, "app.json": '{"addons": ["heroku-redis", {"plan": "cloudamqp", "options": {}}]}',
    ".circleci/config.yml": "jobs: {a: {docker: [{image: a}, {image: 'redis:7'}]}}\nexecutors: {b: {docker: 1}}",
    "bitbucket-pipelines.yml": "definitions: {services: {a: {image: {name: 'redis:7'}}}}",
}  # fmt: skip


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_file_however_it_is_broken_stops_the_reading(tmp_path: Path, data: st.DataObject) -> None:
    broken = dict(FILES)
    name = data.draw(st.sampled_from(sorted(FILES)))
    lines = broken[name].split("\n")
    at = data.draw(st.integers(0, len(lines) - 1))
    piece = st.sampled_from(["", "x", "[]", "{}", "- 1", "  image: {}", "~", "&a *a", "  :", "\t", '"', "é: [", "null"])
    lines[at] = data.draw(piece | st.just(lines[at][::-1]) | st.just(lines[at] * 2) | st.text(max_size=12))
    broken[name] = "\n".join(lines).encode("utf-8", "replace").decode()
    found, _ = declared(tmp_path, broken)
    for one in found.values():
        assert one.sources
        assert one.image.version is None or one.image.version[0].isdigit()


def test_aliases_cannot_make_a_small_file_a_long_one(tmp_path: Path) -> None:
    many = "\n".join(f"    s{number}: {{image: 'redis:7'}}" for number in range(1_000))
    jobs = "\n".join(f"  j{number}: *j" for number in range(4_000))
    workflow = f"jobs:\n  a: &j\n   services:\n{many}\n{jobs}\n"
    laughs = "a0: &a0 {image: redis}\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    files = {
        ".github/workflows/a.yml": workflow,
        "k8s/a.yaml": laughs,
        "charts/Chart.yaml": "",
        "charts/values.yaml": laughs,
    }
    started = time.process_time()
    found, _ = declared(tmp_path, files)
    assert 0 < len(found) < 1_000
    assert time.process_time() - started < 20
