"""The calls of the wire: gzip for bodies, bounded retries, and what counts as an answer."""

from __future__ import annotations

import json
import os
import time
import zlib

from paritycheck_agent.transport.connection import Connection, Unreachable
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.canonical import line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from paritycheck_agent.transport.connection import Answer

ATTEMPTS = 4
WAIT_S = 60.0
_BACKOFF_S = 2.0
_GZIP = 31
_DIGITS = 9
_BUSY = frozenset({429, 503})
_OK, _CREATED = 200, 201
_REDIRECT, _CLIENT, _SERVER = 300, 400, 500

JSON_TYPE = "application/json"
LINES_TYPE = "application/x-ndjson"
TOML_TYPE = "application/toml"


class Refused(Exception):  # noqa: N818 - what the server did, read as "raise Refused"
    """A problem that our server named (RFC 9457); `retryable`: sending again can help, after `wait_s` if it said so."""

    def __init__(self, status: int, problem: Mapping[str, Any], wait_s: int = 0) -> None:
        self.status = status
        self.wait_s = wait_s
        self.code = str(problem.get("code", ""))
        self.detail = str(problem.get("detail") or problem.get("title") or "")
        self.retryable = problem.get("retryable") is True
        self.reenroll = problem.get("reenroll") is True
        errors = problem.get("errors")
        self.hint = ""
        self.errors = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
        super().__init__(f"{status} {self.code}: {self.detail}")


class Client:
    """Speaks to one server; `sleep` is how it waits."""

    def __init__(self, connection: Connection, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.connection = connection
        self.sleep = sleep
        self._waited = 0.0

    def post_report(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Send a report, or any document that has an answer; it is never compressed."""
        return self.ask("POST", "/api/v1/reports", line(document), {"Content-Type": JSON_TYPE})

    def post_candidate(self, project: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the gate of a project."""
        from urllib.parse import quote

        path = f"/api/v1/projects/{quote(project, safe='')}/gate"
        return self.ask("POST", path, line(document), {"Content-Type": JSON_TYPE})

    def post_deploy(self, project: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Tell of a deploy of a project."""
        from urllib.parse import quote

        path = f"/api/v1/projects/{quote(project, safe='')}/deploys"
        return self.ask("POST", path, line(document), {"Content-Type": JSON_TYPE})

    def put_section(self, digest: str, body: bytes) -> None:
        """Send a section's body under its digest."""
        self.ask("PUT", f"/api/v1/sections/{digest.partition(':')[2]}", *compressed(body, LINES_TYPE))

    def put_policy(self, digest: str, text: bytes) -> dict[str, Any]:
        """Send the policy's text; the answer may carry `errors` with line and column."""
        return self.ask("PUT", f"/api/v1/policies/{digest.partition(':')[2]}", text, {"Content-Type": TOML_TYPE})

    def post_commits(self, body: bytes) -> None:
        """Send commits as lines."""
        self.ask("POST", "/api/v1/commits", *compressed(body, LINES_TYPE))

    def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        """Return the JSON object answered; raise Refused, or Unreachable where nothing of ours answered.

        429 and 503 are tried again after Retry-After, a connection that broke after a random part of a doubling
        time: at most three times a call and a minute a run.
        """
        broken = ""
        for attempt in range(1, ATTEMPTS + 1):
            answer, broken = self._send(method, path, body, headers)
            wait = _retry_after(answer, attempt)
            last = attempt == ATTEMPTS or self._waited + wait > WAIT_S
            if answer is not None and (last or answer.status not in _BUSY):
                return _document(answer)
            if last:
                break
            self._waited += wait
            self.sleep(wait)
        raise Unreachable(broken)

    def _send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[Answer | None, str]:
        """Return the answer, or None and why a connection that stood was broken off."""
        try:
            return self.connection.request(method, path, body, {**headers, "Content-Length": str(len(body))}), ""
        except ConnectionRefusedError:
            raise Unreachable("connection refused") from None
        except OSError as error:
            return None, error.strerror or "the connection was closed"


def compressed(body: bytes, kind: str) -> tuple[bytes, dict[str, str]]:
    """Return a body as one gzip member, equal for equal bytes, and its headers."""
    packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    return packer.compress(body) + packer.flush(), {"Content-Type": kind, "Content-Encoding": "gzip"}


def fits(body: bytes) -> bool:
    """Return whether a body is within the limits, decoded and on the wire."""
    return len(body) <= limits.BODY_BYTES and len(compressed(body, LINES_TYPE)[0]) <= limits.BODY_WIRE_BYTES


def _retry_after(answer: Answer | None, attempt: int) -> float:
    """Return the seconds to wait: what the server says, else a random part of a doubling time."""
    said = _said_wait(answer) if answer else None
    return _BACKOFF_S * (1 << attempt) * os.urandom(1)[0] / 256 if said is None else float(said)


def _said_wait(answer: Answer) -> int | None:
    """Return the seconds of Retry-After, None where it says none: its other form, a date, needs two equal clocks."""
    said = answer.headers.get("retry-after", "")
    return int(said[:_DIGITS]) if said.isascii() and said.isdigit() else None


def _document(answer: Answer) -> dict[str, Any]:
    document = _json(answer)
    if answer.status == _CREATED and not answer.body:
        return {}
    if _OK <= answer.status < _REDIRECT:
        if document is None:
            raise Unreachable(f"{answer.status} without our JSON: a proxy or a log-in page answered")
        return document
    if answer.status < _CLIENT:
        raise Unreachable(f"{answer.status}: redirects are not followed; PARITY_URL must be the final address")
    # An error page of something between is not our server's word; only a problem with a code is.
    if document is None or not isinstance(document.get("code"), str):
        raise Unreachable(f"{answer.status} without our JSON", _said_wait(answer) or 0)
    raise Refused(answer.status, {"retryable": answer.status >= _SERVER, **document}, _said_wait(answer) or 0)


def _json(answer: Answer) -> dict[str, Any] | None:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {JSON_TYPE, "application/problem+json"}:
        return None
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
