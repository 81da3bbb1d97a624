"""Looks after beat from another process: beat watches worker and sender, and somebody has to watch beat."""

from threading import Event, Thread

import structlog
from django.db import connections

from paritycheck.services.operators import tell_of_silence

log = structlog.get_logger(__name__)
EVERY_S = 30
_never = Event()


def start_watchdog() -> None:
    """Look every 30 s, in a thread. Not in a process that forks: a sender has threads, a worker has children."""
    Thread(target=_watch, name="watchdog", daemon=True).start()


def _watch() -> None:
    while not _never.wait(EVERY_S):
        try:
            tell_of_silence(names=("beat", "worker"))
        except Exception:
            log.exception("watchdog failed")
        finally:
            connections.close_all()
