"""The base of our commands: what a service refuses is a plain message, what it noted is published."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.utils import ProgrammingError
from typing_extensions import override

from paritycheck.selectors.health import is_migrated
from paritycheck.services.errors import Refused
from paritycheck.services.jobs import take_noted
from paritycheck.services.standing import why_not
from paritycheck.tasks.wake import publish_noted


class WakingCommand(BaseCommand):
    """Runs one verb."""

    requires_migrations_checks = True
    requires_confirmed = True
    """Whether a database that was restored has to be confirmed first."""

    @override
    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run, then publish."""
        take_noted()
        if self.requires_confirmed and (said := why_not()):
            raise CommandError(said)
        try:
            output = super().execute(*args, **options)
        except Refused as error:
            raise CommandError(error.detail) from error
        except ProgrammingError as error:
            if is_migrated():
                raise
            said = "the database has not all of its tables yet: `paritycheck up` makes them, and `paritycheck migrate`"
            raise CommandError(said) from error
        publish_noted()
        return output
