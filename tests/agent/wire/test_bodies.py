"""The check of bodies: rows 16 to 35 and 62 of wire.md."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paritycheck_agent.wire import limits
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.canonical import line, split
from paritycheck_agent.wire.errors import Invalid


def body(section: str, *rows: dict[str, Any], covers: tuple[str, ...] = ()) -> bytes:
    header = {"covers": list(covers), "section": section}
    return b"".join(line(row) + b"\n" for row in (header, *rows))


def evidence(section: str, *rows: dict[str, Any]) -> bytes:
    return b"".join(line(row) + b"\n" for row in ({"evidence": section, "warnings": []}, *rows))


def refusal(data: bytes) -> Invalid:
    with pytest.raises(Invalid) as caught:
        check_body(data)
    return caught.value


PRINT = "pc1:9f2c1a7b:" + "a" * 26
FACTS: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("a raw value", "config", {"name": "A", "value": "hunter2"}, "value-not-allowed", "/value"),
    ("a list of raw values", "config", {"name": "A", "value": ["a", "b"]}, "value-not-allowed", "/value"),
    ("name of 257", "dependencies", {"name": "x" * 257, "value": "1"}, "too-long", "/name"),
    ("version of 129", "dependencies", {"name": "x", "value": "1" * 129}, "too-long", "/value"),
    ("string of 513", "services", {"name": "a", "variant": "x" * 513}, "too-long", "/variant"),
    ("string of 513, member unknown", "services", {"name": "a", "novelty": ["x" * 513]}, "too-long", ""),
    ("plain of 65", "config", {"name": "A", "plain": "x" * 65}, "too-long", "/plain"),
    ("token in a name", "config", {"name": "ghp_0123456789abcdef"}, "secret-suspected", "/name"),
    ("access key in a name", "config", {"name": "AKIAIOSFODNN7EXAMPLE"}, "secret-suspected", "/name"),
    ("credentials in a name", "config", {"name": "user:pw@host"}, "secret-suspected", "/name"),
    ("URL in a package's name", "dependencies", {"name": "git+https://u:p@h/x"}, "secret-suspected", "/name"),
    ("token as plain value", "config", {"name": "A", "plain": "ghp_0123456789abcdef"}, "secret-suspected", "/plain"),
    ("URL as version", "dependencies", {"name": "a", "value": "https://u:p@h/x"}, "secret-suspected", "/value"),
    ("short fingerprint", "config", {"fps": ["pc1:9f2c1a7b:abc"], "name": "A"}, "bad-fingerprint", "/fps/0"),
    ("fingerprint in upper case", "config", {"fps": [PRINT.upper()], "name": "A"}, "bad-fingerprint", "/fps/0"),
    ("unknown algorithm", "services", {"fps": ["pc9" + PRINT[3:]], "name": "a"}, "bad-fingerprint", "/fps/0"),
    ("fps is a string", "config", {"fps": PRINT, "name": "A"}, "invalid-section", "/fps"),
    ("no name", "runtime", {"value": "1"}, "invalid-section", "/name"),
    ("name is a number", "runtime", {"name": 1}, "invalid-section", "/name"),
    ("value and absent", "runtime", {"absent": True, "name": "a", "value": "1"}, "invalid-section", ""),
    ("absent is false", "runtime", {"absent": False, "name": "a"}, "invalid-section", "/absent"),
    ("value is a number", "runtime", {"name": "a", "value": 3}, "invalid-section", "/value"),
    ("value array of one", "dependencies", {"name": "a", "value": ["1"]}, "invalid-section", "/value"),
    ("value array unsorted", "dependencies", {"name": "a", "value": ["2", "1"]}, "invalid-section", "/value"),
    ("kind is a list", "runtime", {"kind": ["a"], "name": "a"}, "invalid-section", "/kind"),
    ("float", "runtime", {"name": "a", "novelty": 1.5}, "bad-number", ""),
    ("sources among facts", "runtime", {"name": "a", "sources": ["x"]}, "invalid-section", "/sources"),
    ("replicas among facts", "processes", {"name": "web", "replicas": 3}, "invalid-section", "/replicas"),
    ("shape of no list", "config", {"name": "A", "shape": "hunter2"}, "invalid-section", "/shape"),
    ("scheme with a value", "config", {"name": "A", "scheme": "p:hunter2@h"}, "invalid-section", "/scheme"),
    ("handle in capitals", "services", {"kind": "redis", "name": "Cache"}, "invalid-section", "/name"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("section", "fact", "code", "pointer"), [row[1:] for row in FACTS], ids=[row[0] for row in FACTS]
)
def test_a_fact_that_may_not_stand_is_refused_with_its_line_and_pointer(
    section: str, fact: dict[str, Any], code: str, pointer: str
) -> None:
    error = refusal(body(section, fact))
    assert (error.code, error.status) == (code, 422)
    assert {"line": 2, "pointer": pointer, "code": code}.items() <= error.errors[0].items()


@pytest.mark.parametrize("fact", [row[2] for row in FACTS], ids=[row[0] for row in FACTS])
def test_nothing_submitted_is_repeated_in_the_refusal(fact: dict[str, Any]) -> None:
    error = refusal(body("config" if "fps" not in fact else "services", {**fact, "value": "hunter2-canary-77"}))
    told = json.dumps([error.detail, error.errors, error.extra])
    for secret in ("hunter2", "canary", "ghp_0", "AKIAI", "user:pw", "u:p@"):
        assert secret not in told


HEADERS = [
    ("no header", b'{"name":"a"}\n'),
    ("an unknown section", b'{"covers":[],"section":"weather"}\n'),
    ("no covers", b'{"section":"config"}\n'),
    ("covers of numbers", b'{"covers":[1],"section":"config"}\n'),
    ("section is a list", b'{"covers":[],"section":["config"]}\n'),
    ("both kinds", b'{"covers":[],"evidence":"config","section":"config","warnings":[]}\n'),
    ("evidence is a number", b'{"evidence":1,"warnings":[]}\n'),
    ("no object", b'["config"]\n'),
]


@pytest.mark.parametrize("data", [row[1] for row in HEADERS], ids=[row[0] for row in HEADERS])
def test_a_body_without_a_header_of_its_section_is_refused(data: bytes) -> None:
    error = refusal(data)
    assert (error.code, error.status) == ("invalid-section", 422)
    assert error.errors[0]["line"] == 1


CANONICAL = [
    ("spaces", b'{"covers":[],"section":"runtime"}\n{"name": "a"}\n', 2),
    ("keys out of order", b'{"covers":[],"section":"runtime"}\n{"value":"1","name":"a"}\n', 2),
    ("escaped for nothing", b'{"covers":[],"section":"runtime"}\n{"name":"\\u0061"}\n', 2),
    ("NFD", '{"covers":[],"section":"runtime"}\n{"name":"e\u0301"}\n'.encode(), 2),
    ("NFD in a nested member", '{"covers":[],"section":"runtime"}\n{"name":"a","x":{"e\u0301":1}}\n'.encode(), 2),
    ("names out of order", body("runtime", {"name": "b"}, {"name": "a"}), 3),
    ("a name twice", body("runtime", {"name": "a"}, {"name": "a", "value": "1"}), 3),
    ("no newline at the end", b'{"covers":[],"section":"runtime"}\n{"name":"a"}', 2),
    ("header with spaces", b'{"covers": [],"section":"runtime"}\n', 1),
    ("covers out of order", body("runtime", covers=("b", "a")), 1),
    ("covers twice", body("runtime", covers=("a", "a")), 1),
]


@pytest.mark.parametrize(("data", "at"), [row[1:] for row in CANONICAL], ids=[row[0] for row in CANONICAL])
def test_a_body_that_is_not_its_canonical_form_is_refused_with_the_line(data: bytes, at: int) -> None:
    error = refusal(data)
    assert (error.code, error.status) == ("not-canonical", 422)
    assert error.errors[0]["line"] == at


BYTES = [
    ("empty", b"", "empty-body", 400),
    ("an empty line", b'{"covers":[],"section":"runtime"}\n\n', "empty-body", 400),
    ("not UTF-8", b'{"covers":[],"section":"runtime"}\n{"name":"\xff"}\n', "bad-utf8", 400),
    ("a key twice", b'{"covers":[],"section":"runtime"}\n{"name":"a","name":"a"}\n', "duplicate-key", 400),
    ("two objects a line", b'{"covers":[],"section":"runtime"}\n{"name":"a"},{"name":"b"}\n', "bad-json", 400),
    ("an object over two lines", b'{"covers":[],"section":"runtime"}\n{"a":[1\n2],"name":"a"}\n', "bad-json", 400),
    ("NUL", b'{"covers":[],"section":"runtime"}\n{"name":"a\\u0000"}\n', "control-character", 422),
    ("lone surrogate", b'{"covers":[],"section":"runtime"}\n{"name":"\\ud800"}\n', "bad-unicode", 422),
    ("deep", b'{"covers":[],"section":"runtime"}\n{"a":' + b"[" * 20 + b"]" * 20 + b',"name":"a"}\n', "too-deep", 400),
    ("2**63", b'{"covers":[],"section":"runtime"}\n{"a":9223372036854775808,"name":"a"}\n', "bad-number", 422),
    ("a number as a line", b'{"covers":[],"section":"runtime"}\n7\n', "invalid-section", 422),
]


@pytest.mark.parametrize(("data", "code", "status"), [row[1:] for row in BYTES], ids=[row[0] for row in BYTES])
def test_bytes_that_are_no_lines_of_json_are_refused(data: bytes, code: str, status: int) -> None:
    error = refusal(data)
    assert (error.code, error.status) == (code, status)


def test_too_many_facts_are_refused_at_the_line_that_is_too_many() -> None:
    rows = b"".join(b'{"name":"%06d"}\n' % number for number in range(limits.FACTS + 1))
    error = refusal(body("runtime") + rows)
    assert error.code == "too-many-items"
    assert error.errors[0]["line"] == limits.FACTS + 2


def test_too_many_configuration_keys_are_refused() -> None:
    error = refusal(body("config", *({"name": f"K{number:05}"} for number in range(limits.CONFIG_KEYS + 1))))
    assert error.code == "too-many-items"


def test_too_many_services_are_refused_and_their_settings_do_not_count() -> None:
    rows = []
    for number in range(limits.SERVICES):
        rows += [{"name": f"s{number:03}"}, {"name": f"s{number:03}.setting.timezone", "value": "UTC"}]
    assert check_body(body("services", *rows)).count == 2 * limits.SERVICES
    assert refusal(body("services", *rows, {"name": "zz"})).code == "too-many-items"


def test_a_line_of_five_kib_is_refused() -> None:
    error = refusal(body("runtime", {"name": "a", "x": ["y" * 500] * 10}))
    assert error.code == "too-many-items"
    assert error.errors[0]["line"] == 2


def test_a_body_beyond_the_limit_is_refused_before_it_is_read() -> None:
    error = refusal(b"x" * (limits.BODY_BYTES + 1))
    assert (error.code, error.status) == ("decoded-too-large", 413)


@pytest.mark.parametrize(
    "name", ["\u202egpj.exe", "\u200bzero", "a\x07b", "<img src=x onerror=alert(1)>", "=HYPERLINK()"]
)
def test_hostile_but_storable_names_are_taken(name: str) -> None:
    facts, proof = split("dependencies", [], [{"name": name, "value": "1", "sources": ["uv.lock:1"]}])
    assert check_body(facts).count == 1
    assert check_body(proof).count == 1


def test_unknown_members_and_unknown_reasons_are_kept() -> None:
    fact = {"kind": "quantumdb", "name": "a", "novelty": {"deep": [1, True, None, "x"]}, "unknown": "cosmic-rays"}
    assert check_body(body("services", fact)).count == 1


def test_evidence_is_checked_too() -> None:
    assert refusal(evidence("runtime", {"name": "a", "sources": ["x"] * 9})).code == "too-many-items"
    assert refusal(evidence("runtime", {"name": "a", "sources": "x"})).code == "invalid-section"
    assert refusal(evidence("config", {"name": "A", "value": "hunter2"})).code == "value-not-allowed"
    assert refusal(evidence("runtime", {"name": "a", "sources": ["https://u:p@h/"]})).code == "secret-suspected"
    assert refusal(evidence("runtime", {"name": "b"}, {"name": "a"})).code == "not-canonical"


def test_several_faults_are_told_at_once_and_twenty_at_most() -> None:
    rows = ({"name": f"a{number:02}", "value": number} for number in range(30))
    error = refusal(body("runtime", *rows))
    assert [place["line"] for place in error.errors] == list(range(2, 22))
    mixed = refusal(body("runtime", {"name": "a", "value": 1}, {"name": "b" * 300}))
    assert mixed.code == "invalid-section"
    assert {place["code"] for place in mixed.errors} == {"invalid-section", "too-long"}
