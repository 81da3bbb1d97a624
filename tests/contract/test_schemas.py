"""The JSON Schemas that ship with the agent: sound, true of the golden files, and never stricter than the code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

import paritycheck_agent.wire
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.canonical import line
from paritycheck_agent.wire.errors import Invalid
from paritycheck_agent.wire.reports import check_report

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden"
SCHEMAS = Path(paritycheck_agent.wire.__path__[0]) / "schemas"


def validator(name: str) -> jsonschema.Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def lines(name: str) -> list[Any]:
    return [json.loads(row) for row in (GOLDEN / name).read_bytes().splitlines()]


@pytest.mark.parametrize("name", ["report", "candidate"])
def test_golden_documents_satisfy_their_schema(name: str) -> None:
    validator(name).validate(json.loads((GOLDEN / f"{name}.json").read_text()))


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.facts.ndjson")) + sorted(GOLDEN.glob("*.evidence.ndjson")))
def test_golden_bodies_satisfy_the_schema_of_bodies(path: Path) -> None:
    validator("body").validate(lines(path.name))


def test_golden_commits_satisfy_their_schema() -> None:
    validator("commits").validate(lines("commits.ndjson"))


REPORT_FAULTS: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("no instance", lambda report: report.pop("instance")),
    ("other schema", lambda report: report.update(schema="paritycheck.report/2")),
    ("seq is a string", lambda report: report.update(seq="1")),
    ("seq is zero", lambda report: report.update(seq=0)),
    ("report_id of version 1", lambda report: report.update(report_id="0193f0c2-6f2a-1c31-9b54-2f6a1d0c7e88")),
    ("unknown kind", lambda report: report["instance"].update(kind="toaster")),
    ("short interval", lambda report: report["agent"].update(interval_s=1)),
    ("status without digest", lambda report: report["sections"]["config"].pop("digest")),
    ("unknown without reason", lambda report: report["sections"].update(config={"status": "unknown"})),
    ("digest of other form", lambda report: report.update(policy="md5:00")),
    ("abbreviated head", lambda report: report.update(head="3f1c9d0")),
]


@pytest.mark.parametrize(("name", "break_it"), REPORT_FAULTS, ids=[name for name, _ in REPORT_FAULTS])
def test_what_the_schema_of_reports_refuses_the_code_refuses_too(
    name: str, break_it: Callable[[dict[str, Any]], Any]
) -> None:
    report = json.loads((GOLDEN / "report.json").read_text())
    break_it(report)
    assert not validator("report").is_valid(report), name
    with pytest.raises(Invalid):
        check_report(report)


BODY_FAULTS = [
    [{"section": "config"}],
    [{"covers": [], "section": "weather"}],
    [{"covers": [], "section": "config"}, {"name": "A", "value": "x"}],
    [{"covers": [], "section": "config"}, {"name": "A", "shape": "secret"}],
    [{"covers": [], "section": "services"}, {"absent": True, "name": "a", "value": "1"}],
    [{"covers": [], "section": "services"}, {"absent": False, "name": "a"}],
    [{"covers": [], "section": "services"}, {"name": "a", "value": 1}],
    [{"covers": [], "section": "services"}, {"name": "a", "value": ["1"]}],
    [{"covers": [], "section": "services"}, {"fps": ["pc2:0:0"], "name": "a"}],
    [{"covers": [], "section": "runtime"}, {"name": "a", "sources": []}],
    [{"covers": [], "section": "dependencies"}, {"name": "a", "scope": "sideways"}],
    [{"evidence": "runtime"}, {"name": "a", "sources": ["x"] * 9}],
    [{"covers": [], "section": "runtime"}, {"name": ""}],
]


@pytest.mark.parametrize("rows", BODY_FAULTS, ids=[str(number) for number in range(len(BODY_FAULTS))])
def test_what_the_schema_of_bodies_refuses_the_code_refuses_too(rows: list[dict[str, Any]]) -> None:
    assert not validator("body").is_valid(rows)
    with pytest.raises(Invalid):
        check_body(b"".join(line(row) + b"\n" for row in rows))
