"""`paritycheck beat`: the schedule, and the sweeper beside it. One beat does; a second one waits."""

import tempfile
from pathlib import Path
from threading import Event, Thread
from time import sleep
from typing import Any

from celery import current_app
from typing_extensions import override

from paritycheck.management.base import WakingCommand
from paritycheck.services.standing import guard_connections
from paritycheck.tasks.holding import Hold
from paritycheck.tasks.sweep import sweep_until

WAIT_S = 5


class Command(WakingCommand):
    """Runs Celery beat and sweeps due rows every 15 s."""

    help = "Run the schedule and the sweeper. Exactly one does the work; another one waits until that ends."

    @override
    def handle(self, *_args: Any, **_options: Any) -> None:
        guard_connections()
        hold = Hold()
        while not hold.take():
            sleep(WAIT_S)
        stop = Event()
        Thread(target=sweep_until, args=[stop, hold], name="sweeper", daemon=True).start()
        with tempfile.TemporaryDirectory() as place:
            current_app.Beat(schedule=str(Path(place) / "schedule"), loglevel="INFO", quiet=True).run()
        stop.set()
        hold.drop()
