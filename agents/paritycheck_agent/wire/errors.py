"""The one exception of the wire."""

from __future__ import annotations

from paritycheck_agent.wire import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

# Malformed bytes are 400; everything that was understood and refused is 422.
_BAD_REQUEST = frozenset({"empty-body", "bad-utf8", "bad-json", "too-deep", "duplicate-key"})


class Invalid(Exception):  # noqa: N818 - the word of the wire, read as "raise Invalid"
    """Bytes or a document that the wire refuses.

    `errors` holds at most 20 of {"line"?, "pointer", "code", "detail"}. Nothing in here is a submitted value:
    pointers name known members only.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int = 0,
        errors: Sequence[Mapping[str, Any]] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.status = status or (400 if code in _BAD_REQUEST else 422)
        self.errors = [dict(error) for error in errors[: limits.ERRORS]]
        self.extra = dict(extra or {})


class Problems:
    """Collects errors of one document, so that its author sees more than the first."""

    __slots__ = ("found", "line", "whole")

    def __init__(self, whole: str) -> None:
        """`whole` is the code to give when the errors are of several codes."""
        self.whole = whole
        self.line = 0
        self.found: list[dict[str, Any]] = []

    def add(self, code: str, detail: str, pointer: str = "", line: int = 0) -> None:
        """Note one error; at the limit raise what there is."""
        error: dict[str, Any] = {"line": line} if line else {}
        error.update(pointer=pointer, code=code, detail=detail)
        self.found.append(error)
        if len(self.found) >= limits.ERRORS:
            self.finish()

    def report(self, code: str, detail: str, pointer: str) -> None:
        """Note an error on the line that `line` names."""
        self.add(code, detail, pointer, self.line)

    def finish(self) -> None:
        """Raise Invalid when anything was found."""
        if not self.found:
            return
        codes = {error["code"] for error in self.found}
        one = len(self.found) == 1
        detail = self.found[0]["detail"] if one else f"{len(self.found)} fields are not valid"
        raise Invalid(codes.pop() if len(codes) == 1 else self.whole, detail, status=422, errors=self.found)
