"""Makes a backup: one file of pg_dump of one instant, and its manifest."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from paritycheck.services.audit import record
from paritycheck.services.manifests import FORMAT, Manifest, as_text, key_checks, manifest_path, new_salt, sha256_of
from paritycheck.services.pg_programs import find_program, run_program, server_major

MADE: Final = "backup.made"
LEFT_OUT: Final = ("django_session", "paritycheck_cache", "pgmq.q_*", "pgmq.a_*")
"""Tables whose rows stay behind: session keys open accounts, counters of attempts and wake-ups are of their hour."""
LONGEST_S: Final = 6 * 3600.0


class BackupError(Exception):
    """No backup was made; the text is for an operator."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What was made."""

    path: Path
    manifest: Manifest
    seconds: float


def make_backup(*, directory: Path) -> Backup:
    """Write a backup of now into a directory. Raises BackupError, ProgramError; nothing is left then."""
    began, at = time.monotonic(), datetime.now(UTC)
    path = directory / f"paritycheck-{at:%Y%m%dT%H%M%SZ}.dump"
    if path.exists():
        raise BackupError(f"{path} is there already.")
    part = path.with_name(f".{path.name}.part")
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.touch(mode=0o600)
        manifest = _dump(part, path.name)
        _publish(part, path, manifest)
    except OSError as error:
        raise BackupError(f"{directory}: {error.strerror}.") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    took = time.monotonic() - began
    said = {"bytes": manifest.bytes, "sha256": manifest.sha256, "took_s": round(took, 1), "at": manifest.at}
    record(action=MADE, by=None, target=path.name, detail=said)
    return Backup(path, manifest, took)


def _dump(part: Path, name: str) -> Manifest:
    """Counts and dump are of one snapshot: the transaction that counts exports it, and stays until pg_dump is done."""
    major = server_major()
    program = find_program("pg_dump", server=major)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        snapshot, at = _one(cursor, "SELECT pg_export_snapshot(), now()")
        with patiently(cursor):
            counts = count_rows(cursor)
            run_program(program, [*_ARGUMENTS, f"--snapshot={snapshot}", f"--file={part}"])
    salt = new_salt()
    return Manifest(
        format=FORMAT, paritycheck=version("paritycheck"), migration=newest_migration(), postgresql=program.major,
        at=at.astimezone(UTC).isoformat(timespec="seconds"), file=name, bytes=part.stat().st_size,
        sha256=sha256_of(part), counts=counts, salt=salt, keys=key_checks(salt),
    )  # fmt: skip


_ARGUMENTS: Final = (
    "--format=custom", "--no-owner", "--no-privileges", "--lock-wait-timeout=60s",
    *(f"--exclude-table-data={name}" for name in LEFT_OUT),
)  # fmt: skip


def _publish(part: Path, path: Path, manifest: Manifest) -> None:
    """The manifest first: a backup that is seen has one."""
    _sync(part)
    manifest_path(path).write_text(as_text(manifest), encoding="utf-8")
    manifest_path(path).chmod(0o600)
    _sync(manifest_path(path))
    part.rename(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def patiently(cursor: Any) -> Iterator[None]:
    """In this block statements and pauses of this session take as long as they take."""
    names = ("statement_timeout", "idle_in_transaction_session_timeout")
    before = {name: _one(cursor, f"SHOW {name}")[0] for name in names}
    for name in names:
        cursor.execute(f"SET {name} = 0")
    with connection.connection.within(LONGEST_S):
        yield
    for name, value in before.items():
        cursor.execute("SELECT set_config(%s, %s, false)", [name, value])


def count_rows(cursor: Any) -> dict[str, int]:
    """Rows by table, of those whose rows are in a backup."""
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
        " AND relnamespace = to_regnamespace('public') AND NOT relname = ANY(%s) ORDER BY relname",
        [list(LEFT_OUT)],
    )
    names = [row[0] for row in cursor.fetchall()]
    return {name: int(_one(cursor, f"SELECT count(*) FROM {connection.ops.quote_name(name)}")[0]) for name in names}  # noqa: S608  names of the catalogue, quoted


def newest_migration() -> str:
    """The last one of ours that the database has."""
    names = MigrationRecorder.Migration.objects.filter(app="paritycheck").values_list("name", flat=True)
    return max(names, default="")


def _one(cursor: Any, statement: str) -> Any:
    cursor.execute(statement)
    return cursor.fetchone()
