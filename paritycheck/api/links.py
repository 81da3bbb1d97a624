"""How the OpenAPI document leads from what was made to the calls that take its identity."""

from typing import Any, Final

Part = dict[str, Any]

MADE: Final = "201"
# What of the answer stands in the address of the thing made.
IDENTITIES: Final = {"project": "slug", "environment": "slug", "ident": "id"}


def link(paths: Part) -> None:
    """Put `links` into each answer that made something that has an address of its own: see, change and end it."""
    for path, methods in paths.items():
        made = methods.get("post", {}).get("responses", {}).get(MADE)
        if made is None:
            continue
        found = {}
        for name, member in IDENTITIES.items():
            of_one = paths.get(f"{path}/{{{name}}}", {})
            parameters = {**_same(path), name: f"$response.body#/{member}"}
            for method in ("get", "patch", "delete"):
                if method in of_one:
                    called = of_one[method]["operationId"]
                    found[called] = {"operationId": called, "parameters": parameters}
        if found:
            made["links"] = found


def _same(path: str) -> dict[str, str]:
    """The parts of the address that stay."""
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return {name: f"$request.path.{name}" for name in names}
