"""Problem documents (RFC 9457): the one form of every error under `/api/`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from paritycheck.core.problem_titles import TITLES

MEDIA_TYPE = "application/problem+json"
REQUEST_ID = "paritycheck.request_id"
PROBLEM = "paritycheck.problem"
MOST_ERRORS = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """An error before it is rendered. `extra` are members of the document, `headers` go beside it.

    Nothing in here is a submitted value.
    """

    code: str
    status: int
    detail: str
    errors: Sequence[Mapping[str, Any]] = ()
    retryable: bool = False
    retry_after: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def document(problem: Problem, request_id: str) -> dict[str, Any]:
    """The members of the problem document."""
    members: dict[str, Any] = {
        "type": f"{settings.PUBLIC_URL}/problems/{problem.code}",
        "title": TITLES.get(problem.code, "Request was refused"),
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "instance": f"urn:uuid:{request_id}",
        "retryable": problem.retryable,
    }
    if problem.errors:
        members["errors"] = [dict(error) for error in problem.errors[:MOST_ERRORS]]
    return {**problem.extra, **members}


def body(problem: Problem, request_id: str) -> bytes:
    """The document's bytes."""
    return json.dumps(document(problem, request_id), separators=(",", ":")).encode()


def headers(problem: Problem) -> dict[str, str]:
    """What stands beside the document: how to sign in, when to come back, what is accepted."""
    said = dict(problem.headers)
    if problem.status == 401:  # noqa: PLR2004  the status is the number
        said["WWW-Authenticate"] = "Bearer"
    if problem.retry_after is not None:
        said["Retry-After"] = str(problem.retry_after)
    if problem.code == "rate-limited" and "limit" in problem.extra:
        said["RateLimit-Limit"] = str(problem.extra["limit"])
        said["RateLimit-Remaining"] = "0"
        said["RateLimit-Reset"] = str(problem.retry_after or 1)
    return said


def render(problem: Problem, request: HttpRequest) -> HttpResponse:
    """The answer to a request; its `instance` is the id that the request's log lines carry."""
    request.META[PROBLEM] = problem
    content = body(problem, request_id(request))
    response = HttpResponse(
        content,
        status=problem.status,
        content_type=MEDIA_TYPE,
        headers={**headers(problem), "Content-Length": str(len(content))},
    )
    # Django's own mark: what there is to log of a refusal was logged where it was met.
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001  read by name in django.utils.log
    return response


def request_id(request: Any) -> str:
    """The request's id; one that never reached the middleware that gives it is given one now."""
    return str(request.META.setdefault(REQUEST_ID, str(uuid4())))
