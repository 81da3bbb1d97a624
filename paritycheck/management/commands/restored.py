"""`paritycheck restored`: opens a database that was restored, once what was revoked since is revoked again."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import CommandError
from typing_extensions import override

from paritycheck.management.base import WakingCommand
from paritycheck.services.held import drop_held, send_held
from paritycheck.services.restores import Confirmed, confirm_restore, is_restored
from paritycheck.services.revocation_file import RevocationError

WORDS: Final = {
    "token.revoked": "tokens revoked",
    "trust.removed": "pipelines no longer trusted",
    "member.removed": "members removed",
    "member.changed": "members' roles lowered",
    "person.changed": "people's rights taken",
    "person.removed": "people switched off",
    "project.removed": "projects that are back, closed to tokens and pipelines",
    "password.set": "passwords ended",
    "account.password-changed": "passwords ended",
    "account.password-reset": "passwords ended",
    "account.factor-removed": "second factors taken away",
    "account.factor-renewed": "second factors taken away",
    "account.factors-dropped": "second factors taken away",
}
LOST: Final = (
    "People, roles, passwords and second factors are as of the backup: look through them before anybody signs in."
)


class Command(WakingCommand):
    """Replays, holds and opens; later says what becomes of what is held."""

    help = (
        "After a restore, by `paritycheck restore` or to a point in time: revoke again what the revocation file "
        "(REVOCATIONS_FILE) holds and the database does not, end every session, hold messages older than an hour, and "
        "let the service start. Then, with --send-held or --drop-held: what becomes of the messages."
    )
    requires_confirmed = False

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--revocations", metavar="FILE", type=Path, help="another one than REVOCATIONS_FILE")
        parser.add_argument(
            "--without-revocations", action="store_true", help="the file is lost: revoke every token, trust no pipeline"
        )
        parser.add_argument(
            "--anyway", action="store_true", help="nothing shows that this database was restored, and it was"
        )
        held = parser.add_mutually_exclusive_group()
        held.add_argument("--send-held", action="store_true", help="send the messages that are held")
        held.add_argument("--drop-held", action="store_true", help="never send the messages that are held")

    @override
    def handle(self, *_args: Any, **options: Any) -> None:
        decided = options["send_held"] or options["drop_held"]
        if options["anyway"] or is_restored():
            self._confirm(options)
        elif not decided:
            raise CommandError(
                "Nothing shows that this database was restored. If it was: paritycheck restored --anyway"
            )
        if options["send_held"]:
            self.stdout.write(f"held messages sent: {send_held()}")
        if options["drop_held"]:
            self.stdout.write(f"held messages dropped: {drop_held()}")

    def _confirm(self, options: dict[str, Any]) -> None:
        path = _file(options)
        try:
            done = confirm_restore(revocations=path)
        except (OSError, RevocationError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise CommandError(f"{path}: {reason}. {_CHOICE}") from error
        for line in _told(done):
            self.stdout.write(line)
        if path is None:
            self.stdout.write(LOST)
        self.stdout.write("The service may start.")


_CHOICE: Final = (
    "Name the file with --revocations FILE, or, where it is lost, revoke every token with --without-revocations."
)


def _file(options: dict[str, Any]) -> Path | None:
    """None only where the operator says so. Raises CommandError."""
    if options["without_revocations"]:
        if options["revocations"]:
            raise CommandError("--revocations and --without-revocations exclude each other.")
        return None
    path = options["revocations"] or (Path(settings.REVOCATIONS_FILE) if settings.REVOCATIONS_FILE else None)
    if path is None:
        raise CommandError(f"REVOCATIONS_FILE is not set. {_CHOICE}")
    return Path(path)


def _told(done: Confirmed) -> list[str]:
    counts: dict[str, int] = {}
    for action, count in done.revoked.items():
        counts[WORDS[action]] = counts.get(WORDS[action], 0) + count
    lines = [f"{words}: {count}" for words, count in counts.items()] or ["Nothing was revoked since the backup."]
    held = f"messages older than an hour, held: {done.held}. Next: paritycheck restored --send-held, or --drop-held"
    return [*lines, f"sessions ended: {done.sessions}", *([held] if done.held else [])]
