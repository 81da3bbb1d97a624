"""Cells for the design page, one of each look, drawn by the very template of the matrix."""

from dataclasses import dataclass

from paritycheck.web.cells import Cell


@dataclass(frozen=True, slots=True)
class Sample:
    """A cell and what it shows."""

    title: str
    cell: Cell


def _sample(title: str, look: str, glyph: str, value: str, severity: str = "", note: str = "") -> Sample:
    cell = Cell("", False, look, severity, glyph, glyph, value, value, note, "#", "", f"sample/{title}")
    return Sample(title, cell)


SAMPLES = (
    (
        _sample("same", "same", "same", "16.14", note="8 of 9"),
        _sample("within policy", "within", "different", "5.2.19"),
    ),
    (
        _sample("error", "different", "different", "13.23", "error", "end of life"),
        _sample("missing", "missing", "missing", "missing", "error"),
    ),
    (
        _sample("warning", "different", "different", "3.3.2", "warning"),
        _sample("missing", "missing", "missing", "not installed", "warning"),
    ),
    (
        _sample("note", "different", "different", "10.27.0", "note"),
        _sample("shared", "different", "same", "shared", "error", "same value"),
    ),
    (
        _sample("waived", "waived", "different", "2.19.3", note="waived"),
        _sample("unknown", "unknown", "unknown", "connection refused"),
    ),
)
