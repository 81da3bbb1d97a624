"""A project that was deployed for three months: commits and deploys as agents and pipelines tell of them over HTTP."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from paritycheck_agent.wire.canonical import line
from paritycheck_agent.wire.scopes import scope_marks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SCOPES = {"api": ["services/api"], "web": ["web"]}
PEOPLE = ("Aylin Demir", "Jonas Weber", "Priya Nair", "Tomás Ruiz", "Lena Fischer", "Maria Kowalski")
SUBJECTS = (
    "Fix rounding in multi-currency totals", "Use Stripe 14 and its new webhook events", "Upgrade Django to 5.2.19",
    "Retry webhooks with the same idempotency key", "Index orders by placed_at", "Upgrade psycopg to 3.3",
    "Read STRIPE_WEBHOOK_SECRET from the environment", "Search synonyms for shoe sizes",
)  # fmt: skip


class Made(NamedTuple):
    """A commit in a row with the others."""

    sha: str
    parents: list[str]
    at: datetime
    scopes: list[str]


def zulu(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def row_of_commits(count: int, *, days: float, until: datetime | None = None) -> list[Made]:
    """Evenly spread over the days before now, by turns in api, web and both."""
    end = (until or datetime.now(UTC)).replace(microsecond=0)
    scopes: Sequence[list[str]] = (["api"], ["web"], ["api", "web"])
    step = timedelta(days=days) / count
    shas = [hashlib.sha256(str(at).encode()).hexdigest()[:40] for at in range(count)]
    return [
        Made(sha, shas[at - 1 : at] if at else [], end - step * (count - at), scopes[at % 3])
        for at, sha in enumerate(shas)
    ]


def send(shop: Any, commits: Sequence[Made], *, environment: str = "staging", shallow: bool = False) -> None:
    """As an agent sends them: 500 at most a call."""
    from django.test import Client

    client = Client(headers={"authorization": f"Bearer {shop.tokens[environment]}"})
    rows: list[dict[str, Any]] = [{"head": commits[-1].sha, "shallow": shallow, "scopes": scope_marks(SCOPES)}]
    for at, made in enumerate(commits):
        name = PEOPLE[at % len(PEOPLE)]
        rows.append({
            "sha": made.sha, "parents": made.parents,
            "author": [name, f"{name.split()[0].lower()}@shop.example"], "authored": zulu(made.at),
            "committed": zulu(made.at), "subject": SUBJECTS[at % len(SUBJECTS)], "scopes": made.scopes,
        })  # fmt: skip
    body = b"\n".join(map(line, rows)) + b"\n"
    answer = client.post("/api/v1/commits", body, content_type="application/x-ndjson")
    assert answer.status_code == 202, answer.content


def deployer(shop: Any) -> Callable[..., None]:
    """A pipeline that tells of deploys: `tell("staging", sha, at, source="cli")`."""
    from django.test import Client

    client = Client(headers={"authorization": f"Bearer {shop.gate_token}"})
    path = f"/api/v1/projects/{shop.project.slug}/deploys"

    def tell(environment: str, sha: str, at: datetime, **more: Any) -> None:
        told = {"environment": environment, "commit": sha, "deployed_at": zulu(at), **more}
        answer = client.post(path, told, content_type="application/json")
        assert answer.status_code == 201, answer.content

    return tell


def run(shop: Any, environment: str, sha: str, **agent: Any) -> None:
    """Its agent reports that it runs a commit."""
    release = [{"name": "commit", "value": sha}, {"name": "repository", "value": "github.com/harbour/shop"}]
    facts = {**shop.facts(), "release": release}
    shop.report(environment, facts, **agent)


def in_force(shop: Any, text: str) -> None:
    from paritycheck.services.policies import keep_policy

    shop.project.policy = keep_policy(project=shop.project, digest=hashlib.sha256(text.encode()).digest(), text=text)
    shop.project.save()


def three_months(shop: Any, count: int = 120) -> list[Made]:
    """Commits; staging has each within a day, production every few days, the last time four days ago."""
    dice = random.Random(5)  # noqa: S311  the same life at every run
    now = datetime.now(UTC).replace(microsecond=0)
    made = row_of_commits(count, days=100)
    in_force(shop, '[scopes]\napi = "services/api"\nweb = "web"\n')
    send(shop, made)
    tell = deployer(shop)
    for slug, first, every, late in (("ci", 0, 9, 1), ("staging", 1, 2, 9), ("production", 4, 5, 40)):
        for at in range(first, len(made), every):
            when = made[at].at + timedelta(hours=dice.uniform(0.2, late))
            if when > now - timedelta(hours=late / 2) or (slug == "production" and when > now - timedelta(days=4)):
                continue
            who = PEOPLE[dice.randrange(len(PEOPLE))]
            actors = [{"role": "trigger", "name": who, "email": f"{who.split()[0].lower()}@shop.example"}]
            tell(slug, made[at].sha, when, release=f"2026.{at}", source="cli", actors=actors)
    return made
