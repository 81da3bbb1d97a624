"""`parity diff`: what the server says of two snapshots, whole or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.cli import main
from paritycheck_agent.outputs import comparison

if TYPE_CHECKING:
    from tests.agent.conftest import Wire

ROW: dict[str, Any] = {
    "section": "dependencies", "name": "pkg:pypi/django", "bucket": "different", "distance": 1, "reason": None,
    "left": {"name": "pkg:pypi/django", "state": "present", "value": "5.2.15", "sources": ["uv.lock:412"]},
    "right": {"name": "pkg:pypi/django", "state": "present", "value": "5.2.17", "sources": ["uv.lock:9"]},
}  # fmt: skip
COUNTS = {"different": 1, "left": 0, "right": 0, "unknown": 0, "same": 1243}
ANSWER: dict[str, Any] = {
    "left": {"address": "production#41"}, "right": {"address": "production#42"}, "counts": COUNTS,
    "sections": {"dependencies": COUNTS}, "url": "https://parity.example/p/shop/compare", "next": None,
    "previous": None, "results": [ROW],
}  # fmt: skip


def reply(document: dict[str, Any], status: int = 200) -> bytes:
    kind = "application/json" if status == 200 else "application/problem+json"
    body = json.dumps(document).encode()
    return f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def test_it_prints_what_differs_and_how_much_does_not(reporting: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    reporting.faults = [reply(ANSWER)]
    assert main(["diff", "production~1", "production#42", "--section", "dependencies"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "production#41  \u2192  production#42"
    assert "\u2260 1 different" in out[1]
    assert out[3:5] == [
        "Dependencies  1,243 same",
        "  \u2260 pypi/django  5.2.15  5.2.17  patch  uv.lock:412 | uv.lock:9",
    ]
    (call,) = reporting.calls
    assert call[1] == (
        "/api/v1/projects/shop/compare?left=production~1&right=production%2342&section=dependencies&page_size=200"
    )


@pytest.mark.parametrize(("counts", "code"), [(COUNTS, 1), ({**COUNTS, "different": 0, "unknown": 3}, 0)])
def test_the_exit_code_tells_a_difference_where_it_is_asked_to(
    reporting: Wire, counts: dict[str, int], code: int
) -> None:
    reporting.faults = [reply({**ANSWER, "counts": counts}), reply({**ANSWER, "counts": counts})]
    assert main(["diff", "staging", "production", "--exit-code"]) == code
    assert main(["diff", "staging", "production"]) == 0


def test_all_pages_are_read_from_the_same_server(reporting: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    further = "https://elsewhere.example/x?left=a&cursor=Zm9v"
    reporting.faults = [reply({**ANSWER, "next": further}), reply({**ANSWER, "results": [{**ROW, "name": "second"}]})]
    assert main(["diff", "staging", "production", "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in answer["results"]] == ["pkg:pypi/django", "second"]
    assert "cursor=Zm9v" in reporting.calls[1][1]


def test_a_snapshot_that_comes_between_two_pages_is_no_answer(
    reporting: Wire, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = {**ANSWER, "next": "?cursor=Zm9v"}, {**ANSWER, "right": {"address": "production#43"}}
    reporting.faults = [reply(first), reply(second)]
    assert main(["diff", "staging", "production"]) == 3
    assert "a snapshot was added between two pages" in capsys.readouterr().err


@pytest.mark.parametrize(("status", "code"), [(400, 2), (404, 2), (401, 3), (403, 3)])
def test_a_refusal_is_said_with_its_reason(
    reporting: Wire, status: int, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = {"status": status, "code": "x", "detail": "left: This is no address", "retryable": False}
    reporting.faults = [reply(problem, status)]
    assert main(["diff", "Staging", "production"]) == code
    assert "left: This is no address" in capsys.readouterr().err


@pytest.mark.parametrize("broken", [{}, {"counts": []}, {**ANSWER, "counts": {}}, {**ANSWER, "results": 3}])
def test_what_is_no_comparison_is_none(reporting: Wire, broken: dict[str, Any]) -> None:
    reporting.faults = [reply(broken)]
    assert main(["diff", "staging", "production"]) == 3


def test_in_colour_only_what_differs_is_bold_and_underlined() -> None:
    text = comparison.render(ANSWER, colour=True)
    assert "5.2.\033[1;4m15\033[0m" in text
    assert "5.2.\033[1;4m17\033[0m" in text


def test_where_signs_cannot_be_drawn_ascii_does() -> None:
    assert comparison.draws("utf-8")
    assert not comparison.draws("latin-1")
    assert not comparison.draws(None)
    text = comparison.render(ANSWER, plain=True)
    assert text.isascii()
    assert "! 1 different" in text
