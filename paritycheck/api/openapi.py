"""What the OpenAPI document says of every call alike, put in after each has described itself."""

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Final

from paritycheck.api.converters import BadgeSecret, Digest, DriftId, FileName, Slug, SnapshotPlace, TokenId
from paritycheck.api.documents import MEDIA_TYPE
from paritycheck.api.links import link

Part = dict[str, Any]

JSON: Final = "application/json"
OPERATIONS: Final = ("get", "put", "post", "patch", "delete")
PROBLEM: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
ADDRESSES: Final = {
    "project": Slug,
    "environment": Slug,
    "sha256": Digest,
    "ident": DriftId,
    "place": SnapshotPlace,
    "secret": BadgeSecret,
    "name": FileName,
}
NOT_MODIFIED: Final = {"description": "As `If-None-Match` has it; without a body."}
ETAG: Final = {
    "ETag": {"description": "Of this answer; send it back as `If-None-Match`.", "schema": {"type": "string"}}
}
TAGS: Final = {
    "projects": "One codebase with many environments.",
    "environments": "Where it runs, what reported from there, and each snapshot of it.",
    "drifts": "Where environments are apart: drifts, comparisons, the parity score.",
    "waivers": "Drifts that are accepted for a while, by whom and why.",
    "policy": "What is expected of each fact, tried before it counts.",
    "deploys": "Which commit runs where since when: the time gap.",
    "personnel": "Who writes and who deploys: the personnel gap.",
    "gate": "Whether a change or a promotion widens the gap.",
    "alerts": "Channels, subscriptions and what was sent.",
    "access": "Members, tokens, the audit log.",
    "agent": "The four calls of an agent; the wire's own schemas describe their bodies.",
    "meta": "This document.",
}
# By the first part of the address behind the project, or behind the version.
PLACES: Final = {
    "compare": "drifts", "parity": "drifts", "factors": "drifts", "policies": "policy", "time": "deploys",
    "tools": "drifts", "people": "personnel", "channels": "alerts", "deliveries": "alerts", "subscriptions": "alerts",
    "members": "access", "tokens": "access", "audit": "access", "auth": "access", "reports": "agent",
    "sections": "agent", "commits": "agent", "schema": "meta", "badge": "projects",
    "badges": "projects", "card": "projects",
}  # fmt: skip


def complete(result: Part, generator: Any, request: Any, public: bool) -> Part:  # noqa: FBT001  drf-spectacular's form
    """drf-spectacular's hook: the document with tags, examples and the answers that any call can give."""
    del request, public
    _loosen(result)
    _mark_leaving(result, generator)
    schemas = result["components"]["schemas"]
    for path, method, operation in operations(result):
        operation["tags"] = [tag_of(path)]
        _describe_parameters(path, operation)
        _describe_answers(path, operation)
        if "requestBody" in operation:
            operation["requestBody"]["required"] = True
        if method == "get":
            _describe_reading(operation, schemas)
        operation["responses"] = dict(sorted(operation["responses"].items()))
        _show_example(operation)
    link(result["paths"])
    used = {operation["tags"][0] for _path, _method, operation in operations(result)}
    result["tags"] = [{"name": name, "description": said} for name, said in TAGS.items() if name in used]
    return result


def operations(document: Part) -> Iterator[tuple[str, str, Part]]:
    """Address, method and description of each call."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in OPERATIONS:
                yield path, method, operation


def tag_of(path: str) -> str:
    """What a call is about."""
    parts = path.split("/")[3:]
    place = parts[2] if parts[0] == "projects" and len(parts) > 2 else parts[0]  # noqa: PLR2004  behind the project
    found = PLACES.get(place, place)
    return found if found in TAGS else "projects"


@cache
def examples() -> Part:
    """What a real installation answered, by the call's name; `make api-examples` writes them anew."""
    found: Part = json.loads((files("paritycheck.api") / "examples.json").read_text())
    return found


def fields_of(schema: Part, schemas: Part) -> list[str]:
    """The members that `fields` can choose: those of a list's rows, or of the object."""
    properties = _resolved(schema, schemas).get("properties", {})
    rows = properties.get("results", {})
    if rows.get("type") == "array":
        properties = _resolved(rows["items"], schemas).get("properties", {})
    return sorted(properties)


def _resolved(schema: Part, schemas: Part) -> Part:
    found: Part = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return found


def _loosen(part: Any) -> None:
    """`oneOf` of anything and null is matched twice by null: it is anything."""
    waiting = [part]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            if {} in here.get("oneOf", ()):
                del here["oneOf"]
            waiting.extend(here.values())
        elif isinstance(here, list):
            waiting.extend(here)


def _describe_parameters(path: str, operation: Part) -> None:
    for parameter in operation.get("parameters", ()):
        token = parameter["name"] == "ident" and path.endswith("/tokens/{ident}")
        converter = TokenId if token else ADDRESSES.get(parameter["name"])
        schema = parameter["schema"]
        if parameter["in"] == "path" and converter and schema.get("format") != "uuid":
            schema["pattern"] = f"^({converter.regex})$"


def _describe_answers(path: str, operation: Part) -> None:
    answers = operation["responses"]
    answers.setdefault("414", {"description": "The address is too long.", "content": PROBLEM})
    answers.setdefault("400", {"description": "Malformed, or a parameter that is not known.", "content": PROBLEM})
    if "{" in path:
        answers.setdefault("404", {"description": "Nothing here, or no access to it.", "content": PROBLEM})


def _describe_reading(operation: Part, schemas: Part) -> None:
    answer = operation["responses"].get("200", {})
    operation["responses"]["304"] = NOT_MODIFIED
    answer.setdefault("headers", {}).update(ETAG)
    content = answer.get("content", {}).get(JSON)
    if content and any(each["name"] == "format" for each in operation.get("parameters", ())):
        answer["content"]["text/csv"] = {"schema": {"type": "string"}}
    known = fields_of(content["schema"], schemas) if content else []
    if known:
        operation.setdefault("parameters", []).append({
            "name": "fields", "in": "query", "explode": False, "style": "form",
            "description": "Only these members of the object, or of each row of a list; joined by commas.",
            "schema": {
                "type": "array", "minItems": 1, "items": {"type": "string", "enum": known},
            },
        })  # fmt: skip


def _mark_leaving(result: Part, generator: Any) -> None:
    for path, _regex, method, view in generator.endpoints or ():
        leaving = getattr(getattr(view, "cls", None), "leaving", None)
        operation = result["paths"].get(path, {}).get(method.lower())
        if leaving is not None and operation is not None:
            operation["deprecated"] = True
            operation["description"] = f"{leaving.words()}\n\n{operation.get('description', '')}".rstrip()


def _show_example(operation: Part) -> None:
    found = examples().get(operation["operationId"])
    for status in ("200", "201", "202"):
        content = operation["responses"].get(status, {}).get("content", {}).get(JSON)
        if content is not None and found is not None and "examples" not in content:
            content["example"] = found
