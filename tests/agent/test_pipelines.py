"""The action, GitLab's component, the hook of pre-commit and the manual's examples: what their vendors take.

The schemas are the copies of SchemaStore's and the vendors' that check-jsonschema brings.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from paritycheck.web.pipelines import EXAMPLES
from paritycheck_agent.wire.version import VERSION

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "templates" / "docs" / "pipelines"
COMPONENT = ROOT / "templates" / "parity-gate.yml"
SCHEMAS = "check_jsonschema/builtin_schemas/vendor"
VENDORS = {
    "github.yml": "github-workflows", "gitlab.yml": "gitlab-ci", "circleci.yml": "circle-ci",
    "azure.yml": "azure-pipelines", "buildkite.yml": "buildkite",
}  # fmt: skip


def document(path: Path) -> Any:
    """A file as its CI reads it: to YAML 1.1 the key `on` is true."""
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in found.items()} if isinstance(found, dict) else found


def schema(vendor: str) -> dict[str, Any]:
    path = importlib.metadata.distribution("check-jsonschema").locate_file(f"{SCHEMAS}/{vendor}.json")
    found: dict[str, Any] = json.loads(Path(str(path)).read_text(encoding="utf-8"))
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
