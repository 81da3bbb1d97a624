"""One version everywhere, and a lock that fits what is declared."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paritycheck_agent.wire.version import VERSION

ROOT = Path(__file__).resolve().parents[2]


def project(path: str) -> dict[str, Any]:
    document: dict[str, Any] = tomllib.loads((ROOT / path).read_text(encoding="utf-8"))["project"]
    return document


def test_both_distributions_and_the_wire_have_the_version_of_the_changelog() -> None:
    heading = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert heading is not None
    server, agent = project("pyproject.toml"), project("agents/pyproject.toml")
    assert {server["version"], agent["version"], VERSION} == {heading[1]}
    assert f"paritycheck-agent=={heading[1]}" in server["dependencies"]


def test_the_agent_needs_nothing_but_a_reader_of_toml_on_old_pythons() -> None:
    assert project("agents/pyproject.toml")["dependencies"] == ["tomli>=2.2; python_version < '3.11'"]


@pytest.mark.e2e
def test_the_lock_is_current(program: Callable[[str, str], str]) -> None:
    inside = Path(sys.executable).with_name("uv")
    uv = str(inside) if inside.exists() else program("uv", "uv")
    done = subprocess.run([uv, "lock", "--check", "--offline"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_agent_installs_where_old_systems_still_are() -> None:
    assert project("agents/pyproject.toml")["requires-python"] == ">=3.9"
