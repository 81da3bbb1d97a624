"""`paritycheck diff A B`: two outputs of `parity show`, with no server, database or settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from paritycheck.local.diff import main

LEFT: dict[str, Any] = {
    "dependencies": [
        {"name": "pkg:pypi/django", "value": "5.2.15", "sources": ["uv.lock:412"]},
        {"name": "pkg:pypi/same", "value": "1"},
        {"name": "pkg:pypi/httptools", "value": "0.6.4"},
    ],
    "services": [{"name": "database", "kind": "sqlite", "value": "3.45", "sources": ["config"]}],
}
RIGHT: dict[str, Any] = {
    "dependencies": [
        {"name": "pkg:pypi/django", "value": "5.2.17", "sources": ["uv.lock:412"]},
        {"name": "pkg:pypi/same", "value": "1"},
        {"name": "pkg:npm/%40floating-ui/dom", "value": "1.7.4"},
    ],
    "services": [{"name": "database", "kind": "postgresql", "unknown": "auth-required"}],
}
COVERS = {"dependencies": ["pkg:npm/", "pkg:pypi/"], "services": [""]}


def shown(sections: dict[str, Any]) -> str:
    """As `parity show` prints it."""
    bodies = {
        name: {"status": "ok", "covers": COVERS.get(name, []), "facts": facts, "warnings": []}
        for name, facts in sections.items()
    }
    head = {"schema": "paritycheck.report/1", "collected_at": "2026-11-23T08:00:00Z"}
    return json.dumps({**head, "sections": bodies})


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Left and right."""
    for name, sections in (("left.json", LEFT), ("right.json", RIGHT)):
        (tmp_path / name).write_text(shown(sections))
    return [str(tmp_path / "left.json"), str(tmp_path / "right.json")]


def run(*arguments: str, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it, with nothing configured."""
    environ = {"PATH": os.defpath, "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "paritycheck", "diff", *arguments]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, env=environ, cwd=cwd, check=False, timeout=60
    )


@pytest.mark.e2e
def test_it_needs_nothing_but_two_files_and_leaves_nothing_behind(files: list[str], tmp_path: Path) -> None:
    ran = run(*files, cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "≠ 2 different   ∅ 1 only left   ∅ 1 only right   = 1 same" in ran.stdout
    assert "≠ pypi/django           5.2.15   5.2.17   patch  uv.lock:412" in ran.stdout
    assert "sqlite 3.45" in ran.stdout
    assert "\033" not in ran.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["left.json", "right.json"]


@pytest.mark.e2e
def test_one_side_may_come_through_a_pipe(files: list[str]) -> None:
    ran = run(files[0], "-", stdin=shown(LEFT))
    assert ran.stdout.endswith("Nothing differs. = 4 same\n")


@pytest.mark.parametrize(("right", "code"), [(LEFT, 0), (RIGHT, 1)])
def test_the_exit_code_tells_a_difference_only_where_it_is_asked_to(
    files: list[str], right: dict[str, Any], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(files[1]).write_text(shown(right))
    assert main([*files, "--exit-code"]) == code
    assert main(files) == 0
    assert capsys.readouterr().err == ""


def test_what_is_unknown_is_no_difference(files: list[str]) -> None:
    for path, state in zip(files, ({"value": "16.9"}, {"unknown": "timeout"}), strict=True):
        Path(path).write_text(shown({"services": [{"name": "database", "kind": "postgresql", **state}]}))
    assert main([*files, "--exit-code"]) == 0


def test_json_is_the_form_of_the_api_and_can_be_narrowed(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*files, "--format", "json", "--section", "dependencies", "--only", "different"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["counts"] == {"different": 2, "left": 1, "right": 1, "unknown": 0, "same": 1}
    (row,) = answer["results"]
    assert (row["name"], row["distance"], row["left"]["sources"]) == ("pkg:pypi/django", 1, ["uv.lock:412"])
    assert main([*files, "--format", "json", "--only", "same"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)["results"]] == ["pkg:pypi/same"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("[]", 'it does not say "schema": "paritycheck.report/1"'),
        ('{"schema": "paritycheck.report/1"}', "it has no sections"),
        (shown({"services": [{"name": "SECRET-canary", "value": {"a": 1}}]}), "the facts of section services"),
        (shown({"services": [3]}), "the facts of section services"),
        (shown({"services": [{"value": "x"}]}), "the facts of section services"),
    ],
)
def test_what_is_no_report_is_said_with_the_way_to_one(
    files: list[str], text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(files[1]).write_text(text)
    assert main(files) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Make one with: parity show > " in error
    assert "canary" not in error


def test_a_file_that_is_not_there_is_named(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([files[0], "nowhere.json"]) == 2
    assert "nowhere.json cannot be read: No such file or directory" in capsys.readouterr().err


def test_a_name_cannot_move_the_cursor(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path(files[0]).write_text(shown({"config": [{"name": "A\u202eB", "plain": "\u202etrue", "shape": "bool"}]}))
    main(files)
    assert "\u202e" not in capsys.readouterr().out


def test_a_data_directory_may_be_named_as_with_every_command(files: list[str], tmp_path: Path) -> None:
    assert main([*files, "--data", str(tmp_path / "none"), "--exit-code"]) == main([*files, "--exit-code"])
    assert not (tmp_path / "none").exists()
