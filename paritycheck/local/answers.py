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
        while late := self._late(reported):
            if time.monotonic() >= deadline:
                what = " and ".join(late)
                raise LocalError(f"{what}: not compared {wait_s:.0f} s after the report. {self._missing()}{hint()}")
            time.sleep(POLL_S)

    def _late(self, reported: Mapping[str, datetime]) -> list[str]:
        """The pairs that were not compared since the moment given for them, or are to be again."""
        done = {
            pair["pair"]: datetime.fromisoformat(pair["evaluated_at"]) for pair in self.pairs() if not pair["pending"]
        }
        return [name for name, since in sorted(reported.items()) if name not in done or done[name] < since]

    def _missing(self) -> str:
        """The processes that show no sign of life, as the service itself sees it."""
        processes = self._get("/readyz").get("processes", {})
        late = sorted(name for name, said in processes.items() if said["late"])
        return f"No sign of life from: {', '.join(late)}. " if late else ""

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
