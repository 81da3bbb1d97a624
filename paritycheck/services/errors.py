"""What a verb answers when it will not do what was asked."""

from collections.abc import Mapping, Sequence
from typing import Any


class Refused(Exception):  # noqa: N818  the word of the API, read as "raise Refused"
    """A request that was understood and refused; the API renders it as a problem document.

    `code` and `status` are those of the table of bad inputs; `retryable` tells an agent whether to try again,
    after `retry_after` seconds where that is known. Nothing in here is a submitted value.
    """

    def __init__(
        self,
        code: str,
        status: int,
        detail: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        retryable: bool = False,
        retry_after: int | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.status = status
        self.detail = detail
        self.errors = [dict(error) for error in errors]
        self.retryable = retryable
        self.retry_after = retry_after
        self.extra = dict(extra or {})
