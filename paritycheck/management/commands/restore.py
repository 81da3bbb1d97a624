"""`paritycheck restore FILE`: a backup into an empty database, checked, and not yet opened."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError
from typing_extensions import override

from paritycheck.management.base import WakingCommand
from paritycheck.selectors.invariants import faults_found
from paritycheck.services.manifests import ManifestError
from paritycheck.services.pg_programs import ProgramError
from paritycheck.services.restores import RestoreError, restore_backup


class Command(WakingCommand):
    """Restores, brings the tables up to this release, and checks what came."""

    help = (
        "Restore the backup FILE, whose manifest FILE.json is beside it, into an empty database. It refuses one that "
        "is not empty, another key than the backup was made with, and a file that is not whole. The service refuses "
        "to start until `paritycheck restored` has revoked again what was revoked since the backup."
    )
    requires_migrations_checks = False
    requires_confirmed = False

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="as `paritycheck backup` named it")

    @override
    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            manifest, seconds = restore_backup(dump=options["file"])
        except (ManifestError, ProgramError, RestoreError) as error:
            raise CommandError(str(error)) from error
        rows = sum(manifest.counts.values())
        self.stdout.write(f"{rows:,} rows of {manifest.at}, made by {manifest.paritycheck}, in {seconds:.1f} s.")
        call_command("migrate", interactive=False, verbosity=0)
        found = faults_found()
        if found:
            raise CommandError("What was restored is not whole:\n" + "\n".join(found))
        self.stdout.write("Every count is the manifest's, and the invariants hold.")
        self.stdout.write("Next: paritycheck restored")
