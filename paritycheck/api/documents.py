"""Problem documents (RFC 9457): the one form of every error under `/api/`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse

MEDIA_TYPE = "application/problem+json"
REQUEST_ID = "paritycheck.request_id"
PROBLEM = "paritycheck.problem"
MOST_ERRORS = 20

TITLES = {
    "address-refused": "Not allowed from this address",
    "not-invited": "No invitation was sent",
    "bad-encoding": "Body is not whole gzip",
    "bad-fingerprint": "Fingerprint is not well formed",
    "bad-header": "Header is not valid",
    "bad-host": "Host is not known",
    "bad-json": "Body is not JSON",
    "bad-number": "Number is not valid",
    "bad-parameter": "Query parameter is not valid",
    "bad-pattern": "Pattern is not valid",
    "bad-policy": "Policy is not valid",
    "bad-report-id": "Report id is not a UUID of version 7 or 4",
    "bad-request": "Request is not valid",
    "bad-timestamp": "Time is not valid",
    "bad-unicode": "Text is not Unicode",
    "bad-utf8": "Body is not UTF-8",
    "body-too-large": "Body is too large",
    "control-character": "Text holds a control character",
    "decoded-too-large": "Body is too large once decoded",
    "delivery-busy": "Delivery is being sent",
    "delivery-over": "Delivery has ended",
    "digest-mismatch": "Body does not hash to its address",
    "drift": "The change brings drift",
    "duplicate-key": "Object has a key twice",
    "empty-body": "Body is empty",
    "forbidden": "Not allowed",
    "idempotency-mismatch": "Report id was used for another report",
    "incomplete-body": "Body ended early",
    "internal-error": "The server failed",
    "invalid-candidate": "Candidate is not valid",
    "invalid-channel": "Channel is not valid",
    "invalid-commits": "Commits are not valid",
    "invalid-deploy": "Deploy is not valid",
    "invalid-event": "Event is not valid",
    "invalid-link": "Link of accounts is not valid",
    "invalid-report": "Report is not valid",
    "invalid-section": "Section is not valid",
    "invalid-subscription": "Subscription is not valid",
    "invalid-member": "Member is not valid",
    "invalid-exchange": "Exchange is not valid",
    "invalid-trust": "Trust is not valid",
    "invalid-token": "Token is not valid",
    "last-owner": "A project keeps an owner",
    "name-taken": "The name is taken",
    "invalid-waiver": "Waiver is not complete",
    "length-required": "Content-Length is needed",
    "method-not-allowed": "Method is not allowed",
    "no-evidence": "There is not enough evidence",
    "not-canonical": "Body is not in canonical form",
    "not-found": "Nothing here",
    "policy-in-repository": "The policy in the codebase wins",
    "policy-moved": "Another policy came into force",
    "quota-exceeded": "Project is over its quota",
    "rate-limited": "Too many requests",
    "schema-unsupported": "Schema is not supported",
    "secret-suspected": "A name looks like it holds a secret",
    "storage-full": "Storage is full",
    "timeout": "Body came too slowly",
    "token-in-url": "A token in a URL is no secret any more",
    "too-deep": "Document is nested too deep",
    "too-long": "Text is too long",
    "too-many-items": "Too many items",
    "unauthenticated": "A valid token is needed",
    "unavailable": "Not available just now",
    "unknown-field": "Field is not known",
    "unreadable-file": "File could not be read",
    "unsupported-encoding": "Content-Encoding is not supported",
    "unsupported-file": "File of this name is not read",
    "unsupported-media-type": "Content-Type is not supported",
    "url-too-long": "URL is too long",
    "value-not-allowed": "Values stay on the host",
}


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
