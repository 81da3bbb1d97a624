"""The agent as a service of systemd and as an image: what compose/ ships is what starts, and holds what it promises."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from paritycheck_agent.cli.arguments import parse
from paritycheck_agent.sources import dockerfile

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.agent.conftest import Wire

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "compose" / "systemd" / "parity.service"
IMAGE = ROOT / "compose" / "agent.Dockerfile"
# systemd's own scale from 0 (no risk) to 10; up to 2 it calls a service OK.
MOST_EXPOSED = 2.0


def service() -> dict[str, list[str]]:
    """The settings of [Service], each with all its values."""
    text = UNIT.read_text().partition("[Service]\n")[2].partition("[Install]")[0]
    text = text.rpartition("[Service]\n")[2]
    found: dict[str, list[str]] = {}
    for row in text.splitlines():
        if row and not row.startswith("#"):
            name, _equals, value = row.partition("=")
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.e2e
def test_systemd_reads_the_unit_without_a_word(program: Callable[[str, str], str], tmp_path: Path) -> None:
    """With this Python in place of the one that a host has."""
    unit = tmp_path / "parity.service"
    unit.write_text(UNIT.read_text().replace("/usr/bin/python3", sys.executable))
    done = subprocess.run(
        [program("systemd-analyze", "systemd"), "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.e2e
def test_systemd_counts_it_as_little_exposed(program: Callable[[str, str], str]) -> None:
    command = [program("systemd-analyze", "systemd"), "security", "--offline=true", "--no-pager", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    match = re.search(r"Overall exposure level for parity\.service: ([0-9.]+)", done.stdout)
    assert match is not None
    assert float(match[1]) <= MOST_EXPOSED


def test_the_unit_gives_the_token_by_a_credential_and_has_a_user_and_a_state_of_its_own() -> None:
    said = service()
    environment = " ".join(said["Environment"]).split()
    assert said["LoadCredential"] == ["token:/etc/parity/token"]
    assert "PARITY_TOKEN_FILE=%d/token" in environment
    assert said["StateDirectory"] == ["paritycheck"]
    assert "PARITY_STATE_DIR=%S/paritycheck" in environment
    assert not [item for item in environment if item.startswith("PARITY_TOKEN=")]
    for name in ("DynamicUser", "NoNewPrivileges"):
        assert said[name] == ["yes"]
    assert said["ProtectSystem"] == ["strict"]


def test_the_unit_starts_what_the_command_line_knows() -> None:
    words = service()["ExecStart"][0].split()
    assert words[:3] == ["/usr/bin/python3", "-I", "/usr/local/bin/parity.pyz"]
    _run, options = parse(words[3:])
    assert (options.command, options.interval, options.directory) == ("watch", 300, "${PARITY_CHECKOUT}")
    assert service()["ExecReload"][0].endswith("kill -HUP $MAINPID")


def instructions() -> list[tuple[str, str]]:
    rows = [row for row in IMAGE.read_text().replace("\\\n", " ").splitlines() if row and not row.startswith("#")]
    return [(word, rest) for word, _space, rest in (row.partition(" ") for row in rows)]


def test_the_image_runs_the_one_file_as_a_user_without_rights() -> None:
    said = dict(instructions())
    assert said["COPY"].split()[-2:] == ["dist/parity.pyz", "/usr/local/bin/parity"]
    assert said["USER"] == "10001:10001"
    entry, arguments = json.loads(said["ENTRYPOINT"]), json.loads(said["CMD"])
    assert entry == ["python3", "-I", "/usr/local/bin/parity"]
    _run, options = parse(arguments)
    assert (options.command, options.directory) == ("watch", "/app")
    assert "PARITY_TOKEN=" not in said["ENV"]
    [stage] = dockerfile.stages(IMAGE.read_text())
    assert stage.base.startswith("python:3.")


@pytest.mark.e2e
def test_what_unit_and_image_start_reports(reporting: Wire, checkout: Path, tmp_path: Path) -> None:
    """Their command line, isolated as theirs is, from another directory and with a read-only token file."""
    token = tmp_path / "token"
    token.write_text("pca_Ab3dEf6hIj9k_0123456789abcdefghijklmnopqrstuvABCDEF\n")
    token.chmod(0o400)
    place = tmp_path / "parity"
    subprocess.run([sys.executable, str(ROOT / "agents" / "pyz.py"), str(place)], check=True, capture_output=True)
    entry = [sys.executable, *json.loads(dict(instructions())["ENTRYPOINT"])[1:-1], str(place)]
    environ = {
        "PATH": "/usr/bin:/bin", "PARITY_URL": reporting.url, "PARITY_TOKEN_FILE": str(token),
        "PARITY_STATE_DIR": str(tmp_path / "state"),
    }  # fmt: skip
    process = subprocess.Popen(
        [*entry, "watch", "-C", str(checkout)], stdout=subprocess.PIPE, env=environ, cwd="/", text=True
    )
    try:
        assert process.stdout is not None
        rows = [process.stdout.readline().partition(" ")[2] for _ in range(2)]
        process.terminate()
        assert process.wait(30) == 0
        process.stdout.close()
    finally:
        process.kill()
        process.wait()
    assert rows[1] == "report taken, snapshot 1\n"
    assert len(reporting.reports) == 1


def has_engine() -> bool:
    """Whether a docker engine answers, and has a base with a Python, for nothing may be fetched."""
    if shutil.which("docker") is None:
        return False
    done = subprocess.run(["docker", "image", "inspect", "python:3.13-alpine"], capture_output=True, check=False)
    return done.returncode == 0


if has_engine():

    @pytest.mark.e2e
    def test_the_image_is_built_without_a_network_and_says_its_version(tmp_path: Path) -> None:
        context = tmp_path / "context"
        subprocess.run(
            [sys.executable, str(ROOT / "agents" / "pyz.py"), str(context / "dist" / "parity.pyz")], check=True
        )
        name = "paritycheck-agent:test"
        command = ["docker", "build", "--network", "none", "--pull=false", "-q", "-f", str(IMAGE), "-t", name]
        subprocess.run([*command, str(context)], check=True, capture_output=True)
        said = subprocess.run(
            ["docker", "run", "--rm", "--network", "none", "--read-only", name, "--version"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        assert said.stdout.startswith("parity ")
        subprocess.run(["docker", "image", "rm", name], check=True, capture_output=True)
