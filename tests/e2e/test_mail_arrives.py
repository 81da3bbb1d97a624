"""The whole way: real agents report to a running service, and a member finds one mail."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from paritycheck.local.environment import without_settings
from paritycheck.local.layout import layout, remove
from paritycheck.local.ports import next_free
from paritycheck.local.up import answers
from tests.mailbox import Mailbox, running_mailbox, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.xdist_group("up")]
CANARY = "canary7Qx3fL9zWm2"
PROMISED_S = 10
STARTS_WITHIN_S = 90
REQUIREMENTS = "django==5.2.19\nstripe=={stripe}\n"


@dataclass
class Service:
    """`paritycheck up` with a project shop, and a checkout for each of its environments."""

    place: Path
    environment: dict[str, str]
    port: int
    tokens: dict[str, str]

    def report(self, name: str, *, stripe: str, dotenv: str = "") -> None:
        """Run the agent in the checkout of an environment, where these files stand."""
        checkout = self.place / name
        checkout.mkdir(exist_ok=True)
        (checkout / "requirements.txt").write_text(REQUIREMENTS.format(stripe=stripe), encoding="utf-8")
        (checkout / ".env.example").write_text("DATABASE_URL=\nSTRIPE_WEBHOOK_SECRET=\n", encoding="utf-8")
        (checkout / ".env").write_text(dotenv, encoding="utf-8")
        environment = {
            **self.environment,
            "PARITY_URL": f"http://127.0.0.1:{self.port}",
            "PARITY_TOKEN": self.tokens[name],
            "XDG_STATE_HOME": str(self.place / f"{name}-state"),
        }
        command = [sys.executable, "-m", "paritycheck_agent.cli", "report"]
        subprocess.run(command, cwd=checkout, env=environment, check=True, capture_output=True, timeout=60)


def paritycheck(*words: str) -> list[str]:
    return [sys.executable, "-m", "paritycheck", *words]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with running_mailbox() as box:
        yield box


@pytest.fixture
def service(tmp_path: Path, mailbox: Mailbox) -> Iterator[Service]:
    data = tmp_path / "data"
    port = next_free("127.0.0.1", 20_000 + os.getpid() % 400 * 50)
    assert port is not None
    environment = {**without_settings(os.environ), "EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}"}
    log = (tmp_path / "up.log").open("wb")
    command = paritycheck("up", "--data", str(data), "--port", str(port))
    up = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not answers("127.0.0.1", port):
            assert up.poll() is None
            assert time.monotonic() < deadline, "the service did not start"
            time.sleep(0.2)
        yield Service(tmp_path, environment, port, _bootstrap(data, environment))
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(40)
        log.close()
        remove(layout(data))


def _bootstrap(data: Path, environment: dict[str, str]) -> dict[str, str]:
    plans = ["--environment", "production:production", "--environment", "staging:staging"]
    command = paritycheck(
        "bootstrap", "--data", str(data), "--project", "shop", *plans, "--admin", "maria@example.com", "--json"
    )
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=60)
    return {row["slug"]: row["token"] for row in json.loads(done.stdout)["environments"]}


def test_one_changed_line_is_one_mail_within_ten_seconds(service: Service, mailbox: Mailbox) -> None:
    service.report("production", stripe="13.2.0")
    service.report("staging", stripe="13.2.0")
    assert mailbox.wait_for(1, within_s=8) == [], "two identical checkouts differ"

    service.report("staging", stripe="14.0.1")
    mailbox.wait_for(1, within_s=PROMISED_S)
    assert [(mail["To"], mail["Subject"]) for mail in mailbox.messages] == [
        ("maria@example.com", "[shop] error: staging has pkg:pypi/stripe 14.0.1, production has 13.2.0")
    ]
    assert f"http://127.0.0.1:{service.port}/p/shop/d/" in texts_of(mailbox.messages[0])

    dotenv = f"STRIPE_WEBHOOK_SECRET={CANARY}\nDATABASE_URL=postgres://app:{CANARY}@127.0.0.1:1/shop\n"
    service.report("production", stripe="13.2.0", dotenv=dotenv)
    mails = mailbox.wait_for(2, within_s=PROMISED_S + 10)
    assert len(mails) == 2
    said = "\n".join(map(texts_of, mails))
    assert "STRIPE_WEBHOOK_SECRET" in said
    assert CANARY not in said
    assert CANARY not in (service.place / "up.log").read_text(encoding="utf-8")
