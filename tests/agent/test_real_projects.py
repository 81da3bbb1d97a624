"""What `parity show` says of real projects is what the tools say that made their locks: none missing, none too many.

The older fixtures are told of in the tests of their formats. These were made for this test:
`uv/quart`: the source archive of Quart 0.20.0, `uv lock` and `uv export --all-groups --all-extras` of uv 0.13.9.
`poetry/crashtest`: that of crashtest 0.4.1, `poetry lock` and `poetry export --all-groups --all-extras` of Poetry
2.1.4, with PyPI as a source of the simple interface, for lack of its JSON.
`pipenv/celery`: requirements/default.txt of Celery 5.4.0, `pipenv install -r` and `pipenv requirements --dev` of
Pipenv 2026.8.0. Where a marker keeps a package from this Python it locks no version, but writes `==>=0.2.1`.
`pip/sphinx`: that of Sphinx 8.1.3, `uv pip compile --all-extras --generate-hashes`; `list.txt` is what `pip install
--dry-run --ignore-installed --report` of it names.
`npm/cors`: the published package.json of cors 2.8.5, `npm install --package-lock-only` of npm 11.19.1, and what
`npm ls --all --json --package-lock-only` prints.
`cargo/orjson`: the Cargo.lock in the source archive of orjson 3.10.12, whose crates lie beside it; `list.txt` is what
`cargo metadata --locked --all-features` of cargo 1.95.0 names.
"""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from packaging.pylock import Pylock
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from paritycheck_agent.wire.purl import purl
from tests.agent.lock_fixtures import fixture, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Pairs = set[tuple[str, str | None]]
    Project = tuple[str, str, str, str, str, str, Callable[[str], Pairs]]

pytestmark = pytest.mark.e2e


def by_list(folder: str) -> Pairs:
    """`name version` a line."""
    return set(listed(folder))


def by_requirements(name: str) -> Callable[[str], Pairs]:
    """A file in the format of pip's requirements, as `packaging` reads it."""

    def read(folder: str) -> Pairs:
        rows = [row.partition(" #")[0].strip() for row in fixture(folder, name).decode().splitlines()]
        return {_pinned(row) for row in rows if row and row[0] not in "-#."}

    return read


def _pinned(row: str) -> tuple[str, str | None]:
    if "==>=" in row:  # this pins nothing, and `packaging` takes it for no requirement
        return str(canonicalize_name(row.partition("=")[0])), None
    asked = Requirement(row)
    assert str(asked.specifier).startswith("=="), row
    return str(canonicalize_name(asked.name)), str(asked.specifier).removeprefix("==")


def by_npm(folder: str) -> Pairs:
    return set(_tree(json.loads(fixture(folder, "ls.json"))))


def _tree(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, entry in node.get("dependencies", {}).items():
        yield from _tree(entry)
        if "version" in entry:
            yield name, entry["version"]


def by_bundler(folder: str) -> Pairs:
    """`  * name (version)` a line."""
    rows = [row[4:] for row in fixture(folder, "list.txt").decode().splitlines() if row.startswith("  * ")]
    return {(row.split(" (")[0], row.split(" (")[1].rstrip(")").split()[0]) for row in rows}


def by_packaging(folder: str) -> Pairs:
    document = Pylock.from_dict(tomllib.loads(fixture(folder, "pylock.toml").decode()))
    return {(each.name, str(each.version)) for each in document.packages if each.directory is None}


def by_tomllib(folder: str) -> Pairs:
    """`pdm export` leaves out what markers keep from its own platform, so that what stands in the lock is asked."""
    packages = tomllib.loads(fixture(folder, "pdm.lock").decode())["package"]
    return {(str(canonicalize_name(each["name"])), each["version"]) for each in packages}


# Folder of the fixture, lock, what else lies in the checkout, ecosystem, project, tool that made it, oracle
PROJECTS: tuple[Project, ...] = (
    ("uv/quart", "uv.lock", "pyproject.toml", "pypi", "Quart 0.20.0", "uv 0.13.9", by_requirements("export.txt")),
    ("poetry/crashtest", "poetry.lock", "pyproject.toml", "pypi", "crashtest 0.4.1", "Poetry 2.1.4",
     by_requirements("export.txt")),
    ("pdm/pdm", "pdm.lock", "pyproject.toml", "pypi", "PDM 2.20.1", "PDM 2.29.4", by_tomllib),
    ("pylock/flask", "pylock.toml", "pyproject.toml", "pypi", "Flask 3.1.0", "uv 0.13.9", by_packaging),
    ("pipenv/celery", "Pipfile.lock", "Pipfile", "pypi", "Celery 5.4.0", "Pipenv 2026.8.0",
     by_requirements("requirements.txt")),
    ("pip/sphinx", "requirements.txt", "", "pypi", "Sphinx 8.1.3", "uv 0.13.9", by_list),
    ("npm/cors", "package-lock.json", "package.json", "npm", "cors 2.8.5", "npm 11.19.1", by_npm),
    ("yarn/express", "yarn.lock", "package.json", "npm", "Express 4.21.2", "Yarn 1.22.22", by_list),
    ("yarn/raw-body", "yarn.lock", "package.json", "npm", "raw-body 2.5.2", "Yarn 4.18.1", by_list),
    ("pnpm/ws", "pnpm-lock.yaml", "package.json", "npm", "ws 8.18.0", "pnpm 9.15.9", by_list),
    ("bun/ms", "bun.lock", "package.json", "npm", "ms 2.1.3", "Bun 1.4.5", by_list),
    ("cargo/orjson", "Cargo.lock", "Cargo.toml", "cargo", "orjson 3.10.12", "cargo", by_list),
    ("bundler/sinatra", "Gemfile.lock", "Gemfile", "gem", "Sinatra of Debian 12", "Bundler 2.3.15", by_bundler),
)  # fmt: skip


def shown(parity: list[str], root: Path, state: Path) -> dict[str, Any]:
    """The section that the command prints, run as a user runs it in a checkout that has no environment of its own."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PARITY_", "VIRTUAL_ENV", "CONDA"))
    }
    environ = {**kept, "PARITY_STATE_DIR": str(state), "PARITY_INSTANCE_KIND": "host"}
    done = subprocess.run([*parity, "show"], cwd=root, env=environ, capture_output=True, check=True)
    section: dict[str, Any] = json.loads(done.stdout)["sections"]["dependencies"]
    return section


def pairs(section: dict[str, Any]) -> Pairs:
    found: Pairs = set()
    for fact in section["facts"]:
        value = fact.get("value")
        found |= {(fact["name"], version) for version in (value if isinstance(value, list) else [value])}
    return found


def test_at_least_ten_projects_in_at_least_ten_formats_are_shown() -> None:
    assert len(PROJECTS) >= 13
    assert len({name for _folder, name, *_rest in PROJECTS}) >= 10


@pytest.mark.parametrize("project", PROJECTS, ids=[row[0] for row in PROJECTS])
def test_what_is_shown_is_what_the_tool_says(project: Project, parity: list[str], tmp_path: Path) -> None:
    folder, lock, beside, ecosystem, name, tool, oracle = project
    root = tmp_path / "checkout"
    root.mkdir()
    (root / lock).write_bytes(fixture(folder, lock))
    if beside:
        (root / beside).write_bytes(fixture(folder, beside))
    section = shown(parity, root, tmp_path / "state")
    expected = {(purl(ecosystem, package), version) for package, version in oracle(folder)}
    found = pairs(section)
    missing, extra = expected - found, found - expected
    figures = f"{len(found):>4} of {len(expected):>4}, {len(missing)} missing, {len(extra)} extra"
    print(f"{name:<22} {lock:<18} {tool:<15} {figures}")  # noqa: T201 - the figures are what the test shows
    assert (missing, extra) == (set(), set())
    assert section["status"] == "ok"
    assert f"pkg:{ecosystem}/" in section["covers"]
    assert len(found) >= 10
