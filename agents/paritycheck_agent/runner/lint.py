"""`parity lint`: what a checkout alone tells of its own mistakes. Asks nobody, and shows no value."""

from __future__ import annotations

import os

from paritycheck_agent.config import ConfigError
from paritycheck_agent.context import Context
from paritycheck_agent.runner import lint_environment, lint_policy, lint_services

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from paritycheck_agent.runner.lint_findings import Finding


def lint(root: str, environ: Mapping[str, str], names: Iterable[str], now: float) -> list[Finding]:
    """Return what is wrong, sorted by place; with names only what is about these files. Raise ConfigError.

    `now`: seconds since 1970, what a waiver's end is compared with.
    """
    if not os.path.isdir(root):
        raise ConfigError(root, "no such directory")
    wanted = {_relative(root, name) for name in names}
    policy, settings = lint_policy.examine(root, now)
    # A candidate: what the checkout declares counts, and nothing outside of it is read.
    public = {name: value for name, value in environ.items() if not name.startswith("PARITY_")}
    context = Context(os.path.abspath(root), public, settings, "", candidate=True)
    found = [*policy, *lint_environment.examine(context), *lint_services.examine(context)]
    told = [one for one in found if not wanted or one.path in wanted or one.also & wanted]
    return sorted(told, key=lambda one: one.order())


def _relative(root: str, name: str) -> str:
    """Return a named file as findings name it; names begin where the command was started, as pre-commit's do."""
    path = os.path.relpath(os.path.abspath(name), os.path.abspath(root))
    return path.replace(os.sep, "/")
