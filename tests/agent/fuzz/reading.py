"""How a changed file is given to the agent: where it would lie, among others that are as they should be."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paritycheck_agent import config
from paritycheck_agent.context import Context, Unknown
from paritycheck_agent.redact import clean
from paritycheck_agent.runner.collecting import make_part
from paritycheck_agent.runner.delivery import Delivery
from paritycheck_agent.runner.memory import Memory
from paritycheck_agent.spool import Entry, Spool
from paritycheck_agent.transport.client import Client, Refused
from paritycheck_agent.transport.connection import Answer, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Read = Callable[[bytes], object]


class Seed:
    """One file that a reader is given: its bytes as they should be, and what reads them in their place."""

    def __init__(self, reader: str, name: str, data: bytes, read: Read) -> None:
        self.reader = reader
        self.name = name
        self.data = data
        self.read = read


def write(place: Path, data: bytes) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return place


def lay_out(root: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        write(root / path, text.encode())
    return root


def in_place(path: Path, sound: bytes, read: Callable[[], object]) -> Read:
    """Write what is given to path, read, and put the sound file back."""

    def reading(data: bytes) -> object:
        write(path, data)
        try:
            return read()
        finally:
            write(path, sound)

    return reading


def told(section: str, context: Context) -> None:
    """Collect a section as a run does, but that what fails there is not hushed up."""
    module = __import__(f"paritycheck_agent.collectors.{section}", fromlist=["collect"])
    try:
        collected = module.collect(context)
    except Unknown:
        return
    facts, warnings = clean(section, collected.facts)
    make_part(section, collected.covers, facts, [*collected.warnings, *warnings])


class Told:
    """A connection on which every request gets the same answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def request(self, _method: str, _path: str, _body: bytes, _headers: Mapping[str, str]) -> Answer:
        return self.answer


def delivered(state: Path) -> Read:
    """Send a report to a server whose every answer has what is given as its body."""
    report: dict[str, Any] = {"seq": 1, "report_id": "x", "head": "f" * 40, "sections": {}}

    def reading(data: bytes) -> None:
        kind = {"content-type": "application/json"}
        for status in (200, 422):
            connection: Any = Told(Answer(status, kind, data))
            client = Client(connection, sleep=lambda _seconds: None)
            delivery = Delivery(client, Memory(str(state / "delivery")), lambda _have, _tips, _want: b"")
            try:
                delivery.send(Entry(dict(report), {}, None))
            except (Refused, Unreachable) as error:
                str(error)

    return reading


def spooled(state: Path) -> Read:
    """Read a file of the spool: as it stands, and as one whose digest is right."""

    def reading(data: bytes) -> None:
        spool = Spool(str(state / "spooled"))
        line = data.partition(b"\n")[2]
        for each in (data, hashlib.sha256(line).hexdigest().encode() + b"\n" + line):
            write(Path(spool.directory) / f"{1:020}.report", each)
            spool.names()
            spool.read(str(Path(spool.directory) / f"{1:020}.report"))
            spool.why()

    return reading


def contexts(root: Path, state: Path) -> Context:
    """A gate's candidate: nothing is asked or started for it."""
    return Context(str(root), {"PARITY_STATE_DIR": str(state)}, {}, str(state), candidate=True)


def json_of(data: bytes) -> Any:
    """What a library has decoded before the agent sees it; None where it would have refused."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def each_section(root: Path, state: Path, sections: Iterable[str]) -> Callable[[], None]:
    def read() -> None:
        for section in sections:
            told(section, contexts(root, state))

    return read


def loaded(root: Path) -> Callable[[], object]:
    def read() -> None:
        with contextlib.suppress(config.ConfigError):
            config.load(str(root), {"PARITY_STATE_DIR": str(root / "state")})

    return read
