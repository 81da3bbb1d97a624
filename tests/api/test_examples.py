"""Examples of the OpenAPI document: every reading has one, and it is what the document says the answer is."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator

from paritycheck.api.openapi import examples
from tests.api.test_access import routes

JSON = "application/json"


@pytest.fixture
def document() -> dict[str, Any]:
    return dict(SchemaGenerator().get_schema(request=None, public=True))  # type: ignore[no-untyped-call]


def answers(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Route, address and description of each GET that answers JSON."""
    for name, where, _view in routes():
        path = "/" + re.sub(r"<[^:>]+:(\w+)>", r"{\1}", where)
        operation = document["paths"].get(path, {}).get("get", {})
        if JSON in operation.get("responses", {}).get("200", {}).get("content", {}):
            yield name, path, operation


def shown(content: dict[str, Any]) -> list[Any]:
    """What a body's description has for examples."""
    several = [each["value"] for each in content.get("examples", {}).values()]
    return [*several, content["example"]] if "example" in content else several


def test_every_get_that_answers_json_has_an_example(document: dict[str, Any]) -> None:
    found = {
        path: shown(operation["responses"]["200"]["content"][JSON]) for _name, path, operation in answers(document)
    }
    assert len(found) > 20
    assert [path for path, values in found.items() if not values] == [], "make api-examples writes them"


def test_every_example_is_as_its_schema_says(document: dict[str, Any]) -> None:
    wrong = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for content in (each.get("content", {}).get(JSON, {}) for each in bodies):
                schema = {**content.get("schema", {}), "components": document["components"]}
                check = Draft202012Validator(schema, format_checker=FormatChecker())
                for value in shown(content):
                    wrong += [(method, path, list(error.path), error.message) for error in check.iter_errors(value)]
    assert wrong == []


def test_no_example_is_of_a_call_that_is_gone_or_has_its_own(document: dict[str, Any]) -> None:
    used = {
        operation["operationId"]
        for _name, _path, operation in answers(document)
        if "examples" not in operation["responses"]["200"]["content"][JSON]
    }
    assert set(examples()) == used


def test_another_validator_takes_the_document(document: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
