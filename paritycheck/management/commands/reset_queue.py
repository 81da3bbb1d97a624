"""`paritycheck reset_queue`: makes the message queue's tables anew."""

from typing import Any

from typing_extensions import override

from paritycheck.management.base import WakingCommand
from paritycheck.services.broker import reset_queue


class Command(WakingCommand):
    """Drops and creates the queue; it holds wake-ups only, so nothing is lost."""

    help = "Make the message queue's tables anew. They hold wake-ups only; the work itself stands in other tables."

    @override
    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(f"The queue is of pgmq {reset_queue()} now. Restart worker, sender and beat.")
