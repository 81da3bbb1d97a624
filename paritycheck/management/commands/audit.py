"""`paritycheck audit verify`: whether the audit log is as it was written."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError
from typing_extensions import override

from paritycheck.management.base import WakingCommand
from paritycheck.models import AuditEntry, Project
from paritycheck.models.audit import INSTALLATION
from paritycheck.selectors.audit import chains
from paritycheck.services.audit import beginning_of, check_chain


class Command(WakingCommand):
    """Walks the chains of entries and computes every digest anew."""

    requires_confirmed = False
    help = "Check the audit log: every entry of every project holds the digest of the one before."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=["verify"], metavar="verify")
        parser.add_argument("--project", metavar="NAME", help="only that of one project")
        parser.add_argument(
            "--head",
            metavar="NUMBER:SHA256",
            help="a head that was kept elsewhere (with --project): it has to be in the log still",
        )

    @override
    def handle(self, *_args: Any, **options: Any) -> None:
        names = {project.pk: project.slug for project in Project.objects.all()}
        asked = _asked(options["project"], names)
        if options["head"] and asked is None:
            raise CommandError("--head is the head of one project's log: name it with --project.")
        broken = [fault for chain in ([asked] if asked else chains()) if (fault := self._walk(chain, names))]
        if options["head"] and asked is not None and not broken:
            broken += [fault for fault in [_beside(asked, options["head"])] if fault]
        if broken:
            raise CommandError("\n".join(broken), returncode=1)

    def _walk(self, chain: UUID, names: dict[UUID, str]) -> str:
        found = check_chain(chain=chain)
        name = names.get(chain) or ("the installation" if chain == INSTALLATION else f"a removed project ({chain})")
        if found.broken is not None:
            return f"{name}: broken at entry {found.broken}: {found.why}."
        gone = f" (those up to {found.gone} were old and are gone)" if found.gone else ""
        kept = found.number - found.gone
        self.stdout.write(f"{name}: {kept} entries hold{gone}, head {found.number}:{found.head.hex()}")
        return ""


def _asked(slug: str | None, names: dict[UUID, str]) -> UUID | None:
    if slug is None:
        return None
    found = next((chain for chain, name in names.items() if name == slug), None)
    if found is None:
        raise CommandError(f"There is no project {slug!r}.")
    return found


def _beside(chain: UUID, head: str) -> str:
    """A log that was cut at its end holds in itself; only a head from before the cut tells."""
    number, _, digest = head.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < len(str(2**63))):
        raise CommandError("--head is NUMBER:SHA256, as this command and the page print it.")
    gone, before = beginning_of(chain=chain)
    if int(number) < gone:
        return (
            f"entry {number} was old and is gone, as all up to {gone}: keep a newer head, this one tells nothing more."
        )
    entry = AuditEntry.objects.filter(chain=chain, number=int(number)).first()
    kept = before if int(number) == gone else bytes(entry.sha256) if entry else None
    if kept is None:
        return f"entry {number} is gone: the log was cut after this head was kept."
    return "" if kept.hex() == digest.lower() else f"entry {number} is not the one that was kept."
