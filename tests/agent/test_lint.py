"""`parity lint`: each rule on a checkout that breaks it, silence on one that does not, and its three exit codes."""

from __future__ import annotations

import json
import re
import resource
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paritycheck.core.policy import PolicyError
from paritycheck.core.policy_file import read as read_policy
from paritycheck_agent.cli import main
from paritycheck_agent.cli.epilogs import LINT
from paritycheck_agent.runner import lint_policy
from paritycheck_agent.runner.lint_reading import Reading
from paritycheck_agent.sources import reads
from tests.agent.conftest import git

if TYPE_CHECKING:
    from collections.abc import Callable

CANARY = "hunter2-canary"
CI = ".github/workflows/ci.yml"
WAIVER = '[[waivers]]\nmatch = "services/*"\nreason = "r"\nowner = "o"\nuntil = 2020-01-01\n'
GUARDED = 'import os\nif "NEW" in os.environ:\n    A = os.environ["NEW"]\n'
READS = """\
import os
KEY = os.environ["SECRET_KEY"]
URL = os.environ["DATABASE_URL"]
HOME = os.environ["HOME"]
"""


def declared(name: str, image: str) -> str:
    return f"services:\n  {name}:\n    image: {image}\n"


CLEAN = {
    ".env.example": "DATABASE_URL=postgres://shop@localhost/shop\nSECRET_KEY=\nLOG_LEVEL=INFO\nPGHOST=\nHIDDEN=x\nSECRET_PATH=${HIDDEN}\n",
    "settings.py": READS,
    "conf/logging.yaml": "level: ${log_level}, ${secret.path}\n",
    "compose.yaml": """\
services:
  web:
    build: .
    environment: { DATABASE_URL: "postgres://shop@db/shop", SECRET_KEY: "${SECRET_KEY:?}", ONLY_HERE: "1" }
  db:
    image: postgres:16.9
""",
    "compose.prod.yaml": "services:\n  db:\n    image: postgres:16\n",
    ".github/workflows/ci.yml": "jobs:\n  test:\n    services:\n      postgres:\n        image: postgres:16.9-alpine\n",
    "tests/test_shop.py": 'import os\nONLY_IN_TESTS = os.environ["ONLY_IN_TESTS"]\n',
    "worker.js": "const only = process.env.ONLY_HERE;\n",
    "parity.toml": '[project]\nname = "shop"\n[tools.services]\n"*" = "same-minor"\n',
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write the clean checkout with some files changed, and go there."""

    def write(**changed: str) -> Path:
        for name, text in {**CLEAN, **changed}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return write


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    code = main(["lint", "--format", "json", *arguments])
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["exit_code"]) == ("paritycheck.lint/1", code)
    return code, document["findings"]


def rows(findings: list[dict[str, Any]]) -> list[str]:
    return [f"{one['path']}:{one['line'] or 0} {one['severity']} {one['rule']}" for one in findings]


def test_a_checkout_that_agrees_with_itself_has_no_finding(
    shop: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    shop()
    assert found(capsys, "--fail-on", "note") == (0, [])
    assert main(["lint"]) == 0
    assert capsys.readouterr().out == "nothing found\n"


BROKEN = [
    ("settings.py", 'import os\nA = os.environ["NEW_KEY"]\n', "settings.py:2 error env-undeclared", 1),
    ("settings.py", 'import os\nA = os.environ.get("NEW_KEY", "")\n', "settings.py:2 warning env-undeclared", 0),
    ("settings.py", GUARDED, "settings.py:3 warning env-undeclared", 0),
    (".env.example", CLEAN[".env.example"] + "OLD_KEY=1\n", ".env.example:7 warning env-unused", 0),
    (".env.example", CLEAN[".env.example"] + "SECRET_KEY=x\n", ".env.example:7 error env-duplicate", 1),
    (".env.example", "DATABASE_URL=sqlite:///x.db\nSECRET_KEY=\n", ".env.example:1 error service-kind", 1),
    ("compose.prod.yaml", declared("db", "mysql:8"), "compose.prod.yaml:3 error service-kind", 1),
    ("compose.prod.yaml", declared("db", "postgres:17"), "compose.prod.yaml:3 error service-version", 1),
    ("compose.prod.yaml", declared("db", "postgres:16.8"), "compose.prod.yaml:3 warning service-version", 0),
    ("compose.prod.yaml", declared("q", "rabbitmq"), "compose.prod.yaml:3 error service-unpinned", 1),
    ("compose.prod.yaml", declared("q", "redis:alpine"), "compose.prod.yaml:3 warning service-unpinned", 0),
    ("compose.prod.yaml", declared("p", "nginx:latest"), "compose.prod.yaml:3 warning image-unpinned", 0),
    ("compose.prod.yaml", "services: {db: &a [*a}\n", "compose.prod.yaml:1 error compose-unread", 1),
    ("compose.prod.yaml", declared("p", "x/y:${TAG}"), "compose.prod.yaml:3 error env-undeclared", 1),
    (CI, CLEAN[CI].replace("16.9", "15"), f"{CI}:5 error service-version", 1),
    ("parity.toml", '[tools.services]\ncache = "same"\n', "compose.yaml:6 note service-unjudged", 0),
    ("parity.toml", '[project]\nnam = "shop"\n', "parity.toml:2 error policy-unknown-key", 1),
    ("parity.toml", "[project\n", "parity.toml:1 error policy-syntax", 1),
    ("parity.toml", '[config]\nenv-fils = [".env"]\n', "parity.toml:2 warning policy-unknown-key", 0),
    ("pyproject.toml", '[tool.parity.project]\nname = "UPPER"\n', "pyproject.toml:2 error policy-value", 1),
    ("parity.toml", WAIVER, "parity.toml:5 warning policy-waiver-ended", 0),
]  # fmt: skip


@pytest.mark.parametrize("case", BROKEN, ids=[f"{case[2]}-{number}" for number, case in enumerate(BROKEN)])
def test_each_rule_names_its_line_and_what_to_do(
    shop: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    case: tuple[str, str, str, int],
) -> None:
    name, text, expected, code = case
    root = shop(**{name: text})
    if name == "pyproject.toml":
        (root / "parity.toml").unlink()
    ended, findings = found(capsys)
    assert rows(findings) == [expected]
    assert ended == code
    assert findings[0]["hint"]
    assert main(["lint", "--fail-on", expected.split()[1]]) == 1


def test_a_service_of_a_pipeline_that_runs_several_versions_is_a_matrix(
    shop: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = "".join(
        f"  v{one}:\n    services:\n      postgres:\n        image: postgres:{one}\n" for one in ("14", "15", "16")
    )
    shop(**{".github/workflows/ci.yml": "jobs:\n" + jobs})
    assert found(capsys)[1] == []


def test_names_that_parity_toml_ignores_asks_for_or_expects_are_no_findings(
    shop: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    shop(
        **{
            "settings.py": READS + "".join(f'os.environ["{name}"]\n' for name in ("DEBUG_A", "ASKED", "DIFFERS")),
            ".env.example": CLEAN[".env.example"] + "READ_BY_A_LIBRARY=1\n",
            "parity.toml": '[config]\nnames = ["ASKED"]\n'
            '[tools.config]\nignore = ["DEBUG_*", "READ_BY_*"]\nmust-differ = ["DIFFERS"]\n',
        }
    )  # fmt: skip
    assert found(capsys)[1] == []


def test_without_a_template_one_note_says_so(shop: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    (shop() / ".env.example").unlink()
    code, findings = found(capsys)
    assert (code, [one["rule"] for one in findings]) == (0, ["env-no-template"])


def test_named_files_are_told_of_alone_and_begin_where_the_command_does(
    shop: Callable[..., Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = shop(**{"settings.py": 'import os\nos.environ["NEW_KEY"]\n', "parity.toml": "[project\n"})
    assert rows(found(capsys, "worker.js")[1]) == []
    assert rows(found(capsys, "settings.py")[1]) == ["settings.py:2 error env-undeclared"]
    # Who takes a name out of the template is told where it is read.
    assert rows(found(capsys, ".env.example")[1]) == ["settings.py:2 error env-undeclared"]
    monkeypatch.chdir(root / "conf")
    assert rows(found(capsys, "-C", "..", "../parity.toml")[1]) == ["parity.toml:1 error policy-syntax"]


def test_what_git_ignores_is_not_the_checkouts(shop: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    root = shop(**{"built/app.js": "process.env.BUILT;\n", ".gitignore": "built/\n"})
    assert [one["text"].split()[0] for one in found(capsys)[1]] == ["BUILT"]
    git(root, "init", "-q")
    assert found(capsys)[1] == []


def test_a_link_out_of_the_checkout_is_not_followed(
    shop: Callable[..., Path], capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "x.py"
    outside.write_text('import os\nos.environ["OUTSIDE"]\n')
    root = shop()
    (root / "x.py").symlink_to(outside)
    (root / "compose.dev.yaml").symlink_to(outside)
    assert found(capsys)[1] == []


def test_annotations_of_github_name_file_and_line_and_escape_what_would_end_them(
    shop: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    shop(**{"a,b%.py": 'import os\nos.environ["NEW_KEY"]\n'})
    assert main(["lint", "--format", "github"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert re.match(r"::error file=a%2Cb%25\.py,line=2,title=parity lint%3A env-undeclared::NEW_KEY is read here", line)


def test_no_value_is_shown_and_the_help_lists_every_rule(
    shop: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    shop(
        **{
            ".env": f"OTHER={CANARY}\n",
            ".env.example": f"DATABASE_URL=mysql://u:{CANARY}@h/d\nSECRET_KEY={CANARY}\nSECRET_KEY={CANARY}\n",
            "compose.yaml": CLEAN["compose.yaml"] + f"  x:\n    image: redis:{CANARY}/{CANARY}\n",
            "parity.toml": f'[project]\nname = "{CANARY} {CANARY}"\n[[waivers]]\nmatch = "{CANARY} {CANARY}"\n',
        }
    )
    said = ""
    for form in ("text", "json", "github"):
        main(["lint", "--format", form])
        said += capsys.readouterr().out
    assert CANARY not in said
    assert "service-kind" in said
    named = set(re.findall(r"[a-z]+(?:-[a-z]+)+", LINT.partition("rules:")[2].partition("exit codes")[0]))
    assert {case[2].split()[2] for case in BROKEN} | {"env-no-template", "policy-glob"} <= named


USAGE = [["--fail-on", "all"], ["--format", "sarif"], ["--unknown"]]


@pytest.mark.parametrize("arguments", USAGE)
def test_usage_errors_are_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["lint", *arguments])
    assert stopped.value.code == 2


def test_a_folder_that_is_not_there_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "-C", "/nowhere/at/all"]) == 2
    assert "no such directory" in capsys.readouterr().err


FORMS = [
    ("a.py", 'os.environ["A_B"]', True), ("a.py", 'os.getenv("A_B")', False), ("a.py", 'request.environ["A_B"]', None),
    ("a.py", 'os.environ["A_B"] = "1"', None), ("a.py", '# os.environ["A_B"]', None),
    ("a.py", '>>> os.environ["A_B"]', None), ("a.py", 'os.environ["A_" + x]', None),
    ("a.py", 'from os import environ\nenviron["A_B"]', True), ("a.py", 'import environ\nenv("A_B")', True),
    ("a.py", 'import environ\nenv.bool("A_B", default=False)', False),
    ("a.py", 'import environ\nenv = environ.Env(A_B=(bool, False))\nenv("A_B")', False),
    ("a.py", 'from decouple import config\nconfig("A_B")', True), ("a.ts", "process.env.A_B", True),
    ("a.ts", "process.env.A_B ?? 1", False), ("a.js", 'process.env["A_B"] || 1', False),
    ("a.js", "if (process.env.A_B) {", False), ("a.js", "process.env.A_B = 1", None),
    ("a.vue", "import.meta.env.VITE_X", True), ("a.ts", "import.meta.env.MODE", None),
    ("a.ts", 'Deno.env.get("A_B")', True), ("a.rb", 'ENV.fetch("A_B")', True),
    ("a.rb", 'ENV.fetch("A_B") { 1 }', False),
    ("a.rb", "ENV['A_B']", False), ("a.php", "env('A_B')", True), ("a.php", "env('A_B', 1)", False),
    ("a.go", 'os.Getenv("A_B")', True), ("a.go", 'os.LookupEnv("A_B")', False),
    ("A.java", 'System.getenv("A_B")', True), ("a.cs", 'Environment.GetEnvironmentVariable("A_B")', False),
    ("a.rs", 'env!("A_B")', True), ("a.rs", 'option_env!("A_B")', None), ("a.rs", 'std::env::var("A_B")', False),
    ("a.exs", 'System.fetch_env!("A_B")', True), ("a.exs", 'System.get_env("A_B")', False),
]  # fmt: skip


@pytest.mark.parametrize(("path", "code", "needed"), FORMS)
def test_what_reads_a_name_in_each_language(path: str, code: str, needed: bool | None) -> None:  # noqa: FBT001 - a row
    assert [read.needed for read in reads.of_file(code.encode(), path)] == ([] if needed is None else [needed])


BASE = """\
[project]
name = "shop"
baseline = "production"
[environments.laptops]
tier = "development"
kind = "cohort"
[time]
max_age = { staging = "24h" }
[personnel]
mode = "involve"
window = "90d"
[tools]
grace = "30m"
[tools.services]
"*" = "same-minor"
[tools.dependencies]
direct = "same"
ignore = ["pkg:pypi/pytest*"]
[tools.config]
expect = "present"
only-in = { development = ["DEBUG_*"] }
must-differ = ["SECRET_KEY"]
[tools."staging..production".services]
database = "same"
[owners]
"services/*" = "platform"
[teams]
platform = ["ann@example.com"]
[scopes]
api = ["src/api/*"]
[freshness]
unknown-after = "24h"
[[waivers]]
match = "services/search:version"
pair = "development..production"
reason = "planned"
owner = "maria"
until = 2099-12-31
"""
CHANGES = [
    ("", ""), ("name =", "nme ="), ('"shop"', '"The Shop"'), ('"shop"', "3"), ("development..", "development.-."),
    ('name = "shop"', 'pairs = ["staging..production"]'), ('tier = "dev', 'tier = "des'), ('"cohort"', '"cohorts"'),
    ("[environments.laptops]", "[environments.Laptops]"), ("24h", "24x"), ("24h", "9999w"), ("max_age", "max-age"),
    ("max_age", "min_age"), ('"involve"', '"some"'), ('"involve"', '{ staging = "off" }'), ('"90d"', "90"),
    ("grace", "grce"), ('"30m"', '"30 minutes"'), ('"same-minor"', '"minor"'), ('"*"', '"[a"'), ('"*"', '"["'),
    ('"*"', '"[]]"'), ("direct", "directs"), ("pkg:pypi/", "pypi/"), ("pkg:pypi/pytest*", "@types/*"),
    ("pkg:pypi/pytest*", "pkg:npm/@types/*"), ('["pkg:pypi/pytest*"]', '"pkg:pypi/pytest*"'),
    ("expect = ", "expects = "), ("development = [", "Development = ["), ('["SECRET_KEY"]', '["SECRET_KEY", 3]'),
    ("must-differ", "must_differ"), ("must-differ", "must-diffr"), ('"development..production"', '"development..."'),
    ('database = "same"', 'database = "sme"'), ('"platform"\n', '""\n'), ('["ann@example.com"]', '"ann"'),
    ('["src/api/*"]', '"src/api/*"'), ("api = [", "API = ["), ("unknown-after", "after"), ("reason =", "resaon ="),
    ('reason = "planned"\n', ""), ("until = 2099-12-31\n", ""), ("2099-12-31", '"soon"'),
    ("2099-12-31", "2099-12-31T10:00:00Z"), ("2099-12-31", "2020-01-01"), ("until =", "until-changes ="),
    ("until = 2099-12-31", "until-converged = true"), (":version", ":verson"), (":version", ":9000"),
    ("services/search", "servces/search"), ("services/search:version", "search"), ("[[waivers]]", "[waivers]"),
    ("[teams]", "[team]"), ("[freshness]", "[kubernetes]\nanything = 1\n[freshness]"), ("[owners]", "[owners"),
    ('"platform"', '"plat\\u200Bform"'), ('"shop"', '"' + "s" * 64 + '"'),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_a_policy_has_an_error_here_exactly_where_the_server_refuses_it_and_in_the_same_line(
    tmp_path: Path, old: str, new: str
) -> None:
    assert old in BASE
    text = BASE.replace(old, new, 1)
    (tmp_path / "parity.toml").write_text(text)
    refused: set[int] = set()
    try:
        read_policy(text)
    except PolicyError as error:
        refused = {one["line"] for one in error.errors}
    findings, _settings = lint_policy.examine(str(tmp_path), datetime(2026, 11, 30, tzinfo=UTC).timestamp())
    assert {one.line for one in findings if one.severity == "error"} == refused


@given(st.binary(max_size=400))
@settings(max_examples=200)
def test_no_bytes_of_code_are_an_exception(data: bytes) -> None:
    for path in ("a.py", "a.ts", "a.rb", "a.rs"):
        for form in (b"os.environ[", b"process.env.", b"ENV.fetch(", b"env!("):
            reads.of_file(data + form + data, path)


KEYS = ("project", "tools", "config", "waivers", "services", "only-in", "name", "match", "until", "owners", "agent")
VALUES = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES))
@settings(max_examples=50)
def test_no_document_is_an_exception(document: dict[str, Any]) -> None:
    lint_policy.judge(Reading("parity.toml", {}, 0), document)


@pytest.mark.e2e
def test_this_repository_is_linted_in_a_third_of_a_second_and_has_no_error(parity: list[str]) -> None:
    root = Path(__file__).parents[2]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([*parity, "lint"], cwd=root, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    # 0.25 s on the machine where this was written; the bound leaves room for a slower one.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.5
