"""`parity.pyz`, the agent as one file, on each Python from 3.9 on that is here; and no word in it that 3.9 lacks."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tests.agent.conftest import Wire, git

OLDEST = (3, 9)
ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "agents" / "pyz.py"


def pythons() -> dict[str, str]:
    """A program of each minor version from 3.9 on, by version: those on PATH, and those of pyenv and uv."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep)]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for kept in (pyenv / "versions", Path.home() / ".local" / "share" / "uv" / "python"):
        folders += sorted(kept.glob("*/bin"))
    found = {version(sys.executable): sys.executable}
    for folder in folders:
        for program in sorted(folder.glob("python3.[0-9]*")):
            if program.name.removeprefix("python3.").isdecimal():
                found.setdefault(version(str(program)), str(program))
    return {said: program for said, program in sorted(found.items()) if said and as_numbers(said) >= OLDEST}


def version(program: str) -> str:
    """What a program says it is, empty where it says nothing: a name on PATH may be a shim that leads nowhere."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([program, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def as_numbers(said: str) -> tuple[int, ...]:
    return tuple(int(part) for part in said.split("."))


FOUND = pythons()
each_python = pytest.mark.parametrize("python", FOUND.values(), ids=FOUND.keys())


@pytest.fixture(scope="session")
def pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file, built as `make agent` does."""
    target = tmp_path_factory.mktemp("pyz") / "parity.pyz"
    subprocess.run([sys.executable, str(BUILD), str(target)], check=True, capture_output=True)
    return target


def run(python: str, pyz: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, str(pyz), *arguments], capture_output=True, text=True, check=False)


def test_equal_sources_give_equal_bytes(pyz: Path, tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Pacific/Apia", "LC_ALL": "C"}
    command = [sys.executable, str(BUILD), str(tmp_path / "again.pyz")]
    subprocess.run(command, check=True, capture_output=True, env=environ)
    assert (tmp_path / "again.pyz").read_bytes() == pyz.read_bytes()


def test_it_holds_sources_and_data_and_nothing_of_one_machine(pyz: Path) -> None:
    with zipfile.ZipFile(pyz) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert names == sorted(names)
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_DEFLATED}
    assert {name.rpartition(".")[2] for name in names if "." in name} == {"py", "json"}
    assert {"tomli/_parser.py", "tomli/LICENSE", "LICENSE", "paritycheck_agent/wire/schemas/report.json"} <= set(names)
    assert str(ROOT).encode() not in pyz.read_bytes()


@pytest.mark.e2e
def test_it_runs_by_its_own_name(pyz: Path) -> None:
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run([str(pyz), "--version"], capture_output=True, text=True, check=True, env=environ)
    assert done.stdout.startswith("parity ")


@pytest.mark.e2e
@each_python
@pytest.mark.usefixtures("checkout")
def test_it_shows_gates_and_reports(python: str, pyz: Path, reporting: Wire, checkout: Path) -> None:
    git(checkout, "init", "-q")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "Begin")
    shown = run(python, pyz, "show")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert json.loads(shown.stdout)["resource"] == {"service.name": "shop"}
    for text in ("report taken, snapshot 1", "nothing has changed since the last report"):
        done = run(python, pyz, "report")
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{text}\n", "")
    assert {part["status"] for part in reporting.reports[0]["sections"].values()} == {"ok"}
    assert run(python, pyz, "status").returncode == 0
    gate = run(python, pyz, "gate")
    assert (gate.returncode, gate.stderr) == (0, "")
    doctor = run(python, pyz, "doctor")
    assert doctor.returncode == 0
    assert "the token may report" in doctor.stdout


@pytest.mark.e2e
@each_python
def test_it_watches(python: str, pyz: Path, reporting: Wire) -> None:
    process = subprocess.Popen([python, str(pyz), "watch"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        rows = [process.stdout.readline().partition(" ")[2] for _ in range(2)]
        assert rows[1] == "report taken, snapshot 1\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        process.stdout.close()
    finally:
        process.kill()
        process.wait()
    assert reporting.reports[0]["agent"]["interval_s"] == 300


@pytest.mark.e2e
@each_python
def test_a_mistake_in_toml_has_its_place_on_each_python(python: str, pyz: Path, checkout: Path) -> None:
    (checkout / "parity.toml").write_text('[project]\nname = "shop"\nbaseline = \n')
    done = run(python, pyz, "show")
    assert done.returncode == 2
    assert done.stderr == "error: parity.toml:3:12: Invalid value\n"


@pytest.mark.e2e
@each_python
def test_every_module_in_it_can_be_imported(python: str, pyz: Path) -> None:
    with zipfile.ZipFile(pyz) as archive:
        names = [name for name in archive.namelist() if name.startswith("paritycheck_agent/")]
    modules = [name[:-3].replace("/", ".").removesuffix(".__init__") for name in names if name.endswith(".py")]
    wanted = [name for name in modules if not name.endswith("__main__")]
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); [__import__(name) for name in sys.argv[1:]]"
    done = subprocess.run(
        [python, "-I", "-W", "error", "-c", code, str(pyz), *wanted], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(wanted) > 80


@pytest.mark.e2e
@each_python
def test_data_of_the_package_can_be_read_inside_it(python: str, pyz: Path) -> None:
    code = "import pkgutil, sys; sys.path.insert(0, sys.argv[1])\n"
    code += "print(pkgutil.get_data('paritycheck_agent.wire', 'schemas/report.json').decode())"
    done = subprocess.run([python, "-I", "-c", code, str(pyz)], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["$id"].endswith("report-1.json")


@pytest.mark.e2e
def test_a_newer_file_in_its_place_serves_the_next_round(
    pyz: Path, tmp_path: Path, reporting: Wire, checkout: Path
) -> None:
    """An upgrade under a watching agent: the round after it runs what lies there then, and no half of each."""
    del checkout
    place = tmp_path / "parity.pyz"
    place.write_bytes(pyz.read_bytes())
    process = subprocess.Popen([sys.executable, str(place), "watch", "--quiet"])
    try:
        wait_for(reporting, 1)
        newer = tmp_path / "newer.pyz"
        newer.write_bytes(rewritten(pyz.read_bytes()))
        newer.replace(place)
        time.sleep(0.3)
        process.send_signal(signal.SIGHUP)
        wait_for(reporting, 2)
    finally:
        process.terminate()
        assert process.wait(30) == 0
    assert reporting.reports[0]["agent"]["version"] != "9.9.9"
    assert reporting.reports[1]["agent"]["version"] == "9.9.9"


def wait_for(wire: Wire, count: int) -> None:
    end = time.monotonic() + 30
    while len(wire.reports) < count:
        assert time.monotonic() < end
        time.sleep(0.02)


def rewritten(data: bytes) -> bytes:
    """The same file of another version, its members in other places."""
    import io

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in reversed(old.namelist()):
            body = old.read(name)
            if name == "paritycheck_agent/wire/version.py":
                body += b'\nVERSION = "9.9.9"\n'
            new.writestr(name, body)
    return out.getvalue()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "agents" / "paritycheck_agent").rglob("*.py")), ids=lambda path: path.stem
)
def test_each_source_is_syntax_of_the_oldest_python(path: Path) -> None:
    source = path.read_text()
    ast.parse(source, str(path), feature_version=OLDEST)
    assert not source.strip() or "from __future__ import annotations" in source
    assert "__file__" not in source, "a file beside a module is no file inside a zip: pkgutil.get_data reads both"


def test_nothing_of_the_standard_library_is_newer_than_the_oldest_python() -> None:
    command = [str(Path(sys.executable).parent / "vermin"), "--target=3.9-", "--no-tips", "--violations"]
    done = subprocess.run(
        [*command, "--exclude", "tomllib", str(ROOT / "agents" / "paritycheck_agent")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_python_of_this_run_is_among_those_tried() -> None:
    assert any(as_numbers(said) == sys.version_info[:2] for said in FOUND)
