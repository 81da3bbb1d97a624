"""Every kind of mail as a real mail server takes it: whole, in plain bytes, in its thread, easy to leave."""

import json
import re
from collections.abc import Callable
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import pytest
from typing_extensions import override

from paritycheck.channels.mail import MailSettings, compose, send
from paritycheck.core.mail_headers import Copy
from paritycheck.core.message import Message
from tests.channels.samples import samples
from tests.mailbox import Mailbox, bytes_of

SAMPLES = samples()
FIRST = UUID("0193b1c2-7b3a-7cc1-9d55-0242ac120001")
IDENT = UUID("0193b1c2-7b3a-7cc1-9d55-0242ac120002")
LEAVE = "https://parity.example/unsubscribe/" + "t" * 160
LONGEST_LINE = 998
"""Of a line in a mail, without its end (RFC 5322)."""
Post = Callable[..., EmailMessage]


@pytest.fixture
def arrived(mailbox: Mailbox, settings_for: Callable[..., MailSettings]) -> Post:
    """Send it to the server; what came, parsed by the standard library."""

    def make(message: Message, **given: object) -> EmailMessage:
        keywords = {"unsubscribe": LEAVE, **given}
        send(message, to="maria@example.com", ident=IDENT, settings=settings_for(mailbox.port), **keywords)  # type: ignore[arg-type]
        return mailbox.messages[-1]

    return make


class Seen(HTMLParser):
    """The texts that a reader of the page sees, one for each element, and its links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: set[str] = set()
        self._hidden = 0
        self.feed(html)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"style", "title", "head"} or "hidden" in (given.get("class") or "").split():
            self._hidden += 1
        if tag == "a":
            self.links.add(given.get("href") or "")

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in {"style", "title", "head"}:
            self._hidden -= 1

    @override
    def handle_data(self, data: str) -> None:
        text = " ".join(data.split()).strip(" .,")
        if text and not self._hidden:
            self.texts.append(text)


def parts_of(message: EmailMessage) -> tuple[str, str]:
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return (text.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n"))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_bytes_are_plain_and_no_line_is_too_long(arrived: Post, mailbox: Mailbox, name: str) -> None:
    message = arrived(SAMPLES[name], thread=FIRST)
    raw = bytes_of(mailbox.envelopes[-1])
    assert raw.isascii()
    assert max(map(len, raw.splitlines())) <= LONGEST_LINE
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert message.defects == []
    assert [part["Content-Transfer-Encoding"] for part in message.iter_parts()] == ["quoted-printable"] * 2


@pytest.mark.parametrize("name", SAMPLES)
def test_everything_that_the_page_says_stands_in_the_text_part(arrived: Post, name: str) -> None:
    text, html = parts_of(arrived(SAMPLES[name]))
    page = Seen(re.sub(r'<div class="hidden".*?</div>', "", html))
    said = " ".join(text.split()).lower()
    assert len(page.texts) > 5
    assert [one for one in page.texts if one.lower() not in said] == []
    assert [link for link in page.links if link not in text] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_text_and_page_are_what_was_composed(
    arrived: Post, settings_for: Callable[..., MailSettings], name: str
) -> None:
    composed = compose(SAMPLES[name], Copy("maria@example.com", IDENT, None, LEAVE), settings_for(25))
    text, html = parts_of(arrived(SAMPLES[name]))
    assert text == composed.body
    assert html == str(composed.alternatives[0][0])


@pytest.mark.parametrize("name", SAMPLES)
def test_its_headers_say_what_it_is_and_how_to_leave(arrived: Post, name: str) -> None:
    message = arrived(SAMPLES[name], thread=FIRST)
    assert message["Subject"] == SAMPLES[name].subject
    assert message["Message-ID"] == f"<{IDENT}@parity.example>"
    assert message["References"] == message["In-Reply-To"] == f"<{FIRST}@parity.example>"
    assert message["List-Id"] == "<shop.paritycheck.parity.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    # RFC 8058: the link in angle brackets, by https, and this very value beside it.
    assert message["List-Unsubscribe"] == f"<{LEAVE}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_first_mail_of_a_thread_refers_to_nothing(arrived: Post) -> None:
    for thread in (None, IDENT):
        message = arrived(SAMPLES["missing"], thread=thread)
        assert message["References"] is None
        assert message["In-Reply-To"] is None


def test_one_click_is_promised_by_https_only(arrived: Post) -> None:
    message = arrived(SAMPLES["missing"], unsubscribe="http://127.0.0.1:8000/unsubscribe/t")
    assert message["List-Unsubscribe"] == "<http://127.0.0.1:8000/unsubscribe/t>"
    assert message["List-Unsubscribe-Post"] is None


def test_without_a_subscription_there_is_nothing_to_leave(arrived: Post) -> None:
    message = arrived(SAMPLES["confirm"], unsubscribe="")
    assert message["List-Unsubscribe"] is None
    assert "nsubscribe" not in "".join(parts_of(message))


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_stored_says_the_same_when_it_is_read(name: str) -> None:
    assert Message.read(SAMPLES[name].stored()) == SAMPLES[name]


@pytest.mark.parametrize("kind", ["alert", "several", "digest"])
def test_what_the_release_before_stored_is_still_sent(arrived: Post, kind: str) -> None:
    """`fixtures/stored-by-0.1.0.json` is what its `Message.stored` gave, before messages had tables and origins."""
    document = json.loads((Path(__file__).parent / "fixtures/stored-by-0.1.0.json").read_text(encoding="utf-8"))[kind]
    message = Message.read(document)
    text, html = parts_of(arrived(message))
    assert message.title in text
    assert "Unsubscribe" in html
