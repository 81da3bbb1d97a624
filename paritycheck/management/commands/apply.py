"""`paritycheck apply project.toml`: projects as a file says, with a plan shown first."""

import logging
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, TextIO

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from typing_extensions import override

from paritycheck.core.project_example import EXAMPLE
from paritycheck.management import applying
from paritycheck.management.base import WakingCommand
from paritycheck.models import User
from paritycheck.services.apply import apply_projects, plan_projects
from paritycheck.services.apply_changes import NotApplied, Outcome

CHANGES: Final = 2
"""The exit code of `--plan` where something would change."""
MISUSED: Final = 64


class Command(WakingCommand):
    """Shows what would change, asks, and does it."""

    help = (
        "Create and update projects, environments, members, channels, subscriptions and tokens as files say. A plan "
        "is shown first; a second run has nothing to do. Exit codes: 0 done or nothing to do, 1 mistakes, or it was "
        "not wanted, nothing was changed then; with --plan 2 where something would change; 64 for a wrong option."
    )

    @override
    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """A mistake in the options must not look like `--plan` that found changes."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        setattr(parser, "error", partial(_misused, parser))  # noqa: B010  a method is replaced on purpose
        return parser

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("files", nargs="*", metavar="FILE", help="TOML files; - is the standard input")
        add("--plan", action="store_true", help="only show what would change: exit 0 for nothing, 2 for something")
        add("--yes", action="store_true", help="do not ask")
        add("--prune", action="store_true", help="remove what is not in the file, of the parts that stand in it")
        add("--tokens-out", metavar="FILE", help="write new secrets into this new file (mode 600), as JSON")
        add("--by", metavar="EMAIL", help="in whose name channels are made; else the first administrator or owner")
        add("--format", choices=("text", "json"), default="text", help="json: one document, for programs")
        add("--example", action="store_true", help="print an example of a file")

    @override
    def handle(self, *_args: Any, **options: Any) -> None:
        if options["example"]:
            self.stdout.write(EXAMPLE, ending="")
            return
        if not options["files"]:
            raise CommandError("name a FILE, or print one by --example")
        wanted, places = applying.read_files(options["files"])
        asked = {"wanted": wanted, "settled": applying.settled, "by": _person(options["by"]), "prune": options["prune"]}
        try:
            with _quiet():
                self._run(asked, options)
        except NotApplied as error:
            raise applying.placed(error, places) from None

    def _run(self, asked: dict[str, Any], options: dict[str, Any]) -> None:
        now = timezone.now()
        outcome = plan_projects(**asked, now=now)
        as_json = options["format"] == "json"
        if not as_json:
            self.stdout.write(applying.as_text(outcome, prune=options["prune"]))
        if options["plan"] or not outcome.changes:
            if as_json:
                self.stdout.write(applying.as_json(outcome, applied=False, secrets=()))
            if outcome.changes:
                sys.exit(CHANGES)
            return
        if not options["yes"]:
            self._ask(as_json=as_json)
        out = applying.open_new(options["tokens_out"]) if options["tokens_out"] and outcome.reveals else None
        self._apply(asked, out, outcome, options)

    def _apply(self, asked: dict[str, Any], out: TextIO | None, planned: Outcome, options: dict[str, Any]) -> None:
        try:
            done = apply_projects(**asked, now=timezone.now(), planned=planned.changes)
        except BaseException:
            if out is not None:
                out.close()
                Path(options["tokens_out"]).unlink()
            raise
        shown = done.secrets
        if out is not None and applying.wrote_secrets(out, done.secrets):
            shown = []
        if options["format"] == "json":
            self.stdout.write(applying.as_json(done, applied=True, secrets=shown))
            return
        self.stdout.write("Applied.")
        self.stdout.write(applying.secret_lines(shown), ending="")

    def _ask(self, *, as_json: bool) -> None:
        if as_json or not sys.stdin.isatty():
            raise CommandError("nobody is there to ask: --yes applies it, --plan only shows it")
        self.stdout.write("Apply this? [y/N] ", ending="")
        self.stdout.flush()
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise CommandError("Nothing was changed.")


def _misused(parser: CommandParser, message: str) -> None:
    if not parser.called_from_command_line:
        raise CommandError(f"Error: {message}")
    parser.print_usage(sys.stderr)
    parser.exit(MISUSED, f"paritycheck apply: {message}\n")


def _person(email: str | None) -> User | None:
    if email is None:
        return None
    found = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if found is None:
        raise CommandError("nobody signs in with the address of --by")
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """The verbs log what they do, a plan's as well, to where the answer goes; the audit log tells what was done."""
    before = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(before)
