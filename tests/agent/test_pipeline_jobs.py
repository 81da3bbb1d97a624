"""The jobs of the action, the component and the manual's examples, run as their CI runs them.

The agent is real, and asks a server on loopback; only what would install it is a stand-in.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.agent.conftest import TOKEN, git
from tests.agent.test_keyless import EXCHANGED, ID, raw
from tests.agent.test_pipelines import FOLDER, ROOT, component, document

if TYPE_CHECKING:
    from tests.agent.conftest import Wire


class Run(NamedTuple):
    """Commands as their CI runs them, the shell that does, and the variables that the job sets."""

    script: str
    environ: dict[str, str]
    shell: tuple[str, ...] = ("bash", "-e", "-o", "pipefail", "-c")


def jobs() -> dict[str, Run]:
    action = document(ROOT / "action.yml")
    inputs = {name: one.get("default", "") for name, one in action["inputs"].items()}
    (step,) = action["runs"]["steps"]
    given = {name: inputs[re.sub(r"\$\{\{ inputs\.([a-z-]+) }}", r"\1", text)] for name, text in step["env"].items()}
    github = Run(step["run"], given, ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c"))
    job = component()[1]["parity-gate"]
    jenkins = re.search(r"sh '''\n(.*?)'''", (FOLDER / "Jenkinsfile").read_text(encoding="utf-8"), re.DOTALL)
    assert jenkins is not None
    circle = document(FOLDER / "circleci.yml")["jobs"]["parity"]
    azure = document(FOLDER / "azure.yml")["steps"][1]
    (buildkite,) = document(FOLDER / "buildkite.yml")["steps"]
    return {
        "github": github,
        "gitlab": Run("\n".join(job["script"]), {name: str(value) for name, value in job["variables"].items()}),
        "jenkins": Run(jenkins[1], {}, ("sh", "-xe", "-c")),
        "circleci": Run(circle["steps"][1]["run"]["command"], circle["environment"], ("bash", "-eo", "pipefail", "-c")),
        "azure": Run(azure["bash"], azure["env"], ("bash", "--noprofile", "--norc", "-c")),
        # The agent puts variables in when it uploads the file, where `$$` is a `$`.
        "buildkite": Run(buildkite["command"].replace("$$", "$"), buildkite["env"], ("bash", "-e", "-c")),
    }


@pytest.fixture
def machine(tmp_path: Path, reporting: Wire, checkout: Path, agents: Path) -> dict[str, str]:
    """The variables of a job whose PATH has the agent, and stand-ins for what would install it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    agent = Path(sys.executable).parent / "parity"
    stand_ins = {
        "uvx": 'while [ "$1" != parity ]; do shift; done; shift; exec parity "$@"',
        "pip": f'echo "$@" >> {tmp_path}/installed',
        "python": f'mkdir -p "$3/bin"; cp {folder}/pip {folder}/parity "$3/bin/"',
        "buildkite-agent": f"cat > {tmp_path}/annotation",
    }
    for name, text in {
        **stand_ins,
        "python3": stand_ins["python"],
        "parity": f'PYTHONPATH={agents} exec {agent} "$@"',
    }.items():
        (folder / name).write_text(f"#!/bin/bash\n{text}\n")
        (folder / name).chmod(0o755)
    git(checkout, "init", "-q")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "Start the shop")
    return {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path), "PARITY_URL": reporting.url,
        "PARITY_STATE_DIR": str(tmp_path / "state"), "GITHUB_OUTPUT": str(tmp_path / "outputs"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "RUNNER_TEMP": str(tmp_path),
        "WORKSPACE_TMP": str(tmp_path), "AGENT_TEMPDIRECTORY": str(tmp_path),
    }  # fmt: skip


def ended(job: Run, machine: dict[str, str], **more: str) -> subprocess.CompletedProcess[str]:
    environ = {**job.environ, **machine, **more}
    return subprocess.run([*job.shell, job.script], env=environ, capture_output=True, text=True, check=False)


FAILS = {
    "verdict": "fail",
    "exit_code": 1,
    "introduced": [{"section": "services", "name": "database", "severity": "error"}],
}


@pytest.mark.e2e
@pytest.mark.parametrize("name", ["github", "gitlab", "jenkins", "circleci", "azure", "buildkite"])
def test_a_job_passes_with_a_pass_and_with_nothing_else(reporting: Wire, machine: dict[str, str], name: str) -> None:
    job = jobs()[name]
    done = ended(job, machine, PARITY_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    assert ("POST", "/api/v1/projects/shop/gate") in reporting.calls
    reporting.answers["gate"] = FAILS
    assert ended(job, machine, PARITY_TOKEN=TOKEN).returncode == 1
    assert ended(job, machine, PARITY_TOKEN="pcg_revoked").returncode == 3


@pytest.mark.e2e
def test_the_action_gives_verdict_page_summary_and_a_file_and_signs_in_by_itself(
    reporting: Wire, machine: dict[str, str], tmp_path: Path
) -> None:
    against = {"environment": "staging", "snapshot": "staging#42", "age_s": 312}
    reporting.answers["gate"] = {**FAILS, "against": against, "url": "https://parity.example/p/shop/gate/1"}
    reporting.faults.append(raw(200, EXCHANGED))
    inputs = {"INPUT_FORMAT": "sarif", "INPUT_AGAINST": "staging", "INPUT_ARGS": "--record --min-coverage 10"}
    done = ended(jobs()["github"]._replace(environ={**jobs()["github"].environ, **inputs}), machine, PARITY_ID_TOKEN=ID)
    assert done.returncode == 1, done.stderr
    outputs = dict(row.split("=", 1) for row in (tmp_path / "outputs").read_text().splitlines())
    assert outputs["verdict"] == "fail"
    assert outputs["url"] == "https://parity.example/p/shop/gate/1"
    assert json.loads(Path(outputs["file"]).read_text())["version"] == "2.1.0"
    assert "database" in (tmp_path / "summary").read_text()
    asked = json.loads(reporting.received[-1][reporting.received[-1].index(b"{") :])
    assert (asked["against"], asked["record"], asked["min_coverage"]) == ("staging", True, 10)


@pytest.mark.e2e
def test_an_input_of_the_action_is_an_argument_and_never_a_command(
    reporting: Wire, machine: dict[str, str], tmp_path: Path
) -> None:
    hostile = f"$(touch {tmp_path}/ran) `touch {tmp_path}/ran`; touch {tmp_path}/ran"
    for name in ("INPUT_AGAINST", "INPUT_FAIL_ON", "INPUT_FORMAT", "INPUT_VERSION", "INPUT_ARGS", "PARITY_PROJECT"):
        job = jobs()["github"]
        ended(job._replace(environ={**job.environ, name: hostile}), machine, PARITY_TOKEN=TOKEN)
    assert not (tmp_path / "ran").exists()
    assert all(b"touch" not in row for row in reporting.received if b"Bearer" not in row)
