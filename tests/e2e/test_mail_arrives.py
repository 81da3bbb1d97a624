"""The whole way: real agents report to a running service; API, page and mail show one and the same drift."""

from __future__ import annotations

import gzip
import http.cookiejar
import re
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from tests.mailbox import Mailbox, running_mailbox, texts_of
from tests.service import Service, running_service, within

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.xdist_group("up")]
CANARY = "canary7Qx3fL9zWm2"
PROMISED_S = 10
EVERYTHING = sql.SQL("SELECT t::text FROM {} t")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with running_mailbox() as box:
        yield box


@pytest.fixture
def service(tmp_path: Path, mailbox: Mailbox) -> Iterator[Service]:
    with running_service(tmp_path, EMAIL_URL=f"smtp://127.0.0.1:{mailbox.port}") as service:
        yield service


def page(service: Service, path: str) -> str:
    """What the administrator's browser gets, after signing in with the form."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    address = f"http://127.0.0.1:{service.port}{path}"
    form = browser.open(address, timeout=10)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.read().decode())
    assert token is not None
    admin = service.made["admin"]
    fields = {"csrfmiddlewaretoken": token[1], "username": admin["email"], "password": admin["password"]}
    sent = urllib.request.Request(form.url, urllib.parse.urlencode(fields).encode(), {"Referer": form.url})
    return str(browser.open(sent, timeout=10).read().decode())


def dump(service: Service) -> str:
    """Every row of every table, as text; section bodies unpacked."""
    with psycopg.connect(service.database_url) as session:
        tables = [row[0] for row in session.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        rows = [str(session.execute(EVERYTHING.format(sql.Identifier(table))).fetchall()) for table in tables]
        bodies = session.execute("SELECT body FROM paritycheck_sectionbody").fetchall()
    return "\n".join([*rows, *(gzip.decompress(row[0]).decode() for row in bodies)])


def test_one_changed_line_is_one_drift_within_ten_seconds(service: Service, mailbox: Mailbox) -> None:
    service.report("production", stripe="13.2.0")
    service.report("staging", stripe="13.2.0")
    assert within(PROMISED_S, service.settled)
    assert service.drifts() == []
    assert mailbox.wait_for(1, within_s=8) == [], "two identical checkouts differ"

    service.report("staging", stripe="14.0.1")
    mailbox.wait_for(1, within_s=PROMISED_S)
    assert [(mail["To"], mail["Subject"]) for mail in mailbox.messages] == [
        ("maria@example.com", "[shop] error: staging has pkg:pypi/stripe 14.0.1, production has 13.2.0")
    ]
    assert [(one["name"], one["rule"]) for one in service.drifts()] == [("pkg:pypi/stripe", "version")]
    drift = service.drifts()[0]
    assert (drift["left"]["value"], drift["right"]["value"]) == ("14.0.1", "13.2.0")
    address = f"/p/shop/d/{drift['id'][:10]}"
    assert f"http://127.0.0.1:{service.port}{address}" in texts_of(mailbox.messages[0])
    shown = page(service, address)
    assert "14.0.1" in shown
    assert "requirements.txt:2" in shown


def test_no_value_and_no_credential_is_found_anywhere(service: Service, mailbox: Mailbox) -> None:
    service.report("staging", stripe="13.2.0", dotenv="STRIPE_WEBHOOK_SECRET=\n")
    dotenv = f"STRIPE_WEBHOOK_SECRET={CANARY}\nDATABASE_URL=postgres://app:{CANARY}@127.0.0.1:1/shop\n"
    done = service.report("production", stripe="13.2.0", dotenv=dotenv, STRIPE_WEBHOOK_SECRET=CANARY)
    mails = mailbox.wait_for(1, within_s=PROMISED_S + 10)
    said = "\n".join(map(texts_of, mails))
    assert "STRIPE_WEBHOOK_SECRET" in said

    secrets = [CANARY, service.made["gate"]["token"], service.made["admin"]["token"], service.made["admin"]["password"]]
    secrets += [row["token"] for row in service.made["environments"]]
    stored = dump(service)
    assert "STRIPE_WEBHOOK_SECRET" in stored
    for place in (said, stored, service.log, done.stdout, done.stderr):
        assert [secret for secret in secrets if secret in place] == []
