"""The golden files, from the agent's side: it makes these bytes, and takes them. So does the server."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.candidates import check_candidate
from paritycheck_agent.wire.canonical import digest, join, line, split
from paritycheck_agent.wire.commits import check_commits
from paritycheck_agent.wire.reading import read_json
from paritycheck_agent.wire.reports import check_report, state_of

GOLDEN = Path(__file__).parent / "golden"
JOINED: dict[str, Any] = json.loads((GOLDEN / "joined.json").read_text())
DIGESTS: dict[str, Any] = json.loads((GOLDEN / "digests.json").read_text())
SECTIONS = sorted(JOINED)


def body(section: str, kind: str) -> bytes:
    return (GOLDEN / f"{section}.{kind}.ndjson").read_bytes()


@pytest.mark.parametrize("section", SECTIONS)
def test_the_agent_makes_the_golden_bodies_from_joined_facts(section: str) -> None:
    joined = JOINED[section]
    facts, evidence = split(section, joined["covers"], joined["facts"], joined["warnings"])
    assert facts == body(section, "facts")
    assert evidence == body(section, "evidence")


@pytest.mark.parametrize("section", SECTIONS)
def test_order_and_unicode_form_of_the_collectors_do_not_reach_the_wire(section: str) -> None:
    joined = JOINED[section]
    shuffled = [{key: decomposed(fact[key]) for key in reversed(fact)} for fact in reversed(joined["facts"])]
    facts, _evidence = split(section, list(reversed(joined["covers"])), shuffled, joined["warnings"])
    assert facts == body(section, "facts")


def decomposed(value: Any) -> Any:
    return unicodedata.normalize("NFD", value) if isinstance(value, str) else value


@pytest.mark.parametrize("section", SECTIONS)
def test_the_golden_digests_are_sha256_of_the_golden_bytes(section: str) -> None:
    for kind, member in (("facts", "digest"), ("evidence", "evidence")):
        assert DIGESTS[section][member] == "sha256:" + hashlib.sha256(body(section, kind)).hexdigest()


@pytest.mark.parametrize("section", SECTIONS)
def test_the_golden_bodies_are_taken_and_say_what_they_are(section: str) -> None:
    facts, evidence = check_body(body(section, "facts")), check_body(body(section, "evidence"))
    assert (facts.section, facts.evidence, facts.covers) == (section, False, JOINED[section]["covers"])
    assert facts.count == len(JOINED[section]["facts"])
    assert (evidence.section, evidence.evidence, evidence.warnings) == (section, True, JOINED[section]["warnings"])


@pytest.mark.parametrize("section", SECTIONS)
def test_joining_the_golden_bodies_gives_the_facts_back(section: str) -> None:
    joined = join(body(section, "facts"), body(section, "evidence"))
    expected = sorted(JOINED[section]["facts"], key=lambda fact: str(fact["name"]).encode())
    assert joined == {**JOINED[section], "facts": expected}


def test_the_golden_report_names_the_golden_bodies_and_is_taken_without_a_warning() -> None:
    report = read_json((GOLDEN / "report.json").read_bytes())
    assert check_report(report) == []
    for section in SECTIONS:
        assert report["sections"][section] == {"status": "ok", **DIGESTS[section]}
    assert report["policy"] == DIGESTS["policy"] == digest((GOLDEN / "parity.toml").read_bytes())


def test_the_golden_report_is_canonical() -> None:
    data = (GOLDEN / "report.json").read_bytes()
    assert line(read_json(data)) == data


def test_the_state_of_the_golden_report_leaves_out_what_only_one_send_says() -> None:
    report = read_json((GOLDEN / "report.json").read_bytes())
    assert state_of(report) == DIGESTS["report.state"]
    again = {**report, "report_id": "0" * 36, "seq": 1, "collected_at": "x", "sent_at": "y"}
    assert state_of(again) == DIGESTS["report.state"]
    assert state_of({**report, "head": "0" * 40}) != DIGESTS["report.state"]


def test_the_golden_candidate_is_taken() -> None:
    assert check_candidate(read_json((GOLDEN / "candidate.json").read_bytes())) == []


def test_the_golden_commits_are_taken_in_their_order() -> None:
    header, commits = check_commits((GOLDEN / "commits.ndjson").read_bytes())
    assert header["head"] == commits[0]["sha"]
    assert commits[0]["parents"] == [commits[1]["sha"]]
