"""Sparse answers: `?fields=id,severity` on whatever a GET answers with."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from rest_framework import serializers
from rest_framework.views import APIView

RESULTS: Final = "results"
OK: Final = 200
_known: dict[type[APIView], list[str]] = {}


def answer_fields(view: APIView) -> list[str]:
    """Those of `_answer_fields`, looked up once for each view class."""
    kind = type(view)
    if kind not in _known:
        _known[kind] = _answer_fields(view)
    return _known[kind]


def _answer_fields(view: APIView) -> list[str]:
    """The members of what a view's GET answers with: of a list's rows, or of the object; none where it has no fields.

    The serializer is that of the view's own description, so that the document and this cannot differ.
    """
    schema = getattr(getattr(view, "get", None), "kwargs", {}).get("schema")
    if schema is None:
        return []
    described = schema()
    described.view, described.method = view, "GET"
    found = described.get_response_serializers()
    answer = found.get(OK) if isinstance(found, Mapping) else found
    answer = getattr(answer, "response", answer)
    return _members(answer() if isinstance(answer, type) and issubclass(answer, serializers.Serializer) else answer)


def _members(answer: Any) -> list[str]:
    if not isinstance(answer, serializers.Serializer):
        return []
    rows = answer.fields.get(RESULTS)
    if isinstance(rows, serializers.ListSerializer):
        return _members(rows.child)
    return sorted(answer.fields)


def chosen_fields(said: str | None, known: Collection[str]) -> frozenset[str]:
    """Which were asked for; ValueError with what there is, where one is not known. Empty: all of them."""
    if said is None:
        return frozenset()
    chosen = frozenset(said.split(","))
    if not chosen <= set(known):
        raise ValueError(f"fields is a list, joined by commas, of these: {', '.join(sorted(known))}")
    return chosen


def narrowed(data: Any, chosen: Collection[str]) -> Any:
    """The document with these members alone; a page keeps its links."""
    rows = data.get(RESULTS)
    if isinstance(rows, list):
        return {**data, RESULTS: [_only(row, chosen) for row in rows]}
    return _only(data, chosen)


def _only(row: Mapping[str, Any], chosen: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in chosen}
