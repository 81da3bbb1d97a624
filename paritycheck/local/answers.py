"""What the demo asks the service over HTTP, as anybody could."""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from paritycheck.local.errors import LocalError

TIMEOUT_S = 10.0
POLL_S = 0.5
MOST_PAGES = 20


@dataclass(frozen=True, slots=True)
class Asker:
    """A project of a service, and a token that may read it."""

    host: str
    port: int
    token: str
    project: str

    def drifts(self) -> list[dict[str, Any]]:
        """Every open drift, in the order of the API."""
        rows: list[dict[str, Any]] = []
        path: str | None = f"/api/v1/projects/{self.project}/drifts"
        for _ in range(MOST_PAGES):
            if path is None:
                break
            page = self._get(path)
            rows += page["results"]
            path = _path(page["next"])
        return rows

    def pairs(self) -> list[dict[str, Any]]:
        """Each compared pair with its parity, coverage and gaps."""
        return list(self._get(f"/api/v1/projects/{self.project}/parity")["pairs"])

    def await_comparison(self, reported: Mapping[str, datetime], wait_s: float, hint: Callable[[], str]) -> None:
        """Return when each pair (`left..right`) was compared after the moment given for it.

        Raises LocalError, ending with `hint()`, when that takes longer than `wait_s` seconds.
        """
        deadline = time.monotonic() + wait_s
        while True:
            seen = {pair["pair"]: _moment(pair["evaluated_at"]) for pair in self.pairs()}
            late = [name for name, since in reported.items() if name not in seen or seen[name] < since]
            if not late:
                return
            if time.monotonic() >= deadline:
                break
            time.sleep(POLL_S)
        raise LocalError(f"{' and '.join(sorted(late))}: not compared {wait_s:.0f} s after the report. {hint()}")

    def _get(self, path: str) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_S)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise LocalError(f"The service does not answer {path}: {error}") from None
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise LocalError(f"The service answers {path} with {answer.status}.")
        document: dict[str, Any] = json.loads(body)
        return document


def _path(url: str | None) -> str | None:
    """The path and query of an absolute URL: the service is asked where it is, whatever it calls itself."""
    if url is None:
        return None
    rest = url.partition("://")[2]
    return "/" + rest.partition("/")[2] if rest else url


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
