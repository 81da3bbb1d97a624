"""An installation to talk to: its tokens, the road there, and what a report is made of."""

import gzip
import hashlib
import http.client
import io
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_to_bytes
from uuid import uuid4

from paritycheck_agent.wire.canonical import digest, line, split

CANARY = "canary-7Qx3fL9zWm2"
ENVIRONMENTS = (
    "production:production", "staging:staging", "laptops:development:cohort", "old:other", "gone:other", "flood:other",
    "flood-proxied:other",
)  # fmt: skip
Road = Callable[[str, str, bytes | None, dict[str, str]], "Reply"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The problem's code; the answer must be a whole problem document that repeats nothing."""
        assert self.headers["content-type"] == "application/problem+json", (self.status, self.body[:300])
        problem = self.json()
        assert problem["status"] == self.status
        assert {"type", "title", "status", "code", "detail", "instance", "retryable"} <= problem.keys()
        assert problem["title"] != "Request was refused", f"{problem['code']} has no title"
        assert self.headers["cache-control"] == "no-store"
        assert CANARY.encode() not in self.body
        return str(problem["code"])


@dataclass(slots=True)
class Site:
    """One installation with the projects `shop` and `other`; `tokens` by `production`, `gate`, `admin`, ..."""

    road: Road
    tokens: dict[str, str]
    database: str = ""
    pid: int = 0
    port: int = 0
    seq: int = field(default_factory=lambda: int(time.time() * 1000))

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        who: str | None = "production",
        media: str | None = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send one request; `who` is a name in `tokens`, or a token itself."""
        said = {"Content-Type": media} if media and body is not None else {}
        if who is not None:
            said["Authorization"] = f"Bearer {self.tokens.get(who, who)}"
        return self.road(method, path, body, {**said, **(headers or {})})

    def get(self, path: str, *, who: str | None = "admin") -> Reply:
        return self.send("GET", path, who=who)

    def put(self, data: bytes, *, who: str = "production", encoding: str = "identity", path: str = "") -> Reply:
        """PUT a section's body under its own digest, or under `path`."""
        sent = gzip.compress(data, mtime=0) if encoding == "gzip" else data
        where = path or f"/api/v1/sections/{hashlib.sha256(data).hexdigest()}"
        headers = {"Content-Encoding": encoding} if encoding != "identity" else {}
        return self.send("PUT", where, sent, who=who, media="application/x-ndjson", headers=headers)

    def section(
        self,
        name: str,
        facts: Sequence[Mapping[str, Any]],
        covers: Sequence[str] = (),
        *,
        who: str = "production",
    ) -> dict[str, str]:
        """Send a section's two bodies; its entry for a report."""
        bodies = split(name, covers, facts)
        for body in bodies:
            assert self.put(body, who=who).status == 201
        return {"status": "ok", "digest": digest(bodies[0]), "evidence": digest(bodies[1])}

    def report(self, **members: Any) -> dict[str, Any]:
        """A valid report that says nothing but what it is given."""
        self.seq += 1
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "schema": "paritycheck.report/1",
            "report_id": str(uuid4()),
            "seq": self.seq,
            "collected_at": now,
            "sent_at": now,
            "agent": {"version": "0.1.0", "interval_s": 300},
            "instance": {"id": f"web-{secrets.token_hex(4)}", "kind": "container"},
            "sections": {"services": {"status": "unknown", "reason": "disabled"}},
        } | members

    def post(self, document: Any, *, who: str = "production", path: str = "/api/v1/reports") -> Reply:
        body = document if isinstance(document, bytes) else line(document)
        return self.send("POST", path, body, who=who)

    def told(self, *, who: str = "production", **sections: Any) -> dict[str, Any]:
        """A first report of a new instance with these sections, taken."""
        reply = self.post(self.report(sections=sections), who=who)
        assert reply.status == 202, reply.body
        return dict(reply.json())


def wsgi_road(application: Any) -> Road:
    """Straight into the WSGI application, as a server would call it."""

    def send(method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        address, _, query = path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(address).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body or b""),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
        }
        if body is not None:
            environ["CONTENT_LENGTH"] = str(len(body))
        for name, value in headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
        said: list[Any] = []
        with _kept_connections():
            chunks = application(environ, lambda status, answered: said.extend([status, answered]))
            data = b"".join(chunks)
            getattr(chunks, "close", lambda: None)()
        return Reply(int(said[0].split(" ", 1)[0]), {name.lower(): value for name, value in said[1]}, data)

    return send


@contextmanager
def _kept_connections() -> Iterator[None]:
    """A request's end closes connections inside a transaction, which would end the test's; Django's client does so."""
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections

    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def http_road(port: int) -> Road:
    """Over a connection of its own each time."""

    def send(method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True, skip_host="Host" in headers)
            if body is not None and "Content-Length" not in headers:
                connection.putheader("Content-Length", str(len(body)))
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            # A server may answer and close before it has read all: what it said is then to be read all the same.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.send(body or b"")
            reply = connection.getresponse()
            found = {name.lower(): value for name, value in reply.getheaders()}
            return Reply(reply.status, found, reply.read())
        finally:
            connection.close()

    return send


def tokens_of(shop: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, str]:
    """Tokens by the names that tests use, of what bootstrap says of two projects."""
    tokens = {row["slug"]: row["token"] for row in shop["environments"]}
    foreign = {"foreign": other["environments"][0]["token"], "foreign-gate": other["gate"]["token"]}
    return {**tokens, **foreign, "gate": shop["gate"]["token"], "admin": shop["admin"]["token"]}
