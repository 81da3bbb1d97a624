"""What Heroku's app.json asks for: add-ons, the backing services of an app that it sets up, and variables.

https://devcenter.heroku.com/articles/app-json-schema
"""

from __future__ import annotations

from paritycheck_agent.sources.declared_container import Container

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from paritycheck_agent.context import Context

FILE = "app.json"
CHARS = 1024 * 1024
# Add-on, the image that is the same service, and the stem of the variable that it sets.
ADDONS = {
    "heroku-postgresql": ("postgres", "database"),
    "heroku-redis": ("redis", "redis"),
    "heroku-kafka": ("apache/kafka", "kafka"),
    "rediscloud": ("redis", "rediscloud"),
    "cloudamqp": ("rabbitmq", "cloudamqp"),
    "memcachier": ("memcached", "memcachier"),
    "memcachedcloud": ("memcached", "memcachedcloud"),
    "bonsai": ("opensearchproject/opensearch", "bonsai"),
    "jawsdb": ("mysql", "jawsdb"),
    "jawsdb-maria": ("mariadb", "jawsdb-maria"),
    "cleardb": ("mysql", "cleardb-database"),
}


def read(context: Context, warnings: list[str]) -> list[Container]:
    """The add-ons of a gate's candidate: an app that runs has what was added to it since."""
    text = context.open_text(FILE) if context.candidate else None
    document = _document(text, warnings) if text else None
    addons = document.get("addons") if isinstance(document, dict) else None
    found = [_container(addon, text or "") for addon in (addons if isinstance(addons, list) else [])[:100]]
    return [one for one in found if one is not None]


def variables(context: Context, warnings: list[str]) -> Iterator[tuple[str, str | None, int]]:
    """The keys of the object `env`, with their values where it gives some, and their lines, 0 where not found."""
    from paritycheck_agent.documents import Lines

    text = context.open_text(FILE)
    document = _document(text, warnings) if text else None
    declared = document.get("env") if isinstance(document, dict) else None
    lines = Lines(text or "", "env")
    for name, given in declared.items() if isinstance(declared, dict) else ():
        value = given.get("value") if isinstance(given, dict) else given
        yield name, value if isinstance(value, str) else None, lines.key(name)


def _document(text: str, warnings: list[str]) -> Any:
    import json

    if len(text) > CHARS:
        warnings.append(f"{FILE} is not read: too-large")
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        warnings.append(f"{FILE} is not read: parse-failed")
        return None


def _container(addon: Any, text: str) -> Container | None:
    """An add-on is a text `name:plan`, or an object with plan, `as` and options; `version` is the service's."""
    whole = addon if isinstance(addon, dict) else {"plan": addon}
    said = whole.get("plan")
    plan = said if isinstance(said, str) else ""
    image, name = ADDONS.get(plan.partition(":")[0], ("", ""))
    if not image:
        return None
    options, alias = whole.get("options"), whole.get("as")
    version = options.get("version") if isinstance(options, dict) else None
    tag = f":{version}" if isinstance(version, (str, int)) and not isinstance(version, bool) else ""
    return Container(
        alias.lower() if isinstance(alias, str) and alias else name, image + tag, (FILE, line_of(text, plan))
    )


def line_of(text: str, value: str) -> int:
    """The line on which a text of a JSON document first stands between quotes; 0 where it is written otherwise."""
    at = text.find(f'"{value}"')
    return 1 + text.count("\n", 0, at) if at >= 0 else 0
