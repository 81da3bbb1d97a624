"""Those who ask the web process all the time, and what they were answered."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.stand import Stand

PATHS = ("/readyz", "/sign-in", "/docs")
BETWEEN_S = 0.1
LONGEST_S = 30
UP_S = 60


class Callers:
    """`each` threads a path, from entry to exit. `answers` counts by status, 0 where nobody answered; `waits` are
    seconds, by path; `unsaid` counts refusals that did not say when to come back; `good_at` is the last good answer of
    /readyz.
    """

    def __init__(self, url: str, paths: Sequence[str] = PATHS, *, each: int = 1, token: str = "") -> None:
        self.answers: Counter[int] = Counter()
        self.waits: dict[str, list[float]] = {path: [] for path in paths}
        self.unsaid = 0
        self.good_at = 0.0
        self._url = url
        self._token = token
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=[path]) for path in paths for _ in range(each)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(LONGEST_S)

    def told(self) -> str:
        """How often each status was answered."""
        return ", ".join(f"{count} x {status or 'nobody'}" for status, count in sorted(self.answers.items()))

    def problems(self, allowed: Sequence[int] = (200, 503)) -> list[str]:
        """Answers that nobody should get."""
        wrong = [f"answered {status}" for status in self.answers if status not in allowed]
        return [*wrong, *([f"{self.unsaid} refusals without Retry-After"] if self.unsaid else [])]

    def _ask(self, path: str) -> None:
        while not self._stop.wait(BETWEEN_S):
            began = time.monotonic()
            status, retry_after = get(self._url + path, self._token)
            self.waits[path].append(time.monotonic() - began)
            self.answers[status] += 1
            self.unsaid += status == HTTPStatus.SERVICE_UNAVAILABLE and not retry_after
            if path == "/readyz" and status == HTTPStatus.OK:
                self.good_at = time.monotonic()


def get(url: str, token: str = "") -> tuple[int, str]:
    """Status and Retry-After; 0 where nobody answers."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=LONGEST_S) as answer:
            answer.read()
            return answer.status, ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("Retry-After", "")
    except OSError:
        return 0, ""


def start_web(stand: Stand) -> str:
    """Start a web process, wait until it is ready, and give its URL."""
    stand.start("web")
    url = f"http://127.0.0.1:{stand.port}"
    assert stand.until(lambda: get(f"{url}/readyz")[0] == HTTPStatus.OK, UP_S), "web does not come up"
    return url
