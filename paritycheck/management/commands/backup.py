"""`paritycheck backup DIR`: everything that the database holds at one instant, and what is needed to bring it back."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from typing_extensions import override

from paritycheck.management.base import WakingCommand
from paritycheck.services.backups import BackupError, make_backup
from paritycheck.services.manifests import KEYS, manifest_path
from paritycheck.services.pg_programs import ProgramError


class Command(WakingCommand):
    """Runs pg_dump in one snapshot and writes a manifest beside it."""

    help = (
        "Write a backup of this instant into DIR: a file of pg_dump, and its manifest with release, counts of rows, "
        "SHA-256 and check values of the keys. The keys themselves (FIELD_KEY, PEPPER, SECRET_KEY) are not in it: keep "
        "them apart. Nothing is locked; the service goes on."
    )

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", metavar="DIR", type=Path, help="made where it is missing, for its owner alone")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    @override
    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            made = make_backup(directory=options["directory"])
        except (BackupError, ProgramError) as error:
            raise CommandError(str(error)) from error
        rows = sum(made.manifest.counts.values())
        if options["json"]:
            self.stdout.write(json.dumps({"file": str(made.path), "bytes": made.manifest.bytes, "rows": rows}))
            return
        self.stdout.write(f"{made.path}: {rows:,} rows, {made.manifest.bytes:,} bytes, in {made.seconds:.1f} s")
        self.stdout.write(f"{manifest_path(made.path)} belongs to it: copy both to another machine.")
        self.stdout.write(f"Not in it, and needed with it: {', '.join(KEYS)}.")
