"""What stands above a page when something is silent, failed, or not there yet."""

from dataclasses import dataclass

from paritycheck.core.labels import capital
from paritycheck.models import Policy, Project
from paritycheck.selectors.matrix import Matrix
from paritycheck.web import words
from paritycheck.web.visible import visible

SILENT = "circle-question-mark"
MOST_NAMED = 3
"""Silent environments that get a line each; more than these are told in one."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One framed sentence; `kind` is its colour."""

    kind: str
    icon: str
    title: str
    text: str


def notices_of(matrix: Matrix, refused: Policy | None) -> list[Notice]:
    """A policy that is not in force, comparisons that failed, and each silent environment."""
    return [*_policy(matrix.project, refused), *_failed(matrix), *_silent(matrix)]


def _policy(project: Project, refused: Policy | None) -> list[Notice]:
    if refused is None:
        return []
    first = refused.errors[0]
    rest = f" {words.plural(len(refused.errors) - 1, 'more mistake')}." if len(refused.errors) > 1 else ""
    force = (
        f"Policy v{project.policy_version} stays in force." if project.policy_id else "The shipped expectations hold."
    )
    place = f"parity.toml line {first.get('line')}, column {first.get('column')}"
    text = f"{visible(str(first.get('detail', '')).rstrip('.'))}.{rest} {force}"
    return [Notice("warning", "triangle-alert", visible(place), text)]


def _failed(matrix: Matrix) -> list[Notice]:
    return [
        Notice(
            "error",
            "octagon-x",
            f"The comparison of {column.slug} failed",
            f"Shown is the last good one, of {column.pair.evaluated_at:%H:%M}." if column.pair else "Nothing is shown.",
        )
        for column in matrix.columns
        if column.failed
    ]


def _silent(matrix: Matrix) -> list[Notice]:
    silent = [(column.slug, column.pulse.seen) for column in matrix.columns if column.silent and column.pulse]
    lasted = {slug: words.duration((matrix.now - seen).total_seconds()) for slug, seen in silent}
    if len(silent) > MOST_NAMED:
        longest, _ = min(silent, key=lambda each: each[1])
        title = f"{words.number(len(silent))} of {words.plural(len(matrix.columns), 'environment')} are silent"
        text = f"{longest} the longest, for {lasted[longest]}. Their drifts stay as they were."
        return [Notice("unknown", SILENT, title, text)]
    return [
        Notice("unknown", SILENT, f"{slug} has been silent for {lasted[slug]}", "Its drifts stay as they were.")
        for slug, _ in silent
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
