"""The revocation file: what was taken away from somebody, outside of the database, so that no backup brings it back.

It holds, as JSON lines, those entries of the audit log that end an access. A line is written and fsynced once its
transaction has committed and before the answer says so; beat adds those that a process died over. A line `restored`
says that what stands before it was replayed into a restored database, whose audit log goes on from an older point.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final
from uuid import UUID

import structlog
from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paritycheck.models import AuditEntry

log = structlog.get_logger(__name__)
REVOKING: Final = frozenset(
    {
        "token.revoked",
        "trust.removed",
        "member.removed",
        "member.changed",
        "person.changed",
        "person.removed",
        "project.removed",
        "password.set",
        "account.password-changed",
        "account.password-reset",
        "account.factor-removed",
        "account.factor-renewed",
        "account.factors-dropped",
    }
)
TORN: Final = "#torn"
"""How a line ends whose writer died: the next writer closes it so, and readers pass over it."""
TAIL_BYTES: Final = 65_536


class RevocationError(Exception):
    """A file that cannot be read as one; the text says which line."""


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of the audit log. `key` is what it is known by: the same numbers with another digest are another one."""

    chain: UUID
    number: int
    sha256: str
    at: datetime
    action: str
    target: str
    detail: Mapping[str, Any]

    @property
    def key(self) -> tuple[UUID, int, str]:
        return self.chain, self.number, self.sha256


def line_of(entry: "AuditEntry") -> Line:
    """What the file says of an entry."""
    digest = bytes(entry.sha256).hex()
    return Line(entry.chain, entry.number, digest, entry.at, entry.action, entry.target, entry.detail)


def file_path() -> Path | None:
    """Where it is, None where REVOCATIONS_FILE names none."""
    return Path(settings.REVOCATIONS_FILE) if settings.REVOCATIONS_FILE else None


def keep(entry: "AuditEntry") -> None:
    """Write one entry. What cannot be written is said in the log and left to beat: it stands in the database."""
    try:
        add_lines([line_of(entry)])
    except OSError as error:
        log.error("revocation not in the file", reason=error.strerror, action=entry.action)  # noqa: TRY400  the reason is all


def add_lines(lines: Iterable[Line]) -> int:
    """Write those that the end of the file does not hold, and wait until they are on the disk; how many they were."""
    path = file_path()
    if path is None:
        return 0
    with _locked(path) as file:
        known = {line.key for line in _parsed(_tail(file)) if line is not None}
        fresh = [line for line in lines if line.key not in known]
        _write(file, [_text(line) for line in fresh])
    return len(fresh)


def add_restored(path: Path, *, at: datetime) -> None:
    """Say that everything before this was replayed."""
    with _locked(path) as file:
        _write(file, [json.dumps({"restored": at.isoformat(timespec="seconds")})])


def lines_of(path: Path) -> list[Line]:
    """Every line of a file, in its order. Raises OSError, RevocationError."""
    texts = path.read_text(encoding="utf-8").split("\n")[:-1]
    found = []
    for number, text in enumerate(texts, start=1):
        try:
            line = _line(text)
        except (ValueError, KeyError, TypeError):
            raise RevocationError(f"line {number} is none of ours") from None
        if line is not None and line.action not in REVOKING:
            raise RevocationError(f"line {number} is of a newer release, or none of ours")
        found += [line] if line is not None else []
    return found


def newest_lines() -> list[Line]:
    """The last lines since the last restore, of which every one has to be in the database. Raises OSError."""
    path = file_path()
    if path is None or not path.exists():
        return []
    with path.open("rb") as file:
        parsed = _parsed(_tail(file))
    since = max((at + 1 for at, line in enumerate(parsed) if line is None), default=0)
    return [line for line in parsed[since:] if line is not None]


def _parsed(text: str) -> list[Line | None]:
    """Whole lines of the end of a file, None for `restored`. What cannot be read is for `lines_of` to refuse."""
    found: list[Line | None] = []
    for one in text.split("\n")[:-1]:
        try:
            line = _line(one)
        except (ValueError, KeyError, TypeError):
            continue
        if line is not None or '"restored"' in one:
            found.append(line)
    return found


def _line(text: str) -> Line | None:
    if not text or text.endswith(TORN):
        return None
    said = json.loads(text)
    if "restored" in said:
        return None
    number, detail = said["number"], said.get("detail", {})
    if not isinstance(number, int) or not isinstance(detail, dict):
        raise TypeError(text)
    at = datetime.fromisoformat(said["at"])
    return Line(UUID(said["chain"]), number, str(said["sha256"]), at, str(said["action"]), str(said["target"]), detail)


def _text(line: Line) -> str:
    said = {
        "chain": str(line.chain), "number": line.number, "sha256": line.sha256,
        "at": line.at.astimezone(UTC).isoformat(), "action": line.action, "target": line.target,
        "detail": dict(line.detail),
    }  # fmt: skip
    return json.dumps(said, ensure_ascii=True)


@contextmanager
def _locked(path: Path) -> "Iterator[IO[bytes]]":
    """The file, for one writer at a time; made readable by its owner alone."""
    made = not path.exists()
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
        if made:
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _tail(file: IO[bytes]) -> str:
    """The end of it, from the beginning of a line on."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL_BYTES))
    text = file.read().decode(errors="replace")
    return text if size <= TAIL_BYTES else text.partition("\n")[2]


def _write(file: IO[bytes], texts: list[str]) -> None:
    if not texts:
        return
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 1))
    closed = "" if file.read(1) in {b"", b"\n"} else f"{TORN}\n"
    data = (closed + "".join(f"{text}\n" for text in texts)).encode()
    while data:
        data = data[file.write(data) or 0 :]
    os.fsync(file.fileno())
