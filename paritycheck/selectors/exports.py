"""What can be taken along as CSV: the same rows for the API and for pages, of a project that the caller may see."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from paritycheck.codec.sides import fact_document, row_document
from paritycheck.codec.times import instant, is_instant
from paritycheck.core.addresses import AddressError, is_slug
from paritycheck.core.spreadsheets import csv_lines
from paritycheck.models import Project
from paritycheck.selectors.comparisons import ComparisonFilter, find_place, rows_asked
from paritycheck.selectors.deploys import deploys_of
from paritycheck.selectors.drifts import drifts_of
from paritycheck.selectors.filters import DriftFilter, FilterError
from paritycheck.selectors.waivers import WaiverFilter

Asked = Mapping[str, str]
Said = Mapping[str, Sequence[str]]
Rows = Iterator[list[Any]]
AT_ONCE: Final = 500
SIDE: Final = ("state", "kind", "value", "reason")
DRIFT: Final = (
    "id", "section", "name", "rule", "severity", "distance", "expectation", "state", "initial", "owner", "opened_at",
    "changed_at", "resolved_at", "reopened",
)  # fmt: skip
DEPLOY: Final = (
    "commit", "previous", "deployed_at", "status", "source", "external_id", "release", "artifact", "url",
)  # fmt: skip
WAIVER: Final = (
    "source", "title", "pair", "ratchet", "reason", "owner", "until", "until_change", "until_converged", "made_by",
    "made_at", "line",
)  # fmt: skip
SIDES: Final = tuple(f"{side}_{name}" for side in ("left", "right") for name in (*SIDE, "sources"))


@dataclass(frozen=True, slots=True)
class Export:
    """A kind of file: its columns, and its rows for a question; raises FilterError, None where there is nothing."""

    head: tuple[str, ...]
    rows: Callable[[Project, Said, datetime], Rows | None]


def export_lines(what: str, project: Project, asked: Said, now: datetime) -> Iterator[str] | None:
    """The lines of the file `what`, made as they are read; None where what is asked about is not there. `asked` holds
    all that a query string says under each name.
    """
    export = EXPORTS[what]
    rows = export.rows(project, asked, now)
    return None if rows is None else csv_lines(export.head, rows)


def _of_last(
    rows: Callable[[Project, Asked, datetime], Rows | None],
) -> Callable[[Project, Said, datetime], Rows | None]:
    """Of a list whose parameters are said once: the last counts."""
    return lambda project, said, now: rows(project, {name: each[-1] for name, each in said.items() if each}, now)


def _drifts(project: Project, asked: Said, now: datetime) -> Rows:
    del now
    found = drifts_of(project, DriftFilter.read(asked)).order_by("-opened_at", "-id")
    return (
        [
            f"{row.left.slug}..{row.right.slug}",
            *(getattr(row, name) for name in DRIFT),
            *_side(row.left_side),
            *_side(row.right_side),
            (row.waiver or {}).get("reason"),
            (row.waiver or {}).get("until"),
        ]
        for row in found.iterator(AT_ONCE)
    )


def _side(said: Mapping[str, Any]) -> list[Any]:
    return [*(said.get(name) for name in SIDE), said.get("sources", ())]


def _comparison(project: Project, asked: Asked, now: datetime) -> Rows | None:
    places = []
    for name in ("left", "right"):
        try:
            places.append(find_place(project, asked.get(name, ""), now))
        except AddressError as error:
            raise FilterError(f"{name}: {error}") from None
    left, right = places
    if left is None or right is None:
        return None
    found = rows_asked(left, right, ComparisonFilter.read(asked))
    documents = (row_document(row, fact_document(row.left), fact_document(row.right)) for row in found)
    return (
        [*(row[name] for name in COMPARED), *_side(row["left"])[:-1], *_side(row["right"])[:-1]] for row in documents
    )


def _deploys(project: Project, asked: Asked, now: datetime) -> Rows:
    del now
    slug = asked.get("environment")
    if slug is not None and not is_slug(slug):
        raise FilterError("environment is the name of an environment")
    since = asked.get("since")
    if since is not None and not is_instant(since):
        raise FilterError("since is a time as RFC 3339 has it, such as 2026-11-20T12:00:00Z")
    rows = deploys_of(project, environment=slug, since=instant(since) if since else None).order_by(
        "-deployed_at", "-id"
    )
    return (
        [row.environment.slug, *(getattr(row, name) for name in DEPLOY), [actor.get("name") for actor in row.actors]]
        for row in rows.iterator(AT_ONCE)
    )


def _waivers(project: Project, asked: Asked, now: datetime) -> Rows:
    return (
        [*(stand.document[name] for name in WAIVER), stand.covers, stand.ending, stand.unused]
        for stand in WaiverFilter.read(asked).stands(project, now)
    )


COMPARED: Final = ("section", "name", "bucket", "distance", "reason")
_BOTH: Final = tuple(f"{side}_{name}" for side in ("left", "right") for name in SIDE)
EXPORTS: Final[Mapping[str, Export]] = {
    "drifts": Export(("pair", *DRIFT, *SIDES, "waiver_reason", "waiver_until"), _drifts),
    "compare": Export((*COMPARED, *_BOTH), _of_last(_comparison)),
    "deploys": Export(("environment", *DEPLOY, "actors"), _of_last(_deploys)),
    "waivers": Export((*WAIVER, "covers", "ending", "unused"), _of_last(_waivers)),
}
