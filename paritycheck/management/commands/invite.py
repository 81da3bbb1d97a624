"""`paritycheck invite EMAIL`: lets a second person in."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.validators import validate_email
from django.forms import ValidationError
from typing_extensions import override

from paritycheck.management.base import WakingCommand
from paritycheck.models import Project
from paritycheck.models.people import Role
from paritycheck.services.projects import invite_user


class Command(WakingCommand):
    """Makes an account, and a membership where a project is named."""

    help = "Let a person in. Sign-up is closed; the e-mail address is the log-in name."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--project", metavar="NAME", help="make the person a member of this project")
        parser.add_argument("--role", default=Role.MEMBER, choices=Role.values, help="what the person may do there")

    @override
    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            validate_email(options["email"])
        except ValidationError as error:
            raise CommandError(f"{options['email']!r} is no e-mail address.") from error
        user, password = invite_user(email=options["email"], project=_project(options["project"]), role=options["role"])
        words = f"password {password}, shown this once" if password else "with the password they have"
        self.stdout.write(f"{user.email} signs in at {settings.PUBLIC_URL}: {words}.")


def _project(slug: str | None) -> Project | None:
    if slug is None:
        return None
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        raise CommandError(f"There is no project {slug!r}. Make it: paritycheck bootstrap --project {slug}")
    return project
