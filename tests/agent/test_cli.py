"""What can be typed: show, init, keygen, help, and errors that say what, where, and what to do."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.cli import main
from paritycheck_agent.cli.init import project_name
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.commits import check_commits
from paritycheck_agent.wire.reading import read_json
from paritycheck_agent.wire.reports import check_report
from paritycheck_agent.wire.version import VERSION
from tests.agent.conftest import git

if TYPE_CHECKING:
    from tests.agent.conftest import Wire


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["show"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_show_prints_the_report_with_facts_and_sources(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = shown(capsys)
    assert document["schema"] == "paritycheck.report/1"
    facts = {fact["name"]: fact for fact in document["sections"]["config"]["facts"]}
    assert facts["MISSING_KEY"] == {
        "name": "MISSING_KEY", "absent": True, "declared": True, "sources": [".env.example:3"]
    }  # fmt: skip
    assert facts["GREETING"]["shape"] == "text"
    assert facts["GREETING"]["sources"][0] == ".env:2"
    assert checkout.name == "shop"


@pytest.mark.usefixtures("checkout")
def test_show_without_bodies_is_the_report_that_would_be_sent(capsys: pytest.CaptureFixture[str]) -> None:
    document = shown(capsys)
    for section in document["sections"].values():
        for member in ("covers", "facts", "warnings"):
            section.pop(member, None)
    assert check_report(document) == []


@pytest.mark.usefixtures("checkout")
def test_show_needs_neither_server_nor_token_and_uses_no_number_up(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    first, second = shown(capsys), shown(capsys)
    assert first["instance"] == second["instance"]
    assert first["sections"] == second["sections"]
    assert not list((tmp_path / "state").glob("*/state.json"))


def test_show_wire_writes_the_exact_bytes_of_each_call(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "init", "-q")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "Begin")
    out = tmp_path / "sent"
    assert main(["show", "--wire", str(out)]) == 0
    report = read_json((out / "POST-reports.json").read_bytes())
    assert check_report(report) == []
    for path in out.glob("PUT-sections-*.ndjson.gz"):
        body = gzip.decompress(path.read_bytes())
        check_body(body)
        assert hashlib.sha256(body).hexdigest() in path.name
    named = {
        value for part in report["sections"].values() for key, value in part.items() if key in {"digest", "evidence"}
    }
    assert len(named) == len(list(out.glob("PUT-sections-*")))
    assert (out / f"PUT-policies-{report['policy'][7:]}.toml").read_bytes() == (checkout / "parity.toml").read_bytes()
    header, commits = check_commits(gzip.decompress((out / "POST-commits.ndjson.gz").read_bytes()))
    assert header["head"] == report["head"] == commits[0]["sha"]


@pytest.mark.usefixtures("checkout")
def test_show_wire_is_what_report_sends(reporting: Wire, tmp_path: Path) -> None:
    assert main(["show", "--wire", str(tmp_path / "sent")]) == 0
    assert main(["report"]) == 0
    sent = b"".join(reporting.received)
    for path in (tmp_path / "sent").glob("PUT-*"):
        assert path.read_bytes() in sent


@pytest.mark.usefixtures("checkout")
def test_show_wire_refuses_a_directory_that_holds_something(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "file").write_text("")
    assert main(["show", "--wire", str(tmp_path / "old")]) == 2
    assert "is not empty" in capsys.readouterr().err


def test_another_directory_can_be_named(tmp_path: Path, checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "elsewhere").mkdir()
    os.chdir(tmp_path / "elsewhere")
    assert main(["show", "-C", str(checkout)]) == 0
    assert json.loads(capsys.readouterr().out)["resource"] == {"service.name": "shop"}
    assert main(["show", "-C", str(tmp_path / "none")]) == 2


def test_init_writes_a_file_that_says_what_it_found(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "parity.toml").unlink()
    (checkout / "compose.yaml").write_text("services: {}\n")
    (checkout / "pyproject.toml").write_text('[project]\nname = "My_Shop 2"\n')
    assert main(["init"]) == 0
    text = (checkout / "parity.toml").read_text()
    assert tomllib.loads(text) == {"project": {"name": "my-shop-2", "baseline": "production"}}
    for found in ("requirements.txt", "compose.yaml", ".env.example"):
        assert found in text
        assert found in capsys.readouterr().out or found in text
    assert main(["show"]) == 0


def test_init_names_whatever_is_read_of_a_checkout(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "parity.toml").unlink()
    files = ("Gemfile.lock", "pnpm-lock.yaml", "Procfile", ".ruby-version", "app.json")
    folders = ("db/migrate", ".github/workflows")
    for name in files:
        (checkout / name).write_text("")
    for name in folders:
        (checkout / name).mkdir(parents=True)
    assert main(["init"]) == 0
    out, text = capsys.readouterr().out, (checkout / "parity.toml").read_text()
    assert [name for name in (*files, *folders) if name not in out or name not in text] == []


@pytest.mark.parametrize("name", ["pyproject.toml", "package.json", ".venv/pyvenv.cfg", ".git/HEAD"])
def test_a_pipe_in_a_checkout_is_not_waited_for(tmp_path: Path, name: str) -> None:
    place = tmp_path / "shop" / name
    place.parent.mkdir(parents=True)
    os.mkfifo(place)
    for words in (["init"], ["show"]):
        parity = "import sys; from paritycheck_agent.cli import main; sys.exit(main(sys.argv[1:]))"
        run = [sys.executable, "-c", parity, *words, "-C", str(tmp_path / "shop")]
        environ = {**os.environ, "PARITY_STATE_DIR": str(tmp_path / "state")}
        done = subprocess.run(run, check=False, capture_output=True, timeout=60, env=environ)
        assert done.returncode in {0, 2}
        assert b"Traceback" not in done.stderr


def test_init_says_where_nothing_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["init", "-C", str(tmp_path / "empty")]) == 0
    assert "found here: nothing that paritycheck reads yet" in capsys.readouterr().out.split("\n")[1]


def test_every_commented_line_of_init_is_grammar(checkout: Path) -> None:
    """Whoever takes the comment signs away has a file that parses."""
    (checkout / "parity.toml").unlink()
    main(["init"])
    rows = (checkout / "parity.toml").read_text().splitlines()
    start = next(index for index, row in enumerate(rows) if row.startswith("# [environments"))
    opened = rows[: rows.index("# Looked around here and found:")] + [row.removeprefix("# ") for row in rows[start:]]
    document = tomllib.loads("\n".join(opened))
    assert document["environments"]["laptops"]["kind"] == "cohort"
    assert document["waivers"][0]["match"] == "services/search:version"


def test_init_never_writes_over_a_file_unasked(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (checkout / "parity.toml").read_text()
    assert main(["init"]) == 2
    assert "--force" in capsys.readouterr().err
    assert (checkout / "parity.toml").read_text() == before
    assert main(["init", "--force"]) == 0
    assert (checkout / "parity.toml").read_text() != before


NAMES = [
    ({"pyproject.toml": '[project]\nname = "Shop.Api"\n'}, "shop-api"),
    ({"package.json": '{"name": "@acme/web-shop"}'}, "acme-web-shop"),
    ({"pyproject.toml": "[[broken", "package.json": "{broken"}, "my-checkout"),
    ({"pyproject.toml": "project = 3\n", "package.json": "[]"}, "my-checkout"),
    ({"package.json": '{"name": "!!!"}'}, "project"),
]


@pytest.mark.parametrize(("files", "name"), NAMES)
def test_the_projects_name_is_a_slug(tmp_path: Path, files: dict[str, str], name: str) -> None:
    root = tmp_path / "My Checkout"
    root.mkdir()
    for file, text in files.items():
        (root / file).write_text(text)
    assert project_name(str(root)) == name


def test_keygen_makes_a_key_of_32_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keygen"]) == 0
    first = capsys.readouterr().out
    assert len(bytes.fromhex(first)) == 32
    main(["keygen"])
    assert capsys.readouterr().out != first


def test_keygen_writes_a_private_file_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "key"
    assert main(["keygen", "--out", str(path)]) == 0
    assert path.stat().st_mode & 0o777 == 0o600
    key = path.read_text()
    told = capsys.readouterr()
    assert key.strip() not in told.out + told.err
    assert main(["keygen", "--out", str(path)]) == 2
    assert path.read_text() == key


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        *(
            [name, "--help"]
            for name in (
                "init",
                "show",
                "report",
                "watch",
                "status",
                "doctor",
                "gate",
                "keygen",
            )
        ),
    ],
)
def test_every_help_has_an_example_and_tells_of_exit_codes_where_they_matter(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    out = capsys.readouterr().out
    assert caught.value.code == 0
    assert "example" in out or arguments == ["--help"]
    assert ("exit codes" in out) == (arguments[0] in {"report", "watch", "status", "doctor", "gate"})
    assert max(len(row) for row in out.splitlines()) <= 120


@pytest.mark.e2e
def test_the_installed_command_says_its_version(parity: list[str]) -> None:
    done = subprocess.run([*parity, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"parity {VERSION}\n"


@pytest.mark.e2e
def test_a_reader_that_goes_away_is_no_traceback_and_no_success(parity: list[str], checkout: Path) -> None:
    process = subprocess.Popen([*parity, "show"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=checkout)
    assert process.stdout is not None
    process.stdout.close()  # long before the first byte comes
    assert process.stderr is not None
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 3
    assert told == b""


@pytest.mark.e2e
def test_a_full_disk_is_an_error_and_no_success(parity: list[str], checkout: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*parity, "show"], stdout=full, stderr=subprocess.PIPE, cwd=checkout, check=False)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"error:" in done.stderr


def test_errors_never_show_a_traceback(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "parity.toml").write_text("[agent]\npython = 3\n")
    assert main(["report"]) == 2
    assert capsys.readouterr().err == "error: parity.toml:2:1: agent.python must be a string\n"


SBOM = Path(__file__).parent / "fixtures" / "sbom" / "npm.cdx.json"


def packages(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, list[str]]:
    assert main(["show", *arguments]) == 0
    section = json.loads(capsys.readouterr().out)["sections"]["dependencies"]
    return {fact["name"]: fact["sources"] for fact in section["facts"]}


def test_bills_of_materials_can_be_named_and_named_again(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = packages(capsys)
    assert set(alone) == {"pkg:pypi/django", "pkg:pypi/sqlparse"}
    second = tmp_path / "image.spdx"
    second.write_bytes((SBOM.parent / "requirements.spdx").read_bytes())
    (checkout / "bom.json").write_bytes(SBOM.read_bytes())
    found = packages(capsys, "--sbom", "bom.json", "--sbom", str(second))
    assert found.items() >= alone.items()
    assert found["pkg:npm/debug"] == ["bom.json"]
    assert found["pkg:pypi/click"] == ["image.spdx"]


def test_the_bill_of_materials_that_was_named_is_sent(reporting: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--sbom", str(SBOM)]) == 0
    capsys.readouterr()
    assert any(b'"pkg:npm/debug"' in body for body in reporting.bodies.values())


@pytest.mark.parametrize("command", ["show", "report"])
def test_a_bill_of_materials_that_is_not_there_is_a_mistake_of_the_command_line(
    reporting: Wire, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert main([command, "--sbom", "gone.json"]) == 2
    assert (
        capsys.readouterr().err
        == "error: gone.json: cannot be read: No such file or directory\nhint: --sbom names a file\n"
    )
    assert reporting.reports == []


@pytest.mark.parametrize("line", ['system = "yes"', 'sbom = "bom.json"', "sbom = [3]", "folders = ['']"])
def test_a_mistake_in_dependencies_is_told_with_its_place(
    checkout: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    (checkout / "parity.toml").write_text(f"[dependencies]\n{line}\n")
    assert main(["show"]) == 2
    assert capsys.readouterr().err.startswith("error: parity.toml:2:")
