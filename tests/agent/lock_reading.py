"""What the tests of all lock readers share: reading a fixture with its neighbours, and breaking one."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.agent.lock_fixtures import seconds

if TYPE_CHECKING:
    from paritycheck_agent.packages import Lock

FIXTURES = Path(__file__).parent / "fixtures"


class Reader:
    """One format, read from its folder of fixtures."""

    def __init__(self, module: str, folder: str, name: str) -> None:
        self.module = import_module(f"paritycheck_agent.locks.{module}")
        self.place = FIXTURES / folder
        self.name = name

    @property
    def data(self) -> bytes:
        return (self.place / self.name).read_bytes()

    def read(self, data: bytes | None = None, *, alone: bool = False, beside: dict[str, bytes] | None = None) -> Lock:
        """Read data, or the fixture; `beside` replaces what lies beside it, `alone` takes it away."""

        def sibling(path: str) -> bytes | None:
            if alone or beside is not None:
                return (beside or {}).get(path)
            found = self.place / path
            return found.read_bytes() if found.is_file() else None

        lock: Lock = self.module.read(self.data if data is None else data, self.name, sibling)
        return lock

    def rows(self) -> list[str]:
        return self.data.decode().split("\n")


def named(lock: Lock) -> set[tuple[str, str | None]]:
    return {(package.name, package.version) for package in lock.packages}


def told(lock: Lock) -> dict[str, dict[str, Any]]:
    """Facts by name without the ecosystem and without sources."""
    return {
        fact["name"].split("/", 1)[1]: {key: fact[key] for key in fact if key not in {"sources", "name"}}
        for fact in lock.facts()
    }


def line_of(source: str) -> int:
    return int(source.rpartition(":")[2])


def cpu(reader: Reader, data: bytes) -> float:
    """CPU seconds that reading takes."""
    return seconds(reader.read, data)


@st.composite
def broken(draw: st.DrawFn, *starts: bytes, pieces: tuple[bytes, ...] = ()) -> bytes:
    """One of the starts with a piece taken out and another put in."""
    start = draw(st.sampled_from(starts))
    at = draw(st.integers(0, len(start)))
    removed = draw(st.integers(0, 300))
    added = draw(st.one_of(st.binary(max_size=20), st.sampled_from((b"\n", b'"', b" ", b"<<<<<<< HEAD\n", *pieces))))
    return start[:at] + added + start[at + removed :]
