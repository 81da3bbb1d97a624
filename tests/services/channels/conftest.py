"""A project with a maintainer, channels to receivers on loopback, and deliveries to them."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.receiver import NAME, Authority, Receiver, running_receiver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_django import Settings

    from paritycheck.models import Channel, Delivery, DeliveryAttempt, Drift, Project, User

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
KEY = "a" * 32


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What the resolver knows; everything else is not found. `asked` counts."""
    known = {NAME: ["127.0.0.1"]}

    def resolve(host: str, port: int) -> list[str]:
        del port
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return known[host]

    monkeypatch.setattr("paritycheck.services.outgoing.resolve", resolve)
    return known


@pytest.fixture
def reachable(settings: Settings, authority: Authority, names: dict[str, list[str]]) -> None:
    """Loopback may be reached, and the tests' authority is trusted."""
    del names
    settings.WEBHOOK_ALLOW_CIDRS = ["127.0.0.0/8"]
    settings.WEBHOOK_CA_FILE = authority.file


@pytest.fixture
def receiver(reachable: None, authority: Authority) -> Iterator[Receiver]:
    """A receiver that answers 200."""
    del reachable
    with running_receiver(authority.context(NAME)) as running:
        yield running


@dataclass
class Place:
    """A project whose maintainer makes channels."""

    project: Project
    maria: User

    def channel(self, kind: str, settings: Mapping[str, str], name: str = "") -> Channel:
        from paritycheck.services.channels import add_channel

        name = name or f"{kind} {uuid4().hex[:6]}"
        return add_channel(
            project=self.project, kind=kind, name=name, settings=settings, by=self.maria, now=datetime.now(UTC)
        )

    def drift(self, name: str = "STRIPE_WEBHOOK_SECRET", **given: Any) -> Drift:
        import hashlib

        from paritycheck.models import Drift

        environments = {each.slug: each for each in self.project.environments.all()}
        left, right = environments["staging"], environments["production"]
        shown = {"snapshot": "staging#1", "state": "present", "sources": ["env"]}
        members = {
            "section": "config", "rule": "missing", "severity": "error", "distance": 4, "expectation": "present",
            "content": "", "left_side": {**shown, "environment": "staging"},
            "right_side": {"environment": "production", "snapshot": "production#1", "state": "absent"}, **given,
        }  # fmt: skip
        ident = hashlib.sha256(f"{self.project.pk} {name}".encode()).hexdigest()
        return Drift.objects.create(
            id=ident, project=self.project, left=left, right=right, name=name, opened_at=NOW, changed_at=NOW, **members
        )

    def message(self, *drifts: Drift, change: str = "opened") -> Any:
        from paritycheck.core.alerts import Place as Pair
        from paritycheck.core.alerts import alert
        from paritycheck.core.rows import Step, row
        from paritycheck.services.telling import drift_link, project_link, subject_of

        for drift in drifts:
            drift.state = "resolved" if change == "resolved" else "open"
            drift.save(update_fields=["state"])
        rows = [
            row(
                subject_of(drift, drift),
                Step(change, NOW, NOW - timedelta(days=1), drift.severity),
                drift_link(self.project.slug, drift.id),
            )
            for drift in drifts
        ]
        return alert(Pair(self.project.slug, "staging", "production", project_link(self.project.slug)), rows)

    def put_out(self, channel: Channel, message: Any = None, *, kind: str = "alert") -> Delivery:
        """A delivery to the channel that is due."""
        from django.db.models.functions import Now

        from paritycheck.models import Delivery

        message = message or self.message(self.project.drifts.first() or self.drift())
        row = Delivery.objects.create(
            project=self.project, channel=channel.kind, target=channel, kind=kind, recipient=f"channel:{channel.pk}",
            subject=message.subject, content=message.stored(), dedupe=uuid4().hex, due_at=Now(),
        )  # fmt: skip
        row.refresh_from_db()
        return row


@pytest.fixture
def place(db: None) -> Place:
    del db
    return make_place("shop")


def make_place(slug: str) -> Place:
    from paritycheck.models import Environment, Membership, Project, User

    project = Project.objects.create(slug=slug)
    for name in ("staging", "production"):
        Environment.objects.create(project=project, slug=name, tier=name)
    maria = User.objects.create_user(f"maria@{slug}.example")
    Membership.objects.create(project=project, user=maria, role="maintainer")
    return Place(project, maria)


def sent(row: Delivery) -> Delivery:
    """The delivery after one attempt."""
    from paritycheck.services.deliver import deliver

    deliver(delivery_id=row.pk)
    row.refresh_from_db()
    return row


def again(row: Delivery, **span: float) -> Delivery:
    """The same after the time until its next attempt has passed."""
    row.due_at -= timedelta(**(span or {"days": 9}))
    row.save(update_fields=["due_at"])
    return sent(row)


def attempts(row: Delivery) -> list[DeliveryAttempt]:
    from paritycheck.models import DeliveryAttempt

    return list(DeliveryAttempt.objects.filter(delivery_id=row.pk).order_by("number"))
