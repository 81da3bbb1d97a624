"""Explicit lists of conda. conda cannot be run here: the fixture is a part of the form of a public project's list, with
the line that conda-lock writes for a package of pip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paritycheck_agent.locks import conda_explicit
from tests.agent.lock_fixtures import alone, fixture, mutated, rows_of, seconds, seen

if TYPE_CHECKING:
    from paritycheck_agent.packages import Lock

LIST = fixture("conda", "conda-linux-64.lock")


def read(data: bytes) -> Lock:
    return conda_explicit.read(data, "conda-linux-64.lock", alone)


def test_names_and_versions_are_those_of_the_archives() -> None:
    lock = read(LIST)
    assert seen(lock) == {
        ("_libgcc_mutex", "0.1"), ("python_abi", "3.13"), ("tzdata", "2025b"), ("ld_impl_linux-64", "2.44"),
        ("python", "3.13.5"), ("requests", "2.32.3"),
    }  # fmt: skip
    assert {package.name for package in lock.packages if package.name.startswith("pkg:pypi/")} == {"pkg:pypi/requests"}
    assert (lock.whole, lock.warnings) == (True, [])
    assert all("scope" not in fact for fact in lock.facts())


def test_each_source_is_the_line_of_the_address() -> None:
    for name, row in rows_of(read(LIST), LIST):
        assert f"/{name}-" in row


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no explicit list of conda"),
        (b"\xff", "is not UTF-8"),
        (LIST + b"numpy=1.26.4\n", "line 11 cannot be read"),
        (LIST + b"https://ann:c4n4ry@example.com/a-1.conda\n# pip b\n", "line 11 and 1 more cannot be read"),
    ],
)
def test_what_is_no_address_is_a_warning_and_not_whole(data: bytes, said: str) -> None:
    lock = read(data)
    assert (lock.whole, lock.warnings) == (False, [f"conda-linux-64.lock: {said}"])


@pytest.mark.parametrize("piece", ["-", "/", "a-", "# pip a", "#", "?"])
def test_no_text_takes_longer_than_its_length(piece: str) -> None:
    """A quadratic reader would need minutes for a text of this length."""
    many = piece.encode() * (300_000 // len(piece))
    assert seconds(read, b"@EXPLICIT\n" + many + b".conda\n") < 5


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_mutated_list_never_crashes_and_never_loses_a_line_silently(data: st.DataObject) -> None:
    changed = mutated(data, LIST, added=(b".conda", b"#", b"-", b"@EXPLICIT\n"))
    lock = read(changed)
    if lock.whole:
        rows = [row.strip() for row in changed.decode().split("\n")]
        lines = [row for row in rows if row not in {"", "@EXPLICIT"} and (row[0] != "#" or row.startswith("# pip "))]
        assert len(lock.packages) >= len(lines)
