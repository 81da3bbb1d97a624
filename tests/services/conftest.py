"""A project whose agents report through ingest, and a clock that the test moves."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.wire import canonical
from paritycheck_agent.wire.reports import check_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paritycheck.models import Drift, Environment, Project, Token

Facts = list[dict[str, Any]]


def stripe(version: str) -> Facts:
    """Dependencies of which one has this version."""
    return [
        {"name": "pkg:pypi/django", "value": "5.2.19", "scope": "direct", "sources": ["uv.lock:12"]},
        {"name": "pkg:pypi/stripe", "value": version, "scope": "direct", "sources": ["uv.lock:40"]},
    ]


@dataclass
class Shop:
    """A project with environments production, staging and development, and what reports to it. `clock` is how far the
    agents' clocks are ahead.
    """

    project: Project
    tokens: dict[str, Token]
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    seq: int = 0
    clock: timedelta = timedelta(0)

    def environment(self, slug: str) -> Environment:
        return self.project.environments.select_related("latest").get(slug=slug)

    def report(  # noqa: PLR0913  what reports differ in
        self,
        slug: str,
        facts: Facts | None = None,
        *,
        section: str = "dependencies",
        covers: Sequence[str] = ("pkg:pypi/",),
        reason: str = "",
        instance: str = "web-1",
        policy: str = "",
        interval_s: int | None = 3600,
        release: Facts | None = None,
    ) -> dict[str, Any]:
        """One agent's report of one section, with its `release` where that is given; `reason` makes the section unknown
        as a whole. Returns the server's answer.
        """
        from paritycheck.services.ingest import take_report

        entry: dict[str, Any] = {"status": "unknown", "reason": reason}
        if not reason:
            entry = {"status": "ok", **self._send(slug, section, covers, facts or [])}
        self.seq += 1
        moment = (self.now + self.clock).isoformat().replace("+00:00", "Z")
        document: dict[str, Any] = {
            "schema": "paritycheck.report/1",
            "report_id": str(uuid.uuid4()),
            "seq": self.seq,
            "collected_at": moment,
            "sent_at": moment,
            "agent": {"version": "0.1.0", **({"interval_s": interval_s} if interval_s else {})},
            "instance": {"id": instance, "kind": "container"},
            "sections": {section: entry},
        }
        if release:
            document["sections"]["release"] = {"status": "ok", **self._send(slug, "release", (), release)}
        if policy:
            document["policy"] = self._send_policy(slug, policy)
        warnings = check_report(document)
        return take_report(token=self.tokens[slug], document=document, warnings=warnings, now=self.now).body

    def _send(self, slug: str, section: str, covers: Sequence[str], facts: Facts) -> dict[str, str]:
        from paritycheck.codec.digests import to_bytes
        from paritycheck.services.ingest import store_section

        told = {}
        for word, body in zip(("digest", "evidence"), canonical.split(section, covers, facts), strict=True):
            told[word] = canonical.digest(body)
            store_section(token=self.tokens[slug], digest=to_bytes(told[word]), decoded=body, gzipped=None)
        return told

    def _send_policy(self, slug: str, text: str) -> str:
        from paritycheck.codec.digests import to_bytes
        from paritycheck.services.ingest import store_policy

        digest = canonical.digest(text.encode())
        store_policy(token=self.tokens[slug], digest=to_bytes(digest), text=text.encode())
        return digest

    def evaluate(self, *slugs: str) -> None:
        """Work off what is due, of these environments or of all."""
        from paritycheck.services.evaluate import evaluate_environment

        for slug in slugs or ("production", "staging", "development"):
            evaluate_environment(environment_id=self.environment(slug).id, now=self.now)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def drifts(self, state: str = "open") -> list[Drift]:
        return list(self.project.drifts.filter(state=state).order_by("section", "name", "rule"))

    def said(self, state: str = "open") -> list[tuple[str, str, str]]:
        """Pair, name and rule of the drifts."""
        return [(f"{one.left.slug}..{one.right.slug}", one.name, one.rule) for one in self.drifts(state)]


@pytest.fixture
def shop() -> Shop:
    from paritycheck.models import Environment, Project
    from paritycheck.models.tokens import TokenKind
    from paritycheck.services.tokens import issue_token

    project = Project.objects.create(slug="shop")
    tokens = {}
    for slug in ("production", "staging", "development"):
        environment = Environment.objects.create(project=project, slug=slug, tier=slug)
        tokens[slug] = issue_token(kind=TokenKind.REPORT, project=project, environment=environment)[0]
    project.baseline = project.environments.get(slug="production")
    project.save()
    return Shop(project, tokens)
