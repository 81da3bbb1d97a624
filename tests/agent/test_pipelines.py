"""The action, GitLab's component, the hook of pre-commit and the manual's examples: valid for their vendors, and run.

The schemas are the copies of SchemaStore's and the vendors' that check-jsonschema brings. Shell steps run as their CI
runs them, with the real agent against a server on loopback; only what would install something is a stand-in.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import check_jsonschema
import pytest
import yaml
from jsonschema import Draft7Validator

from paritycheck.web.pipelines import EXAMPLES
from paritycheck_agent.wire.version import VERSION
from tests.agent.conftest import TOKEN, git
from tests.agent.test_keyless import EXCHANGED, ID, raw

if TYPE_CHECKING:
    from tests.agent.conftest import Wire

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "templates" / "docs" / "pipelines"
COMPONENT = ROOT / "templates" / "parity-gate.yml"
SCHEMAS = Path(check_jsonschema.__file__).parent / "builtin_schemas" / "vendor"
VENDORS = {
    "github.yml": "github-workflows", "gitlab.yml": "gitlab-ci", "circleci.yml": "circle-ci",
    "azure.yml": "azure-pipelines", "buildkite.yml": "buildkite",
}  # fmt: skip


def document(path: Path) -> Any:
    """A file as its CI reads it: to YAML 1.1 the key `on` is true."""
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in found.items()} if isinstance(found, dict) else found


def schema(vendor: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / f"{vendor}.json").read_text(encoding="utf-8"))
    return found


def component() -> tuple[dict[str, Any], dict[str, Any]]:
    """The inputs of GitLab's component, and its job as GitLab makes it of the defaults."""
    spec, job = COMPONENT.read_text(encoding="utf-8").split("---\n")
    inputs = yaml.safe_load(spec)["spec"]["inputs"]
    given = {name: one.get("default", "https://parity.example") for name, one in inputs.items()}
    made = re.sub(r"\$\[\[ inputs\.([a-z-]+) \]\]", lambda match: json.dumps(given[match[1]]), job)
    return inputs, yaml.safe_load(made)


@pytest.mark.parametrize("name", VENDORS)
def test_an_example_is_what_its_vendor_takes(name: str) -> None:
    assert list(Draft7Validator(schema(VENDORS[name])).iter_errors(document(FOLDER / name))) == []


def test_the_action_and_the_component_are_what_their_vendors_take() -> None:
    assert list(Draft7Validator(schema("github-actions")).iter_errors(document(ROOT / "action.yml"))) == []
    assert list(Draft7Validator(schema("gitlab-ci")).iter_errors(component()[1])) == []


def test_every_example_is_on_the_page_and_names_inputs_and_versions_that_are_there() -> None:
    assert {one.file for one in EXAMPLES} == {path.name for path in FOLDER.iterdir()}
    action, inputs = document(ROOT / "action.yml"), component()[0]
    assert {action["inputs"]["version"]["default"], inputs["version"]["default"]} == {VERSION}
    (step,) = [
        one
        for one in document(FOLDER / "github.yml")["jobs"]["gate"]["steps"]
        if "with" in one and "server" in one["with"]
    ]
    assert step["with"].keys() <= action["inputs"].keys()
    (include,) = document(FOLDER / "gitlab.yml")["include"]
    assert include["inputs"].keys() <= inputs.keys()
    written = [path.read_text(encoding="utf-8") for path in FOLDER.iterdir()]
    named = {found for text in written for found in re.findall(r"(?:==|@v?|rev: v)(\d+\.\d+\.\d+)", text)}
    assert named == {VERSION}


def test_no_text_of_an_input_is_a_part_of_a_script() -> None:
    for step in document(ROOT / "action.yml")["runs"]["steps"]:
        assert "${{" not in step["run"]
    assert "$[[" not in "".join(component()[1]["parity-gate"]["script"])


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
def machine(tmp_path: Path, reporting: Wire, checkout: Path) -> dict[str, str]:
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
    for name, text in {**stand_ins, "python3": stand_ins["python"], "parity": f'exec {agent} "$@"'}.items():
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
def test_a_job_passes_with_a_pass_and_with_nothing_else(
    reporting: Wire, machine: dict[str, str], checkout: Path, name: str
) -> None:
    job = jobs()[name]
    done = ended(job, machine, PARITY_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    assert ("POST", "/api/v1/projects/shop/gate") in reporting.calls
    reporting.answers["gate"] = FAILS
    assert ended(job, machine, PARITY_TOKEN=TOKEN).returncode == 1
    assert ended(job, machine, PARITY_TOKEN="pcg_revoked").returncode == 3
    assert ended(job, machine, PARITY_TOKEN="").returncode == 2
    (checkout / "parity.toml").write_text("[project\n")
    assert ended(job, machine, PARITY_TOKEN=TOKEN).returncode not in (0, 1)


@pytest.mark.e2e
def test_the_action_gives_verdict_page_summary_and_a_file_and_signs_in_by_itself(
    reporting: Wire, machine: dict[str, str], tmp_path: Path
) -> None:
    reporting.answers["gate"] = {**FAILS, "url": "https://parity.example/p/shop/gate/1"}
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


@pytest.mark.e2e
def test_the_hook_of_pre_commit_runs_from_a_clone_and_reads_nothing_of_the_checkout_as_code(
    checkout: Path, tmp_path: Path
) -> None:
    (hook,) = document(ROOT / ".pre-commit-hooks.yaml")
    assert (hook["id"], hook["language"]) == ("parity-lint", "script")
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / "agents", clone / "agents", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("json.py", "paritycheck_agent.py"):
        (checkout / name).write_text("raise SystemExit(77)\n")
    (checkout / "app.py").write_text('import os\nos.environ["NEW_KEY"]\n')
    done = subprocess.run(
        [clone / hook["entry"], "app.py", "json.py"], cwd=checkout, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("app.py:2: error: NEW_KEY is read here")
