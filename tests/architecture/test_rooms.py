"""The house as drawn: rooms, their names, and what may stand in a folder of plug-ins."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "paritycheck"
AGENT = ROOT / "agents" / "paritycheck_agent"
NAMELESS = {"utils", "common", "helpers", "misc", "util", "shared", "tools", "base_utils"}
LONGEST_FILE = 300
# The folder, and what each file in it has to define at its top.
PLUG_INS = {
    AGENT / "collectors": {"SECTION", "collect"},
    AGENT / "probes": {"probe"},
    AGENT / "locks": {"FILENAMES", "ECOSYSTEM", "read"},
    AGENT / "migrators": {"TOOL", "TABLE", "APPLIED", "find"},
}


def modules(top: Path) -> list[Path]:
    return sorted(path for path in top.rglob("*.py") if "__pycache__" not in path.parts)


def defined(path: Path) -> set[str]:
    """The names that a module binds at its top."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=targets):
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case _:
                continue
    return names


@pytest.mark.parametrize("package", [SERVER, AGENT], ids=["server", "agent"])
def test_importing_a_distribution_runs_nothing(package: Path) -> None:
    assert (package / "__init__.py").read_bytes() == b""


@pytest.mark.parametrize("folder", PLUG_INS, ids=lambda folder: folder.name)
def test_a_folder_of_plug_ins_holds_only_plug_ins(folder: Path) -> None:
    plug_ins = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert plug_ins
    assert (folder / "__init__.py").read_bytes() == b""
    assert not [path for path in folder.iterdir() if path.is_dir() and path.name != "__pycache__"]
    lacking = {path.name: PLUG_INS[folder] - defined(path) for path in plug_ins}
    assert not {name: missing for name, missing in lacking.items() if missing}


@pytest.mark.parametrize("package", [SERVER, AGENT], ids=["server", "agent"])
def test_every_room_has_a_name_that_says_something(package: Path) -> None:
    named = [path for path in modules(package) if NAMELESS & set(path.relative_to(package).with_suffix("").parts)]
    assert named == []


@pytest.mark.parametrize("package", [SERVER, AGENT], ids=["server", "agent"])
def test_files_stay_short_enough_to_read(package: Path) -> None:
    written = [path for path in modules(package) if "migrations" not in path.parts]
    lines = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in written}
    assert {path: count for path, count in lines.items() if count > LONGEST_FILE} == {}


def test_tests_are_no_packages() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


@pytest.mark.e2e
def test_imports_run_one_way() -> None:
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert command is not None
    done = subprocess.run([command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout
