"""`paritycheck bootstrap`: everything a first report needs."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from typing_extensions import override

from paritycheck.management.base import WakingCommand
from paritycheck.services.projects import EnvironmentPlan, bootstrap_project


class Command(WakingCommand):
    """Creates, or finds, a project with its environments, tokens and an administrator."""

    help = (
        "Create, or find, a project, its environments and their report tokens, a gate token and an administrator. "
        "Run twice it changes nothing and prints no secret again, unless with --rotate."
    )

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, metavar="NAME", help="the project: a-z, 0-9 and -")
        parser.add_argument(
            "--environment",
            action="append",
            default=[],
            metavar="NAME:TIER[:KIND]",
            help="an environment, such as staging:staging or laptops:development:cohort; can be given several times",
        )
        parser.add_argument("--admin", default="admin@localhost", metavar="EMAIL", help="the administrator's address")
        parser.add_argument("--rotate", action="store_true", help="end the tokens and the password, and make new ones")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    @override
    def handle(self, *_args: Any, **options: Any) -> None:
        plans = [EnvironmentPlan.read(text) for text in options["environment"]]
        made = bootstrap_project(
            slug=options["project"], environments=plans, admin_email=options["admin"], rotate=options["rotate"]
        )
        document = {"url": settings.PUBLIC_URL, **made}
        self.stdout.write(json.dumps(document, indent=2) if options["json"] else _as_text(document))


def _as_text(document: dict[str, Any]) -> str:
    """What a person copies from."""
    lines = [f"project {document['project']['slug']} at {document['url']}", ""]
    for row in document["environments"]:
        lines.append(f"environment {row['slug']} ({row['tier']}{', baseline' if row['baseline'] else ''})")
        lines.append(f"  PARITY_TOKEN={row['token']}" if row["token"] else f"  token {row['token_id']}, shown before")
    gate = document["gate"]
    lines.append("gate, for CI")
    lines.append(f"  PARITY_TOKEN={gate['token']}" if gate["token"] else f"  token {gate['token_id']}, shown before")
    admin = document["admin"]
    lines.append(f"administrator {admin['email']}")
    lines.append(f"  password {admin['password']}" if admin["password"] else "  password as before")
    if admin["token"]:
        lines.append(f"  personal token {admin['token']}")
    return "\n".join([*lines, "", "Each secret is shown this once."])
