"""`/api/v1/projects/{project}/environments`: those there are with their instances, making one, and what one is."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.asked import read_asked, wrong
from paritycheck.api.base import READ, Scopes
from paritycheck.api.body import WireCall
from paritycheck.api.pagination import PARAMETERS, CursorPages, PageSerializer
from paritycheck.api.schema import GONE, PAGE_PARAMETERS, READ_REFUSALS, REFUSALS, refused
from paritycheck.api.shapes import FACT_STATES, INSTANCE_KINDS, KINDS, TIERS, ProjectApiView, address_of, page_url, zulu
from paritycheck.core.facts import SECTIONS
from paritycheck.core.freshness import Pulse, fresh
from paritycheck.core.merge import Tally
from paritycheck.models import Environment, Instance, Project
from paritycheck.models.projects import EnvironmentKind, Tier
from paritycheck.selectors.agreement import agreement_of
from paritycheck.selectors.projects import environments_of, instances_of
from paritycheck.selectors.states import side_of
from paritycheck.services.channels import require_maintaining
from paritycheck.services.environments import change_environment
from paritycheck.services.projects import EnvironmentPlan, ensure_baseline, make_environment

WRITE = frozenset({"write"})
BODY_BYTES = 16 * 1024
CODE = "bad-parameter"
MOST_SPLITS, MOST_NAMED = 50, 3


class EnvironmentSerializer(serializers.Serializer[Any]):
    """One named deploy."""

    slug = serializers.CharField()
    tier = serializers.ChoiceField(TIERS)
    kind = serializers.ChoiceField(
        KINDS,
        help_text="An `ephemeral` one ends by itself, without a message, once its time to live has passed since its "
        "last report: `ttl` of its table in parity.toml, else 7 days. Its drifts are resolved; the next report "
        "begins it anew. A baseline never ends.",
    )
    baseline = serializers.BooleanField()
    latest = serializers.CharField(allow_null=True, help_text="The address of its latest snapshot.")
    instances = serializers.IntegerField(help_text="Those that are not retired.")
    last_seen = serializers.DateTimeField(allow_null=True)
    url = serializers.URLField()


class EnvironmentPageSerializer(PageSerializer):
    """Environments by slug."""

    results = EnvironmentSerializer(many=True)


class SectionStandSerializer(serializers.Serializer[Any]):
    """What an instance last said of a section."""

    name = serializers.CharField()
    status = serializers.CharField()
    reason = serializers.CharField(required=False)
    digest = serializers.CharField(required=False)
    at = serializers.DateTimeField()


class InstanceSerializer(serializers.Serializer[Any]):
    """One host, container, pod, runner or laptop."""

    id = serializers.CharField(source="key", help_text="As it names itself.")
    kind = serializers.ChoiceField(INSTANCE_KINDS)
    fresh = serializers.BooleanField()
    last_seen = serializers.DateTimeField()
    interval_s = serializers.IntegerField(allow_null=True, help_text="None for one-shot reports.")
    agent_version = serializers.CharField()
    retired_at = serializers.DateTimeField(allow_null=True)
    sections = SectionStandSerializer(many=True)


class InstanceValueSerializer(serializers.Serializer[Any]):
    """One value of a fact on which instances disagree, and who says so."""

    state = serializers.ChoiceField(FACT_STATES)
    kind = serializers.CharField(allow_null=True)
    value = serializers.CharField(help_text="Several in one, with commas between.")
    instances = serializers.ListField(child=serializers.CharField(), help_text="Three at most.")
    count = serializers.IntegerField()


class DisagreementSerializer(serializers.Serializer[Any]):
    """A fact that is unknown(skew) in the latest snapshot; the most frequent value first."""

    section = serializers.ChoiceField(SECTIONS)
    name = serializers.CharField()
    values = InstanceValueSerializer(many=True)


class EnvironmentDetailSerializer(EnvironmentSerializer):
    """One named deploy with those that report from it."""

    reporting = InstanceSerializer(many=True)
    disagreements = DisagreementSerializer(many=True, help_text="Facts on which fresh instances disagree, 50 at most.")


class AskedEnvironmentSerializer(serializers.Serializer[Any]):
    """An environment to make."""

    slug = serializers.CharField(help_text="1 to 63 of a-z, 0-9 and -, not beginning with -; unique in the project.")
    tier = serializers.ChoiceField(TIERS, required=False, help_text="`other` when left out.")
    kind = serializers.ChoiceField(KINDS, required=False, help_text="`persistent` when left out.")


class EnvironmentChangeSerializer(serializers.Serializer[Any]):
    """What of an environment to change."""

    tier = serializers.ChoiceField(TIERS, required=False)
    kind = serializers.ChoiceField(KINDS, required=False)


def environment_document(environment: Environment, project: Project) -> dict[str, Any]:
    """An environment with its annotations of `environments_of`."""
    counted: Any = environment
    return {
        "slug": environment.slug,
        "tier": environment.tier,
        "kind": environment.kind,
        "baseline": environment.pk == project.baseline_id,
        "latest": address_of(environment, environment.latest),
        "instances": counted.instance_count,
        "last_seen": counted.last_seen,
        "url": page_url(project, "environments", environment.slug),
    }


def _reporting(environment: Environment) -> dict[str, Any]:
    """Every instance, and on what the fresh ones disagree."""
    rows = instances_of(environment)
    live = [row for row in rows if row.retired_at is None]
    keys = fresh([Pulse(row.key, row.kind, row.last_seen, row.interval_s) for row in live], timezone.now())
    current = [row for row in live if row.key in keys]
    return {
        "reporting": [_instance(row, is_fresh=row in current) for row in rows],
        "disagreements": _disagreements(environment, current),
    }


def _disagreements(environment: Environment, instances: list[Instance]) -> list[dict[str, Any]]:
    if environment.latest is None or environment.kind == EnvironmentKind.COHORT:
        return []
    splits = agreement_of(environment, side_of(environment.latest, environment), instances).splits[:MOST_SPLITS]
    return [
        {"section": split.section, "name": split.name, "values": [_said(tally) for tally in split.tallies]}
        for split in splits
    ]


def _said(tally: Tally) -> dict[str, Any]:
    return {
        "state": tally.state.value,
        "kind": tally.kind,
        "value": ", ".join(tally.values),
        "instances": list(tally.instances[:MOST_NAMED]),
        "count": len(tally.instances),
    }


def _instance(row: Instance, *, is_fresh: bool) -> dict[str, Any]:
    sections = [{"name": name, **entry, "at": zulu(entry.get("at"))} for name, entry in sorted(row.sections.items())]
    return {
        "key": row.key,
        "kind": row.kind,
        "fresh": is_fresh,
        "last_seen": row.last_seen,
        "interval_s": row.interval_s,
        "agent_version": row.agent_version,
        "retired_at": row.retired_at,
        "sections": sections,
    }


class EnvironmentsView(ProjectApiView):
    """The environments of a project."""

    scopes: ClassVar[Scopes] = {"GET": READ, "POST": WRITE}
    parameters = PARAMETERS
    wire = WireCall("POST", "application/json", BODY_BYTES)

    @extend_schema(
        operation_id="list_environments",
        summary="List environments",
        parameters=PAGE_PARAMETERS,
        responses={200: EnvironmentPageSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """A page of environments."""
        del project
        found = self.project()
        pages = CursorPages("slug")
        rows = pages.paginate_queryset(environments_of(found), request)
        documents = [environment_document(row, found) for row in rows]
        return pages.get_paginated_response(EnvironmentSerializer(documents, many=True).data)

    @extend_schema(
        operation_id="create_environment",
        summary="Make an environment",
        request=AskedEnvironmentSerializer,
        responses={201: EnvironmentSerializer, **REFUSALS, **GONE, **refused(409, "There is one of that name.")},
    )
    def post(self, request: Request, project: str) -> Response:
        """For maintainers. The first of tier production becomes the baseline; a report needs a token of it."""
        del project
        found = self.project()
        user = require_maintaining(user=self.token.user, project=found)
        said = read_asked(request, CODE, {"slug": str, "tier": str, "kind": str}, ("slug",))
        _check(said)
        plan = EnvironmentPlan(said["slug"], said.get("tier", Tier.OTHER), said.get("kind", EnvironmentKind.PERSISTENT))
        made = make_environment(project=found, plan=plan, by=user)
        ensure_baseline(project=found, by=user)
        row = environments_of(found).get(pk=made.pk)
        return Response(EnvironmentSerializer(environment_document(row, found)).data, status=201)


class EnvironmentView(ProjectApiView):
    """One environment."""

    http_method_names = ["get", "head", "patch"]  # noqa: RUF012  Django's own form
    scopes: ClassVar[Scopes] = {"GET": READ, "PATCH": WRITE}
    wire = WireCall("PATCH", "application/json", BODY_BYTES)

    @extend_schema(
        operation_id="get_environment",
        summary="One environment with its instances",
        responses={200: EnvironmentDetailSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str, environment: str) -> Response:
        """The environment and every instance that ever reported from it."""
        del request, project, environment
        found = self.project()
        return _shown(self.environment(found), found)

    @extend_schema(
        operation_id="change_environment",
        summary="Say what an environment is",
        request=EnvironmentChangeSerializer,
        responses={200: EnvironmentDetailSerializer, **REFUSALS, **GONE},
    )
    def patch(self, request: Request, project: str, environment: str) -> Response:
        """For maintainers; what is compared with it is compared anew."""
        del project, environment
        found = self.project()
        user, row = require_maintaining(user=self.token.user, project=found), self.environment(found)
        said = read_asked(request, CODE, {"tier": str, "kind": str})
        _check(said)
        tier, kind = said.get("tier", row.tier), said.get("kind", row.kind)
        if (tier, kind) != (row.tier, row.kind):
            change_environment(environment=row, tier=tier, kind=kind, by=user)
        return _shown(row, found)


def _check(said: dict[str, str]) -> None:
    for member, known in (("tier", TIERS), ("kind", KINDS)):
        if said.get(member, known[0]) not in known:
            raise wrong(CODE, member, f"is one of {', '.join(known)}")


def _shown(environment: Environment, project: Project) -> Response:
    row = environments_of(project).get(pk=environment.pk)
    document = {**environment_document(row, project), **_reporting(row)}
    return Response(EnvironmentDetailSerializer(document).data)
