"""The whole way: real agents report to a running service; API, page and mail show one and the same drift.

One service runs for all of them, as it does in life: each test has a project of its own in it.
"""

from __future__ import annotations

import gzip
import http.cookiejar
import os
import re
import signal
import urllib.parse
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from tests.mailbox import Mailbox, running_mailbox, texts_of
from tests.service import Service, running_service, within

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.xdist_group("up")]
CANARY = "canary7Qx3fL9zWm2"
PROMISED_S = 10
EVERYTHING = sql.SQL("SELECT t::text FROM {} t")
EVENTS = "SELECT e.kind FROM paritycheck_driftevent e JOIN paritycheck_project p ON p.id = project_id WHERE slug = %s"


AGAIN_S = 45


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with running_mailbox() as box:
        yield box


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("up"), EMAIL_URL=f"smtp://127.0.0.1:{mailbox.port}") as service:
        yield service


@pytest.fixture
def service(running: Service, request: pytest.FixtureRequest) -> Service:
    """A project that no other test has seen."""
    return running.another(request.function.__name__.replace("_", "-")[-30:].strip("-"))


def mails_to(service: Service, mailbox: Mailbox, within_s: float) -> list[EmailMessage]:
    """What the project's administrator got, once there is anything."""
    to = service.made["admin"]["email"]
    return list(within(within_s, lambda: [mail for mail in mailbox.messages if mail["To"] == to]))


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
    assert service.drifts() == [], "two identical checkouts differ"

    service.report("staging", stripe="14.0.1")
    [mail] = mails_to(service, mailbox, PROMISED_S)
    slug = service.project
    assert mail["Subject"] == f"[{slug}] error: staging has pypi/stripe 14.0.1, production has 13.2.0"
    assert [(one["name"], one["rule"]) for one in service.drifts()] == [("pkg:pypi/stripe", "version")]
    drift = service.drifts()[0]
    assert (drift["left"]["value"], drift["right"]["value"]) == ("14.0.1", "13.2.0")
    address = f"/p/{slug}/d/{drift['id'][:10]}"
    assert f"http://127.0.0.1:{service.port}{address}" in texts_of(mail)
    shown = page(service, address)
    assert "14.0.1" in shown
    assert "requirements.txt:2" in shown


def test_no_value_and_no_credential_is_found_anywhere(service: Service, mailbox: Mailbox) -> None:
    service.report("staging", stripe="13.2.0", dotenv="STRIPE_WEBHOOK_SECRET=\n")
    dotenv = f"STRIPE_WEBHOOK_SECRET={CANARY}\nDATABASE_URL=postgres://app:{CANARY}@127.0.0.1:1/shop\n"
    done = service.report("production", stripe="13.2.0", dotenv=dotenv, STRIPE_WEBHOOK_SECRET=CANARY)
    said = "\n".join(map(texts_of, mails_to(service, mailbox, PROMISED_S + 10)))
    assert "STRIPE_WEBHOOK_SECRET" in said

    secrets = [CANARY, service.made["gate"]["token"], service.made["admin"]["token"], service.made["admin"]["password"]]
    secrets += [row["token"] for row in service.made["environments"]]
    stored = dump(service)
    assert "STRIPE_WEBHOOK_SECRET" in stored
    for place in (said, stored, service.log, done.stdout, done.stderr):
        assert [secret for secret in secrets if secret in place] == []


def workers(service: Service) -> list[int]:
    """The processes that evaluate: those of `worker@paritycheck` that `up` started, and their children."""
    parents: dict[int, int] = {}
    commands: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                commands[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
    return [
        pid for pid in parents if "worker@paritycheck" in commands[pid] and service.up.pid in _line_of(pid, parents)
    ]


def _line_of(pid: int, parents: dict[int, int]) -> set[int]:
    line: set[int] = set()
    while pid in parents and pid not in line:
        line.add(pid)
        pid = parents[pid]
    return line


def waiting(session: psycopg.Connection[tuple[object, ...]]) -> set[object]:
    """PostgreSQL's processes that stand in the middle of an evaluation, waiting for the table that the test holds."""
    rows = session.execute("SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'paritycheck_drift'::regclass")
    return {row[0] for row in rows}


def test_a_killed_worker_loses_nothing_and_doubles_nothing(service: Service) -> None:
    """`kill -9` in the middle of an evaluation."""
    service.report("production", stripe="13.2.0")
    service.report("staging", stripe="13.2.0")
    assert within(20, service.settled)

    with psycopg.connect(service.database_url, autocommit=True) as watch:
        with psycopg.connect(service.database_url) as holder:
            holder.execute("LOCK TABLE paritycheck_drift IN ACCESS EXCLUSIVE MODE")
            service.report("staging", stripe="14.0.1")
            stuck = within(20, lambda: waiting(watch))
            assert stuck, "no evaluation began"
            killed = workers(service)
            assert killed
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
            # Another worker is there soon and may wait for the table as well: only those of the killed one have to go.
            assert within(10, lambda: not waiting(watch) & stuck), "the killed worker's statement still waits"
            holder.rollback()

        found = within(AGAIN_S, service.drifts)
        assert [(one["name"], one["reopened"]) for one in found] == [("pkg:pypi/stripe", 0)]
        events = watch.execute(EVENTS, [service.project]).fetchall()
    assert events == [("opened",)]
