"""`parity watch`: reports again and again, for as long as it runs."""

from __future__ import annotations

import os

from paritycheck_agent.config import ConfigError, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def run(options: Any) -> int:
    """Watch until SIGTERM (0) or an interrupt (130); a mistake that is there at the start ends with 2."""
    if os.name != "posix":
        raise ConfigError("parity watch", "runs on Unix only", "let the Task Scheduler run `parity report`")
    from paritycheck_agent.runner.enrolling import access
    from paritycheck_agent.runner.rounds import Wanted
    from paritycheck_agent.runner.watching import Voice, lasting, watch

    ca_file = os.path.abspath(options.ca_file) if options.ca_file else ""
    wanted = Wanted(lasting(options.directory), ca_file, options.interval)

    def check() -> str:
        config = load(wanted.directory, os.environ, ca_file=ca_file)
        # A token is missed before a server is, as it was before agents enrolled.
        access(config, config.environ.get("PARITY_URL", "").strip().rstrip("/"))
        return config.url()

    url, voice = check(), Voice(quiet=options.quiet)
    if not options.quiet:
        voice.line(f"watching {wanted.directory}, reporting to {url} every {options.interval} s")
    return watch(wanted, check, voice)
