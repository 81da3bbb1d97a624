"""Process types as Procfiles, compose files and Dockerfiles declare them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import paritycheck_agent
from paritycheck_agent.context import Context
from paritycheck_agent.sources import compose_files, containers, procfile
from paritycheck_agent.sources.process_types import driver_name, signal_name

if TYPE_CHECKING:
    from paritycheck_agent.sources.process_types import Process, Read

REPOSITORY = Path(paritycheck_agent.__path__[0]).parent.parent
CANARY = "canary7hunter2"


def by_name(read: Read) -> dict[str, Process]:
    return {process.name: process for process in read.processes}


def of_compose(root: Path, text: str, **files: str) -> dict[str, Process]:
    (root / "compose.yaml").write_text(text)
    for name, content in files.items():
        (root / name).write_text(content)
    context = Context(str(root), {}, {}, str(root))
    project = compose_files.read(context, {})
    assert project is not None
    return by_name(containers.of_compose(context, project, {}))


def of_dockerfile(root: Path, text: str) -> dict[str, Process]:
    (root / "Dockerfile").write_text(text)
    return by_name(containers.of_dockerfile(Context(str(root), {}, {}, str(root)), {}))


# Procfiles


def test_the_procfile_of_paritycheck_itself() -> None:
    read = procfile.read((REPOSITORY / "Procfile").read_text(), {})
    assert read.complete
    assert {name: (one.kind, one.port, one.sources) for name, one in by_name(read).items()} == {
        "web": ("granian", True, ["Procfile:2"]),
        "worker": ("celery", False, ["Procfile:3"]),
        "sender": ("celery", False, ["Procfile:4"]),
        "beat": ("django-admin", False, ["Procfile:5"]),
    }


def test_lines_that_are_no_entries_are_passed_over_and_the_last_of_a_type_counts() -> None:
    text = "# web: no\n\nnot an entry\nweb: gunicorn a\r\n  worker :celery worker\nweb:uvicorn b\nodd name: x\nempty:\n"
    assert procfile.entries(text) == {"web": ("uvicorn b", 6), "worker": ("celery worker", 5)}


def test_a_procfile_of_releases_only_names_no_type() -> None:
    read = procfile.read("release: ./manage.py migrate\n", {})
    assert (read.processes, read.complete) == ([], False)


def test_one_type_may_start_another() -> None:
    read = procfile.read("web: gunicorn a\nall: honcho start web\nloop: honcho start loop\n", {})
    assert {name: one.kind for name, one in by_name(read).items()} == {"web": "gunicorn", "all": "gunicorn", "loop": ""}


@given(st.text("web:release worker$(){}'\"\\\n;&|<>", max_size=200))
def test_any_procfile_is_read(text: str) -> None:
    assert all(one.kind.isascii() for one in procfile.read(text, {}).processes)


# Compose


def test_the_compose_file_of_paritycheck_itself() -> None:
    settings = {"services": {"compose": ["compose/compose.yaml"]}}
    context = Context(str(REPOSITORY), {}, settings, "")
    project = compose_files.read(context, {})
    assert project is not None
    read = containers.of_compose(context, project, {})
    # `migrate` is run to its end before the others start, and `proxy` is built by others.
    assert {name: (one.kind, one.port) for name, one in by_name(read).items()} == {
        "web": ("granian", True), "worker": ("celery", False), "sender": ("celery", False),
        "beat": ("paritycheck", False),
    }  # fmt: skip
    assert read.complete == project.complete


def test_command_and_entrypoint_go_before_those_of_the_image(tmp_path: Path) -> None:
    text = """\
services:
  plain: { build: . }
  command: { build: ., command: celery -A shop worker }
  words: { build: ., command: [daphne, "shop.asgi:application"] }
  entry: { build: ., entrypoint: [/bin/sh, -c, "exec uvicorn shop:app"] }
  both: { build: ., entrypoint: tini --, command: ./bin/shop --flag }
  shared: { image: shop, command: [flask, run] }
  owner: { build: ., image: shop }
"""
    dockerfile = 'FROM python:3.12 AS base\nENTRYPOINT ["tini", "--"]\nFROM base\nCMD ["gunicorn", "shop.wsgi"]\n'
    found = of_compose(tmp_path, text, Dockerfile=dockerfile)
    assert {name: one.kind for name, one in found.items()} == {
        "plain": "gunicorn", "command": "celery", "words": "daphne", "entry": "uvicorn", "both": "shop",
        "owner": "gunicorn", "shared": "flask",
    }  # fmt: skip
    assert found["plain"].sources == ["compose.yaml:2"]


def test_signals_drivers_replicas_and_ports(tmp_path: Path) -> None:
    text = """\
services:
  web: { build: ., stop_signal: SIGQUIT, logging: { driver: journald, options: { tag: x } }, deploy: { replicas: 3 } }
  worker: { build: ., command: celery worker, scale: 2 }
  other: { build: ., command: ./bin/shop, expose: [9000], logging: { driver: "${UNSET:-json-file}" } }
"""
    found = of_compose(tmp_path, text, Dockerfile="FROM python:3.12\nSTOPSIGNAL 15\nCMD gunicorn shop\n")
    told = {name: (one.stop_signal, one.log_driver, one.replicas, one.port) for name, one in found.items()}
    assert told == {
        "web": ("SIGQUIT", "journald", 3, True),
        "worker": ("SIGTERM", "", 2, False),
        "other": ("SIGTERM", "json-file", None, True),
    }


def test_a_later_file_lays_its_command_over_an_earlier_one_s(tmp_path: Path) -> None:
    (tmp_path / "compose.override.yaml").write_text("services: { web: { command: python manage.py runserver } }")
    text = "services: { web: { build: ., command: gunicorn shop, stop_signal: INT } }"
    web = of_compose(tmp_path, text, Dockerfile="FROM python:3.12")["web"]
    assert (web.kind, web.stop_signal) == ("runserver", "SIGINT")


def test_a_later_file_takes_a_command_back(tmp_path: Path) -> None:
    (tmp_path / "compose.override.yaml").write_text("services: { web: { command: !reset null } }")
    text = "services: { web: { build: ., command: python manage.py runserver } }"
    assert of_compose(tmp_path, text, Dockerfile="FROM python:3.12\nCMD gunicorn shop\n")["web"].kind == "gunicorn"


def test_a_command_for_an_entry_point_that_is_not_known_is_told_only_where_it_is_a_known_program(
    tmp_path: Path,
) -> None:
    text = f"""\
services:
  secret: {{ image: registry.example/shop, command: {CANARY} --flag }}
  known: {{ image: registry.example/shop, command: gunicorn {CANARY} }}
  silent: {{ image: registry.example/shop }}
"""
    found = of_compose(tmp_path, text)
    assert {name: (one.kind, one.reason) for name, one in found.items()} == {
        "secret": ("", "unsupported-format"),
        "known": ("gunicorn", "unsupported-format"),
        "silent": ("", "not-collected"),
    }  # fmt: skip


def test_a_variable_in_a_command_is_not_filled_in(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: { web: { build: ., command: '${SECRET}' } }")
    (tmp_path / "Dockerfile").write_text("FROM python:3.12\n")
    context = Context(str(tmp_path), {}, {}, "")
    project = compose_files.read(context, {"SECRET": CANARY})
    assert project is not None
    assert [one.kind for one in containers.of_compose(context, project, {}).processes] == [""]


ODD = st.sampled_from([
    "null", "[]", "{}", "''", '""', "3", "[null]", "[[a], {b: c}]", "{a: b}", "!reset null", "'$X'", "sh -c",
    "[sh, -c]", "gunicorn", "'a \\'", "[npm, start]", "99999999999", "'x y'",
])  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(["command", "entrypoint", "stop_signal", "ports", "expose", "scale"]), ODD),
    ODD,
    ODD,
)
def test_any_way_to_run_a_service_is_read(
    tmp_path_factory: pytest.TempPathFactory, members: dict[str, str], inner: str, depends: str
) -> None:
    more = f"logging: {{ driver: {inner} }}, deploy: {{ replicas: {inner} }}, depends_on: {depends}"
    text = ", ".join([f"{name}: {value}" for name, value in members.items()] + [more])
    root = tmp_path_factory.getbasetemp()
    web = of_compose(root, f"services: {{ web: {{ build: ., {text} }} }}", Dockerfile="FROM python:3\nCMD puma\n")[
        "web"
    ]
    assert web.kind in {"puma", "gunicorn", "npm", "sh", "a", "x", ""}
    assert web.replicas is None or web.replicas < 100_000


# Dockerfiles


def test_a_dockerfile_alone_tells_one_type(tmp_path: Path) -> None:
    found = of_dockerfile(tmp_path, 'FROM python:3.12-slim\nEXPOSE 8000\nSTOPSIGNAL SIGINT\nCMD ["gunicorn", "shop"]\n')
    assert {name: (one.kind, one.port, one.stop_signal, one.sources) for name, one in found.items()} == {
        "web": ("gunicorn", True, "SIGINT", ["Dockerfile:4"])
    }
    assert list(of_dockerfile(tmp_path, 'FROM golang:1.24\nCMD ["/bin/shop"]\n')) == ["app"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("FROM python:3\nCMD gunicorn shop", "gunicorn"),
        ('FROM python:3\nCMD ["gunicorn", ', ""),
        ('FROM scratch\nENTRYPOINT ["/shop"]', "shop"),
        ('FROM alpine\nENTRYPOINT ["/entrypoint.sh"]\nCMD ["uvicorn", "x"]', "uvicorn"),
        ('FROM python:3 AS a\nCMD gunicorn a\nFROM a\nENTRYPOINT ["tini", "--", "daphne"]', "daphne"),
        ('FROM python:3 AS a\nENTRYPOINT ["tini", "--"]\nFROM a\nCMD ["daphne"]', "daphne"),
        ("FROM python:3\nCMD celery worker\nCMD gunicorn shop", "gunicorn"),
        (f'FROM registry.example/base\nCMD ["{CANARY}"]', ""),
        ('FROM registry.example/base\nCMD ["gunicorn"]', "gunicorn"),
    ],
)  # fmt: skip
def test_the_last_command_of_the_image_counts(tmp_path: Path, text: str, kind: str) -> None:
    assert [one.kind for one in of_dockerfile(tmp_path, text + "\n").values()] == [kind]


def test_an_image_without_a_command_tells_nothing(tmp_path: Path) -> None:
    assert of_dockerfile(tmp_path, "FROM python:3.12\nRUN true\n") == {}


INSTRUCTIONS = [
    "FROM a AS b", "FROM b", 'CMD ["x"', 'CMD ["gunicorn"]', "CMD", "ENTRYPOINT []", "EXPOSE", "STOPSIGNAL", "CMD [1]",
    "ENTRYPOINT x", "STOPSIGNAL $X", "\\", "CMD " + "[" * 2000,
]  # fmt: skip


@given(st.lists(st.sampled_from(INSTRUCTIONS), max_size=12))
def test_any_dockerfile_is_read(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    root = tmp_path_factory.getbasetemp()
    assert all(len(one.kind) <= 64 for one in of_dockerfile(root, "\n".join(lines)).values())


# Words


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SIGTERM", "SIGTERM"),
        ("term", "SIGTERM"),
        ("15", "SIGTERM"),
        ("SIGRTMIN+3", "SIGRTMIN+3"),
        ("$X", ""),
        ("", ""),
    ],
)
def test_signals_have_one_name(text: str, name: str) -> None:
    assert signal_name(text) == name


def test_a_driver_is_a_word_or_a_plugin() -> None:
    assert [driver_name(text) for text in ("json-file", "Loki", "grafana/loki:2.9", f"x {CANARY}", "")] == [
        "json-file", "loki", "grafana/loki:2.9", "", "",
    ]  # fmt: skip


def test_the_time_grows_with_the_length_only(tmp_path: Path) -> None:
    started = time.process_time()
    procfile.read("web: " + "exec " * 10_000 + "\n" + "a: b\n" * 20_000, {})
    of_dockerfile(tmp_path, "FROM a\n" + "CMD [\n" * 20_000 + 'CMD ["' + "x" * 100_000)
    assert time.process_time() - started < 3
