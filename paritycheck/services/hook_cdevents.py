"""CDEvents of services: `dev.cdevents.service.deployed`, `.upgraded` and `.rolledback`.

https://cdevents.dev/docs/cd/ and, for the envelope, https://cdevents.dev/docs/cloudevents-binding/
"""

import hashlib
import re
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from paritycheck.models.deploys import DeploySource
from paritycheck.services.announce import Announced
from paritycheck.services.deploys import Actor, Told
from paritycheck.services.hook_fields import at, moment, sha, text, url

TYPE = re.compile(r"dev\.cdevents\.service\.(?:deployed|upgraded|rolledback)\.[0-9][0-9A-Za-z.-]{0,30}", re.ASCII)
LONGEST_ID = 256
_IN_PURL = re.compile(r"(?:@|vcs_url=[^&#]{0,400}@)([0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f])", re.ASCII)


def read(kind: str, event: Any, now: datetime) -> Announced | str:
    """The deploy that an event (`context`, `subject`) tells of; text says why it tells of none.

    CDEvents have no member for a commit: it is `customData.commit`, else the version or the `vcs_url` of the artifact's
    purl. Without any the deploy is known to have been, and no more.
    """
    if not TYPE.fullmatch(kind):
        return "only service.deployed, service.upgraded and service.rolledback are of use"
    content, custom = at(event, "subject", "content"), at(event, "customData")
    name = text(content, "environment", "name") or text(content, "environment", "id")
    if not name:
        return "the event names no environment"
    artifact = text(content, "artifactId", most=512)
    return Announced(
        name,
        "",
        Told(
            commit=sha(text(custom, "commit")) or _commit(artifact),
            deployed_at=moment(text(event, "context", "timestamp"), otherwise=now),
            source=DeploySource.CDEVENTS,
            external_id=_identity(event),
            artifact=artifact,
            url=url(text(custom, "url", most=4096)),
            actors=_actors(custom),
        ),
    )


def _identity(event: Any) -> str:
    """An id is unique within its source only."""
    source, ident = text(event, "context", "source", most=4096), text(event, "context", "id", most=4096)
    joined = f"{source} {ident}" if ident else ""
    return joined if len(joined) <= LONGEST_ID else hashlib.sha256(joined.encode()).hexdigest()


def _commit(purl: str) -> str:
    """Of a purl the version that is a commit, or that of its `vcs_url`; an image's digest is none."""
    found = _IN_PURL.search(unquote(purl))
    return found[1] if found else ""


def _actors(custom: Any) -> list[Actor]:
    """`customData.actor`, a login of GitHub or an address."""
    said = text(custom, "actor")
    if not said:
        return []
    return [Actor("trigger", address=said) if "@" in said else Actor("trigger", login=said)]
