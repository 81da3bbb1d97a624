"""One version everywhere, and a lock that fits what is declared."""

import importlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
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


def artefacts() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each file that the lock names, with its package."""
    for package in tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]:
        if "registry" in package["source"]:
            yield from ((package["name"], each) for each in [*package.get("wheels", []), package.get("sdist")] if each)
        else:
            assert set(package["source"]) <= {"editable", "virtual"}, package["name"]


def test_every_locked_file_has_its_hash() -> None:
    found = list(artefacts())
    assert len(found) > 500
    assert [name for name, each in found if not re.fullmatch(r"sha256:[0-9a-f]{64}", each.get("hash", ""))] == []


def test_images_install_what_is_locked_and_nothing_else() -> None:
    """`uv sync` checks each file against the hash of the lock; `--frozen` takes no other."""
    text = (ROOT / "compose/Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^RUN .*uv sync .*--(?:frozen|locked)\b", text, re.MULTILINE)
    assert not re.search(r"\bpip3? install\b(?!.*--require-hashes)", text)


def script(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / ".ci"))
    return importlib.import_module(name)


GOOD = {"name": "django", "version": "5.2.19", "vulns": []}
BAD = {"name": "x", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}
SKIPPED = {"name": "amqp", "skip_reason": "Dependency not found on PyPI and could not be audited: amqp (5.4.2)"}


@pytest.mark.parametrize(
    ("packages", "code", "text"),
    [
        ([GOOD], 0, "No known vulnerability in 1 packages."),
        ([GOOD, BAD], 1, "x 1: PYSEC-1 (fixed in 2)"),
        ([SKIPPED, BAD], 1, "x 1: PYSEC-1 (fixed in 2)"),
        ([GOOD, SKIPPED], 2, "Not audited: 1 of 2 packages could be looked up. Is https://pypi.org in reach?"),
        ([SKIPPED, SKIPPED], 2, "Not audited: 0 of 2 packages could be looked up. Is https://pypi.org in reach?"),
        ([], 2, "Not audited: 0 of 0 packages could be looked up. Is https://pypi.org in reach?"),
    ],
)
def test_an_audit_that_learnt_nothing_is_none(
    packages: list[Any], code: int, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What pip-audit 2.10.1 writes where pypi.org is out of reach: each package skipped, and exit 0."""
    said, lines = script("audit", monkeypatch).verdict({"dependencies": packages})
    assert (said, lines[0]) == (code, text)


@pytest.mark.e2e
def test_the_bill_of_a_release_names_every_locked_package(monkeypatch: pytest.MonkeyPatch) -> None:
    document = json.loads(script("sbom", monkeypatch).export())
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.5")
    parts = {part["name"]: part for part in document["components"]}
    assert {"django", "celery", "gunicorn", "paritycheck-agent", "tomli"} <= parts.keys()
    assert not {"pytest", "ruff", "mypy"} & parts.keys(), "what is for work on it is in no release"
    hashes = {each["hash"].removeprefix("sha256:") for _name, each in artefacts()}
    told = [one for part in parts.values() for place in part.get("externalReferences", []) for one in place["hashes"]]
    assert len(told) > 100
    assert {one["content"] for one in told} <= hashes
    refs = {part["bom-ref"] for part in parts.values()} | {document["metadata"]["component"]["bom-ref"]}
    assert {one["ref"] for one in document["dependencies"]} <= refs
