"""A mail server and a webhook receiver in a process of their own, which write down each message that they took.

A line is `mail <Message-ID> <address>` or `hook <webhook-id> <path>`, written before the sender hears of it: a sender
that is killed in between sends the message again, and the file tells. How a message fares is told by the local part of
its address: `later...` is refused for now the first time, `hang...` hears nothing the first time, `never...` is
refused for good, `slow...` waits ten seconds.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import os
import sys
from typing import TYPE_CHECKING

from aiosmtpd.smtp import SMTP

if TYPE_CHECKING:
    from aiosmtpd.smtp import Envelope, Session

GREETING_S = 0.1
"""What a mail server on the internet takes to connect, and to think of the first command."""
SLOW_S = 10
HANG_S = 3_600
LONGEST = 1 << 20


class Sink:
    """One mail server or more, all of which write into one file."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._seen: set[str] = set()

    def note(self, *words: str) -> None:
        os.write(self._file, (" ".join(words) + "\n").encode())

    async def handle_EHLO(  # noqa: N802  aiosmtpd's own hook
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        del server, envelope
        await asyncio.sleep(GREETING_S)
        session.host_name = hostname
        return responses

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's
        del server, session
        assert isinstance(envelope.content, bytes)
        ident = str(email.message_from_bytes(envelope.content, policy=email.policy.default)["Message-ID"])
        to = envelope.rcpt_tos[0]
        first = ident not in self._seen
        self._seen.add(ident)
        if to.startswith("never"):
            return "550 5.1.1 nobody of this name"
        if to.startswith("later") and first:
            return "451 4.7.1 come back in a while"
        if to.startswith("slow"):
            await asyncio.sleep(SLOW_S)
        self.note("mail", ident, to)
        if to.startswith("hang") and first:
            await asyncio.sleep(HANG_S)
        return "250 OK"

    async def receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One webhook."""
        try:
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode("latin-1")
            first, *lines = head.split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            await reader.readexactly(min(int(headers.get("content-length", "0")), LONGEST))
            self.note("hook", headers.get("webhook-id", "-"), first.split(" ")[1])
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            writer.close()


async def serve(path: str) -> None:
    """Say both ports, and take messages until the input ends."""
    sink = Sink(path)
    loop = asyncio.get_running_loop()
    mail = await loop.create_server(lambda: SMTP(sink, hostname="mail.test"), "127.0.0.1", 0)
    hooks = await asyncio.start_server(sink.receive, "127.0.0.1", 0)
    sys.stdout.write(f"{mail.sockets[0].getsockname()[1]} {hooks.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)  # sessions that hang would hold it up


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
