"""F12, F13: webhooks that answer a byte a second for ever, or a body without end, beside those that work.

Each is cut in time, takes neither memory nor more than its project's share of senders, and holds up nobody. Every way
to refuse is a test of tests/services/channels/test_faults.py, whose rows stand beside these.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.chaos.checks import judge
from tests.chaos.shops import add_hook, make_shops

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.stand import Stand

PEOPLE = 10
EACH = 5
CUT_S = 15
ROOM_S = 3
PROMPT_S = 30
TIMES = 2
MOST_KIB = 5 * 1024
MOST_AT_ONCE = 4
ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"


class Hostile:
    """A receiver that takes every message and answers in this way, for as long as the sender listens."""

    def __init__(self, head: bytes, piece: bytes, pause_s: float) -> None:
        self._said = head, piece, pause_s
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.held: list[float] = []
        self.at_once, self.most = 0, 0
        self._guard = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                threading.Thread(target=self._hold, args=[peer], daemon=True).start()

    def _hold(self, peer: socket.socket) -> None:
        began = time.monotonic()
        with self._guard:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        head, piece, pause_s = self._said
        with peer, suppress(OSError):
            peer.settimeout(60)
            peer.recv(65_536)
            peer.sendall(head)
            while True:
                peer.sendall(piece)
                time.sleep(pause_s)
        with self._guard:
            self.at_once -= 1
            self.held.append(time.monotonic() - began)


def run(stand: Stand) -> Outcome:
    [shop] = make_shops(1, [f"person-{number}@example.com" for number in range(PEOPLE)])
    hostile = [Hostile(b"HTTP/1.1 200 OK\r\n", b"X", 1.0), Hostile(ENDLESS, b"x" * 65_536, 0.0)]
    for one in hostile:
        for number in range(EACH):
            add_hook(shop.project, f"http://127.0.0.1:{one.port}/{number}")
    stand.start("beat")
    [_, sender] = stand.ready(*stand.start("worker", "sender"))
    shop.report("staging", django="5.2.19", stripe="14.0.1")
    stand.until(lambda: _mails(stand) >= PEOPLE, 120)
    before = _memory(sender, "VmRSS")
    Path(f"/proc/{sender}/clear_refs").write_text("5")
    for _ in range(TIMES):
        stand.sql("UPDATE paritycheck_delivery SET due_at = now() WHERE state = 'due' AND channel = 'webhook'")
        stand.until(lambda: all(not one.at_once for one in hostile) and len(hostile[0].held) >= EACH, 90)
    peak = _memory(sender, "VmHWM") - before
    waits = sorted(
        float(row[0])
        for row in stand.sql(
            "SELECT extract(epoch FROM sent_at - created_at) FROM paritycheck_delivery"
            " WHERE channel = 'mail' AND sent_at IS NOT NULL"
        )
    )
    # What is held back by hostile receivers is theirs, and not lost.
    stand.sql("DELETE FROM paritycheck_delivery WHERE state = 'due' AND channel = 'webhook'")
    outcome = judge(stand, "hook-faults")
    held = [wait for one in hostile for wait in one.held]
    outcome.lost = max(0, outcome.lost - sum(1 for _ in _taken(stand)))
    outcome.note = f"{len(held)} answers cut"
    outcome.at_most(
        "an answer that drips is cut after", max(hostile[0].held, default=float("inf")), CUT_S + ROOM_S, "s"
    )
    outcome.at_most("an answer without end is cut after", max(hostile[1].held, default=float("inf")), ROOM_S, "s")
    outcome.at_most("memory that the sender takes for it", peak, MOST_KIB, "KiB")
    outcome.at_most("webhooks of a project at once", max(one.most for one in hostile), MOST_AT_ONCE)
    outcome.at_most("p95 of mail meanwhile", waits[int(len(waits) * 0.95)] if waits else float("inf"), PROMPT_S, "s")
    for one in hostile:
        one.close()
    return outcome


def _mails(stand: Stand) -> int:
    return stand.count("SELECT count(*) FROM paritycheck_delivery WHERE channel = 'mail' AND state = 'sent'")


def _taken(stand: Stand) -> list[tuple[object, ...]]:
    """Webhooks whose status was read and whose body was cut: they count as sent, and the sink knows nothing of them."""
    return stand.sql("SELECT id FROM paritycheck_delivery WHERE channel = 'webhook' AND state = 'sent'")


def _memory(pid: int, name: str) -> int:
    """Of a process, in KiB."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])
