"""Messages to send, and servers to send them to."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from paritycheck.channels.mail import SMTP_BACKEND, MailSettings
from paritycheck.core.alerts import Place, alert
from paritycheck.core.message import Message, Row
from paritycheck.core.rows import Step, row
from paritycheck.core.sentences import Subject, view
from tests.mailbox import Mailbox, running_mailbox

URL = "https://parity.example/p/shop"
OPENED = datetime(2026, 11, 20, 16, 41, tzinfo=UTC)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with running_mailbox() as box:
        yield box


@pytest.fixture
def settings_for() -> Callable[..., MailSettings]:
    """Settings that lead to a port of loopback."""

    def make(port: int, **changes: Any) -> MailSettings:
        given = {
            "backend": SMTP_BACKEND,
            "host": "127.0.0.1",
            "port": port,
            "user": "",
            "password": "",
            "use_tls": False,
            "use_ssl": False,
            "timeout_s": 15,
            "sender": "paritycheck <alerts@parity.example>",
            "site": "Harbour",
        }
        return MailSettings(**{**given, **changes})

    return make


def side(environment: str, **members: Any) -> dict[str, Any]:
    return {
        "environment": environment,
        "snapshot": f"{environment}#42",
        "read_at": "2026-11-20T16:42:00+00:00",
        "state": "present",
        **members,
    }


@pytest.fixture
def make_row() -> Callable[..., Row]:
    """A row of a drift between staging and production; by default a key that production lacks."""

    def make(name: str = "STRIPE_WEBHOOK_SECRET", **given: Any) -> Row:
        subject = Subject(
            section=given.get("section", "config"),
            name=name,
            rule=given.get("rule", "missing"),
            distance=given.get("distance", 4),
            expectation=given.get("expectation", "present"),
            left=view(given.get("left", side("staging", sources=["env"]))),
            right=view(given.get("right", side("production", state="absent", sources=[".env.example:9"]))),
        )
        step = Step(given.get("change", "opened"), OPENED, OPENED, given.get("severity", "error"))
        return row(subject, step, f"{URL}/d/3f9a1c22e0")

    return make


@pytest.fixture
def make_alert(make_row: Callable[..., Row]) -> Callable[..., Message]:
    """An alert of one drift, or of the rows given."""

    def make(*rows: Row, **given: Any) -> Message:
        return alert(Place("shop", "staging", "production", URL), rows or (make_row(**given),))

    return make
