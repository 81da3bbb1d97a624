"""Rows that only a real server shows: raw bytes, bodies that stall, bombs, PostgreSQL away, busy or full."""

import gzip
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

if TYPE_CHECKING:
    from tests.api.installation import Site

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("served"), pytest.mark.timeout(180)]
REPORTS = "/api/v1/reports"
JSON = "Content-Type: application/json"


def exchange(site: "Site", head: str, body: bytes = b"") -> tuple[int, bytes]:
    """Send raw bytes; the status and the rest of the first answer."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as peer:
        peer.sendall(head.replace("\n", "\r\n").encode() + body)
        received = b""
        while not whole(received):
            chunk = peer.recv(65_536)
            if not chunk:
                break
            received += chunk
    return int(received.split(b" ", 2)[1]), received


def whole(received: bytes) -> bool:
    """Whether an answer has come with all of its body."""
    start, _blank, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", start)
    return length is not None and len(body) >= int(length[1])


def head(site: "Site", *lines: str) -> str:
    token = site.tokens["production"]
    said = ["POST /api/v1/reports HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}", *lines]
    return "\n".join(said) + "\n\n"


def test_row_9_a_chunked_body_needs_a_length(served: "Site") -> None:
    lines = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    status, answer = exchange(served, head(served, *lines), b"2\r\n{}\r\n0\r\n\r\n")
    assert status == 411
    assert b"length-required" in answer


def test_row_51_both_lengths_are_refused(served: "Site") -> None:
    lines = ("Content-Type: application/json", "Content-Length: 4", "Transfer-Encoding: chunked")
    status, _answer = exchange(served, head(served, *lines), b"2\r\n{}\r\n0\r\n\r\n")
    assert status in {400, 411}


def test_row_10_a_body_that_is_too_large_is_refused_before_it_comes(served: "Site") -> None:
    lines = ("Content-Type: application/json", f"Content-Length: {10**9}")
    started = time.monotonic()
    status, answer = exchange(served, head(served, *lines))
    assert (status, b"body-too-large" in answer) == (413, True)
    assert time.monotonic() - started < 5


def test_row_11_a_bomb_takes_little_memory_and_time(served: "Site") -> None:
    bomb = gzip.compress(bytes(100 * 1024 * 1024), mtime=0)
    path = f"/api/v1/sections/{'0' * 64}"
    headers = {"Content-Encoding": "gzip"}
    served.send("PUT", path, bomb, media="application/x-ndjson", headers=headers)
    Path(f"/proc/{served.pid}/clear_refs").write_text("5")
    before, started = memory(served.pid, "VmRSS"), time.monotonic()
    reply = served.send("PUT", path, bomb, media="application/x-ndjson", headers=headers)
    assert reply.status == 413
    assert time.monotonic() - started < 1
    assert memory(served.pid, "VmHWM") - before <= 24 * 1024


def memory(pid: int, name: str) -> int:
    """Of a process, in KiB."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


def test_row_3_unknown_revoked_and_expired_tokens_get_the_same_bytes(served: "Site") -> None:
    with psycopg.connect(served.database, autocommit=True) as database:
        tokens = [served.tokens["old"], served.tokens["gone"]]
        database.execute("UPDATE paritycheck_token SET expires_at = now() WHERE id = %s", [tokens[0][4:16]])
        database.execute("UPDATE paritycheck_token SET revoked_at = now() WHERE id = %s", [tokens[1][4:16]])
    from paritycheck.core import tokens as form

    unknown = form.make("report", lambda limit: limit - 1)
    answers = {answer(served, token) for token in (*tokens, unknown)}
    assert len(answers) == 1


def answer(site: "Site", token: str) -> tuple[int, str, bytes]:
    reply = site.post(site.report(), who=token)
    assert reply.code == "unauthenticated"
    return reply.status, reply.headers["www-authenticate"], re.sub(rb"urn:uuid:[0-9a-f-]{36}", b"", reply.body)


def test_row_42_the_same_report_in_flight_is_waited_for(served: "Site") -> None:
    report = served.report()
    assert served.post(report).status == 202
    key = report["instance"]["id"]
    with psycopg.connect(served.database) as holder:
        holder.execute("SELECT 1 FROM paritycheck_instance WHERE key = %s FOR UPDATE", [key])
        waiting = threading.Timer(0.5, holder.commit)
        waiting.start()
        again = served.post(report)
        waiting.join()
    assert (again.status, again.json()["duplicate"]) == (200, True)


def test_row_42_past_two_seconds_the_agent_is_told_to_come_back(served: "Site") -> None:
    report = served.report()
    assert served.post(report).status == 202
    with psycopg.connect(served.database) as holder:
        holder.execute("SELECT 1 FROM paritycheck_instance WHERE key = %s FOR UPDATE", [report["instance"]["id"]])
        reply = served.post(report)
        holder.rollback()
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "unavailable", "2")
    assert reply.json()["retryable"] is True


def test_row_48_a_full_disk_is_said_and_passes(served: "Site") -> None:
    report = served.report()
    with psycopg.connect(served.database, autocommit=True) as database:
        database.execute(FULL)
        try:
            reply = served.post(report)
        finally:
            database.execute("DROP FUNCTION disk_is_full CASCADE")
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "storage-full", "60")
    assert reply.json()["retryable"] is True
    assert served.post(report).status == 202


# PostgreSQL's own error of a full disk, raised where it would be: as the report's row is written.
FULL = """
CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER disk_is_full BEFORE INSERT ON paritycheck_report FOR EACH ROW EXECUTE FUNCTION disk_is_full()"""


class Forwarder:
    """PostgreSQL behind a port that can be cut: what a restart looks like to those who are connected."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.user = parts.username or query.get("user", "postgres")
        self.upstream = (query.get("host") or parts.hostname or "127.0.0.1", parts.port or 5432)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"postgres://{self.user}@127.0.0.1:{self.listener.getsockname()[1]}{parts.path}"
        self.open = True
        self.closing = False
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while not self.closing:
            try:
                peer, _address = self.listener.accept()
            except OSError:
                return
            if not self.open:
                peer.close()
                continue
            pair = (peer, self._connect())
            self.pairs.append(pair)
            threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _connect(self) -> socket.socket:
        host, port = self.upstream
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        upstream = socket.socket(socket.AF_UNIX)
        upstream.connect(f"{host}/.s.PGSQL.{port}")
        return upstream

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        ends = {one: other, other: one}
        try:
            while True:
                for ready in select.select([one, other], [], [])[0]:
                    data = ready.recv(65_536)
                    if not data:
                        return
                    ends[ready].sendall(data)
        except (OSError, ValueError):
            return
        finally:
            one.close()
            other.close()

    def cut(self) -> None:
        self.open = False
        for pair in self.pairs:
            for end in pair:
                # Ends the pump's wait as well; closing alone would leave it in select.
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self.open = True

    def close(self) -> None:
        self.closing = True
        self.cut()
        self.listener.close()


@pytest.fixture
def shaky(served: "Site") -> Iterator[tuple["Site", Forwarder]]:
    """A second server of the same installation, whose way to PostgreSQL can be cut."""
    from tests.api.installation import Site, http_road
    from tests.api.servers import granian

    forwarder = Forwarder(served.database)
    with granian({"DATABASE_URL": forwarder.url}) as (port, pid):
        yield Site(http_road(port), served.tokens, forwarder.url, pid, port), forwarder
    forwarder.close()


def test_row_47_without_postgresql_every_path_says_when_to_come_back_and_recovers(
    shaky: tuple["Site", Forwarder],
) -> None:
    site, forwarder = shaky
    report = site.report()
    assert site.post(report).status == 202
    for _round in range(2):
        forwarder.cut()
        beat = next_of(site, report)
        for reply in (site.post(beat), site.post(next_of(site, report)), site.get("/api/v1/projects")):
            assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "unavailable", "5")
            assert reply.json()["retryable"] is True
        assert site.get("/livez", who=None).status == 200
        assert site.get("/readyz", who=None).status == 503
        forwarder.mend()
        assert eventually(lambda: site.post(next_of(site, report)).status == 202)
        assert site.get("/api/v1/projects").status == 200
        assert site.get("/readyz", who=None).status == 200


def next_of(site: "Site", report: dict[str, Any]) -> dict[str, Any]:
    """The heartbeat that follows a report."""
    fresh = site.report()
    return {**report, **{name: fresh[name] for name in ("report_id", "seq", "collected_at", "sent_at")}}


def eventually(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.1)
    return False


def test_a_stalled_body_holds_up_nobody_while_a_thread_is_free(served: "Site") -> None:
    lines = ("Content-Type: application/json", "Content-Length: 100")
    stalled = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(2)]
    for peer in stalled:
        peer.sendall(head(served, *lines).replace("\n", "\r\n").encode())
    started = time.monotonic()
    assert served.post(served.report()).status == 202
    assert time.monotonic() - started < 5
    for peer in stalled:
        peer.close()


def test_a_body_that_ends_early_is_no_failure_of_the_server(served: "Site") -> None:
    lines = ("Content-Type: application/json", "Content-Length: 1000")
    with socket.create_connection(("127.0.0.1", served.port)) as peer:
        peer.sendall(head(served, *lines).replace("\n", "\r\n").encode() + b"{")
    assert served.post(served.report()).status == 202


def test_gunicorn_answers_as_granian_does(served: "Site") -> None:
    from tests.api.installation import Site, http_road
    from tests.api.servers import gunicorn

    with gunicorn({"DATABASE_URL": served.database}) as port:
        site = Site(http_road(port), served.tokens, served.database, 0, port)
        report = site.report()
        assert site.post(report).status == 202
        assert site.post(next_of(site, report)).json()["unchanged"] is True
        assert exchange(site, head(site, JSON, "Transfer-Encoding: chunked"), b"2\r\n{}\r\n0\r\n\r\n")[0] == 411
        for reply, code in (
            (site.post(b"["), "bad-json"),
            (site.post(report, who="foreign-gate"), "forbidden"),
            (site.get("/api/v1/nothing"), "not-found"),
            (site.send("POST", REPORTS, b"x" * 20_000), "body-too-large"),
        ):
            assert reply.code == code
