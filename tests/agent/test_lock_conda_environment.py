"""environment.yml. conda cannot be run here: one fixture is written in the forms that conda documents, the other in the
form that `conda env export` gives. PyYAML is the oracle for what entries there are.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.locks import conda_environment
from tests.agent.lock_fixtures import alone, fixture, mutated, seconds

if TYPE_CHECKING:
    from paritycheck_agent.packages import Lock

WRITTEN = fixture("conda", "environment.yml")
EXPORTED = fixture("conda", "exported.yml")
NO_LOCK = "environment.yml: is no lock: what its packages need in turn is not known"


def read(data: bytes) -> Lock:
    return conda_environment.read(data, "environment.yml", alone)


def test_only_what_is_exact_has_a_version() -> None:
    lock = read(WRITTEN)
    assert {fact["name"]: fact.get("value", fact.get("unknown")) for fact in lock.facts()} == {
        "pkg:conda/python": "unpinned", "pkg:conda/numpy": "1.26.4", "pkg:conda/pandas": "2.2.2",
        "pkg:conda/scipy": "1.13.1", "pkg:conda/openssl": "3.3.1", "pkg:conda/zlib": "unpinned",
        "pkg:conda/tzdata": "unpinned", "pkg:conda/blas": "unpinned", "pkg:conda/xz": "unpinned",
        "pkg:conda/pip": "unpinned", "pkg:pypi/requests": "2.32.3", "pkg:pypi/flask-sqlalchemy": "3.1.1",
        "pkg:pypi/uvicorn": "unpinned", "pkg:pypi/colorama": "0.4.6", "pkg:pypi/acme-rounding": "unpinned",
        "pkg:pypi/six": "1.17.0",
    }  # fmt: skip
    assert {fact["scope"] for fact in lock.facts()} == {"direct"}
    assert (lock.whole, lock.warnings) == (False, [NO_LOCK])


def test_what_conda_exported_is_a_lock_and_says_nothing_of_what_is_direct() -> None:
    for data in (EXPORTED, EXPORTED.partition(b"prefix:")[0]):
        lock = read(data)
        assert {fact["name"]: fact["value"] for fact in lock.facts()} == {
            "pkg:conda/_libgcc_mutex": "0.1", "pkg:conda/bzip2": "1.0.8", "pkg:conda/ld_impl_linux-64": "2.43",
            "pkg:conda/python": "3.12.8", "pkg:conda/tzdata": "2024b", "pkg:pypi/requests": "2.32.3",
        }  # fmt: skip
        assert (lock.whole, lock.warnings) == (True, [])
        assert all("scope" not in fact for fact in lock.facts())


def test_an_export_without_builds_is_exact_where_its_prefix_says_that_it_is_one() -> None:
    data = b"dependencies:\n  - tzdata=2024b\n  - xz=5.6\nprefix: /opt/conda\n"
    assert [fact["value"] for fact in read(data).facts()] == ["2024b", "5.6"]
    assert all(fact["unknown"] == "unpinned" for fact in read(data.partition(b"prefix")[0]).facts())


def test_origins_of_what_pip_is_to_install() -> None:
    facts = {fact["name"]: fact.get("origin") for fact in read(WRITTEN).facts()}
    assert (facts["pkg:pypi/acme-rounding"], facts["pkg:pypi/six"], facts["pkg:pypi/requests"]) == ("vcs", "url", None)


def test_each_source_is_the_line_of_its_entry() -> None:
    rows = WRITTEN.decode().lower().replace("_", "-").split("\n")
    for fact in read(WRITTEN).facts():
        (source,) = fact["sources"]
        assert fact["name"].rpartition("/")[2] in rows[int(source.rpartition(":")[2]) - 1]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "lists no dependencies, or not one on each line"),
        (b"dependencies: [a, b]\n", "lists no dependencies, or not one on each line"),
        (b"\xff", "is not UTF-8"),
        (b"dependencies:\n  - '>=1'\n", "line 2 is no package of conda"),
        (b"dependencies:\n  - pip:\n    - -r c4n4ry.txt\n", "an option, a file or a folder below `pip:` is not read"),
        (
            b"dependencies:\n  - pip:\n    - git+https://c4n4ry@x/y\n",
            "an address without a name below `pip:` is not read",
        ),
        (b"dependencies:\n  - &x a\n", "line 2 cannot be read"),
    ],
)
def test_what_is_not_read_is_a_warning(data: bytes, said: str) -> None:
    lock = read(data)
    assert not lock.whole
    assert lock.warnings[0] == f"environment.yml: {said}"
    assert "c4n4ry" not in json.dumps([lock.facts(), lock.warnings])


@pytest.mark.parametrize("piece", ["a", "a=", "=", "a ", "a::", "1.", "[", "@", ";", "-"])
def test_no_text_takes_longer_than_its_length(piece: str) -> None:
    """A quadratic reader would need minutes for a text of this length."""
    many = piece.encode() * (200_000 // len(piece))
    for start in (b"dependencies:\n- a", b"dependencies:\n- pip:\n  - a"):
        assert seconds(read, start + many) < 5


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_file_never_crashes_and_never_loses_an_entry_silently(data: st.DataObject) -> None:
    changed = mutated(data, WRITTEN, EXPORTED, added=(b"\n  - ", b"=", b"pip:\n", b"&a "))
    lock = read(changed)
    try:
        wanted = yaml.load(changed.decode(), yaml.BaseLoader)["dependencies"]  # noqa: S506 - it makes strings only
    except (ValueError, yaml.YAMLError, KeyError, TypeError):
        return
    if lock.warnings in ([], [NO_LOCK]) and isinstance(wanted, list):
        entries = [each for item in wanted for each in (item["pip"] if isinstance(item, dict) else [item])]
        assert len(lock.packages) == len(entries)
