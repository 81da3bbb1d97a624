"""Mail by a provider's API: django-anymail's own backend of Postmark against an HTTP server on loopback."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from typing_extensions import override

from paritycheck.channels import mail
from paritycheck.channels.mail import send
from paritycheck.config.mail_url import mail as read_url
from paritycheck.core.channel import ChannelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from paritycheck.channels.mail import MailSettings
    from paritycheck.core.message import Message

IDENT = UUID("0193b1c2-7b3a-7cc1-9d55-0242ac120002")
FIRST = UUID("0193b1c2-7b3a-7cc1-9d55-0242ac120001")
TOKEN = "canary-2hQ7"
Attempt = tuple[int, dict[str, Any]]
SENT = {
    "ErrorCode": 0,
    "Message": "OK",
    "MessageID": "b7bc2f4a",
    "SubmittedAt": "2026-11-20T17:12:00Z",
    "To": "maria@example.com",
}
INACTIVE = (
    "You tried to send to a recipient that has been marked as inactive.\nFound inactive addresses: maria@example.com.\n"
    "Inactive recipients are ones that have generated a hard bounce or a spam complaint. "
)
"""As Postmark words it."""


class Provider:
    """Answers each request with `answer`, and keeps what it was sent."""

    def __init__(self) -> None:
        self.answer: Attempt = (200, SENT)
        self.requests: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.port = 0


@contextmanager
def running(provider: Provider) -> Iterator[Provider]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            provider.requests.append((dict(self.headers), json.loads(body)))
            status, document = provider.answer
            answer = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield provider
        server.shutdown()
        thread.join(10)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running(Provider()) as found:
        yield found


@pytest.fixture
def post(
    make_alert: Callable[..., Message], settings_for: Callable[..., MailSettings]
) -> Callable[[int], ChannelError | None]:
    """Send by EMAIL_URL to this port; the error, or nothing."""

    def make(port: int) -> ChannelError | None:
        read = read_url(f"anymail+postmark://{TOKEN}@?api_url=http://127.0.0.1:{port}/")
        settings = settings_for(0, backend=read["EMAIL_BACKEND"], options=read["OPTIONS"])
        assert TOKEN not in repr(settings)
        try:
            send(
                make_alert(),
                to="maria@example.com",
                ident=IDENT,
                thread=FIRST,
                unsubscribe="https://parity.example/unsubscribe/t",
                settings=settings,
            )
        except ChannelError as error:
            return error
        return None

    return make


def test_a_mail_goes_out_whole_with_its_headers(provider: Provider, post: Callable[[int], ChannelError | None]) -> None:
    assert post(provider.port) is None
    [(headers, sent)] = provider.requests
    assert headers["X-Postmark-Server-Token"] == TOKEN
    assert sent["To"] == "maria@example.com"
    assert sent["Subject"] == "[shop] error: production has no STRIPE_WEBHOOK_SECRET"
    assert "∅ missing" in sent["TextBody"]
    assert "Open the drift" in sent["HtmlBody"]
    told = {header["Name"]: header["Value"] for header in sent["Headers"]}
    assert told["Message-ID"] == f"<{IDENT}@parity.example>"
    assert told["References"] == told["In-Reply-To"] == f"<{FIRST}@parity.example>"
    assert told["List-Unsubscribe"] == "<https://parity.example/unsubscribe/t>"
    assert told["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    ("status", "document", "permanent", "reason"),
    [
        (401, {"ErrorCode": 10, "Message": f"Bad token {TOKEN}"}, False, "the mail provider answers 401"),
        (422, {"ErrorCode": 406, "Message": INACTIVE}, True, "the mail provider refuses the address"),
        (422, {"ErrorCode": 400, "Message": f"Sender not found {TOKEN}"}, False, "the mail provider answers 422"),
        (429, {"Message": TOKEN}, False, "the mail provider answers 429"),
        (500, {"Message": TOKEN}, False, "the mail provider answers 500"),
        (200, {"what": TOKEN}, False, "the mail provider answers 200"),
    ],
)  # fmt: skip
def test_a_refusal_tells_its_status_and_no_word_of_the_answer(
    provider: Provider,
    post: Callable[[int], ChannelError | None],
    status: int,
    document: dict[str, Any],
    permanent: bool,  # noqa: FBT001  a column of the table
    reason: str,
) -> None:
    provider.answer = (status, document)
    error = post(provider.port)
    assert error is not None
    assert (error.permanent, error.reason) == (permanent, reason)
    assert error.__cause__ is None
    assert error.__suppress_context__


def test_a_provider_that_is_not_there_is_temporary(
    provider: Provider, post: Callable[[int], ChannelError | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "PROVIDER_TIMEOUT_S", (0.5, 0.5))
    with running(Provider()) as gone:
        port = gone.port
    error = post(port)
    assert error is not None
    assert (error.permanent, error.reason) == (False, "the mail provider cannot be reached")
    assert provider.requests == []


def test_the_package_that_is_missing_is_said(
    post: Callable[[int], ChannelError | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "anymail", None)
    error = post(9)
    assert error is not None
    assert (error.permanent, error.reason) == (False, "django-anymail is not installed")
