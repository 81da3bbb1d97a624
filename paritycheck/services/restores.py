"""Brings a backup into an empty database, and opens it once what was revoked since is revoked again."""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from paritycheck.services.audit import record
from paritycheck.services.backups import count_rows, patiently
from paritycheck.services.held import hold_old
from paritycheck.services.manifests import Manifest, check_file, check_keys, read_manifest
from paritycheck.services.pg_programs import ProgramError, find_program, run_program, server_major
from paritycheck.services.replay import end_everything, end_sessions, replay_lines
from paritycheck.services.revocation_file import add_restored, file_path, lines_of
from paritycheck.services.standing import MARK, mark_restored, restored_at, unmark_restored, why_not

TIDY_MAJOR: Final = 17
"""The first release that takes what the programs of later ones send first."""


class RestoreError(Exception):
    """Nothing was restored, or not all of it; the text is for an operator."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What was done before a restored database was opened. `revoked` is how often, by kind of act; `since` is when the
    restore began.
    """

    revoked: Counter[str]
    sessions: int
    held: int
    since: datetime


def restore_backup(*, dump: Path) -> tuple[Manifest, float]:
    """Restore into the database that we are connected to; the seconds it took.

    Whatever happens from the first change on, nobody works on it before it is confirmed. Raises ManifestError,
    ProgramError, RestoreError; where they come of a look at the files nothing was changed.
    """
    manifest = read_manifest(dump)
    _check_release(manifest)
    check_keys(manifest)
    check_file(dump, manifest)
    program = find_program("pg_restore", server=max(server_major(), manifest.postgresql))
    if program.major > server_major() < TIDY_MAJOR:
        raise ProgramError(
            f"The backup is of pg_dump {manifest.postgresql} and the server is PostgreSQL {server_major()}: "
            f"restore into PostgreSQL {manifest.postgresql} or newer."
        )
    _check_empty()
    began = time.monotonic()
    mark_restored()
    run_program(
        program, ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", str(dump.resolve())]
    )  # fmt: skip
    _check_counts(manifest)
    return manifest, time.monotonic() - began


def _check_release(manifest: Manifest) -> None:
    known = {name for app, name in MigrationLoader(None).disk_migrations if app == "paritycheck"}
    if manifest.migration not in known:
        raise RestoreError(
            f"The backup is of paritycheck {manifest.paritycheck}, whose database this release, "
            f"{version('paritycheck')}, does not know (migration {manifest.migration}). "
            "Install that release or a newer one."
        )


def _check_empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_class JOIN pg_namespace AS place ON place.oid = relnamespace"
            " WHERE relkind IN ('r', 'p', 'v', 'm', 'S') AND relname <> %s"
            " AND nspname NOT LIKE 'pg\\_%%' AND nspname <> 'information_schema'",
            [MARK],
        )
        count = int(cursor.fetchone()[0])
    if count:
        name = connection.settings_dict["NAME"]
        raise RestoreError(
            f"The database {name} is not empty: it holds {count} tables and sequences. Nothing is overwritten; restore "
            "into a new one (createdb, or --data with a new directory)."
        )


def _check_counts(manifest: Manifest) -> None:
    with connection.cursor() as cursor, patiently(cursor):
        found = count_rows(cursor)
        # Without it the planner knows nothing of what came, and the first pages take minutes.
        cursor.execute("ANALYZE")
    wrong = [
        f"{name}: {found.get(name, 0)} of {count} rows"
        for name, count in manifest.counts.items()
        if found.get(name) != count
    ]
    if wrong:
        raise RestoreError("The restored database is not whole. " + "; ".join(wrong))


def confirm_restore(*, revocations: Path | None) -> Confirmed:
    """Revoke again what the file says, everything where there is none; end sessions, hold old messages, and open.

    Raises OSError, RevocationError for a file that cannot be read.
    """
    lines = None if revocations is None else lines_of(revocations)
    with transaction.atomic():
        connection.ensure_connection()
        since = restored_at(connection.connection) or timezone.now()
        revoked = end_everything() if lines is None else replay_lines(lines=lines)
        confirmed = Confirmed(revoked, end_sessions(), hold_old(before=since), since)
        _note(confirmed, with_file=lines is not None)
        unmark_restored()
    # After the commit: whoever dies in between is asked to confirm again, which does the same once more.
    for path in {revocations, file_path()} - {None}:
        if path is not None and path.exists():
            add_restored(path, at=timezone.now())
    return confirmed


def is_restored() -> bool:
    """Whether there is something to confirm."""
    return bool(why_not())


def _note(confirmed: Confirmed, *, with_file: bool) -> None:
    said: dict[str, Any] = {
        "revoked": sum(confirmed.revoked.values()),
        "revocations": "replayed" if with_file else "lost, everything was revoked",
        "sessions": confirmed.sessions,
        "held": confirmed.held,
    }
    record(action="installation.restored", by=None, target=confirmed.since.isoformat(timespec="seconds"), detail=said)
