"""Calls that are about to go: said in the headers of every answer (RFC 9745, RFC 8594) and in the OpenAPI document."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.conf import settings
from django.utils.http import http_date

POLICY = "/docs/api#deprecation"


@dataclass(frozen=True, slots=True)
class Leaving:
    """`since` it should not be used any more, `until` it answers; `instead` is the call that takes its place.

    A view says so in one place: `leaving = Leaving(date(2027, 1, 1), date(2027, 7, 1), "GET /api/v1/...")`.
    """

    since: date
    until: date
    instead: str

    def headers(self) -> Iterable[tuple[str, str]]:
        """Name and value of each."""
        return (
            ("Deprecation", f"@{_seconds(self.since)}"),
            ("Sunset", http_date(_seconds(self.until))),
            ("Link", f'<{settings.PUBLIC_URL}{POLICY}>; rel="deprecation"; type="text/html"'),
        )

    def words(self) -> str:
        """For people, in the document."""
        return f"Deprecated since {self.since}, answers until {self.until}. Use {self.instead} instead."


def _seconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
