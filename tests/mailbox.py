"""A real mail server on loopback that keeps what it takes, and misbehaves when told to."""

import asyncio
import email
import email.policy
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

OK = "250 OK"


class Mailbox:
    """What the server does with a message. Replies are set from outside while it runs; `hold` makes it hang."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.rcpt_reply = OK
        self.data_reply = OK
        self.auth_reply: str | None = None
        self.keeps = True
        self.hold_s = 0.0
        self.cut_after_data = False
        self.sessions = 0
        self.port = 0

    async def handle_EHLO(  # noqa: N802  aiosmtpd's own hook
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        del server, envelope
        self.sessions += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802  aiosmtpd's own hook
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session
        if self.rcpt_reply == OK:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return self.rcpt_reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's
        del session
        if self.keeps and self.data_reply == OK:
            self.envelopes.append(envelope)
        await asyncio.sleep(self.hold_s)
        if self.cut_after_data:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return self.data_reply

    def authenticate(self, *_: Any) -> AuthResult:
        """Accepts nobody when told so."""
        return AuthResult(success=self.auth_reply is None, handled=False, message=self.auth_reply)

    @property
    def messages(self) -> list[EmailMessage]:
        """What was taken, parsed, oldest first."""
        return [
            email.message_from_bytes(bytes_of(envelope), policy=email.policy.default) for envelope in self.envelopes
        ]

    def wait_for(self, count: int, within_s: float = 20) -> list[EmailMessage]:
        """The messages once there are `count` of them, or those that came in time."""
        deadline = time.monotonic() + within_s
        while len(self.envelopes) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.messages


def bytes_of(envelope: Envelope) -> bytes:
    """The message as it came."""
    assert isinstance(envelope.content, bytes)
    return envelope.content


def texts_of(message: EmailMessage) -> str:
    """Its headers and the decoded text of each part."""
    parts = [part.get_content() for part in message.walk() if not part.is_multipart()]
    return "\n".join([*(f"{name}: {value}" for name, value in message.items()), *parts])


class _Loop:
    """An event loop in a thread, ended with everything that runs in it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def __exit__(self, *_: object) -> None:
        self.run(self._cancel())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _cancel(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def running_mailbox(*, auth: bool = False) -> Iterator[Mailbox]:
    """The server, from its first moment to its last."""
    box = Mailbox()

    def protocol() -> SMTP:
        options: dict[str, Any] = {"authenticator": box.authenticate, "auth_require_tls": False} if auth else {}
        return SMTP(box, enable_SMTPUTF8=True, hostname="mail.test", **options)

    with _Loop() as loop:

        async def listen() -> asyncio.Server:
            return await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)

        server = loop.run(listen())
        box.port = server.sockets[0].getsockname()[1]
        yield box

        async def close() -> None:
            server.close()

        loop.run(close())


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that says to each caller what `talk` says, and nothing a mail server should; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(30)
                    try:
                        talk(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        ended.set()
        thread.join(10)
