"""What `parity lint` finds: one mistake each, where it stands, what to do."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

ERROR, WARNING, NOTE = "error", "warning", "note"
SEVERITIES = (ERROR, WARNING, NOTE)


class Finding:
    """`rule` is of a closed list (`parity lint --help`); `line` and `column` count from 1, 0 where the file is meant.

    `also`: other files that the finding is about, so that it is told where only they are asked for.
    """

    __slots__ = ("also", "column", "hint", "line", "path", "rule", "severity", "text")

    def __init__(self, rule: str, severity: str, place: tuple[str, int], text: str, hint: str = "") -> None:
        self.rule = rule
        self.severity = severity
        self.path, self.line = place
        self.column = 0
        self.text = text
        self.hint = hint
        self.also: frozenset[str] = frozenset()

    def about(self, paths: Iterable[str]) -> Finding:
        """Name further files that it is about; return itself."""
        self.also = frozenset(paths)
        return self

    def order(self) -> tuple[str, int, int, str, str]:
        return (self.path, self.line, self.column, self.rule, self.text)

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it; the line is null where the file as a whole is meant."""
        place = {"path": self.path, "line": self.line or None, "column": self.column or None}
        return {"rule": self.rule, "severity": self.severity, **place, "text": self.text, "hint": self.hint}
