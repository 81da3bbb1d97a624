"""What `POST .../deploys` takes: the check of its document."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from paritycheck.codec.times import instant
from paritycheck.core.actors import HOSTS, ROLES
from paritycheck.core.addresses import is_slug
from paritycheck.models.deploys import DeploySource, DeployStatus
from paritycheck.services.deploys import MOST_ACTORS, Actor, Told
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.errors import Invalid, Problems
from paritycheck_agent.wire.fields import check_sha, check_text
from paritycheck_agent.wire.times import is_time

CODE = "invalid-deploy"
SOURCES = (DeploySource.API.value, DeploySource.CLI.value)
URL_CHARS = 2048
ACTOR_CHARS = 254
_TEXTS = {"external_id": limits.NAME_CHARS, "release": limits.NAME_CHARS, "artifact": limits.STRING_CHARS}
_KNOWN = {*_TEXTS, "environment", "commit", "status", "deployed_at", "url", "source", "actors"}
_ACTOR = {"role", "name", "email", "login", "provider", "bot"}


def read_deploy(document: Any, now: datetime) -> tuple[str, Told]:
    """The environment's slug and what is told of its deploy; raises Invalid with every mistake."""
    if not isinstance(document, dict):
        raise Invalid(CODE, "must be a JSON object")
    problems = Problems(CODE)
    for _ in document.keys() - _KNOWN:
        problems.add("unknown-field", f"known here: {', '.join(sorted(_KNOWN))}")
    _check(document, problems)
    actors = _actors(document.get("actors", []), problems)
    problems.finish()
    said = document.get("deployed_at")
    texts = {name: document.get(name, "") for name in _TEXTS}
    return document["environment"], Told(
        commit=document["commit"],
        deployed_at=instant(said) if said else now,
        source=document.get("source", DeploySource.API),
        status=document.get("status", DeployStatus.SUCCESS),
        url=document.get("url", ""),
        actors=actors,
        **texts,
    )


def _check(document: dict[str, Any], problems: Problems) -> None:
    slug = document.get("environment")
    if not isinstance(slug, str) or not is_slug(slug):
        problems.add(CODE, "is the name of an environment", "/environment")
    check_sha(document.get("commit"), "/commit", problems)
    for name, most in _TEXTS.items():
        if name in document:
            check_text(document[name], f"/{name}", problems, most)
    _check_choice(document, "status", tuple(DeployStatus.values), problems)
    _check_choice(document, "source", SOURCES, problems)
    if "deployed_at" in document and not is_time(document["deployed_at"]):
        problems.add("bad-timestamp", "is a time as RFC 3339 has it, with a zone", "/deployed_at")
    if "url" in document and not _is_address(document["url"]):
        problems.add(CODE, f"is an http or https address without a login, at most {URL_CHARS} characters", "/url")


def _check_choice(document: dict[str, Any], name: str, choices: tuple[str, ...], problems: Problems) -> None:
    if name in document and document[name] not in choices:
        problems.add(CODE, f"is one of {', '.join(choices)}", f"/{name}")


def _is_address(said: Any) -> bool:
    if not isinstance(said, str) or len(said) > URL_CHARS or not said.isascii() or not said.isprintable():
        return False
    try:
        parts = urlsplit(said)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(host) and "@" not in parts.netloc and " " not in said


def _actors(said: Any, problems: Problems) -> list[Actor]:
    if not isinstance(said, list) or len(said) > MOST_ACTORS:
        problems.add(CODE, f"is a list of at most {MOST_ACTORS}", "/actors")
        return []
    found = [_actor(one, f"/actors/{index}", problems) for index, one in enumerate(said)]
    return [one for one in found if one is not None]


def _actor(said: Any, where: str, problems: Problems) -> Actor | None:
    if not isinstance(said, dict) or said.keys() - _ACTOR:
        problems.add("unknown-field", f"is an object of {', '.join(sorted(_ACTOR))}", where)
        return None
    texts = {name: said.get(name, "") for name in ("name", "email", "login")}
    if not all(isinstance(text, str) and len(text) <= ACTOR_CHARS for text in texts.values()):
        problems.add("too-long", f"name, email and login have at most {ACTOR_CHARS} characters", where)
        return None
    provider = said.get("provider", "github")
    hosted = isinstance(provider, str) and provider in HOSTS
    good = said.get("role") in ROLES and hosted and isinstance(said.get("bot", False), bool)
    if not good or not any(text.strip() for text in texts.values()):
        detail = f"has a role ({', '.join(ROLES)}) and a name, email or login; provider is {' or '.join(HOSTS)}"
        problems.add(CODE, detail, where)
        return None
    return Actor(
        said["role"], texts["name"], texts["email"], texts["login"], HOSTS[provider], bot=said.get("bot", False)
    )
