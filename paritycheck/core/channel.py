"""What channels have in common: how one says that it did not deliver."""

from __future__ import annotations


class ChannelError(Exception):
    """A message that was not delivered. `permanent` means that trying again would end the same; `reason` is one plain
    line for people, without a credential.
    """

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
