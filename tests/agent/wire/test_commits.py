"""The check of commits as lines (facts.md, release)."""

from __future__ import annotations

from typing import Any

import pytest

from paritycheck_agent.wire.canonical import line
from paritycheck_agent.wire.commits import check_commits
from paritycheck_agent.wire.errors import Invalid

HEAD = "3" * 40


def commit(**changes: Any) -> dict[str, Any]:
    return {
        "sha": HEAD, "parents": ["4" * 40], "author": ["Ann", "ann@example.com"], "authored": "2026-11-20T10:00:00Z",
        "committed": "2026-11-20T10:00:00Z", **changes,
    }  # fmt: skip


def lines(*rows: dict[str, Any], header: dict[str, Any] | None = None) -> bytes:
    return b"".join(
        line(row) + b"\n" for row in ({"head": HEAD, "shallow": False} if header is None else header, *rows)
    )


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"sha": "short"}, "invalid-commits", "/sha"),
    ({"sha": "A" * 40}, "invalid-commits", "/sha"),
    ({"parents": "4" * 40}, "invalid-commits", "/parents"),
    ({"parents": ["x"]}, "invalid-commits", "/parents"),
    ({"author": ["Ann"]}, "invalid-commits", "/author"),
    ({"with": [["Bo", 1]]}, "invalid-commits", "/with"),
    ({"authored": "yesterday"}, "bad-timestamp", "/authored"),
    ({"committed": None}, "bad-timestamp", "/committed"),
    ({"scopes": "api"}, "invalid-commits", "/scopes"),
    ({"subject": "x" * 121}, "too-long", "/subject"),
    ({"subject": "use ghp_0123456789abcdef"}, "secret-suspected", "/subject"),
    ({"author": ["x" * 513, "a@example.com"]}, "too-long", ""),
    ({"author": ["e\u0301", "a@example.com"]}, "not-canonical", ""),
]


@pytest.mark.parametrize(("changes", "code", "pointer"), FAULTS)
def test_a_commit_that_is_not_valid_is_refused_with_its_line(changes: dict[str, Any], code: str, pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_commits(lines(commit(), commit(**changes)))
    assert (caught.value.code, caught.value.status) == (code, 422)
    assert {"line": 3, "pointer": pointer}.items() <= caught.value.errors[0].items()


MARKS = [
    [],
    {"api": 1},
    {"api": "0" * 11},
    {"api": "G" * 12},
    {"x" * 65: "0" * 12},
    dict.fromkeys(map(str, range(21)), "0" * 12),
]


@pytest.mark.parametrize("marks", MARKS)
def test_marks_of_scopes_are_twelve_hex_digits_by_name(marks: Any) -> None:
    check_commits(lines(header={"head": HEAD, "scopes": {"api": "0123456789ab"}}))
    with pytest.raises(Invalid) as caught:
        check_commits(lines(header={"head": HEAD, "scopes": marks}))
    assert caught.value.errors[0]["pointer"] == "/scopes"


@pytest.mark.parametrize("header", [{}, {"head": "x"}, {"head": HEAD, "shallow": "no"}, commit()])
def test_the_first_line_names_the_head(header: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        check_commits(lines(header=header))
    assert caught.value.errors[0]["line"] == 1


def test_five_hundred_commits_are_taken_and_one_more_is_not() -> None:
    rows = [commit(sha=f"{number:040x}") for number in range(501)]
    _header, taken = check_commits(lines(*rows[:500]))
    assert len(taken) == 500
    with pytest.raises(Invalid) as caught:
        check_commits(lines(*rows))
    assert caught.value.code == "too-many-items"
    assert caught.value.errors[0]["line"] == 502
