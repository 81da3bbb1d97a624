"""The core runs without Django, without the network and without a clock."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import paritycheck.core

CORE = Path(paritycheck.core.__file__).parent
FORBIDDEN = {
    "django",
    "os",
    "time",
    "socket",
    "subprocess",
    "paritycheck_agent",
    "psycopg",
    "celery",
    "random",
    "secrets",
}
CLOCKS = {"now", "utcnow", "today"}


def modules() -> list[Path]:
    return sorted(CORE.glob("*.py"))


def test_no_module_imports_what_reaches_outside() -> None:
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert FORBIDDEN.isdisjoint(name.partition(".")[0] for name in names), path.name


def test_no_module_reads_a_clock_or_a_file() -> None:
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                assert called not in CLOCKS | {"open", "read_text"}, path.name


def test_every_module_imports_alone_and_brings_no_django() -> None:
    names = [f"paritycheck.core.{path.stem}" for path in modules() if path.stem != "__init__"]
    program = "import sys; [__import__(name) for name in sys.argv[1:]]; sys.exit('django' in sys.modules)"
    subprocess.run([sys.executable, "-c", program, *names], check=True, timeout=60)


def test_the_package_itself_holds_nothing() -> None:
    assert (CORE / "__init__.py").read_text() == ""
