"""Messages to send, and servers to send them to."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from paritycheck.channels.mail import SMTP_BACKEND, MailSettings
from paritycheck.core.alerts import alert
from paritycheck.core.message import Message, Row
from tests.channels.samples import PLACE, a_row
from tests.mailbox import Mailbox, running_mailbox


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


@pytest.fixture
def make_row() -> Callable[..., Row]:
    """A row of a drift between staging and production; by default a key that production lacks."""
    return a_row


@pytest.fixture
def make_alert() -> Callable[..., Message]:
    """An alert of one drift, or of the rows given."""

    def make(*rows: Row, **given: Any) -> Message:
        return alert(PLACE, rows or (a_row(**given),))

    return make
