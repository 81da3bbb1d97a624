"""Many small agents that report over HTTP all the time, and remember what was acknowledged."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from tests.chaos.stand import Stand

PATH = "/api/v1/reports"
PATIENCE_S = 45
PAUSE_S = 0.3
LONGEST_WAIT_S = 5.0
TRIED_AGAIN = frozenset({0, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE,
                         HTTPStatus.GATEWAY_TIMEOUT})  # fmt: skip


class Reporters:
    """`threads` that report for `each` instances in turn, from entry to exit. `answers` counts by status, 0 for none
    at all; `acked` holds the newest number that was acknowledged, by instance; `failed` were never taken.
    """

    def __init__(
        self, url: str, token: str, *, threads: int = 4, each: int = 40, between_s: float = 0.2, name: str = "small"
    ) -> None:
        self.answers: Counter[int] = Counter()
        self.acked: dict[str, int] = {}
        self.failed: list[str] = []
        self._url, self._token, self._between_s = url, token, between_s
        self._stop = threading.Event()
        names = [[f"{name}-{number}-{instance}" for instance in range(each)] for number in range(threads)]
        self._threads = [threading.Thread(target=self._report_for, args=[mine]) for mine in names]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_S + 30)

    def report(self, instance: str) -> bool:
        """One report, tried again as agents do; whether it was taken."""
        document = small_report(instance)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            status, wait_s = post(self._url + PATH, self._token, document)
            self.answers[status] += 1
            if status in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
                self.acked[instance] = max(document["seq"], self.acked.get(instance, 0))
                return True
            if status not in TRIED_AGAIN:
                break
            time.sleep(min(wait_s or PAUSE_S, LONGEST_WAIT_S))
        self.failed.append(instance)
        return False

    def told(self) -> str:
        """How often each status was answered."""
        return ", ".join(f"{count} x {status or 'nobody'}" for status, count in sorted(self.answers.items()))

    def lost(self, stand: Stand) -> list[str]:
        """What was acknowledged and is not there."""
        rows = dict(stand.sql("SELECT key, seq FROM paritycheck_instance WHERE key LIKE 'small-%%'"))
        return [f"{key}: {seq} was acknowledged" for key, seq in self.acked.items() if rows.get(key, 0) < seq]

    def _report_for(self, instances: list[str]) -> None:
        while True:
            for instance in instances:
                if self._stop.wait(self._between_s):
                    return
                self.report(instance)


def small_report(instance: str) -> dict[str, Any]:
    """A report that says of one section that it was not looked at."""
    moment = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return {
        "schema": "paritycheck.report/1",
        "report_id": str(uuid.uuid4()),
        "seq": time.time_ns() // 1_000_000,
        "collected_at": moment,
        "sent_at": moment,
        "agent": {"version": "0.1.0", "interval_s": 300},
        "instance": {"id": instance, "kind": "container"},
        "sections": {"services": {"status": "unknown", "reason": "disabled"}},
    }


def post(url: str, token: str, document: dict[str, Any]) -> tuple[int, float]:
    """Status, and after how many seconds to come back where the answer says so; 0 where nobody answers."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(document).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()
            return answer.status, 0.0
    except urllib.error.HTTPError as error:
        with error:
            return error.code, float(error.headers.get("Retry-After") or 0)
    except OSError:
        return 0, 0.0
