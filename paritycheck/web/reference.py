"""The calls of the API for people: made of the OpenAPI document, on the server, so that no script has to run."""

import json
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

JSON = "application/json"
METHODS = ("get", "post", "put", "patch", "delete")


@cache
def shown() -> list[dict[str, Any]]:
    """Tags in the document's order, each with its calls; the document does not change while the server runs."""
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    calls: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                calls.setdefault(methods[method]["tags"][0], []).append(_call(path, method, methods[method]))
    return [{**tag, "calls": calls[tag["name"]]} for tag in document["tags"]]


def _call(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    parameters = [_parameter(each) for each in operation.get("parameters", ()) if each["in"] == "query"]
    return {
        "path": path,
        "method": method.upper(),
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "parameters": parameters,
        "answers": ", ".join(operation["responses"]),
        "example": _example(operation),
    }


def _parameter(said: dict[str, Any]) -> dict[str, Any]:
    schema = said["schema"]
    choices = schema.get("enum") or schema.get("items", {}).get("enum")
    takes = ", ".join(map(str, choices)) if choices else schema.get("format") or schema.get("type", "text")
    return {
        "name": said["name"],
        "takes": takes,
        "description": said.get("description", ""),
        "required": said.get("required", False),
    }


def _example(operation: dict[str, Any]) -> str:
    for status, answer in operation["responses"].items():
        content = answer.get("content", {}).get(JSON, {})
        several = content.get("examples", {})
        found = content.get("example") or next((each["value"] for each in several.values()), None)
        if status.startswith("2") and found:
            return json.dumps(found, indent=2, ensure_ascii=False)
    return ""
