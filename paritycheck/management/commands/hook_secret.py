"""`paritycheck hook_secret --project NAME`: what to enter where GitHub or GitLab asks for a webhook's secret."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from typing_extensions import override

from paritycheck.management.base import WakingCommand
from paritycheck.models import Project
from paritycheck.services.announce import HOOKS, hook_secret


class Command(WakingCommand):
    """Prints the addresses and secrets of a project's webhooks; they follow from PEPPER and are kept nowhere."""

    help = "The addresses and secrets of a project's webhooks of deploys. Another PEPPER makes other secrets."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", metavar="NAME", required=True, help="the project whose deploys are told of")
        parser.add_argument("--provider", choices=HOOKS, help="print this one's secret and nothing else")

    @override
    def handle(self, *_args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']!r}.")
        if options["provider"]:
            self.stdout.write(hook_secret(project_id=project.pk, provider=options["provider"]))
            return
        hooks = f"{settings.PUBLIC_URL}/api/v1/projects/{project.slug}/deploys/hooks"
        for provider in HOOKS:
            self.stdout.write(provider)
            self.stdout.write(f"  address  {hooks}/{provider}")
            self.stdout.write(f"  secret   {hook_secret(project_id=project.pk, provider=provider)}")
