"""Readers of the agent's own state directory: a disk, or another version of it, may have made something else of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from paritycheck_agent.locks import uv
from paritycheck_agent.runner import last, standing
from paritycheck_agent.runner.memory import Memory
from paritycheck_agent.sources import remembered
from paritycheck_agent.sources.keeping import Memory as Kept
from tests.agent.fuzz import checkouts
from tests.agent.fuzz.reading import Seed, in_place, loaded, spooled, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FIXTURES = Path(__file__).parents[1] / "fixtures"
LINE = {"report": {"seq": 1, "sections": {}, "report_id": "x"}, "bodies": {"sha256:aa": "{}"}, "policy": "[project]\n"}
MEMORY = {"seq": 5, "accepted": ["sha256:aa"], "dropped": 0, "interval_s": 300}
ENDED = {
    "at": "2026-01-01T00:00:00Z", "url": "https://x", "code": 0, "text": "x", "interval_s": 300, "hints": [],
    "warnings": ["w"], "taken_at": "2026-01-01T00:00:00Z",
}  # fmt: skip
REASONS = {"1.report": "damaged"}


def seeds(state: Path) -> Iterator[Seed]:
    line = b"0" * 64 + b"\n" + json.dumps(LINE).encode()
    yield Seed("spool file", "report", line, spooled(state))
    home = state / "home"
    place = home / ("a" * 16)

    def standings() -> None:
        Memory(str(place))
        last.read(str(place))
        json.dumps(standing.standings(str(home)))

    for name, document in (("state.json", MEMORY), ("last.json", ENDED), ("rejected.json", REASONS)):
        data = json.dumps(document).encode()
        path = write(place / name, data)
        yield Seed(f"kept {name}", name, data, in_place(path, data, standings))
    yield from _remembered(state)


def _remembered(state: Path) -> Iterator[Seed]:
    lock = FIXTURES / "uv" / "shop" / "uv.lock"
    path = state / "locks" / "kept.json"

    def recalled() -> object:
        return remembered.read(str(path), lock.read_bytes(), "uv.lock", lambda _path: None, uv.read).facts()

    recalled()
    yield Seed("kept lock", "kept.json", path.read_bytes(), in_place(path, path.read_bytes(), recalled))
    rows, file = state / "rows.json", write(state / "file", b"x")
    memory = Kept(str(rows))
    memory.of([str(file)], lambda: [["name", "1"]])
    memory.save()
    yield Seed("kept rows", "rows.json", rows.read_bytes(), in_place(rows, rows.read_bytes(), _rows(rows, file)))
    policy = state / "settings"
    write(policy / "parity.toml", checkouts.PARITY.encode())
    load = loaded(policy)
    load()
    kept = policy / "state" / "settings.json"
    yield Seed("kept settings", "settings.json", kept.read_bytes(), in_place(kept, kept.read_bytes(), load))


def _rows(rows: Path, file: Path) -> Callable[[], object]:
    return lambda: Kept(str(rows)).of([str(file)], lambda: [["name", "1"]])
