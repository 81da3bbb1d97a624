"""`paritycheck verify`: whether the database is whole."""

from typing import Any

from django.core.management.base import CommandError
from typing_extensions import override

from paritycheck.management.base import WakingCommand
from paritycheck.selectors.audit import chains
from paritycheck.selectors.invariants import MOST_BODIES, faults_found
from paritycheck.services.audit import check_chain


class Command(WakingCommand):
    """Looks for what no fault may leave behind."""

    help = (
        "Check the database: no row refers to another project, every newest snapshot has its bodies, the newest "
        f"{MOST_BODIES:,} bodies are what their digests say, and the audit log holds. Nothing is changed."
    )
    requires_confirmed = False

    @override
    def handle(self, *_args: Any, **_options: Any) -> None:
        found = faults_found()
        walked = [check_chain(chain=chain) for chain in chains()]
        found += [f"an audit log is broken at entry {each.broken}: {each.why}" for each in walked if each.broken]
        if found:
            raise CommandError("\n".join(found))
        entries = sum(each.number - each.gone for each in walked)
        self.stdout.write(f"Whole: the invariants hold, and {entries:,} entries in {len(walked)} audit logs.")
