"""What channels have in common: what one is given, what it needs to be told, how it says that it did not deliver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from paritycheck.core.message import Row

TEST: Final = "test"
"""The kind of a delivery that a person asked for to see whether a channel works."""
LONGEST_RETRY_AFTER_S: Final = 3_600
_FOR_NOW: Final = frozenset({408, 409, 423, 425, 429})
_TOO_MANY: Final = frozenset({403, 429})


class ChannelError(Exception):
    """A message that was not delivered. `reason` is one plain line for people, without a credential.

    `permanent` means that trying again would end the same. `status` is what an HTTP receiver answered, 0 without one;
    `retry_after_s` is how long it asks to wait; `blameless` tells nothing of the channel: this message has no form in
    it, or our own installation is the matter.
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool,
        status: int = 0,
        retry_after_s: int | None = None,
        blameless: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.status = status
        self.retry_after_s = retry_after_s
        self.blameless = blameless


class SettingsError(Exception):
    """A channel's settings that cannot be used: the field's name and what is the matter, never its value."""

    def __init__(self, field_name: str, detail: str) -> None:
        super().__init__(f"{field_name} {detail}")
        self.field = field_name
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of a kind of channel. A `secret` is never shown again; `url` is an address that we send to; `made`
    is a secret that we make ourselves.
    """

    name: str
    label: str
    help: str = ""
    secret: bool = False
    required: bool = True
    url: bool = False
    made: bool = False
    default: str = ""


class Threads(Protocol):
    """What a channel knows drifts by: the number of an issue. Kept at once, so that a sender that ends halfway does
    not begin anew.
    """

    def ref(self, identity: str) -> str:
        """What the drift goes by there; empty for nothing."""

    def is_open(self, identity: str) -> bool:
        """Whether its thread is open."""

    def told(self, identity: str) -> bool:
        """Whether this very delivery told of it already, in an attempt that ended early."""

    def keep(self, identity: str, ref: str, *, is_open: bool) -> None:
        """Keep it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is around a message: the stable id that receivers dedupe on, the attempt from 1, the time of this attempt,
    when the message was made, the kind of delivery, the identities of drifts by the address of their page, and which of
    these drifts are over by now.
    """

    ident: str
    attempt: int
    now: datetime
    made_at: datetime
    kind: str
    site: str
    threads: Threads
    identities: Mapping[str, str] = field(default_factory=dict)
    over: frozenset[str] = frozenset()

    def current(self, rows: Iterable[Row]) -> list[Row]:
        """Rows of drifts that still hold. An attempt may come late: what became of a drift since then was told by
        another message already, and must not be undone.
        """
        return [row for row in rows if (row.change == "resolved") == (self.identity(row) in self.over)]

    def identity(self, row: Row) -> str:
        """The drift's identity; empty for a row that is of no drift."""
        return self.identities.get(row.url, "")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. Nothing of it is shown: the address of a chat's webhook is its secret."""

    method: str
    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: at most 16 KiB of its body, and the seconds of Retry-After where it has one."""

    status: int
    body: bytes = field(repr=False, default=b"")
    retry_after_s: int | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004  the class of statuses that mean success


Post = Callable[[Request], Answer]
"""Sends a request by the rules for outgoing requests. Raises ChannelError where there is no answer at all."""


def accepted(answer: Answer, who: str) -> Answer:
    """The answer, where it is one of success. Raises ChannelError in words that hold its status alone.

    4xx mean that the same would be refused again, but for those that say "later"; everything else may pass.
    """
    if answer.ok:
        return answer
    later = answer.status in _FOR_NOW or (answer.status in _TOO_MANY and answer.retry_after_s is not None)
    permanent = 400 <= answer.status < 500 and not later  # noqa: PLR2004  the class of refusals
    raise ChannelError(
        f"{who} answered {answer.status}{_WORDS.get(answer.status, '')}",
        permanent=permanent,
        status=answer.status,
        retry_after_s=answer.retry_after_s,
    )


_WORDS: Final = {
    301: " (redirects are not followed)",
    302: " (redirects are not followed)",
    303: " (redirects are not followed)",
    307: " (redirects are not followed)",
    308: " (redirects are not followed)",
    401: " (the credential is refused)",
    403: " (not allowed)",
    404: " (nothing there)",
    410: " (gone)",
    413: " (too large)",
    429: " (too many messages)",
}
