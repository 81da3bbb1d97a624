"""`paritycheck drop-factors EMAIL`: for somebody who lost the device and the recovery codes."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from typing_extensions import override

from paritycheck.management.base import WakingCommand
from paritycheck.models import User
from paritycheck.services.factors import drop_factors


class Command(WakingCommand):
    """Takes the second step away; the password stays."""

    help = "Take away a person's authenticator app, passkeys and recovery codes. Make sure first that it is them."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    @override
    def handle(self, *_args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].strip().lower()).first()
        if user is None:
            raise CommandError(f"Nobody has the address {options['email']!r}.")
        count = drop_factors(user=user)
        self.stdout.write(f"{user.email} signs in without a second step now; {count} taken away, sessions ended.")
