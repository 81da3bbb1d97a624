"""`paritycheck mail-test TO`: whether mail leaves, before anybody waits for it."""

from argparse import ArgumentParser
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.utils import timezone
from typing_extensions import override

from paritycheck.core.channel import ChannelError
from paritycheck.services.mail_trial import hint_of, send_sample, way


class Command(BaseCommand):
    """Sends one sample and says what became of it."""

    help = "Send a sample of an alert by EMAIL_URL to TO, and say what happened and what to do."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("to", metavar="TO", help="the address that gets it")

    @override
    def handle(self, *_args: Any, **options: Any) -> None:
        to = options["to"]
        try:
            validate_email(to)
        except ValidationError:
            raise CommandError("TO is no mail address.") from None
        if settings.EMAIL_URL:
            self.stdout.write(f"By {way()}, from {settings.DEFAULT_FROM_EMAIL}, to {to} ...")
        try:
            ident = send_sample(to=to, now=timezone.now())
        except ChannelError as error:
            raise CommandError(f"Not sent: {error.reason}.\n{hint_of(error.reason)}") from None
        self.stdout.write(f"Taken, as {ident}.")
        self.stdout.write("If it does not arrive, look into spam, and at SPF and DKIM of the sender's domain.")
        if parseaddr(settings.DEFAULT_FROM_EMAIL)[1].endswith("@localhost"):
            self.stdout.write("MAIL_FROM is not set: many servers drop what comes from @localhost.")
