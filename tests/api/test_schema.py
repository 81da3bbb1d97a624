"""The OpenAPI document: whole, valid, and of the same routes as the server."""

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from jsonschema import Draft202012Validator

from tests.api.test_access import MATRIX, routes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.installation import Site


@pytest.fixture
def document(site: "Site") -> dict[str, Any]:
    reply = site.get("/api/v1/schema", who=None)
    assert reply.status == 200
    return dict(reply.json())


def test_it_is_openapi_3_1_without_a_warning(document: dict[str, Any], tmp_path: "Path") -> None:
    assert document["openapi"].startswith("3.1")
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yaml"))


def test_its_routes_are_those_of_the_server(document: dict[str, Any]) -> None:
    served = {
        ("/" + re.sub(r"<[^:>]+:(\w+)>", r"{\1}", where), method)
        for name, where, view in routes()
        for method in view.http_method_names
        if hasattr(view, method) and method != "head" and name != "schema"
    }
    told = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert told == served


def test_each_part_of_an_address_is_told_as_the_server_takes_it(document: dict[str, Any]) -> None:
    from paritycheck.api import converters

    kinds = {f"api-{name}": converter.regex for name, converter in converters.KINDS.items()}
    wrong = []
    for _name, where, view in routes():
        path = "/" + re.sub(r"<[^:>]+:(\w+)>", r"{\1}", where)
        for kind, part in re.findall(r"<([^:>]+):(\w+)>", where):
            for method in set(document["paths"].get(path, {})) & set(view.http_method_names):
                parameters = document["paths"][path][method]["parameters"]
                (schema,) = (each["schema"] for each in parameters if (each["in"], each["name"]) == ("path", part))
                told = schema.get("format") if kind == "uuid" else schema.get("pattern")
                if told != ("uuid" if kind == "uuid" else f"^({kinds[kind]})$"):
                    wrong.append((path, method, part, told))
    assert wrong == []


def test_what_was_made_links_to_what_can_be_done_with_it(site: "Site", document: dict[str, Any]) -> None:
    paths = {each["operationId"]: path for path, methods in document["paths"].items() for each in methods.values()}
    links = {
        (path, name): link
        for path, methods in document["paths"].items()
        for name, link in methods.get("post", {}).get("responses", {}).get("201", {}).get("links", {}).items()
    }
    assert len(links) > 15
    for (path, _name), link in links.items():
        assert set(link["parameters"]) == set(re.findall(r"{(\w+)}", paths[link["operationId"]])), path
    collection = "/api/v1/projects/{project}/subscriptions"
    made = site.post({"when": "at-once"}, who="admin", path=collection.replace("{project}", "shop")).json()
    link = links[collection, "get_subscription"]
    address = paths[link["operationId"]]
    for name, value in link["parameters"].items():
        found = made[value.rpartition("/")[2]] if value.startswith("$response") else "shop"
        address = address.replace(f"{{{name}}}", found)
    assert site.get(address).json()["id"] == made["id"]


def test_an_empty_choice_is_taken_where_the_document_says_so(site: "Site", document: dict[str, Any]) -> None:
    site.told(services=site.section("services", [{"name": "database", "kind": "postgresql", "value": "16"}], [""]))
    wrong, tried = [], 0
    for name, where, _view in routes():
        path = "/" + re.sub(r"<[^:>]+:(\w+)>", r"{\1}", where)
        for parameter in document["paths"].get(path, {}).get("get", {}).get("parameters", []):
            schema = parameter["schema"].get("items", parameter["schema"])
            if parameter["in"] != "query" or "enum" not in schema or parameter["name"] == "fields":
                continue
            address = MATRIX[name, "GET"].path.format(project="shop", waiver="", drift="")
            asked = f"{address}{'&' if '?' in address else '?'}{parameter['name']}="
            status, tried = site.get(asked).status, tried + 1
            wrong += [(asked, status)] if status != (200 if "" in schema["enum"] else 400) else []
    assert tried > 10
    assert wrong == []


def test_every_error_is_a_problem_document(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"], (path, method, status)
            public = path == "/api/v1/badges/{secret}.svg"
            assert public != ({"401", "403"} <= operation["responses"].keys()), (path, method)
            signed = path.endswith(("/hooks/github", "/hooks/gitlab", "/auth/oidc"))
            assert operation.get("security", []) == ([] if signed or public else [{"token": []}])


def test_answers_are_as_the_document_says(site: "Site", document: dict[str, Any]) -> None:
    site.told(services=site.section("services", [{"name": "database", "kind": "postgresql", "value": "16"}], [""]))
    shop = "/api/v1/projects/shop"
    for path, template in (
        ("/api/v1/projects", "/api/v1/projects"),
        (shop, "/api/v1/projects/{project}"),
        (f"{shop}/environments/production", "/api/v1/projects/{project}/environments/{environment}"),
        (f"{shop}/environments/production/snapshots/1",
         "/api/v1/projects/{project}/environments/{environment}/snapshots/{place}"),
        (f"{shop}/drifts", "/api/v1/projects/{project}/drifts"),
        (f"{shop}/parity", "/api/v1/projects/{project}/parity"),
        (f"{shop}/gate?environment=production", "/api/v1/projects/{project}/gate"),
        ("/api/v1/nothing", None),
    ):  # fmt: skip
        reply = site.get(path)
        schema = (
            document["paths"][template]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            if template
            else {"$ref": "#/components/schemas/Problem"}
        )
        Draft202012Validator({**schema, "components": document["components"]}).validate(reply.json())
