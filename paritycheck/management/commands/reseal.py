"""`paritycheck reseal`: after a change of FIELD_KEY, seals every channel's settings with the first key."""

from typing import Any

from django.core.management.base import CommandError
from typing_extensions import override

from paritycheck.management.base import WakingCommand
from paritycheck.services.sealed import SealError, reseal_channels
from paritycheck.services.sealed_texts import reseal_texts


class Command(WakingCommand):
    """Seals again what an older key sealed; running it twice changes nothing."""

    help = "Seal the settings of channels with the first key of FIELD_KEY; the other keys can then be taken away."

    @override
    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            done, closed = reseal_channels()
            factors = reseal_texts()
        except SealError as error:
            raise CommandError(f"FIELD_KEY {error.reason}.") from error
        self.stdout.write(f"{done} sealed again with the first key.")
        if factors:
            self.stdout.write(f"{factors} secrets of second factors, too.")
        if closed:
            raise CommandError(f"{closed} are opened by no key of FIELD_KEY: add the key that sealed them, then again.")
