"""The agent runs on every Python from 3.9 on: compiled, shown, and reported with each that is found here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from paritycheck_agent.wire.version import VERSION

if TYPE_CHECKING:
    from tests.agent.conftest import Wire

pytestmark = pytest.mark.e2e


def interpreters() -> dict[str, str]:
    """Find Python 3.9 to 3.14, by version, on PATH and under pyenv; the running one is always there."""
    found = {f"{sys.version_info[0]}.{sys.version_info[1]}": sys.executable}
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for minor in range(9, 15):
        version = f"3.{minor}"
        candidates = [str(path / "bin" / "python") for path in sorted(pyenv.glob(f"{version}.*"))]
        candidates.append(shutil.which(f"python{version}") or "")
        for candidate in candidates:
            if candidate and version not in found and _says(candidate, version):
                found[version] = candidate
    return found


def _says(candidate: str, version: str) -> bool:
    """A shim of pyenv stands on PATH for versions that are not switched on."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([candidate, "-c", code], capture_output=True, text=True, check=False, timeout=20)
    except OSError:
        return False
    return done.stdout.strip() == version


FOUND = interpreters()


@pytest.fixture(params=sorted(FOUND), ids=sorted(FOUND))
def python(request: pytest.FixtureRequest) -> str:
    return FOUND[request.param]


def run(
    python: str, agents: Path, *arguments: str, cwd: Path, flags: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(agents), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [python, *flags, "-m", "paritycheck_agent.cli", *arguments]
    return subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, check=False)


def test_every_file_compiles_without_a_warning(python: str, agents: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).rglob('*.py')):\n"
        "    compile(path.read_bytes(), str(path), 'exec')\n"
    )
    done = subprocess.run(
        [python, "-W", "error", "-c", code, str(agents / "paritycheck_agent")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0


def test_every_module_is_importable(python: str, agents: Path) -> None:
    names = []
    for path in sorted((agents / "paritycheck_agent").rglob("*.py")):
        parts = path.relative_to(agents).with_suffix("").parts
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    code = "import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)\n"
    names = [name for name in names if not name.endswith("__main__")]
    environ = {**os.environ, "PYTHONPATH": str(agents), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [python, "-W", "error", "-c", code, *names], env=environ, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


def test_it_says_its_version(python: str, agents: Path, checkout: Path) -> None:
    done = run(python, agents, "--version", cwd=checkout)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"parity {VERSION}\n", "")


def test_it_shows_the_same_facts_as_here(python: str, agents: Path, checkout: Path) -> None:
    (checkout / "parity.toml").unlink()
    there = run(python, agents, "show", cwd=checkout, flags=("-W", "error"))
    here = run(sys.executable, agents, "show", cwd=checkout)
    assert there.stderr == ""
    theirs, ours = json.loads(there.stdout)["sections"], json.loads(here.stdout)["sections"]
    for section in ("dependencies", "config", "services", "release"):
        assert theirs[section] == ours[section], section


def test_it_reports(python: str, agents: Path, checkout: Path, reporting: Wire) -> None:
    (checkout / "parity.toml").unlink()
    done = run(python, agents, "report", cwd=checkout, flags=("-W", "error"))
    assert done.returncode == 0, done.stderr
    assert reporting.reports[0]["sections"]["config"]["status"] == "ok"


def test_before_3_11_a_missing_tomli_is_said_plainly(python: str, agents: Path, checkout: Path) -> None:
    version = next(version for version, path in FOUND.items() if path == python)
    done = run(python, agents, "show", cwd=checkout, flags=("-S",))
    if version in {"3.9", "3.10"}:
        assert done.returncode == 2
        assert "tomli" in done.stderr
    else:
        assert done.returncode == 0
