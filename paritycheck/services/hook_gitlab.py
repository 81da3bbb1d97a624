"""GitLab's Deployment Hook.

https://docs.gitlab.com/user/project/integrations/webhook_events/#deployment-events
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from paritycheck.models.deploys import DeploySource, DeployStatus
from paritycheck.services.announce import Announced
from paritycheck.services.deploys import Actor, Told
from paritycheck.services.hook_fields import at, moment, sha, text, url

EVENT = "Deployment Hook"
STATES = {"success": DeployStatus.SUCCESS, "failed": DeployStatus.FAILURE}


def read(event: str, payload: Any, now: datetime) -> Announced | str:
    """The deploy that an event tells of; text says why it tells of none. The full commit stands in its address only."""
    if event != EVENT or text(payload, "object_kind") != "deployment":
        return "only deployment events are of use"
    state = STATES.get(text(payload, "status"))
    if state is None:
        return "the deployment has not ended, or was cancelled"
    commit, name = sha(text(payload, "commit_url", most=4096).rpartition("/")[2]), text(payload, "environment")
    if not commit or not name:
        return "the payload names no commit or no environment"
    return Announced(
        name,
        text(payload, "environment_tier"),
        Told(
            commit=commit,
            deployed_at=moment(text(payload, "status_changed_at"), otherwise=now),
            source=DeploySource.GITLAB,
            status=state,
            external_id=text(payload, "deployment_id"),
            url=url(text(payload, "deployable_url", most=4096)),
            actors=_actors(payload),
        ),
    )


def _actors(payload: Any) -> list[Actor]:
    """The user by address where GitLab gives it away, else by login on its host."""
    user, login = at(payload, "user"), text(payload, "user", "username")
    address = text(user, "email")
    host = _host(text(payload, "project", "web_url", most=4096))
    if not login and "@" not in address:
        return []
    return [Actor("trigger", text(user, "name"), address if "@" in address else "", login, host)]


def _host(said: str) -> str:
    try:
        return urlsplit(said).hostname or "gitlab.com"
    except ValueError:
        return "gitlab.com"
