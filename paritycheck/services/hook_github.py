"""GitHub's `deployment_status` event.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#deployment_status
"""

from datetime import datetime
from typing import Any

from paritycheck.models.deploys import DeploySource, DeployStatus
from paritycheck.services.announce import Announced
from paritycheck.services.deploys import Actor, Told
from paritycheck.services.hook_fields import at, moment, sha, text, url

EVENT = "deployment_status"
STATES = {"success": DeployStatus.SUCCESS, "failure": DeployStatus.FAILURE, "error": DeployStatus.FAILURE}


def read(event: str, payload: Any, now: datetime) -> Announced | str:
    """The deploy that an event tells of; text says why it tells of none."""
    if event != EVENT:
        return "only deployment_status events are of use"
    status, deployment = at(payload, EVENT), at(payload, "deployment")
    state = STATES.get(text(status, "state"))
    if state is None:
        return "the deployment has not ended, or is not in use any more"
    commit, name = sha(text(deployment, "sha")), text(status, "environment") or text(deployment, "environment")
    if not commit or not name:
        return "the payload names no commit or no environment"
    return Announced(
        name,
        "production" if at(deployment, "production_environment") is True else "",
        Told(
            commit=commit,
            deployed_at=moment(text(status, "created_at"), otherwise=now),
            source=DeploySource.GITHUB,
            status=state,
            external_id=text(deployment, "id"),
            url=url(text(status, "log_url", most=4096), text(status, "target_url", most=4096)),
            actors=_actors(payload),
        ),
    )


def _actors(payload: Any) -> list[Actor]:
    """Who started the workflow goes before the robot that it deploys as."""
    run = at(payload, "workflow_run")
    people = [at(run, "triggering_actor"), at(run, "actor"), at(payload, "deployment", "creator")]
    found = next((one for one in people if text(one, "login")), None)
    if found is None:
        return []
    return [Actor("trigger", login=text(found, "login"), bot=text(found, "type") == "Bot")]
