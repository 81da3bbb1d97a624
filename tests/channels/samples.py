"""One message of each kind, as people get them: the shop of Harbour, a Friday in November and the Monday after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from paritycheck.core.alerts import Place, alert
from paritycheck.core.decisions import Ending, Quiet
from paritycheck.core.digests import Day, Standing, digest
from paritycheck.core.notices import band, channel_off, confirm, heard, silent, waiver_ending
from paritycheck.core.rows import Origin, Step, row
from paritycheck.core.sentences import Subject, view

if TYPE_CHECKING:
    from paritycheck.core.message import Message, Row

URL = "https://parity.example/p/shop"
FRIDAY = datetime(2026, 11, 20, 16, 41, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
LONG = "pkg:npm/%40" + "very-long-scope-without-any-break" * 3 + "/" + "Y" * 60
PLACE = Place("shop", "staging", "production", URL)
DEPLOY = Origin(
    "staging", "staging#97", FRIDAY, "2026.11.4-rc.2", "09aa713be0c2d7f8", "Read STRIPE_WEBHOOK_SECRET", commits=1
)


def side(environment: str, **members: Any) -> dict[str, Any]:
    return {
        "environment": environment,
        "snapshot": f"{environment}#42",
        "read_at": "2026-11-20T16:42:00+00:00",
        "state": "present",
        **members,
    }


def a_row(name: str = "STRIPE_WEBHOOK_SECRET", **given: Any) -> Row:
    """A drift between staging and production; by default a key that production lacks."""
    subject = Subject(
        section=given.get("section", "config"),
        name=name,
        rule=given.get("rule", "missing"),
        distance=given.get("distance", 4),
        expectation=given.get("expectation", "present"),
        left=view(given.get("left", side("staging", sources=["env"]))),
        right=view(given.get("right", side("production", state="absent", sources=[".env.example:9"]))),
    )
    step = Step(
        given.get("change", "opened"),
        given.get("at", FRIDAY),
        FRIDAY,
        given.get("severity", "error"),
        changes=given.get("changes", 1),
        owner=given.get("owner", ""),
        origin=given.get("origin"),
    )
    return row(subject, step, f"{URL}/d/3f9a1c22e0")


def package(name: str, left: str, right: str, **given: Any) -> Row:
    sides = {"left": side("staging", value=left), "right": side("production", value=right)}
    return a_row(f"pkg:{name}", section="dependencies", rule="version", expectation="same", **sides, **given)


def some_rows() -> list[Row]:
    return [
        a_row(origin=DEPLOY, owner="Payments"),
        package("pypi/stripe", "14.0.1", "13.2.0", owner="Payments"),
        package("pypi/psycopg", "3.3.2", "3.2.13", severity="warning", owner="Platform"),
        package("npm/@sentry/browser", "10.27.0", "10.26.0", severity="note"),
    ]


def a_week(**given: Any) -> Day:
    time = {"value": 338_400, "band": "warning", "waiting": 14, "coverage": 1.0}
    people = {"value": 0.62, "band": "warning", "coverage": 0.93}
    course = (9, 12, 11, 24, 23, 22, 20, 21)
    ages = (118_800.0, 30_000.0, 86_400.0, 172_800.0, 250_000.0, 40_000.0, 259_200.0, 338_400.0)
    shares = (0.59, 0.58, 0.6, 0.61, 0.6, 0.62, 0.61, 0.62)
    standings = [
        Standing("staging", "production", time, people, 0.79, 0.93, {"error": 9, "warning": 9, "note": 3}, course,
                 time_trend=ages, personnel_trend=shares),
        Standing("ci", "production", {"value": 0, "band": "ok"}, people, 0.91, 0.8, {"note": 2}, (2, 2)),
        Standing("laptops", "laptops", {}, {}, None, 0.0, {"warning": 1}, ()),
    ]  # fmt: skip
    members: dict[str, Any] = {
        "project": "shop", "url": URL, "since": MONDAY - timedelta(days=7), "until": MONDAY, "before": 24,
        "opened": some_rows(), "changed": [],
        "resolved": [package(f"pypi/{name}", "5.6", "5.5", change="resolved")
                     for name in ("celery", "kombu", "amqp", "vine", "billiard", "redis", "click")],
        "still": [package(f"npm/still-{number}", "2", "1", severity="warning") for number in range(17)],
        "standings": standings,
        "waivers_ending": [Ending("services/search:version", "laptops and production",
                                  datetime(2026, 12, 31, tzinfo=UTC), "Maria Keller", "OPS-118", f"{URL}/waivers")],
        "silent": [Quiet("ci", MONDAY - timedelta(hours=3), f"{URL}/environments/ci", "runner-7")],
        "why": "Every Monday at 08:00 Europe/Berlin, left out when nothing changed.",
    }  # fmt: skip
    return Day(**{**members, **given})


def samples() -> dict[str, Message]:
    """By name; those that begin with `long` hold names of any length where agents choose them."""
    left = {"environment": "x" * 63, "state": "present", "value": "1." * 40, "sources": ["a/" * 60]}
    long = a_row(LONG, section="services", rule="version", severity="warning", left=left)
    day = {"since": MONDAY - timedelta(days=1)}
    narrow = Standing("x" * 63, "y" * 63, {}, {}, None, 0.0, {}, ())
    return {
        "missing": alert(PLACE, [a_row(origin=DEPLOY)]),
        "version": alert(
            PLACE, [package("pypi/stripe", "14.0.1", "13.2.0", change="worsened", severity="warning", owner="Payments")]
        ),
        "resolved": alert(PLACE, [a_row(change="resolved", at=MONDAY)]),
        "flapping": alert(PLACE, [a_row(change="flapping", changes=5)]),
        "several": alert(PLACE, [*some_rows(), a_row("GONE", change="resolved", at=MONDAY)]),
        "initial": alert(
            Place("shop", "staging", "production", URL, initial=True),
            [package(f"npm/lib-{number}", "2.0", "1.0", severity="note") for number in range(40)] + [a_row()],
        ),
        "week": digest(a_week()),
        "day": digest(a_week(**day, opened=[], resolved=[], waivers_ending=[], silent=[], why="")),
        "silent": silent(
            project="shop", environment="staging", url=URL, seen_at=MONDAY - timedelta(hours=3, minutes=12),
            now=MONDAY, agent="web-1", interval_s=300, unknown_after="24 h",
        ),
        "heard": heard(
            project="shop", environment="staging", url=URL, silent_since=FRIDAY, heard_at=MONDAY, agent="web-1"
        ),
        "band": band(
            project="shop", pair=("staging", "production"), url=URL, gap="time", before="ok", after="warning",
            at=MONDAY, value_before="1 d 9 h", value_after="3 d 22 h", limit="3 d", coverage="100 %",
            waits="14 commits wait for production, the oldest for 3 d 22 h.",
        ),
        "waiver": waiver_ending(
            project="shop", url=URL, name="services/search:version", pair=("laptops", "production"),
            ends_at=MONDAY + timedelta(days=7), now=MONDAY, reason="upgrade planned, OPS-118",
            owner="maria@example.com", drifts=2, drift=f"{URL}/d/3f9a1c22e0",
        ),
        "channel": channel_off(
            project="shop", url=URL, channel="ops webhook", kind="webhook", reason="410 Gone", at=MONDAY,
            failing_since=FRIDAY, waiting=3,
        ),
        "confirm": confirm(
            project="shop", address="team@harbour.example", link=f"{URL}/confirm/abc", by="maria@example.com",
            site="Harbour", expires_at=MONDAY + timedelta(days=2),
        ),
        "long": alert(PLACE, [long]),
        "long digest": digest(a_week(standings=[narrow, narrow], opened=[long, long], silent=[
            Quiet("z" * 63, FRIDAY, URL, "h" * 200)])),
        "long notice": channel_off(
            project="shop", url=URL, channel="c" * 80, kind="webhook", reason="e" * 500, at=MONDAY
        ),
    }  # fmt: skip
