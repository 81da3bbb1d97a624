"""The addresses of an installation, and the peer of `api_reads.py`: a view that does nothing."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path

from paritycheck.config.urls import urlpatterns as served


def bare(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"hello", content_type="text/plain")


urlpatterns: list[Any] = [path("bare", bare), *served]
