"""Projects whose agents report through ingest, so that alerts come about as they do in life.

Models and services are imported where they are used: the database of a stand is known when it stands.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from paritycheck_agent.wire import canonical
from paritycheck_agent.wire.reports import check_report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from paritycheck.models import Project, Token

PATIENCE_S = 60
T = TypeVar("T")


@dataclass
class Shop:
    """A project with production and staging. `acked` is what the server took: report id by environment and number."""

    project: Project
    tokens: dict[str, Token]
    recipients: int
    seq: int = 0
    acked: dict[tuple[str, int], str] = field(default_factory=dict)

    def report(self, slug: str, **versions: str) -> None:
        """One agent's report of packages with these versions, sent until it is taken."""
        self.seq += 1
        facts = [
            {"name": f"pkg:pypi/{name}", "value": version, "scope": "direct", "sources": ["uv.lock:1"]}
            for name, version in sorted(versions.items())
        ]
        document = self._document(facts)
        warnings = check_report(document)
        again(lambda: self._send(slug, document, facts, warnings))
        self.acked[slug, self.seq] = document["report_id"]

    @property
    def differs(self) -> bool:
        """Whether staging reported: in every scenario what it reports differs from production."""
        return any(slug == "staging" for slug, _ in self.acked)

    def report_token(self, slug: str) -> str:
        """The text of a token of an environment's agents."""
        from paritycheck.models.tokens import TokenKind
        from paritycheck.services.tokens import issue_token

        environment = self.project.environments.get(slug=slug)
        return issue_token(kind=TokenKind.REPORT, project=self.project, environment=environment)[1]

    def personal_token(self) -> str:
        """The text of a token of the project's owner, which may read."""
        from paritycheck.models import User
        from paritycheck.models.tokens import TokenKind
        from paritycheck.services.tokens import issue_token

        owner = User.objects.get(memberships__project=self.project, memberships__role="owner")
        return issue_token(kind=TokenKind.PERSONAL, user=owner, scopes=["read"])[1]

    def _document(self, facts: list[dict[str, Any]]) -> dict[str, Any]:
        moment = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        digests = [canonical.digest(body) for body in canonical.split("dependencies", ("pkg:pypi/",), facts)]
        return {
            "schema": "paritycheck.report/1",
            "report_id": str(uuid.uuid4()),
            "seq": self.seq,
            "collected_at": moment,
            "sent_at": moment,
            "agent": {"version": "0.1.0", "interval_s": 3600},
            "instance": {"id": "web-1", "kind": "container"},
            "sections": {"dependencies": {"status": "ok", "digest": digests[0], "evidence": digests[1]}},
        }

    def _send(self, slug: str, document: dict[str, Any], facts: list[dict[str, Any]], warnings: Any) -> None:
        from paritycheck.codec.digests import to_bytes
        from paritycheck.services.ingest import store_section, take_report
        from paritycheck.services.jobs import take_noted
        from paritycheck.tasks.wake import publish_noted

        token = self.tokens[slug]
        take_noted()
        for body in canonical.split("dependencies", ("pkg:pypi/",), facts):
            store_section(token=token, digest=to_bytes(canonical.digest(body)), decoded=body, gzipped=None)
        take_report(token=token, document=document, warnings=warnings, now=datetime.now(UTC))
        publish_noted()


def again(work: Callable[[], T]) -> T:
    """What an agent does: try until the server took it. Only a database that is away is waited for."""
    from django.db import InterfaceError, OperationalError, connections

    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError):
            connections.close_all()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def make_shops(count: int, people: Iterable[str], *, hooks: int = 0, hook_port: int = 0) -> list[Shop]:
    """Projects whose production has reported, with these members and so many webhooks."""
    return [_shop(f"shop-{number}", list(people), hooks, hook_port) for number in range(count)]


def _shop(slug: str, people: list[str], hooks: int, hook_port: int) -> Shop:
    from paritycheck.models import Project, Token
    from paritycheck.models.tokens import TokenKind
    from paritycheck.services.projects import EnvironmentPlan, bootstrap_project, invite_user

    plans = [EnvironmentPlan("production", "production"), EnvironmentPlan("staging", "staging")]
    bootstrap_project(slug=slug, environments=plans, admin_email=people[0])
    project = Project.objects.get(slug=slug)
    for address in people[1:]:
        invite_user(email=address, project=project, role="member")
    for number in range(hooks):
        add_hook(project, f"http://127.0.0.1:{hook_port}/{slug}/{number}")
    issued = Token.objects.filter(project=project, kind=TokenKind.REPORT).select_related("environment", "project")
    tokens = {token.environment.slug: token for token in issued if token.environment is not None}
    shop = Shop(project, tokens, len(people) + hooks)
    shop.report("production", django="5.2.19", stripe="13.2.0")
    return shop


def add_hook(project: Project, url: str) -> None:
    """A webhook that is told at once of errors, as a member is."""
    from paritycheck.core.subscriptions import DEFAULTS
    from paritycheck.models import User
    from paritycheck.services.channels import add_channel
    from paritycheck.services.subscriptions import add_subscription

    by = User.objects.get(memberships__project=project, memberships__role="owner")
    now = datetime.now(UTC)
    channel = add_channel(project=project, kind="webhook", name=url[-20:], settings={"url": url}, by=by, now=now)
    add_subscription(project=project, user=None, channel=channel, terms=DEFAULTS[0], by=by, now=now)
