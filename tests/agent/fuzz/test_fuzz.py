"""Whatever becomes of a file, its reader neither fails nor takes long: a small share of `make fuzz`."""

from __future__ import annotations

import contextlib
import random
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.collectors.services import PROBES
from paritycheck_agent.sources.lock_formats import FORMATS
from tests.agent.fuzz.answers import SAID, Server
from tests.agent.fuzz.mutations import MOST_BYTES, mutated
from tests.agent.fuzz.readers import seeds
from tests.agent.fuzz.reading import Seed
from tests.agent.fuzz.run import file_of, fuzz, read, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = 1_500
SOUND = b'{"name": "a", "version": "1"}'


@pytest.fixture
def given(tmp_path: Path) -> Iterator[list[Seed]]:
    server = Server()
    yield seeds(tmp_path / "place", server)
    server.close()


@pytest.mark.timeout(300)  # not about time: a share of the CPU on a busy machine
def test_no_reader_fails_or_takes_a_second(given: list[Seed], tmp_path: Path) -> None:
    rows = fuzz(given, FILES, 1, tmp_path / "kept")
    failures = [failure for row in rows.values() for failure in row.failures]
    assert not failures, "\n".join([*failures, table(rows)])
    assert sum(row.files for row in rows.values()) >= FILES


def test_every_lock_format_and_every_probe_on_the_network_has_its_files(given: list[Seed]) -> None:
    names = {seed.reader for seed in given}
    assert names >= {f"lock {module.rpartition('.')[2]}" for _names, _ecosystem, module, _every in FORMATS}
    modules = {module for kind, module in PROBES.items() if kind != "sqlite"}
    assert {PROBES[kind] for kind in SAID} == modules
    assert names >= {f"answer of {kind}" for kind in SAID}


def test_a_changed_lock_may_name_a_file_that_no_system_holds(given: list[Seed]) -> None:
    requirements = next(seed for seed in given if seed.reader == "lock requirements")
    assert read(requirements, b"-r " + b"a" * 5000 + b".txt\nsix==1.16.0\n")[1] == ""


def test_a_reader_that_fails_hangs_or_exits_is_found_and_its_file_kept(tmp_path: Path) -> None:
    def leave(_data: bytes) -> None:
        raise SystemExit

    def hang(_data: bytes) -> None:
        while True:
            with contextlib.suppress(Exception):  # what a reader may do to itself
                sum(range(1000))

    def fail(data: bytes) -> None:
        assert data == SOUND

    bad = [Seed("leaves", "a", SOUND, leave), Seed("fails", "c", SOUND, fail)]
    rows = fuzz([*bad, Seed("sound", "d", SOUND, len)], 9, 3, tmp_path)
    rows |= fuzz([Seed("hangs", "b", SOUND, hang)], 1, 3, tmp_path)
    assert {name: bool(row.failures) for name, row in rows.items()} == {
        "leaves": True, "hangs": True, "fails": True, "sound": False,
    }  # fmt: skip
    assert "more than 1.0 s of CPU" in rows["hangs"].failures[0]
    # The file is the one that the seed makes again.
    assert "--seed 3, file 2:" in rows["fails"].failures[0]
    kept = (tmp_path / "fails-c-2").read_bytes()
    assert kept == file_of("fails", bad[1:], 2, 3)[1]
    assert kept != SOUND


@pytest.mark.parametrize("data", [b"", b"{}", b'{"a": [1, {"b": null}]}', b"a: b\n" * 1000])
def test_files_are_changed_within_bounds_and_the_same_for_the_same_seed(data: bytes) -> None:
    first, again = ([mutated(data, random.Random(number)) for number in range(300)] for _ in range(2))  # noqa: S311 - see above
    assert first == again
    assert max(map(len, first)) <= MOST_BYTES
    assert len(set(first)) > 100


def test_members_of_json_get_values_of_another_kind() -> None:
    document: Any = b'{"name": "a", "version": "1"}'
    found = {mutated(document, random.Random(number)) for number in range(400)}  # noqa: S311 - see above
    assert any(b"null" in each or b"[]" in each for each in found)
