"""Cursor pages: the place is the last row's own key, so rows that arrive meanwhile neither hide nor repeat any."""

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import CharField, Model, Q, QuerySet
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from typing_extensions import override

from paritycheck.api.base import bad_parameter

PARAMETERS = frozenset({"cursor", "page_size"})
USUAL = 50
MOST = 200
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """The key of the row next to the page, and whether the page lies before it."""

    key: tuple[Any, ...]
    backwards: bool


class CursorPages(BasePagination):
    """Pages of a queryset by `ordering`, whose last field is unique; each field may begin with `-`."""

    def __init__(self, *ordering: str) -> None:
        self.ordering = ordering or ("pk",)
        self.links: dict[str, str | None] = {"next": None, "previous": None}

    @override
    def paginate_queryset(  # type: ignore[override]  # a page by key asks the database; a list has no keys
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        size = _size(request)
        meta = queryset.model._meta  # noqa: SLF001  Django's documented way to a model's fields
        fields = [meta.get_field(field.lstrip("-")) for field in self.ordering]
        place = _read(request.query_params.get("cursor"), fields)
        backwards = place is not None and place.backwards
        ordering = [_turned(field) for field in self.ordering] if backwards else list(self.ordering)
        if place is not None:
            queryset = queryset.filter(_beyond(ordering, place.key))
        rows = list(queryset.order_by(*ordering)[: size + 1])
        more, rows = len(rows) > size, rows[:size]
        if backwards:
            rows.reverse()
        self._link(request, rows, before=more if backwards else place is not None, after=backwards or more)
        return rows

    def _link(self, request: Request, rows: list[Any], *, before: bool, after: bool) -> None:
        if rows and after:
            self.links["next"] = self._address(request, rows[-1], backwards=False)
        if rows and before:
            self.links["previous"] = self._address(request, rows[0], backwards=True)

    def _address(self, request: Request, row: Any, *, backwards: bool) -> str:
        return _address(request, [_plain(row, field.lstrip("-")) for field in self.ordering], backwards=backwards)

    @override
    def get_paginated_response(self, data: Any) -> Response:
        return Response({**self.links, "results": data})


def _size(request: Request) -> int:
    said = request.query_params.get("page_size", str(USUAL))
    if not (said.isascii() and said.isdigit() and len(said) <= len(str(MOST)) and 0 < int(said) <= MOST):
        raise bad_parameter(f"page_size is a number from 1 to {MOST}")
    return int(said)


def _read(cursor: str | None, fields: Sequence[Any]) -> Place | None:
    if cursor is None:
        return None
    try:
        if len(cursor) > LONGEST:
            raise ValueError  # noqa: TRY301  one answer for every way of being wrong
        backwards, *key = json.loads(base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True))
        place = Place(tuple(_wide(part, field) for part, field in zip(key, fields, strict=True)), bool(backwards))
    except (ValueError, TypeError, RecursionError, ValidationError):
        raise bad_parameter("cursor is not one that a page gave") from None
    return place


def _wide(part: Any, field: Any) -> Any:
    """A key's part as its model field has it; raises for anything that the field could not hold."""
    if not isinstance(part, (str, int)) or "\0" in str(part):
        raise TypeError
    str(part).encode()
    value = field.to_python(part)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise TypeError
    return value


def _plain(row: Model, field: str) -> Any:
    value = getattr(row, field)
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _turned(field: str) -> str:
    return field[1:] if field.startswith("-") else f"-{field}"


def _beyond(ordering: Sequence[str], key: tuple[Any, ...]) -> Q:
    """Rows that come after `key` in this order."""
    beyond, equal = Q(), Q()
    for field, value in zip(ordering, key, strict=True):
        name = field.lstrip("-")
        beyond |= equal & Q(**{f"{name}__{'lt' if field.startswith('-') else 'gt'}": value})
        equal &= Q(**{name: value})
    return beyond


class SequencePages:
    """Pages of rows that are in memory, in the order of `key`, a tuple of texts that is unique."""

    def __init__(self, key: Callable[[Any], tuple[str, ...]]) -> None:
        self.key = key
        self.links: dict[str, str | None] = {"next": None, "previous": None}

    def paginate_sequence(self, rows: Sequence[Any], request: Request) -> Sequence[Any]:
        """The page that the request asks for; `rows` are sorted."""
        size, cursor = _size(request), request.query_params.get("cursor")
        place = _read(cursor, [CharField()] * len(self.key(rows[0]))) if rows else None
        start = 0
        if place is not None and place.backwards:
            start = max(bisect_left(rows, place.key, key=self.key) - size, 0)
        elif place is not None:
            start = bisect_right(rows, place.key, key=self.key)
        page = rows[start : start + size]
        if page and start:
            self.links["previous"] = _address(request, self.key(page[0]), backwards=True)
        if page and start + size < len(rows):
            self.links["next"] = _address(request, self.key(page[-1]), backwards=False)
        return page

    def get_paginated_response(self, data: Any) -> Response:
        """The links and these documents."""
        return Response({**self.links, "results": data})


def _address(request: Request, key: Sequence[Any], *, backwards: bool) -> str:
    packed = base64.urlsafe_b64encode(json.dumps([backwards, *key]).encode()).decode()
    kept = {name: values for name, values in request.query_params.lists() if name != "cursor"}
    return f"{settings.PUBLIC_URL}{request.path}?{urlencode({**kept, 'cursor': packed}, doseq=True)}"


class PageSerializer(serializers.Serializer[Any]):
    """What every page holds beside its `results`."""

    next = serializers.URLField(allow_null=True, help_text="Address of the next page.")
    previous = serializers.URLField(allow_null=True, help_text="Address of the page before.")
