"""`python -m paritycheck_agent.cli`: the command where nothing is installed."""

from __future__ import annotations

from paritycheck_agent.cli import command

command()
