"""What the files of a checkout pin; ranges, aliases and `latest` pin nothing."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paritycheck_agent.sources import pins

STAGES = """ARG V=3.12

FROM node:20 AS web
FROM docker.io/library/python:${V}-alpine AS base
FROM base
"""


@pytest.mark.parametrize(
    ("name", "files", "expected"),
    [
        ("python", {".python-version": "3.12.4"}, ("3.12.4", ".python-version:1")),
        ("python", {".python-version": "cpython-3.12.4\n"}, None),
        ("python", {".python-version": "pypy3.10-7.3.15"}, None),
        ("python", {".python-version": "3.13-dev"}, None),
        ("python", {"runtime.txt": "python-3.11.9\n"}, ("3.11.9", "runtime.txt:1")),
        ("python", {"pyproject.toml": '[project]\nrequires-python = "==3.12.*"\n'}, ("3.12", "pyproject.toml:2")),
        ("python", {"pyproject.toml": '[project]\nrequires-python = "==3.12.4"\n'}, ("3.12.4", "pyproject.toml:2")),
        ("python", {"pyproject.toml": '[project]\nrequires-python = ">=3.12"\n'}, None),
        ("python", {"pyproject.toml": '[project]\nrequires-python = "==3.12.*,!=3.12.1"\n'}, None),
        ("python", {"mise.toml": '[tools]\n# x\npython = "3.12.1"\n'}, ("3.12.1", "mise.toml:3")),
        ("python", {"mise.toml": '[tools]\npython = ["3.12.1", "3.11"]\n'}, ("3.12.1", "mise.toml:2")),
        ("python", {"mise.toml": '[tools]\npython = { version = "3.12.1" }\n'}, ("3.12.1", "mise.toml:2")),
        ("python", {"mise.toml": '[tools]\npython = "latest"\n'}, None),
        ("python", {"mise.toml": "[tools"}, None),
        ("node", {".nvmrc": "v20.11.0"}, ("20.11.0", ".nvmrc:1")),
        ("node", {".nvmrc": "20.x"}, ("20", ".nvmrc:1")),
        ("node", {".nvmrc": "lts/iron"}, None),
        ("node", {".nvmrc": "node"}, None),
        ("node", {".node-version": "\n\n18\n"}, ("18", ".node-version:3")),
        ("node", {"package.json": '{\n"engines": {"node": "20.11.1"}}'}, ("20.11.1", "package.json:2")),
        ("node", {"package.json": '{"engines": {"node": ">=20"}}'}, None),
        ("node", {"package.json": '{"engines": {"node": "^20.1.0"}}'}, None),
        (
            "node",
            {"package.json": '{"volta": {"node": "20.11.1"}, "engines": {"node": ">=18"}}'},
            ("20.11.1", "package.json:1"),
        ),
        ("node", {"package.json": "["}, None),
        (
            "node",
            {"package.json": '{"dependencies": {"node": "1.0.0"},\n"engines":\n{"node": "20.11.1"}}'},
            ("20.11.1", "package.json:3"),
        ),
        ("tool.npm", {"package.json": '{"engines": {"npm": "10.2.4"}}'}, ("10.2.4", "package.json:1")),
        ("tool.npm", {"package.json": '{"engines": {"npm": ">=10"}}'}, None),
        ("tool.yarn", {"package.json": '{"volta": {"yarn": "1.22.19"}}'}, ("1.22.19", "package.json:1")),
        (
            "tool.pnpm",
            {"package.json": '{"engines": {"pnpm": "8.0.0"}, "packageManager": "pnpm@9.1.0"}'},
            ("9.1.0", "package.json:1"),
        ),
        ("node", {"package.json": '{"engines": []}'}, None),
        ("python", {".config/mise.toml": '[tools]\npython = "3.12.1"\n'}, ("3.12.1", ".config/mise.toml:2")),
        ("python", {".mise/config.toml": '[tools]\npython = "3.12.1"\n'}, ("3.12.1", ".mise/config.toml:2")),
        ("tool.pnpm", {"package.json": '{"packageManager": "pnpm@9.1.0+sha512.abc"}'}, ("9.1.0", "package.json:1")),
        ("tool.pnpm", {"package.json": '{"packageManager": "pnpm@^9"}'}, None),
        ("ruby", {".ruby-version": "ruby-3.3.0\n"}, ("3.3.0", ".ruby-version:1")),
        ("java", {".tool-versions": "java temurin-21.0.2+13.0.LTS\n"}, ("21.0.2+13.0.LTS", ".tool-versions:1")),
        ("go", {".go-version": "1.22.1"}, ("1.22.1", ".go-version:1")),
        ("go", {".tool-versions": "golang 1.22.1\n"}, ("1.22.1", ".tool-versions:1")),
        ("rust", {"rust-toolchain.toml": '[toolchain]\nchannel = "1.75.0"\n'}, ("1.75.0", "rust-toolchain.toml:2")),
        ("rust", {"rust-toolchain": "stable\n"}, None),
        ("rust", {"rust-toolchain": "1.75\n"}, ("1.75", "rust-toolchain:1")),
        ("python", {"Dockerfile": "FROM python:3.12.4-slim-bookworm\n"}, ("3.12.4", "Dockerfile:1")),
        ("python", {"Dockerfile": STAGES}, ("3.12", "Dockerfile:4")),
        ("node", {"Dockerfile": "FROM node:20 AS web\nFROM python:3.12\nCOPY --from=web /a /a\n"}, None),
        ("go", {"Containerfile": "FROM golang:1.22rc1\n"}, ("1.22rc1", "Containerfile:1")),
        ("java", {"Dockerfile": "FROM eclipse-temurin:21-jre\n"}, ("21", "Dockerfile:1")),
        ("dotnet", {"Dockerfile": "FROM mcr.microsoft.com/dotnet/aspnet:8.0\n"}, ("8.0", "Dockerfile:1")),
        ("python", {"Dockerfile": "FROM python:latest\n"}, None),
        ("python", {"Dockerfile": "FROM python\n"}, None),
        ("python", {"Dockerfile": "FROM acme/python:7\n"}, None),
        ("python", {"Dockerfile": "RUN true\n"}, None),
        ("tool.ghp_x", {".tool-versions": "GHP_X 1\n"}, None),
        ("python", {".tool-versions": "python\n"}, None),
        ("python", {".tool-versions": "python ref:v3.12\n"}, None),
    ],
)
def test_what_a_file_pins(name: str, files: dict[str, str], expected: tuple[str, str] | None) -> None:
    found = {pin.name: (pin.version, pin.source) for pin in reversed(pins.pins(files.get))}
    assert found.get(name) == expected


@given(
    st.dictionaries(
        st.sampled_from(
            [path for path, _name in pins._FILES] + [".tool-versions", "package.json", "mise.toml", "Dockerfile"]
        ),
        st.text(max_size=60),
    )
)
def test_any_text_in_a_pinning_file_is_read_or_passed_over(files: dict[str, str]) -> None:
    for pin in pins.pins(files.get):
        assert pin.version[0].isdigit()


def test_a_pin_made_to_hang_a_pattern_does_not() -> None:
    started = time.process_time()
    assert pins.exact("1" + "a1" * 200 + "!", "python") == ""
    assert pins.exact("1" + "-a.1" * 120 + "!", "java") == ""
    assert time.process_time() - started < 0.5
