"""Takes what pipelines and people tell of deploys."""

import hashlib
import hmac
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction

from paritycheck.core.places import environment_for
from paritycheck.models import Deploy, Environment, Project
from paritycheck.services.deploys import Told, record_deploy
from paritycheck.services.errors import Refused
from paritycheck.services.jobs import request_evaluation
from paritycheck.services.snapshots import affected

HOOKS = ("github", "gitlab")
_NOBODY = UUID(int=0)


class Announced(NamedTuple):
    """A deploy as another tool tells of it: the environment by that tool's name, and its tier where that is said."""

    environment: str
    tier: str
    told: Told


def announce_deploy(*, environment: Environment, told: Told, now: datetime) -> tuple[Deploy, bool]:
    """Keep a deploy, and have the ages of what waits worked out again; whether it is a new one."""
    with transaction.atomic():
        deploy, created = record_deploy(environment=environment, told=told, now=now)
        request_evaluation(environments=affected(environment))
    return deploy, created


def take_announced(*, project: Project, said: Announced | str, now: datetime) -> dict[str, Any]:
    """Keep what a hook told; the answer. Text in place of a deploy says why there is none."""
    if isinstance(said, str):
        return {"ignored": said}
    slug = environment_for(said.environment, said.tier, project.environments.values_list("slug", "tier"))
    if slug is None:
        return {"ignored": "no environment of this project goes by that name or is the only one of its tier"}
    environment = project.environments.select_related("project").get(slug=slug)
    try:
        deploy, created = announce_deploy(environment=environment, told=said.told, now=now)
    except Refused as refused:
        # Whoever sends hooks can do nothing about it, and would only send it again.
        return {"ignored": refused.detail}
    return {"deploy": str(deploy.pk), "environment": slug, "created": created}


def hook_secret(*, project_id: UUID, provider: str) -> str:
    """The secret that a provider's hooks of a project are signed with: 64 hex digits that follow from PEPPER."""
    about = b"deploy-hook\0" + provider.encode() + b"\0" + project_id.bytes
    return hmac.digest(settings.PEPPER.encode(), about, hashlib.sha256).hex()


def project_of_hook(*, slug: str, provider: str, body: bytes, shown: str) -> Project:
    """The project whose secret the sender shows that it holds: GitHub by a signature of the body, GitLab by itself.

    Raises Refused(unauthenticated) for a wrong one as for a project that does not exist.
    """
    project = Project.objects.filter(slug=slug).first()
    secret = hook_secret(project_id=project.pk if project else _NOBODY, provider=provider)
    wanted = secret
    if provider == "github":
        wanted = "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex()
    good = hmac.compare_digest(wanted.encode(), shown.encode("utf-8", "surrogateescape"))
    if project is None or not good:
        raise Refused("unauthenticated", 401, "the signature is not one of this project's hook secret")
    return project
