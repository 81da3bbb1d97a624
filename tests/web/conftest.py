"""A project called shop as agents report it: wire bodies over HTTP, evaluated by the services that do so in life."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.wire.canonical import digest, split
from tests.browser import running_browser
from tests.stock import Stock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.test import Client
    from playwright.sync_api import Browser, BrowserContext, Page

    from paritycheck.models import Project, User

PLANS = ("development:development:cohort", "ci:testing", "staging:staging", "production:production")
Facts = dict[str, Any]

BASE: Facts = {
    "services": [
        {"name": "database", "kind": "postgresql", "value": "16.14", "via": "auth", "keys": ["DATABASE_URL"],
         "resource": "r1", "sources": ["probe", "compose/production.yml:12"]},
        {"name": "database.extension.pgvector", "value": "0.8.1", "sources": ["probe"]},
        {"name": "cache", "kind": "valkey", "value": "8.1", "via": "handshake", "keys": ["CACHE_URL"],
         "resource": "r2", "sources": ["probe"]},
        {"name": "celery-broker", "kind": "rabbitmq", "value": "4.1.4", "via": "handshake",
         "keys": ["CELERY_BROKER_URL"], "resource": "r3", "sources": ["probe"]},
    ],
    "runtime": [
        {"name": "node", "value": "22.21.1", "sources": [".nvmrc:1"]},
        {"name": "python", "value": "3.12.4", "sources": ["installed"]},
    ],
    "dependencies": [
        {"name": "pkg:pypi/stripe", "value": "13.2.0", "scope": "direct", "sources": ["uv.lock:412"]},
        {"name": "pkg:pypi/django", "value": "5.2.17", "scope": "direct", "sources": ["uv.lock:88"]},
        {"name": "pkg:npm/%40sentry/browser", "value": "10.26.0", "scope": "direct", "sources": ["package.json:9"]},
    ],
    "config": [
        {"name": "DATABASE_URL", "shape": "url", "scheme": "postgres", "host": "private", "length": "32-63",
         "declared": True, "sources": ["env"]},
        {"name": "STRIPE_WEBHOOK_SECRET", "shape": "text", "length": "32-63", "declared": True, "sources": ["env"]},
        {"name": "DEBUG", "shape": "bool", "length": "1-7", "plain": "False", "sources": ["env"]},
    ],
    "release": [{"name": "repository", "value": "github.com/harbour/shop"}],
}  # fmt: skip
COVERS = {"dependencies": ["pkg:npm/", "pkg:pypi/"], "services": [""]}


def changed(section: str, name: str, **members: Any) -> Facts:
    """The base facts with one of them changed; `gone=True` leaves it out."""
    facts = {key: [dict(fact) for fact in rows] for key, rows in BASE.items()}
    rows = [fact for fact in facts[section] if fact["name"] != name]
    old = next((fact for fact in facts[section] if fact["name"] == name), {"name": name})
    if not members.get("gone"):
        new = {**old, **members}
        rows.append({key: value for key, value in new.items() if value is not None})
    return {**facts, section: rows}


@dataclass
class Shop:
    """The project, its people, and the tokens its agents report with."""

    project: Project
    tokens: dict[str, str]
    gate_token: str
    owner: User
    seq: dict[tuple[str, str], int] = field(default_factory=dict)

    @staticmethod
    def facts(section: str = "release", name: str = "repository", **members: Any) -> Facts:
        """What every environment has, with one fact changed."""
        return changed(section, name, **members)

    def report(self, environment: str, facts: Facts, instance: str = "web-1", **agent: Any) -> dict[str, Any]:
        """Send a report as an agent does, bodies first, and evaluate as the worker would."""
        from django.test import Client

        client = Client(headers={"authorization": f"Bearer {self.tokens[environment]}"})
        sections = {name: self._put(client, name, rows) for name, rows in facts.items()}
        document = self._document(environment, instance, sections, agent)
        answer = client.post("/api/v1/reports", document, content_type="application/json")
        assert answer.status_code == 202, answer.content
        self.evaluate(environment)
        return dict(answer.json())

    def gate(self, facts: Facts, **asked: Any) -> dict[str, Any]:
        """Ask the gate about a candidate with these facts, as `parity gate` does."""
        from django.test import Client

        client = Client(headers={"authorization": f"Bearer {self.gate_token}"})
        document = {
            "schema": "paritycheck.candidate/1",
            "candidate": {"commit": "d81c0f3" + "0" * 33, "branch": "bump-pg", "dirty": False},
            "default_branch": "main",
            "against": "production",
            "fail_on": "error",
            "sections": {name: self._put(client, name, rows) for name, rows in facts.items()},
            **asked,
        }
        answer = client.post(f"/api/v1/projects/{self.project.slug}/gate", document, content_type="application/json")
        assert answer.status_code == 200, answer.content
        return dict(answer.json())

    def _put(self, client: Client, section: str, facts: list[dict[str, Any]] | str) -> dict[str, str]:
        if isinstance(facts, str):
            return {"status": "unknown", "reason": facts}
        bodies = split(section, COVERS.get(section, []), facts)
        for body in bodies:
            path = f"/api/v1/sections/{digest(body).removeprefix('sha256:')}"
            answer = client.put(path, body, content_type="application/x-ndjson")
            assert answer.status_code == 201, answer.content
        return {"status": "ok", "digest": digest(bodies[0]), "evidence": digest(bodies[1])}

    def _document(self, environment: str, instance: str, sections: Any, agent: dict[str, Any]) -> dict[str, Any]:
        key = environment, instance
        self.seq[key] = self.seq.get(key, 0) + 1
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "schema": "paritycheck.report/1",
            "report_id": str(uuid.uuid4()),
            "seq": self.seq[key],
            "collected_at": now,
            "sent_at": now,
            "agent": {"version": "0.1.0", "interval_s": 300, **agent},
            "instance": {"id": instance, "kind": "container"},
            "sections": sections,
        }

    def evaluate(self, environment: str) -> None:
        """What the worker does when it is woken."""
        from paritycheck.services.evaluate import evaluate_environment

        found = self.project.environments.get(slug=environment)
        evaluate_environment(environment_id=found.id, now=datetime.now(UTC) + timedelta(seconds=1))


def make_shop(slug: str = "shop", email: str = "maria@example.com") -> Shop:
    """A project with four environments; its owner is no administrator of the installation."""
    from paritycheck.models import Project, User
    from paritycheck.services.projects import EnvironmentPlan, bootstrap_project

    plans = [EnvironmentPlan.read(plan) for plan in PLANS]
    made = bootstrap_project(slug=slug, environments=plans, admin_email=f"admin-{slug}@example.com")
    project = Project.objects.get(slug=slug)
    owner = User.objects.create_user(email, "a password of some length")
    project.memberships.create(user=owner, role="owner")
    return Shop(project, {row["slug"]: row["token"] for row in made["environments"]}, made["gate"]["token"], owner)


def _tokens_of_a_shop() -> tuple[dict[str, str], str]:
    made = make_shop()
    return made.tokens, made.gate_token


def _shop_of(tokens: dict[str, str], gate_token: str) -> Shop:
    from paritycheck.models import Project, User

    owner = User.objects.get(email="maria@example.com")
    return Shop(Project.objects.get(slug="shop"), dict(tokens), gate_token, owner)


_made = Stock(_tokens_of_a_shop)


def drifting(shop: Shop) -> Shop:
    """Every look a cell can have."""
    shop.report("production", changed("config", "STRIPE_WEBHOOK_SECRET", absent=True, shape=None, length=None))
    shop.report("development", changed("services", "cache", kind="locmem", value=None, via="declared"), "laptop-1")
    ci = changed("services", "database", value="13.23", sources=[".github/workflows/ci.yml:31"])
    ci["services"] = [
        row for row in ci["services"] if row["name"] not in {"celery-broker", "database.extension.pgvector"}
    ]
    refused = {"kind": "rabbitmq", "unknown": "connection-refused", "via": "scheme", "keys": ["CELERY_BROKER_URL"]}
    ci["services"].append({"name": "celery-broker", **refused})
    shop.report("ci", ci, "run-8841")
    shop.report("staging", changed("dependencies", "pkg:pypi/stripe", value="14.0.1"))
    return shop


@pytest.fixture(autouse=True)
def any_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is supported today is not tomorrow: here it is not looked at. tests/services/test_time_and_grace.py does."""
    monkeypatch.setattr("paritycheck.core.end_of_life.endings", lambda _side, _today: iter(()))


@pytest.fixture(scope="session", autouse=True)
def no_connection_left(django_db_setup: None) -> Iterator[None]:
    """Emptying the tables after a test that commits opens the heartbeat's connection again; close it before the end."""
    from django.db import connections

    del django_db_setup
    yield
    connections["heartbeat"].close()


@pytest.fixture
def shop(db: None, settings: Any) -> Iterator[Shop]:
    """The project with nothing reported yet."""
    from django.db import connections

    from paritycheck.services.tokens import _known

    del db
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    _known.forget()
    yield _shop_of(*_made.take())
    # The heartbeat's own connection lies outside the test's transaction; left open it would keep the database.
    connections["heartbeat"].close()


@pytest.fixture
def drifted(shop: Shop) -> Shop:
    """The project with drifts of every look."""
    return drifting(shop)


@pytest.fixture
def signed_in(shop: Shop) -> Client:
    """A browser session of the project's owner."""
    from django.test import Client

    client = Client()
    client.force_login(shop.owner)
    return client


@pytest.fixture
def ask(signed_in: Client) -> Callable[[str], str]:
    """`ask("/p/shop")`: the page's text, which came with 200."""

    def get(path: str) -> str:
        answer = signed_in.get(path)
        assert answer.status_code == 200, path
        return answer.content.decode()

    return get


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests of a module; each makes a context of its own."""
    with running_browser() as found:
        yield found


@pytest.fixture
def site(drifted: Any, live_server: Any) -> Iterator[tuple[str, Any]]:
    """The address of a served installation, and the project in it."""
    from django.db import connections

    drifted.gate({"services": []})
    yield live_server.url, drifted
    # Under the browser's loop Django keeps connections apart from those that pytest-django closes.
    connections.close_all()


@pytest.fixture
def said() -> list[str]:
    """What the browser complained about; a test that expects complaints clears it."""
    return []


@pytest.fixture
def context(browser: Browser, site: tuple[str, Any], said: list[str]) -> Iterator[BrowserContext]:
    """A signed-in browser; anything it complains about fails the test."""
    found = browser.new_context(viewport={"width": 1440, "height": 900})
    found.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    found.on("weberror", lambda error: said.append(str(error.error)))
    page = found.new_page()
    page.goto(f"{site[0]}/sign-in")
    page.fill("#email", "maria@example.com")
    page.fill("#password", "a password of some length")
    page.click("button:has-text('Sign in')")
    page.wait_for_url(f"{site[0]}/")
    page.close()
    yield found
    found.close()
    # Whoever leaves a page leaves what it was asking for, and htmx says so.
    left = ("htmx:sendAbort", "htmx:afterRequest")
    assert [text for text in said if "404 (Not Found)" not in text and not text.startswith(left)] == []


@pytest.fixture
def open_page(context: BrowserContext, site: tuple[str, Any]) -> Callable[[str], Page]:
    page = context.new_page()

    def go(path: str) -> Page:
        page.goto(site[0] + path)
        return page

    return go
