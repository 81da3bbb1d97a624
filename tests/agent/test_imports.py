"""What a run imports is a promise: the agent starts on every deploy and every five minutes (performance.md)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.agent.conftest import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.agent.conftest import Wire

pytestmark = pytest.mark.e2e

RUN = """
import json, sys
before = set(sys.modules)
from paritycheck_agent.cli import main
code = main(sys.argv[1:])
print("\\n" + json.dumps([code, sorted(set(sys.modules) - before)]))
"""
NEVER = {
    "importlib.metadata", "urllib.request", "asyncio", "dataclasses", "tomllib", "logging", "pathlib", "typing",
    "argparse", "unittest", "decimal", "random", "multiprocessing", "concurrent", "xml", "sqlite3", "ctypes",
    "importlib.resources", "inspect", "uuid", "traceback", "docker", "requests",
}  # fmt: skip
# Beyond all that: http.client brings the e-mail package, which costs three times what sending does.
NOT_TO_SEND = {"http.client", "email", "datetime", "calendar", "urllib.parse", "ipaddress", "encodings.idna"}


def imported(agents: Path, checkout: Path, *arguments: str) -> tuple[int, set[str]]:
    environ = {**os.environ, "PYTHONPATH": str(agents)}
    done = subprocess.run(
        [sys.executable, "-S", "-c", RUN, *arguments],
        cwd=checkout,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    return code, set(modules)


def test_an_unchanged_report_imports_nothing_slow(reporting: Wire, agents: Path, checkout: Path) -> None:
    first, _modules = imported(agents, checkout, "report")
    code, modules = imported(agents, checkout, "report")
    assert (first, code) == (0, 0)
    assert reporting.calls[-1] == ("POST", "/api/v1/reports")
    assert len([call for call in reporting.calls if call[1].endswith("/reports")]) == 3
    assert {"socket", "ssl"} <= modules
    assert modules & (NEVER | NOT_TO_SEND) == set()


def test_showing_imports_nothing_of_the_network(agents: Path, checkout: Path) -> None:
    imported(agents, checkout, "show")
    _code, modules = imported(agents, checkout, "show")
    assert modules & {"http.client", "ssl", "email", "urllib.request", "tomllib"} == set()


def test_a_checkout_pays_for_nothing_that_it_lacks(agents: Path, checkout: Path) -> None:
    sources = "paritycheck_agent.sources"
    readers = {f"{sources}.{name}" for name in ("node_modules", "system_packages", "dpkg", "rpm", "sbom", "cyclonedx")}
    imported(agents, checkout, "show")
    _code, modules = imported(agents, checkout, "show")
    assert modules & (readers | {"pyexpat", "subprocess"}) == set()
    (checkout / "node_modules").mkdir()
    (checkout / "bom.xml").write_text('<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>')
    (checkout / "parity.toml").write_text('[dependencies]\nsystem = true\nsbom = ["bom.xml"]\n')
    imported(agents, checkout, "show")
    _code, modules = imported(agents, checkout, "show")
    # What did not change is not parsed again; no run starts a program for what files tell.
    assert modules & (readers | {"pyexpat", "subprocess"}) >= {f"{sources}.node_modules", f"{sources}.system_packages"}
    assert modules & {"pyexpat", "subprocess", f"{sources}.sbom", f"{sources}.cyclonedx"} == set()
    assert modules & (NEVER - {"argparse"}) == set()


def test_the_wire_alone_is_light(agents: Path) -> None:
    """The server's heartbeat imports it before Django; the agent in every run."""
    code = "import sys; b = set(sys.modules); import paritycheck_agent.wire.reports, paritycheck_agent.wire.bodies"
    code += ", paritycheck_agent.wire.candidates, paritycheck_agent.wire.commits; print(*(set(sys.modules) - b))"
    environ = {**os.environ, "PYTHONPATH": str(agents)}
    done = subprocess.run([sys.executable, "-S", "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & (NEVER | {"socket", "ssl", "datetime", "subprocess"}) == set()


def test_no_token_stands_in_the_environment_of_programs_the_agent_starts(
    reporting: Wire, checkout: Path, agents: Path
) -> None:
    """A `git` that tells what it was given."""
    tools = checkout.parent / "tools"
    tools.mkdir()
    (tools / "git").write_text(f"#!/bin/sh\nenv > {checkout.parent}/seen-$$\nexit 1\n")
    (tools / "git").chmod(0o755)
    (checkout / ".git").mkdir()
    (checkout / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    environ = {**os.environ, "PYTHONPATH": str(agents), "PATH": f"{tools}:{os.environ['PATH']}"}
    subprocess.run([sys.executable, "-c", RUN, "report"], cwd=checkout, env=environ, capture_output=True, check=True)
    seen = [path.read_text() for path in checkout.parent.glob("seen-*")]
    assert seen
    assert all(TOKEN not in text for text in seen)
    assert reporting.reports
