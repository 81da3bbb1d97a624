"""What stands above a page when something is silent, failed, or not there yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from paritycheck.core.labels import capital
from paritycheck.models import Policy, Project
from paritycheck.selectors.matrix import Matrix
from paritycheck.selectors.troubles import Failure, failures_in, silent_in
from paritycheck.web import words
from paritycheck.web.visible import visible

ORDINALS = ("first", "second", "third", "fourth", "fifth")


@dataclass(frozen=True, slots=True)
class Notice:
    """One framed sentence; `kind` is its colour."""

    kind: str
    icon: str
    title: str
    text: str


def notices_of(matrix: Matrix, refused: Policy | None) -> list[Notice]:
    """A policy that is not in force, comparisons that failed, and each silent environment."""
    silent = [(column.slug, column.pulse.seen) for column in matrix.columns if column.silent and column.pulse]
    failed = failures_in(matrix.project).values()
    return [*_policy(matrix.project, refused), *map(_failed, failed), *_silent(silent, matrix.now)]


def troubles_of(project: Project, now: datetime) -> list[Notice]:
    """What stands above the other pages of a project: comparisons that failed and silent environments; two queries."""
    failed = [_failed(failure) for failure in failures_in(project).values()]
    return [*failed, *_silent(silent_in(project, now), now)]


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


def _failed(failure: Failure) -> Notice:
    """What is shown instead, and when it is tried again."""
    shown = f"Shown is the last good one, of {failure.shown:%H:%M}." if failure.shown else "Nothing is shown."
    again = (
        "It is tried again with the next report. The operators see it."
        if failure.dead
        else f"The next try comes within 15{words.NBSP}s, the {ORDINALS[min(failure.attempts, len(ORDINALS) - 1)]}."
    )
    return Notice("error", "octagon-x", f"The comparison of {failure.slug} failed", f"{shown} {again}")


def _silent(silent: Sequence[tuple[str, datetime]], now: datetime) -> list[Notice]:
    """One for all that are silent: what stands below is the answer that people came for."""
    if not silent:
        return []
    seen = min(at for _, at in silent)
    passed = words.duration((now - seen).total_seconds())
    names = words.listed([slug for slug, _ in silent])
    alone = len(silent) == 1
    told = f"{names} has been silent for {passed}" if alone else f"{names} are silent, for {passed} at most"
    day = "" if seen.date() == now.date() else f"{words.day(seen, now)} "
    text = "Its drifts stay as they were." if alone else "Their drifts stay as they were."
    last = f"The last report came {day}{seen:%H:%M}." if alone else "Environments tells when each was last seen."
    return [Notice("unknown", "circle-question-mark", told, f"{text} {last}")]


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
