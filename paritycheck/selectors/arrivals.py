"""How far an environment has come on its way to the first comparison, and what its agent was refused with."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from paritycheck.models import Environment, Instance, Project, SectionBody, Token
from paritycheck.models.tokens import TokenKind
from paritycheck.selectors.columns import in_order
from paritycheck.selectors.tokens import tokens_of

PATIENCE: Final = timedelta(seconds=60)
"""How long after its token was made a report may take before something is in its way."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the server has seen of an environment. `token` is the newest that still works; `used` is when any of them
    was last shown; `refused` is `{"code", "detail", "at"}`, of after the last report alone; `coming` are sections whose
    facts are here while their report is not; `others` have a snapshot already.
    """

    environment: Environment
    token: Token | None
    used: datetime | None
    refused: dict[str, Any] | None
    instance: Instance | None
    coming: frozenset[str]
    others: tuple[Environment, ...]

    @property
    def reported(self) -> bool:
        """Whether a report was taken."""
        return self.instance is not None

    def late(self, now: datetime) -> bool:
        """Whether a report should have come by now."""
        return not self.reported and self.token is not None and now - self.token.created_at > PATIENCE


def first_to_connect(environments: list[Environment], asked: str) -> Environment | None:
    """The one that was asked for; else, in order of promotion, the first that has not reported, or the first."""
    named = next((each for each in environments if each.slug == asked), None)
    waiting = next((each for each in environments if each.latest_id is None), None)
    return named or waiting or next(iter(environments), None)


def environments_in_order(project: Project) -> list[Environment]:
    """Those that did not end, with their snapshots, in order of promotion."""
    rows = project.environments.filter(expired_at=None).select_related("latest")
    return in_order(rows, project.baseline_id)


def arrival_of(project: Project, environment: Environment, environments: list[Environment]) -> Arrival:
    """Three queries, four while a report is on its way."""
    tokens = list(tokens_of(project).filter(kind=TokenKind.REPORT, environment=environment))
    instance = environment.instances.filter(retired_at=None).order_by("-last_seen").first()
    used = max((at for token in tokens for at in _uses(token)), default=None)
    token = tokens[0] if tokens else None
    coming = _coming(project, token) if token and used and instance is None else frozenset()
    others = tuple(each for each in environments if each.latest_id and each.pk != environment.pk)
    return Arrival(environment, token, used, _refused(tokens, instance), instance, coming, others)


def _uses(token: Token) -> list[datetime]:
    """When it was shown: as it says, and when something sent with it was refused."""
    refused = [datetime.fromisoformat(token.refusal["at"])] if token.refusal else []
    return [*refused, token.last_used_at] if token.last_used_at else refused


def _coming(project: Project, token: Token) -> frozenset[str]:
    """Sections whose facts came since the token was made."""
    bodies = SectionBody.objects.filter(project=project, evidence=False, received_at__gte=token.created_at)
    return frozenset(bodies.values_list("section", flat=True).distinct())


def _refused(tokens: list[Token], instance: Instance | None) -> dict[str, Any] | None:
    """The newest refusal, where no report came after it."""
    said: list[dict[str, Any]] = [token.refusal for token in tokens if token.refusal]
    newest = max(said, key=lambda one: str(one["at"]), default=None)
    if newest and instance and datetime.fromisoformat(newest["at"]) < instance.last_seen:
        return None
    return newest
