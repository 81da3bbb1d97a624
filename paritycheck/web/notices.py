"""What stands above a page when something is silent, failed, or not there yet."""

from dataclasses import dataclass

from paritycheck.core.labels import capital
from paritycheck.selectors.matrix import Matrix
from paritycheck.web import words


@dataclass(frozen=True, slots=True)
class Notice:
    """One framed sentence; `kind` is its colour."""

    kind: str
    icon: str
    title: str
    text: str


def notices_of(matrix: Matrix) -> list[Notice]:
    """One for each silent environment."""
    return [
        Notice(
            "unknown",
            "circle-question-mark",
            f"{column.slug} has been silent for {words.duration((matrix.now - column.pulse.seen).total_seconds())}",
            "Its drifts stay as they were.",
        )
        for column in matrix.columns
        if column.silent and column.pulse
    ]


def waiting_for(matrix: Matrix) -> Notice:
    """What is missing before anything can be compared."""
    reported = [column.slug for column in matrix.columns if column.snapshot is not None]
    if matrix.baseline is None:
        return Notice("unknown", "git-compare", "This project has no baseline", "Name the environment to compare with.")
    if matrix.baseline.slug not in reported:
        rest = f"{words.listed(reported)} reports already." if reported else "Nothing has been reported yet."
        return Notice("unknown", "git-compare", f"Waiting for the first report of {matrix.baseline.slug}", rest)
    name = capital(matrix.baseline.slug)
    text = "Connect a second environment and differences show here within a minute."
    return Notice("unknown", "git-compare", f"{name} reports, nothing to compare it with yet", text)
