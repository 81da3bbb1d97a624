"""Compose files: services, images, environment, interpolation as the compose spec has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from paritycheck_agent.context import Context
from paritycheck_agent.sources import compose, compose_files
from paritycheck_agent.sources.interpolation import interpolated
from paritycheck_agent.sources.yaml import YamlError

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = {"SET": "x", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("$SET-$SET", "x-x"),
        ("${SET}y", "xy"),
        ("$$SET $${SET}", "$SET ${SET}"),
        ("${NOT}", ""),
        ("${SET:-d}", "x"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${NOT-d}", "d"),
        ("${NOT:-}", ""),
        ("${NOT:-${ALSO:-${SET}}}", "x"),
        ("${NOT:-a$SET}b", "axb"),
        ("${SET:+r}", "r"),
        ("${EMPTY:+r}", ""),
        ("${EMPTY+r}", "r"),
        ("${NOT+r}", ""),
        ("${SET:?message}", "x"),
        ("${EMPTY?message}", ""),
        ("${EMPTY:?message}", None),
        ("${NOT?message}", None),
        ("${SET", None),
        ("${}", None),
        ("$", None),
        ("${SET!x}", None),
        ("postgres:${PG:-16}-${OS:-alpine}", "postgres:16-alpine"),
    ],
)
def test_variables_are_replaced_as_the_spec_says(text: str, value: str | None) -> None:
    assert interpolated(text, KNOWN) == value


def test_nesting_has_an_end() -> None:
    assert interpolated("${A:-" * 50_000, {}) is None


def test_a_variable_that_is_said_often_fills_no_memory() -> None:
    known = {"A": "x" * 50_000}
    assert interpolated("$A and ${A}", known) == known["A"] + " and " + known["A"]
    assert interpolated("$A$A$A", known) is None
    assert interpolated("${B:-$A$A}$A", known) is None


TEXT = """\
x-app: &app
  build: {context: app, target: web, args: {V: "1"}}
  environment: {A: "1", B: null, C: true, D: "${SET}"}
services:
  web:
    <<: *app
    env_file: [.env, {path: web.env, required: false}]
    ports: ["8000:80", "127.0.0.1:5433:5432/tcp", "9", {target: 6379, published: "6380"}]
    networks: {default: {aliases: [front]}}
  worker:
    extends: web
    environment: [B=2, E]
  db:
    image: postgres:${PG:-16}
    container_name: shop-db
    hostname: Database
  debug:
    image: redis:7
    profiles: [debug]
  gone: !reset null
"""


def test_services_are_read_with_their_lines() -> None:
    found = compose.read(TEXT, "compose.yaml", KNOWN)
    assert list(found.services) == ["web", "worker", "db", "debug"]
    assert found.complete
    web, worker, database = (found.services[name] for name in ("web", "worker", "db"))
    assert web.environment == {"A": ("1", 3), "B": (None, 3), "C": ("true", 3), "D": ("x", 3)}
    assert web.env_files == [(".env", 7), ("web.env", 7)]
    assert web.ports == {80: 8000, 5432: 5433, 6379: 6380}
    assert web.names == {"web", "front"}
    assert web.build is not None
    assert (web.build.context, web.build.target, web.build.arguments) == ("app", "web", {"V": "1"})
    assert worker.environment == {**web.environment, "B": ("2", 12), "E": (None, 12)}
    assert (database.image, database.line, database.names) == ("postgres:16", 14, {"db", "shop-db", "database"})
    assert not found.services["debug"].active
    assert compose.read(TEXT, "compose.yaml", {"COMPOSE_PROFILES": "x,debug"}).services["debug"].active


def test_what_stands_elsewhere_makes_the_list_incomplete() -> None:
    assert not compose.read("services: {a: {extends: {file: b.yml, service: b}}}", "c", {}).complete
    assert not compose.read("services: {a: {extends: nobody}}", "c", {}).complete
    assert not compose.read("services: {a: {extends: a}}", "c", {}).complete
    includes = compose.read("include: [a.yml, {path: [b/c.yml, d.yml]}]\nservices: {}", "c", {}).includes
    assert [(one.paths, one.folder) for one in includes] == [(["a.yml"], ""), (["b/c.yml", "d.yml"], "b")]


@pytest.mark.parametrize("text", ["- a\n", "a: 1\n---\nb: 2\n", "text"])
def test_a_file_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(YamlError):
        compose.read(text, "compose.yaml", {})


@pytest.mark.parametrize("text", ["", "# nothing\n", "services:\n", "services: 1\n", "services: {a: 1, b: [x]}\n"])
def test_a_file_without_services_is_read(text: str) -> None:
    assert compose.read(text, "compose.yaml", {}).services == {}


def context(root: Path, *, candidate: bool = False, **settings: object) -> Context:
    return Context(str(root), {}, settings, str(root / ".state"), candidate=candidate)


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_files_are_found_and_laid_over_each_other(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "include: [sub/more.yml]\nservices: {db: {image: 'postgres:15', environment: {A: 1}}}",
        "compose.override.yaml": "services: {db: {image: 'postgres:16', environment: {B: 2}}}",
        "docker-compose.yml": "services: {x: {image: 'redis'}}",
        "sub/more.yml": "services: {cache: {image: 'redis:7', env_file: cache.env}}",
    }
    write(tmp_path, files)
    project = compose_files.read(context(tmp_path), {})
    assert project is not None
    assert project.complete
    assert project.services["db"].image == "postgres:16"
    assert project.services["db"].path == "compose.override.yaml"
    assert set(project.services["db"].environment) == {"A", "B"}
    assert project.services["cache"].env_files == [("sub/cache.env", 1)]


def test_the_variable_and_the_table_name_other_files(tmp_path: Path) -> None:
    write(tmp_path, {f"{name}.yaml": f"services: {{{name}: {{}}}}" for name in ("compose", "prod", "more")})
    named = compose_files.read(context(tmp_path), {"COMPOSE_FILE": "prod.yaml:more.yaml"})
    assert named is not None
    assert set(named.services) == {"prod", "more"}
    told = compose_files.read(context(tmp_path, services={"compose": ["more.yaml"]}), {})
    assert told is not None
    assert set(told.services) == {"more"}
    assert compose_files.read(context(tmp_path / "nowhere"), {}) is None


def test_a_file_that_cannot_be_read_is_said_and_covers_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"compose.yaml": "services: {a: {}}\ninclude: [gone.yml]", "compose.override.yaml": "services: ["})
    project = compose_files.read(context(tmp_path), {})
    assert project is not None
    assert not project.complete
    assert len(project.warnings) == 2
    assert "compose.override.yaml is not read: parse-failed in line 1" in project.warnings


def test_a_candidate_reads_nothing_outside_its_checkout(tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    files = {"outside.yml": "services: {secret: {}}"}
    files["checkout/compose.yaml"] = "include: [../outside.yml]\nservices: {a: {}}"
    write(tmp_path, files)
    stranger = compose_files.read(context(root, candidate=True), {})
    assert stranger is not None
    assert (set(stranger.services), stranger.complete) == ({"a"}, False)
    own = compose_files.read(context(root), {})
    assert own is not None
    assert set(own.services) == {"a", "secret"}


def test_a_build_is_what_it_starts_from(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "services: {db: {build: pg}, web: {build: .}, grafana: {image: grafana/grafana}}",
        "pg/Dockerfile": "FROM postgres:16.4 AS base\nFROM base\nENV X=1\n",
        "Dockerfile": "FROM python:3.12\n",
    }
    write(tmp_path, files)
    here = context(tmp_path)
    project = compose_files.read(here, {})
    assert project is not None
    image = compose_files.backing(here, project.services["db"])
    assert image is not None
    assert (image.kind, image.version) == ("postgresql", "16.4")
    assert [service.name for service in compose_files.applications(here, project)] == ["web"]


def test_a_service_extends_one_of_another_file(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "services:\n  db:\n    extends: {file: more/base.yaml, service: pg}\n    environment: {B: 2}\n"
        "  web: {extends: {file: more/base.yaml, service: app}}\n",
        "more/base.yaml": "services:\n  pg:\n    extends: {file: deep.yaml, service: any}\n    image: postgres:16.4\n"
        "  app: {build: ../app, env_file: [app.env]}\n",
        "more/deep.yaml": "services: {any: {environment: {A: 1}, image: 'redis:7'}}",
    }
    write(tmp_path, files)
    project = compose_files.read(context(tmp_path), {})
    assert project is not None
    assert (project.complete, project.warnings) == (True, [])
    database, web = project.services["db"], project.services["web"]
    assert (database.image, database.path, database.line) == ("postgres:16.4", "more/base.yaml", 4)
    assert set(database.environment) == {"A", "B"}
    assert database.names == {"db"}
    assert web.build is not None
    assert (web.build.context, web.env_files) == ("app", [("more/app.env", 5)])


@pytest.mark.parametrize(
    ("other", "warning"),
    [
        (None, "b.yaml is not read, and compose.yaml extends it: no such file, no permission, or larger than 32 MB"),
        ("services: [", "b.yaml is not read, and compose.yaml extends it: parse-failed in line 1"),
        ("services: {x: {}}", None),
        ("- x", None),
        ("services: {s: {extends: {file: compose.yaml, service: a}}}", None),
    ],
)
def test_an_extended_service_that_is_not_there_makes_the_list_incomplete(
    tmp_path: Path, other: str | None, warning: str | None
) -> None:
    write(tmp_path, {"compose.yaml": "services: {a: {extends: {file: b.yaml, service: s}}, b: {image: 'redis:7'}}"})
    write(tmp_path, {"b.yaml": other} if other else {})
    project = compose_files.read(context(tmp_path), {})
    assert project is not None
    assert not project.complete
    assert project.warnings == ([warning] if warning else [])
    assert project.services["b"].image == "redis:7"


def test_a_candidate_extends_nothing_outside_its_checkout(tmp_path: Path) -> None:
    outside = "services: {a: {extends: {file: ../outside.yml, service: s}}}"
    write(tmp_path, {"outside.yml": "services: {s: {image: 'redis:7'}}", "checkout/compose.yaml": outside})
    root = tmp_path / "checkout"
    stranger = compose_files.read(context(root, candidate=True), {})
    own = compose_files.read(context(root), {})
    assert stranger is not None
    assert own is not None
    assert (stranger.services["a"].image, stranger.complete) == (None, False)
    assert (own.services["a"].image, own.complete) == ("redis:7", True)


def test_all_files_of_an_include_are_read_with_its_own_variables(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "include:\n  - path: [sub/a.yml, sub/b.yml]\n    env_file: sub/v.env\n  - other/c.yml\n",
        "sub/a.yml": "services: {db: {image: 'postgres:${PG}', build: .}}",
        "sub/b.yml": "services: {db: {image: 'postgres:${PG}.4', env_file: x.env}}",
        "sub/v.env": "PG=16\nOUTER=no\n", "other/c.yml": "services: {c: {image: 'redis:${V}-${OUTER}'}}",
        "other/.env": "V=7\n",
    }  # fmt: skip
    write(tmp_path, files)
    project = compose_files.read(context(tmp_path), {"OUTER": "alpine"})
    assert project is not None
    assert project.complete
    assert (project.services["db"].image, project.services["c"].image) == ("postgres:16.4", "redis:7-alpine")
    assert project.services["db"].env_files == [("sub/x.env", 1)]


def test_paths_of_later_files_begin_where_those_of_the_first_do(tmp_path: Path) -> None:
    files = {"a/one.yml": "services: {s: {}}", "b/two.yml": "services: {s: {build: x, env_file: y.env}}"}
    write(tmp_path, files)
    project = compose_files.read(context(tmp_path), {"COMPOSE_FILE": "a/one.yml:b/two.yml"})
    assert project is not None
    service = project.services["s"]
    assert service.build is not None
    assert (service.build.context, service.env_files) == ("a/x", [("a/y.env", 1)])


def test_reset_takes_away_and_override_takes_the_place(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "services:\n  db: {image: 'postgres:16'}\n  web:\n    image: x\n    ports: ['80:80']\n"
        "    environment: {A: 1}\n    env_file: a.env\n  old: {image: 'redis:6', build: .}\n",
        "compose.override.yaml": "services:\n  db: !reset null\n  web:\n    ports: !override ['81:81']\n"
        "    environment: !reset {}\n    env_file: !reset []\n  old: {image: !reset null, build: !reset null}\n",
    }
    write(tmp_path, files)
    project = compose_files.read(context(tmp_path), {})
    assert project is not None
    assert set(project.services) == {"web", "old"}
    web, old = project.services["web"], project.services["old"]
    assert (web.ports, web.environment, web.env_files) == ({81: 81}, {}, [])
    assert (old.image, old.build) == (None, None)
