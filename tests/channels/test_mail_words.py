"""What a mail says, and that no text of an agent becomes anything but text in it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import pytest
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typing_extensions import override

from paritycheck.channels.mail import MailSettings, compose
from paritycheck.core.digests import Day, Standing, digest
from paritycheck.core.layout import BLOCKS
from paritycheck.core.mail_headers import Copy
from paritycheck.core.message import Message, Row

Alerts = Callable[..., Message]
Rows = Callable[..., Row]
Composer = Callable[[Message], EmailMultiAlternatives]
IDENT = UUID("0193b1c2-7b3a-7cc1-9d55-0242ac120002")
STYLESHEET = Path(__file__).parents[2] / "paritycheck/web/static/paritycheck/paritycheck.css"
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' style='position:fixed",
    '" class="solid" x="',
    "</td></tr></table><h1>You won</h1>",
    "{{ message.why }}{% include 'base.html' %}",
    "javascript:alert(1)",
    "<a href=https://evil.example>",
    "&lt;b&gt;&#60;b&#62;",
    "<!--",
    "]]>",
    "</style><style>*{display:none}",
    "<base href=//evil.example>",
    "=?utf-8?q?=0ABcc:all@example.com?=",
    "X\r\nBcc: all@example.com\r\n\r\nforged body",
    "X\n.\nQUIT",
    "\u202eevil\u2066",
    "a\u2028b\u2029c",
    "\x1b[31mred\x07",
    "${7*7}",
    "%0d%0aBcc:x",
    "\N{NULL}\ufeff\u200b",
    "A" * 5000,
    "\U0001f4a9 日本語",
]


@pytest.fixture
def composed(settings_for: Callable[..., MailSettings]) -> Composer:
    def make(message: Message) -> EmailMultiAlternatives:
        return compose(message, Copy("maria@example.com", IDENT), settings_for(25))

    return make


def html_of(mail: EmailMultiAlternatives) -> str:
    [(content, kind)] = mail.alternatives
    assert kind == "text/html"
    return str(content)


class Skeleton(HTMLParser):
    """Tags with the names of their attributes, and the links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.links: set[str] = set()
        self.feed(html)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.links |= {value or "" for name, value in attrs if name in {"href", "src", "background", "action"}}


@pytest.mark.parametrize("section", ["config", "services", "dependencies"])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_name_adds_no_element_attribute_or_link(
    composed: Composer, make_alert: Alerts, hostile: str, section: str
) -> None:
    harmless = Skeleton(html_of(composed(make_alert(name="NAME", section=section))))
    mail = composed(make_alert(name=hostile, section=section))
    found = Skeleton(html_of(mail))
    assert found.tags == harmless.tags
    assert found.links == harmless.links
    assert len(mail.body.splitlines()) == len(composed(make_alert(name="NAME", section=section)).body.splitlines())


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_value_adds_nothing_either(
    composed: Composer, make_alert: Alerts, make_row: Rows, hostile: str
) -> None:
    def mail(text: str) -> EmailMultiAlternatives:
        left = {"environment": "staging", "state": "present", "value": text, "kind": text, "sources": [text]}
        right = {"environment": "production", "state": "present", "value": "16", "snapshot": text, "read_at": text}
        given = {"section": "services", "rule": "version", "left": left, "right": right}
        return composed(make_alert(make_row(**given), make_row("B", **given)))

    found, harmless = mail(hostile), mail("16.9")
    assert Skeleton(html_of(found)).tags == Skeleton(html_of(harmless)).tags
    assert Skeleton(html_of(found)).links == Skeleton(html_of(harmless)).links
    assert len(found.body.splitlines()) == len(harmless.body.splitlines())


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(max_size=60), min_size=50, max_size=50), project=st.text(max_size=20))
def test_no_subject_ever_breaks_a_header(
    settings_for: Callable[..., MailSettings], texts: list[str], project: str
) -> None:
    """Ten thousand; the header is written as it is on the wire, and Django raises BadHeaderError for what it would
    not send.
    """
    from paritycheck.core.alerts import subject_line

    sender = settings_for(25).sender
    for hostile in texts:
        subject = subject_line(project, "error", hostile * 5)
        mail = EmailMultiAlternatives(subject=subject, from_email=sender, to=["maria@example.com"])
        assert not re.search(r"[\r\n](?![ \t])", str(mail.message()["Subject"]))
        assert len(subject) <= 150


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hostile=st.text(max_size=300))
def test_any_name_gives_a_mail_that_can_be_sent(composed: Composer, make_alert: Alerts, hostile: str) -> None:
    raw = composed(make_alert(name=hostile)).message().as_bytes()
    head = raw.partition(b"\n\n")[0].decode()
    assert [line.partition(":")[0] for line in head.splitlines() if line[:1].strip()] == [
        "Content-Type", "MIME-Version", "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "List-Id",
    ]  # fmt: skip


def test_a_subject_stored_with_a_line_break_is_cleaned_again(composed: Composer, make_alert: Alerts) -> None:
    document = make_alert().stored()
    document["subject"] = "a\nBcc: all@example.com"
    assert composed(Message.read(document)).message()["Subject"] == "a Bcc: all@example.com"


def test_the_text_part_says_the_same(composed: Composer, make_alert: Alerts) -> None:
    assert (
        composed(make_alert()).body
        == """\
Production has no STRIPE_WEBHOOK_SECRET
error, new

Staging has it; the policy expects it in both.

staging
  value      = present
  read from  the process environment
  read at    20 Nov, 16:42 UTC
  snapshot   staging#42
production
  value      ∅ missing
  read from  .env.example:9
  read at    20 Nov, 16:42 UTC
  snapshot   production#42

Since Fri 20 Nov, 16:41 UTC

Open the drift  https://parity.example/p/shop/d/3f9a1c22e0
Waive           https://parity.example/p/shop/d/3f9a1c22e0/waive

--
config/STRIPE_WEBHOOK_SECRET:missing, expected: present. You get this because you are a member of shop.
Change what you get  https://parity.example/p/shop/alerts/subscriptions
paritycheck, Harbour / shop
"""
    )


def test_every_fact_of_the_text_part_stands_in_the_html_part(composed: Composer, make_alert: Alerts) -> None:
    html = html_of(composed(make_alert()))
    said = re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]*>", "", html, flags=re.DOTALL))
    for text in ("Production has no STRIPE_WEBHOOK_SECRET", "error, new", "∅&ensp;missing", "20 Nov, 16:42 UTC",
                 "staging#42", ".env.example:9", "Since Fri 20 Nov, 16:41 UTC", "Open the drift"):  # fmt: skip
        assert text in said


def test_a_list_tells_each_drift_with_both_sides(composed: Composer, make_alert: Alerts, make_row: Rows) -> None:
    left = {"environment": "staging", "state": "present", "value": "14.0.1"}
    right = {"environment": "production", "state": "present", "value": "13.2.0"}
    stripe = make_row("pkg:pypi/stripe", section="dependencies", rule="version", left=left, right=right)
    mail = composed(make_alert(stripe, make_row(severity="note"), make_row("B", change="resolved")))
    assert "  error     pypi/stripe 14.0.1 on staging, 13.2.0 in production\n" in mail.body
    assert "  note      STRIPE_WEBHOOK_SECRET missing in production\n" in mail.body
    assert "  resolved  B missing in production\n" in mail.body
    assert ">pypi/stripe</a> 14.0.1 on staging, 13.2.0 in production<" in html_of(mail)


def test_nothing_in_a_mail_is_fetched(composed: Composer, make_alert: Alerts) -> None:
    """No picture, no script, no style sheet: reading it tells nobody."""
    html = html_of(composed(make_alert()))
    assert not re.search(r"<(img|script|link|iframe|object|svg|form|input)\b|url\(|@import", html, re.IGNORECASE)


def test_every_class_of_the_templates_has_a_rule(composed: Composer, make_alert: Alerts, make_row: Rows) -> None:
    inline = set(re.findall(r"^\.([a-z0-9-]+) \{", render_to_string("mail/inline.css"), re.MULTILINE))
    pages = [composed(make_alert()), composed(make_alert(make_row(), make_row("B"))), composed(a_digest())]
    used = {name for page in pages for names in re.findall(r'class="([^"]*)"', html_of(page)) for name in names.split()}
    assert used <= inline
    for page in pages:
        assert len(re.findall(r'class="[^"]*"(?! style=)', html_of(page))) == 0


def test_colours_are_the_tokens_of_the_pages() -> None:
    tokens = set(re.findall(r"#[0-9a-f]{6}", STYLESHEET.read_text(encoding="utf-8").lower()))
    used = set(re.findall(r"#[0-9a-f]{3,8}\b", render_to_string("mail/inline.css") + render_to_string("mail/head.css")))
    assert used <= tokens


def a_digest() -> Message:
    until = datetime(2026, 11, 23, 7, tzinfo=UTC)
    time = {"value": 338_400, "band": "warning", "waiting": 14}
    standing = Standing("staging", "production", time, {}, 0.79, 0.93, {"error": 2}, (0, 4, 2))
    url = "https://parity.example/p/shop"
    return digest(Day("shop", url, until - timedelta(days=1), until, 4, [], [], [], [], [standing]))


def test_a_digest_has_its_course_as_blocks_and_as_bars(composed: Composer) -> None:
    mail = composed(a_digest())
    assert f"{BLOCKS[0]}{BLOCKS[7]}{BLOCKS[4]} down from 4" in mail.body
    assert [int(level) for level in re.findall(r"level-(\d)", html_of(mail))] == [0, 7, 4]
    assert "open drifts on each of the last 3 days: 0, 4, 2" in html_of(mail)


def test_the_installation_names_itself(make_alert: Alerts, settings_for: Callable[..., MailSettings]) -> None:
    def place(site: str) -> str:
        mail = compose(make_alert(), Copy("m@example.com", IDENT), settings_for(25, site=site))
        found = re.search(r"paritycheck</strong>&ensp;([^<]*)<", html_of(mail))
        assert found
        return found[1]

    assert place("Harbour") == "Harbour / shop"
    assert place("paritycheck") == "shop"


def test_a_long_mail_stays_below_what_mail_programs_cut(composed: Composer, make_alert: Alerts, make_row: Rows) -> None:
    """Some cut a mail at 102 kB."""
    rows = [make_row(f"pkg:pypi/{'x' * 110}{number}", section="dependencies") for number in range(600)]
    assert len(html_of(composed(make_alert(*rows))).encode()) < 60_000
