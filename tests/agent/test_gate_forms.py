"""The forms of `parity gate`: each is accepted by what reads it, and hostile names stay text in all of them.

What they are checked against is described in `fixtures/forms/README.md`. The TAP was looked at once with npm's
tap-parser 18.3.4 too, which read the same points from it as `prove`.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from paritycheck_agent.cli import main
from paritycheck_agent.cli.gate import FORMATS
from paritycheck_agent.outputs import github, gitlab, junit, markdown, sarif, tap, text
from paritycheck_agent.verdict import Places, place_of
from tests.agent.conftest import git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.agent.conftest import Wire

SCHEMAS = Path(__file__).parent / "fixtures" / "forms"
FORMS = (text, github, sarif, junit, gitlab, markdown, tap)
EVIL = "\x1b[2J]]>\n::error::x %0A##[add-mask]y ##vso[x]<!channel> @all\u202eb\r| `` <b> [a](http://evil) # TODO"


def drift(number: int, /, **members: Any) -> dict[str, Any]:
    left = {"value": "17", "kind": "postgresql", "sources": ["compose.yaml:12"]}
    right = {"value": "16.9", "kind": "postgresql", "sources": ["probe"]}
    said = {"id": f"{number:064x}", "section": "services", "name": "database", "rule": "version", "severity": "error"}
    return {**said, "distance": 3, "left": left, "right": right, **members}


HOSTILE = drift(2, name=EVIL, rule=EVIL, left={"value": [EVIL, EVIL], "sources": [EVIL]}, right={"kind": EVIL})
DRIFTS: dict[str, list[Any]] = {
    "introduced": [
        drift(1),
        HOSTILE,
        drift(3, section="config", name="SENTRY_DSN", rule="missing", left={"state": "absent", "sources": ["env"]}),
        drift(4, severity="note", left={"value": "1", "sources": ["a b/größe:1:7"]}),
        "odd",
        None,
    ],
    "fixed": [drift(5)],
    "remaining": [drift(6, name=EVIL)],
    "waived": [drift(7, waiver={"reason": EVIL})],
    "unknown": [{"section": EVIL, "name": EVIL, "reason": EVIL}],
    "warnings": [EVIL],
}
VERDICT: dict[str, Any] = {
    "schema": "paritycheck.gate/1", "verdict": "fail", "exit_code": 1, "fail_on": "error", "project": "shop",
    "candidate": {"commit": "3f1c" * 10, "branch": EVIL, "dirty": False}, "coverage": 0.91,
    "against": {"environment": "production", "snapshot": "production#42", "age_s": 312}, "base": {"source": "none"},
    "url": "https://parity.example/p/shop/gate/1", **DRIFTS,
}  # fmt: skip
PASS: dict[str, Any] = {**VERDICT, **{name: [] for name in DRIFTS}, "verdict": "pass", "exit_code": 0}
UNKNOWN: dict[str, Any] = {**PASS, "verdict": "unknown", "exit_code": 4, "reason": EVIL}
VERDICTS = {"fail": VERDICT, "pass": PASS, "unknown": UNKNOWN}


SARIF = jsonschema.Draft4Validator(json.loads(gzip.decompress((SCHEMAS / "sarif-2.1.0-rtm.5.json.gz").read_bytes())))


@pytest.mark.parametrize("verdict", VERDICTS.values(), ids=VERDICTS)
def test_sarif_is_that_of_its_schema_and_every_result_has_a_place(verdict: dict[str, Any]) -> None:
    log = json.loads(sarif.render(verdict))
    SARIF.validate(log)
    (run,) = log["runs"]
    assert run["invocations"][0]["executionSuccessful"] is (verdict is not UNKNOWN)
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    found = [(unquote(place["artifactLocation"]["uri"]), place["region"]["startLine"]) for place in places]
    evil = (place_of(EVIL)[0] or ".env.example", 1)
    expected = [("compose.yaml", 12), evil, (".env.example", 1), ("a b/größe:1", 7)]
    assert found == (expected if verdict is VERDICT else [])
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [rules[result["ruleIndex"]] for result in run["results"]] == [result["ruleId"] for result in run["results"]]


@pytest.mark.parametrize("verdict", VERDICTS.values(), ids=VERDICTS)
def test_junit_is_that_of_jenkins_schema_and_fails_only_where_the_gate_does(
    program: Callable[[str, str], str], tmp_path: Path, verdict: dict[str, Any]
) -> None:
    path = tmp_path / "junit.xml"
    path.write_text(junit.render(verdict), encoding="utf-8")
    schema = str(SCHEMAS / "junit-10.xsd")
    command = [program("xmllint", "libxml2-utils"), "--noout", "--nonet", "--schema", schema, str(path)]
    assert subprocess.run(command, check=False, capture_output=True, text=True).returncode == 0
    (suite,) = ET.parse(path).getroot()  # noqa: S314 - our own output
    counts = {name: int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {
        "tests": len(suite.findall("testcase")), "failures": len(suite.findall("*/failure")),
        "errors": len(suite.findall("*/error")), "skipped": len(suite.findall("*/skipped")),
    }  # fmt: skip
    expected = {
        "fail": {"tests": 8, "failures": 3, "errors": 0, "skipped": 2},
        "pass": {"tests": 1, "failures": 0, "errors": 0, "skipped": 0},
        "unknown": {"tests": 1, "failures": 0, "errors": 1, "skipped": 0},
    }
    assert counts == expected[verdict["verdict"]]
    if verdict is VERDICT:
        assert (suite.findtext("*/failure") or "").startswith("compose.yaml:12: services/database (version)")


@pytest.mark.parametrize("verdict", VERDICTS.values(), ids=VERDICTS)
def test_prove_reads_the_tap_and_fails_only_where_the_gate_does(
    program: Callable[[str, str], str], tmp_path: Path, verdict: dict[str, Any]
) -> None:
    path = tmp_path / "gate.tap"
    path.write_text(tap.render(verdict), encoding="utf-8")
    command = [program("prove", "perl"), "--nocolor", "--exec", "cat", str(path)]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "Parse errors" not in ran.stdout + ran.stderr
    assert ran.returncode == (0 if verdict is PASS else 1)
    tests, failed = (8, 4) if verdict is VERDICT else (1, 0 if verdict is PASS else 1)
    assert f"Tests={tests}," in ran.stdout
    assert (f"Failed: {failed})" in ran.stdout) is bool(failed)


@pytest.mark.parametrize("verdict", VERDICTS.values(), ids=VERDICTS)
def test_code_quality_is_what_gitlab_documents(verdict: dict[str, Any]) -> None:
    issues = json.loads(gitlab.render(verdict))
    jsonschema.validate(issues, json.loads((SCHEMAS / "code-quality.json").read_text()))
    found = [(issue["location"]["path"], issue["location"]["lines"]["begin"], issue["severity"]) for issue in issues]
    assert found[:1] + found[2:] == (
        [("compose.yaml", 12, "critical"), (".env.example", 1, "critical"), ("a b/größe:1", 7, "info")]
        if verdict is VERDICT
        else []
    )


def commands(said: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """What GitHub's runner takes from a step's output: command, properties, message.

    A line that begins with `::` once blanks are gone is one, and `##[command]` is one wherever it stands.
    """
    for line in said.splitlines():
        assert "##[" not in line
        if line.strip().startswith("::"):
            head, _end, data = line.strip()[2:].partition("::")
            name, _blank, rest = head.partition(" ")
            pairs = (part.partition("=") for part in rest.split(",") if part)
            yield name, {key: unquote(value) for key, _equals, value in pairs}, unquote(data)


def test_an_annotation_stands_on_its_line_and_no_name_is_a_command() -> None:
    said = list(commands(github.render(VERDICT)))
    assert [name for name, _properties, _message in said] == ["warning", "error", "error", "error", "notice"]
    _base, first, evil, missing, note = said
    assert first[1] == {"file": "compose.yaml", "line": "12", "title": "services/database version"}
    assert first[2] == "services/database (version): postgresql 17 here, postgresql 16.9 in production"
    assert set(evil[1]) <= {"file", "line", "title"}
    assert missing[1]["file"] == ".env.example"
    assert note[1] == {"file": "a b/größe:1", "line": "7", "title": "services/database version"}
    assert [name for name, _properties, _message in commands(github.render(UNKNOWN))] == ["warning", "error"]


def elements(document: str) -> dict[str, int]:
    """How often each kind of Markdown's elements stands in a document, as GitHub's flavour reads it."""
    counts: dict[str, int] = {}
    for token in MarkdownIt("commonmark", {"linkify": False}).enable("table").parse(document):
        for each in (token, *(token.children or ())):
            counts[each.type] = counts.get(each.type, 0) + 1
    return counts


def test_a_comment_is_found_again_and_holds_no_markup_of_anybody() -> None:
    document = markdown.render(VERDICT)
    first = "<!-- paritycheck-gate project=shop against=production -->"
    assert document.splitlines()[0] == first
    assert markdown.render({**UNKNOWN, "warnings": [EVIL]}).splitlines()[0] == first
    tame = json.loads(json.dumps(VERDICT).replace(json.dumps(EVIL)[1:-1], "tame"))
    assert elements(document) == elements(markdown.render(tame))
    assert elements(document)["link_open"] == 1
    assert "(`compose.yaml:12`" in document or "| `compose.yaml:12` |" in document


def test_a_comment_fits_and_says_how_many_rows_do_not() -> None:
    many = {**VERDICT, "introduced": [drift(number) for number in range(5_000)], "remaining": [drift(9)] * 3}
    document = markdown.render(many)
    assert 60_000 < len(document) <= 65_536
    shown = document.count("| error |")
    cut = re.search(r"\*\*(\d+) more rows are not shown\*\*", document)
    assert cut is not None
    # Behind the first that did not fit: the one of `remaining`, and those of the four lists that have one each.
    assert shown + int(cut[1]) == 5_000 + 5
    assert document.rstrip().endswith("<https://parity.example/p/shop/gate/1>")


@pytest.mark.parametrize("form", FORMS, ids=[form.__name__.rpartition(".")[2] for form in FORMS])
def test_no_form_moves_a_cursor_or_turns_the_writing(form: Any) -> None:
    assert all(char.isprintable() or char == "\n" for char in form.render(VERDICT))


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*VERDICT, *HOSTILE]), inner),
    max_leaves=20,
)


@settings(max_examples=25)
@given(answer=st.dictionaries(st.sampled_from([*VERDICT]), ANY), inner=st.lists(ANY, max_size=3))
def test_an_answer_of_any_form_is_shown_in_every_form(answer: dict[str, Any], inner: list[Any]) -> None:
    odd = {**VERDICT, **answer, "introduced": inner}
    for form in FORMS:
        assert form.render(odd).endswith("\n")
    SARIF.validate(json.loads(sarif.render(odd)))
    ET.fromstring(junit.render(odd).encode())  # noqa: S314 - our own output
    assert len(markdown.render(odd)) <= 65_536


def identities(answer: dict[str, Any]) -> list[tuple[str, str]]:
    log, issues = json.loads(sarif.render(answer)), json.loads(gitlab.render(answer))
    marks = [result["partialFingerprints"]["paritycheckDrift/v1"] for result in log["runs"][0]["results"]]
    return list(zip(marks, [issue["fingerprint"] for issue in issues], strict=True))


def test_a_fingerprint_is_the_drifts_and_stays_when_its_line_or_value_changes() -> None:
    moved = {**VERDICT, "introduced": [drift(1, left={"value": "18", "sources": ["compose.yaml:99"]})]}
    assert identities(moved) == identities(VERDICT)[:1] == [(f"{1:064x}", f"{1:064x}")]
    nameless = {**VERDICT, "introduced": [drift(1, id=None), drift(1, id="x" * 64, rule="kind"), drift(1, id=5)]}
    first, second = identities(nameless)
    assert first != second
    assert identities(nameless) == [first, second]


SOURCES = {
    "compose.yaml:12": ("compose.yaml", 12), "./a/b.lock": ("a/b.lock", 0), "env": ("", 0), "/etc/passwd:1": ("", 0),
    "a/../../b:3": ("", 0), "https://evil:80": ("", 0), "a:b:3": ("a:b", 3), "a:": ("a:", 0), "a:0x": ("a:0x", 0),
    "a:" + "9" * 30: ("a:" + "9" * 30, 0), "\\\\host\\a:1": ("", 0), " ": ("", 0),
}  # fmt: skip


@pytest.mark.parametrize(("source", "place"), SOURCES.items(), ids=SOURCES)
def test_a_source_is_a_file_of_the_checkout_or_none(source: str, place: tuple[str, int]) -> None:
    assert place_of(source) == place


def test_what_was_read_in_no_file_stands_where_its_like_do() -> None:
    facts = {
        "dependencies": [
            {"name": "pkg:npm/a", "sources": ["web/package-lock.json:3"]},
            {"name": "pkg:pypi/b", "sources": ["uv.lock"]},
        ],
        "config": [
            {"name": "A", "sources": ["env", "compose.yaml:3"]},
            {"name": "B", "sources": ["api/.env.example:2"]},
        ],
    }
    places = Places(lambda section: facts.get(section, []), under="services/shop", default="parity.toml")

    def at(section: str, name: str) -> tuple[str, int]:
        return places.of({"section": section, "name": name, "left": {"sources": ["installed"]}})

    assert at("dependencies", "pkg:pypi/django") == ("services/shop/uv.lock", 0)
    assert at("dependencies", "pkg:npm/left-pad") == ("services/shop/web/package-lock.json", 0)
    assert at("dependencies", "pkg:gem/rails") == ("services/shop/web/package-lock.json", 0)
    assert at("config", "SENTRY_DSN") == ("services/shop/api/.env.example", 0)
    assert at("runtime", "python") == ("services/shop/parity.toml", 0)


def written(checkout: Path) -> list[str]:
    """The options that write every form into a file of its name."""
    return [f"--output={name}={checkout / name}" for name in FORMATS]


def test_one_verdict_is_written_in_every_form(
    reporting: Wire, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    git(checkout.parent, "init", "-q")
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        (tmp_path / name).write_text("before\n")
        monkeypatch.setenv(name, str(tmp_path / name))
    reporting.answers["gate"] = {name: VERDICT[name] for name in ("verdict", "exit_code", "url", *DRIFTS)}
    reporting.answers["gate"]["introduced"] = [drift(1), drift(3, section="dependencies", name="pkg:pypi/x", left=None)]
    assert main(["gate", *written(checkout)]) == 1
    # The checkout's root is below the repository's, and places are told from there.
    texts = {name: (checkout / name).read_text() for name in FORMATS}
    answer = json.loads(texts.pop("json"))
    assert answer["introduced"] == reporting.answers["gate"]["introduced"]
    assert texts.pop("text") == capsys.readouterr().out
    for name, said in texts.items():
        assert f"shop/compose.yaml{'' if name in {'github', 'sarif', 'gitlab', 'tap'} else ':12'}" in said
        assert "requirements.txt" in said
    asked = [path for method, path in reporting.calls if method == "POST" and path.endswith("/gate")]
    assert len(asked) == 2, "once to learn what is missing, once for the verdict, whatever the number of forms"
    page = (tmp_path / "GITHUB_STEP_SUMMARY").read_text()
    assert page.startswith("before\n### paritycheck: this change drifts from `production`\n")
    assert (tmp_path / "GITHUB_OUTPUT").read_text() == (
        "before\nverdict=fail\nexit-code=1\nintroduced=2\nurl=https://parity.example/p/shop/gate/1\n"
    )


def test_where_nothing_was_judged_every_form_says_so_and_none_is_left_of_an_earlier_run(
    reporting: Wire, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gate", *written(checkout)]) == 0
    reporting.faults = [b"HTTP/1.1 401 X\r\nContent-Length: 2\r\n\r\n{}"]
    assert main(["gate", "--format", "github", *written(checkout)]) == 3
    said = {name: (checkout / name).read_text() for name in FORMATS}
    assert json.loads(said["json"])["verdict"] == "unknown"
    assert json.loads(said["json"])["exit_code"] == 3
    assert '<testsuite name="candidate..baseline" tests="1" failures="0" errors="1"' in said["junit"]
    assert said["tap"].splitlines()[2].startswith("not ok 1 - verdict unknown")
    assert json.loads(said["sarif"])["runs"][0]["invocations"][0]["executionSuccessful"] is False
    assert "not passed" in said["markdown"]
    assert capsys.readouterr().out.endswith(said["github"])
    (checkout / "parity.toml").write_text("[project\n")
    assert main(["gate", *written(checkout)]) == 2
    assert {(checkout / name).read_text() for name in FORMATS} == {""}
