"""The addresses of the peers: a view that does one UPDATE, and two that keep a report as rows of facts."""

import json
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from tests.benchmarks.served.models import Fact, Stored


def alive(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"ok", headers={"Content-Length": 2})


def touch(_request: HttpRequest, row: int) -> HttpResponse:
    """One UPDATE by the primary key; the body is not even read."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE bench_touched SET seen = now(), seq = seq + 1 WHERE id = %s", [row])
    return _taken()


def bulk(request: HttpRequest) -> HttpResponse:
    """All facts in one INSERT."""
    with transaction.atomic():
        Fact.objects.bulk_create(_facts(request))
    return _taken()


def single(request: HttpRequest) -> HttpResponse:
    """Each fact in an INSERT of its own, in one transaction."""
    with transaction.atomic():
        for fact in _facts(request):
            fact.save(force_insert=True)
    return _taken()


def _taken() -> HttpResponse:
    return JsonResponse({"taken": True}, status=202, headers={"Content-Length": len(b'{"taken": true}')})


def _facts(request: HttpRequest) -> list[Fact]:
    document: dict[str, Any] = json.loads(request.body)
    report = Stored.objects.create(instance=document["instance"])
    return [Fact(report=report, section="dependencies", **fact) for fact in document["facts"]]


urlpatterns: list[Any] = [
    path("livez", alive),
    path("touch/<int:row>", touch),
    path("bulk", bulk),
    path("single", single),
]
