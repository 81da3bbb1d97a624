"""A project with members, and drifts that live through what the test says.

Models are imported where they are used: this file may be read before Django is set up.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections

from tests.mailbox import Mailbox, running_mailbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_django import Settings

    from paritycheck.models import Channel, Delivery, Drift, DriftEvent, Environment, Project, Subscription, User

BEGAN = datetime(2026, 11, 23, 9, tzinfo=UTC)


def side(environment: str, **members: Any) -> dict[str, Any]:
    return {"environment": environment, "snapshot": f"{environment}#1", "state": "present", **members}


@dataclass
class Shop:
    """A project whose drifts are written as evaluation writes them: the row first, then its event."""

    project: Project
    staging: Environment
    production: Environment
    laptops: Environment

    def join(self, email: str, *, active: bool = True) -> User:
        """A member, with what members get."""
        from paritycheck.models import User
        from paritycheck.services.members import join_project

        user = User.objects.create_user(email, is_active=active)
        join_project(project=self.project, user=user, role="member", now=BEGAN)
        return user

    def subscribe(self, who: str | Channel = "maria@example.com", **terms: Any) -> Subscription:
        """One more subscription of a member or of a channel."""
        from paritycheck.core.subscriptions import SubscriptionTerms
        from paritycheck.models import User
        from paritycheck.services.subscriptions import add_subscription

        by = User.objects.order_by("created_at").first()
        assert by is not None
        user, channel = (User.objects.get(email=who), None) if isinstance(who, str) else (None, who)
        return add_subscription(
            project=self.project, user=user, channel=channel, terms=SubscriptionTerms(**terms), by=by, now=BEGAN
        )

    def channel(self, name: str = "ops", kind: str = "webhook", state: str = "on") -> Channel:
        """A channel, which is on unless said otherwise."""
        from paritycheck.models import Channel

        return Channel.objects.create(
            project=self.project,
            kind=kind,
            name=name,
            state=state,
            config=b"",
            made_by="maria@example.com",
            made_at=BEGAN,
        )

    def drift(self, name: str, seconds: float = 0, **given: Any) -> Drift:
        """A drift that opens `seconds` after BEGAN."""
        from paritycheck.models import Drift

        left: Environment = given.pop("left", self.staging)
        right: Environment = given.pop("right", self.production)
        at = BEGAN + timedelta(seconds=seconds)
        members = {
            "section": "config", "rule": "missing", "severity": "error", "distance": 4, "expectation": "present",
            "content": "", "left_side": side(left.slug), "right_side": side(right.slug, state="absent"), **given,
        }  # fmt: skip
        identity = hashlib.sha256(
            f"{self.project.pk} {left.pk} {right.pk} {name} {members['rule']}".encode()
        ).hexdigest()
        drift = Drift.objects.create(
            id=identity, project=self.project, left=left, right=right, name=name, opened_at=at, changed_at=at, **members
        )
        self.happen(drift, "opened", seconds)
        return drift

    def happen(self, drift: Drift, kind: str, seconds: float) -> DriftEvent:
        """One more step of the drift's life."""
        from paritycheck.models import DriftEvent

        at = BEGAN + timedelta(seconds=seconds)
        if kind == "resolved":
            drift.state, drift.resolved_at = "resolved", at
        elif drift.state != "waived":
            drift.state, drift.resolved_at = "open", None
        drift.changed_at = at
        drift.save()
        return DriftEvent.objects.create(
            project=self.project, drift=drift, kind=kind, initial=drift.initial, severity=drift.severity,
            left_side=drift.left_side, right_side=drift.right_side, at=at,
        )  # fmt: skip


@pytest.fixture
def new_shop(db: None) -> Callable[..., Shop]:
    del db
    from paritycheck.models import Environment, Project

    def make(slug: str = "shop") -> Shop:
        project = Project.objects.create(slug=slug)
        Project.objects.filter(pk=project.pk).update(created_at=BEGAN - timedelta(days=30))
        project.refresh_from_db()
        made = [
            Environment.objects.create(project=project, slug=name, tier=tier)
            for name, tier in (("staging", "staging"), ("production", "production"), ("laptops", "development"))
        ]
        return Shop(project, *made)

    return make


@pytest.fixture
def shop(new_shop: Callable[..., Shop]) -> Shop:
    """The project, with Maria as its member."""
    made = new_shop()
    made.join("maria@example.com")
    return made


@pytest.fixture
def at_once() -> Callable[[int, Callable[[], None]], None]:
    """`at_once(8, work)`: run it in so many threads that begin together, each with a connection of its own."""

    def run(count: int, work: Callable[[], None]) -> None:
        start = threading.Barrier(count)

        def begin() -> None:
            start.wait(10)
            try:
                work()
            finally:
                connections.close_all()

        threads = [threading.Thread(target=begin) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    return run


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    """A real mail server that the settings name."""
    with running_mailbox() as box:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{box.port}"
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", box.port, 2
        yield box


@pytest.fixture
def put_out(shop: Shop) -> Callable[..., Delivery]:
    """A delivery to Maria that is due."""
    from paritycheck.core.alerts import Place, alert
    from paritycheck.core.rows import Step, row
    from paritycheck.models import Delivery, Drift
    from paritycheck.services.outbox import put_out as put
    from paritycheck.services.telling import subject_of

    def make(dedupe: str = "alert:1", to: str = "maria@example.com") -> Delivery:
        drift = Drift.objects.filter(name="STRIPE_WEBHOOK_SECRET").first() or shop.drift("STRIPE_WEBHOOK_SECRET")
        step = Step("opened", BEGAN, BEGAN, "error")
        message = alert(
            Place("shop", "staging", "production", "http://x/p/shop"),
            [row(subject_of(drift, drift), step, "http://x/d")],
        )
        put(project_id=shop.project.pk, message=message, recipients=[to], dedupe=dedupe)
        return Delivery.objects.get(dedupe=dedupe, recipient=to)

    return make
