"""F11: a mail server that refuses for now, refuses for good, hears out a message and says nothing, or is slow.

What may work is tried again, what cannot is given up, and those whose mail works wait for nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chaos.checks import judge
from tests.chaos.shops import make_shops

if TYPE_CHECKING:
    from tests.chaos.outcome import Outcome
    from tests.chaos.stand import Stand

GOOD, EACH = 12, 3
FAULTS = ("later", "hang", "never", "slow")
PROMPT_S = 30
ALL_S = 120


def run(stand: Stand) -> Outcome:
    people = [f"person-{number}@example.com" for number in range(GOOD)]
    people += [f"{fault}-{number}@example.com" for fault in FAULTS for number in range(EACH)]
    [shop] = make_shops(1, people)
    stand.start("beat")
    stand.ready(*stand.start("worker", "sender"))
    shop.report("staging", django="5.2.19", stripe="14.0.1")
    stand.until(lambda: stand.count("SELECT count(*) FROM paritycheck_delivery") >= len(people), 60)
    stand.until(lambda: not stand.count("SELECT count(*) FROM paritycheck_delivery WHERE state = 'due'"), ALL_S)
    outcome = judge(stand, "mail-faults")
    rows = stand.sql("SELECT recipient, state, extract(epoch FROM sent_at - created_at) FROM paritycheck_delivery")
    waits = sorted(float(wait) for to, _, wait in rows if to.startswith("person") and wait is not None)
    p95 = waits[int(len(waits) * 0.95)] if waits else float("inf")
    outcome.note = f"healthy p95 {p95:.1f} s"
    outcome.at_most("p95 of mail that works, beside mail that does not", p95, PROMPT_S, "s")
    for to, state, _ in rows:
        if state != ("dead" if to.startswith("never") else "sent"):
            outcome.problems.append(f"{to} is {state}")
    # What hung was taken by the server, which did not say so: it is sent again, once.
    outcome.allowed = EACH
    outcome.problems = [problem for problem in outcome.problems if not problem.endswith(f"with {stand.kills} kills")]
    outcome.at_most("duplicates of messages that hung", outcome.duplicates, EACH)
    return outcome
