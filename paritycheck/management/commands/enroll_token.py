"""`paritycheck enroll_token`: a token that instances of an environment enrol with."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone
from typing_extensions import override

from paritycheck.management.base import WakingCommand
from paritycheck.models import Project
from paritycheck.services.handing_out import ENROL_HOURS, MOST_USES, make_enrol_token


class Command(WakingCommand):
    """Makes one, and prints it this once."""

    help = (
        "Make a token that instances of an environment enrol with: each exchanges it for a token of its own, which it "
        "keeps and renews. One use and one hour unless more is asked for. The token is printed this once."
    )

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", metavar="NAME", required=True, help="the project")
        parser.add_argument("--environment", metavar="NAME", required=True, help="the environment they report from")
        parser.add_argument("--uses", type=int, default=1, metavar="N", help=f"how many instances, 1 to {MOST_USES}")
        parser.add_argument("--hours", type=int, default=1, metavar="N", help=f"how long it counts, 1 to {ENROL_HOURS}")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    @override
    def handle(self, *_args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['project']!r}.")
        asked = {name: options[name] for name in ("environment", "uses", "hours")}
        token, text = make_enrol_token(project=project, now=timezone.now(), **asked)
        if options["json"]:
            assert token.expires_at is not None  # noqa: S101  a token that enrols ends
            ends = token.expires_at.isoformat(timespec="seconds")
            document = {"url": settings.PUBLIC_URL, **asked, "token": text, "token_id": token.pk, "expires_at": ends}
            self.stdout.write(json.dumps(document, indent=2))
            return
        self.stdout.write(f"PARITY_URL={settings.PUBLIC_URL}\nPARITY_ENROLL_TOKEN={text}")
