"""F23: the connections of workers to the broker die without a word; those of everybody else are well.

What is woken is taken by nobody. Over AMQP without heartbeats nothing tells a worker: it notices that no sign of life
comes, ends, and is started again; then all is worked off. With Redis the client finds out by itself.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.chaos.checks import judge, settle
from tests.chaos.hole import Hole
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from tests.chaos.brokers import Rabbit, Redis
    from tests.chaos.outcome import Outcome
    from tests.chaos.stand import Stand

SHUT_S = 20
DRAINED_S = 180


def run(stand: Stand, broker: Redis | Rabbit) -> Outcome:
    [shop] = make_shops(1, ["ann@example.com", "bo@example.com"])
    hole = Hole(broker.port)
    [beat] = stand.start("beat")
    stand.until(lambda: stand.count("SELECT count(*) FROM paritycheck_processbeat WHERE name = 'beat'"), 60)
    stand.reroute(BROKER_URL=broker.url.replace(f":{broker.port}/", f":{hole.port}/"))
    first = stand.ready(*stand.start("worker", "sender"))
    stand.until(lambda: _seen(stand) == len(first), 60)
    began = time.monotonic()
    hole.shut()
    shop.report("staging", django="5.2.19", stripe="14.0.1")
    stand.until(lambda: False, SHUT_S)
    hole.open()
    settle(stand, [shop], 2 * DRAINED_S)
    took = time.monotonic() - began
    outcome = judge(stand, "deaf-worker", [shop])
    ended = sum(not stand.alive(pid) for pid in first)
    outcome.note = f"{ended} of {len(first)} ended themselves"
    outcome.at_most("everybody told, from the moment that connections died", took, DRAINED_S, "s")
    deaf = [] if ended == len(first) or broker.notices else [f"{len(first) - ended} of {len(first)} did not end"]
    outcome.holds("workers that hear nothing and go on", deaf, outcome.note)
    outcome.problems += [] if stand.alive(beat) else ["beat ended"]
    hole.close()
    return outcome


def _seen(stand: Stand) -> int:
    """How many kinds of worker have taken a sign of life."""
    return stand.count("SELECT count(*) FROM paritycheck_processbeat WHERE name IN ('worker', 'sender')")
