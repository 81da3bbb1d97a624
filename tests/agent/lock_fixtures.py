"""The fixtures of lock files, plain or gzipped, and what the tests of all formats ask of a lock."""

from __future__ import annotations

import gzip
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from paritycheck_agent.packages import Lock

RUNS = 3
ENOUGH_S = 1.0
FIXTURES = Path(__file__).parent / "fixtures"
REVISION = "ec1ecd0585b0c53492dbb5d7990d6e10553c9670"
PY_REVISION = "f7049f4d74233df9e9b93ab859575354893547b9"


def stored(folder: str, name: str) -> bytes | None:
    """The bytes of a fixture, None where there is none of this name."""
    path = FIXTURES / folder / name
    if path.is_file():
        return path.read_bytes()
    packed = path.with_name(path.name + ".gz")
    return gzip.decompress(packed.read_bytes()) if packed.is_file() else None


def fixture(folder: str, name: str) -> bytes:
    data = stored(folder, name)
    assert data is not None
    return data


def beside(folder: str, files: Mapping[str, bytes | None] | None = None) -> Callable[[str], bytes | None]:
    """A reader of what lies beside a fixture, with `files` in place of its own."""

    def read(path: str) -> bytes | None:
        return files[path] if files is not None and path in files else stored(folder, path)

    return read


class Reader:
    """One format, read from its folder of fixtures with what lies beside it."""

    def __init__(self, module: str, folder: str, name: str) -> None:
        self.module = import_module(f"paritycheck_agent.locks.{module}")
        self.folder = folder
        self.place = FIXTURES / folder
        self.name = name

    @property
    def data(self) -> bytes:
        return fixture(self.folder, self.name)

    def read(self, data: bytes | None = None, *, alone: bool = False, beside: dict[str, bytes] | None = None) -> Lock:
        """Read data, or the fixture; `beside` replaces what lies beside it, `alone` takes it away."""

        def sibling(path: str) -> bytes | None:
            return (beside or {}).get(path) if alone or beside is not None else stored(self.folder, path)

        lock: Lock = self.module.read(self.data if data is None else data, self.name, sibling)
        return lock

    def rows(self) -> list[str]:
        return self.data.decode().split("\n")


def alone(_path: str) -> bytes | None:
    return None


def listed(folder: str, name: str = "list.txt") -> set[tuple[str, str]]:
    """(name, version) of each line of what a tool listed."""
    return {(line.split(" ")[0], line.split(" ")[1]) for line in fixture(folder, name).decode().splitlines()}


def seen(lock: Lock, *, shipped: bool = False) -> set[tuple[str, str | None]]:
    """(name, version) of each package of a lock, in the spelling of its ecosystem; `shipped`: none of development."""
    packages = [package for package in lock.packages if package.ships or not shipped]
    return {(plain(package.name), package.version) for package in packages}


def plain(name: str) -> str:
    return name.split("/", 1)[1].replace("%40", "@")


def told(lock: Lock) -> dict[str, dict[str, Any]]:
    """The facts of a lock by name, without their sources."""
    return {
        plain(fact["name"]): {key: fact[key] for key in fact if key not in {"name", "sources"}} for fact in lock.facts()
    }


def named(lock: Lock) -> set[tuple[str, str | None]]:
    """(purl without version, version) of each package of a lock."""
    return {(package.name, package.version) for package in lock.packages}


def line_of(source: str) -> int:
    return int(source.rpartition(":")[2])


def rows_of(lock: Lock, data: bytes) -> list[tuple[str, str]]:
    """(name, the line that is its source) of each package."""
    rows = data.decode().split("\n")
    return [(plain(package.name), rows[line_of(package.source) - 1]) for package in lock.packages]


PIECES = (b"\n", b'"', b"{", b"}", b":", b" ", b"<<<<<<< HEAD\n")


@st.composite
def broken(draw: st.DrawFn, *starts: bytes, added: tuple[bytes, ...] = ()) -> bytes:
    """One of the starts with a piece cut out and another put in."""
    start = draw(st.sampled_from(starts))
    at = draw(st.integers(0, len(start)))
    removed = draw(st.integers(0, 300))
    piece = draw(st.one_of(st.binary(max_size=20), st.sampled_from((*PIECES, *added))))
    return start[:at] + piece + start[at + removed :]


def mutated(data: st.DataObject, *starts: bytes, added: tuple[bytes, ...] = ()) -> bytes:
    """What `broken` draws, for tests that draw more."""
    return data.draw(broken(*starts, added=added))


def seconds(reader: Callable[[bytes], object], data: bytes) -> float:
    """CPU seconds of a reading. One that took ENOUGH_S or more is tried again, three times in all, and the best counts:
    other work on the machine makes each of them slower, and no bound is lower.
    """
    took: list[float] = []
    while len(took) < RUNS and min(took, default=ENOUGH_S) >= ENOUGH_S:
        took.append(_once(reader, data))
    return min(took)


def best_seconds(reader: Callable[[bytes], object], data: bytes) -> float:
    """CPU seconds of the best of three readings, to be compared with those of another reader."""
    return min(_once(reader, data) for _run in range(RUNS))


def _once(reader: Callable[[bytes], object], data: bytes) -> float:
    started = time.process_time()
    reader(data)
    return time.process_time() - started
