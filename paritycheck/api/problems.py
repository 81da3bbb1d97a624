"""What goes wrong under `/api/`, as problems: refusals, the wire's, Django's, DRF's and PostgreSQL's."""

from typing import Any

import structlog
from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import Error as DatabaseFailure
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from rest_framework import exceptions

from paritycheck.api.documents import Problem, render
from paritycheck.services.errors import Refused
from paritycheck_agent.wire.errors import Invalid

log = structlog.get_logger(__name__)

DISK_FULL = "53100"
LOCK_NOT_AVAILABLE = "55P03"

NOT_FOUND = Problem("not-found", 404, "there is nothing here, or you have no access to it")
FORBIDDEN = Problem("forbidden", 403, "this token may not do that")
UNAUTHENTICATED = Problem("unauthenticated", 401, "send a valid token as Authorization: Bearer")
BAD_HOST = Problem("bad-host", 400, "this host name is not served here")
INTERNAL = Problem("internal-error", 500, "the failure is in the server's log under this instance", retryable=True)

# What Django or DRF answers by itself, by status, where no exception is at hand any more.
BY_STATUS = {
    400: Problem("bad-request", 400, "the request could not be read"),
    401: UNAUTHENTICATED,
    403: FORBIDDEN,
    404: NOT_FOUND,
    405: Problem("method-not-allowed", 405, "this address does not take this method"),
    406: Problem("bad-request", 406, "answers are JSON"),
    413: Problem("body-too-large", 413, "the body is too large"),
    415: Problem("unsupported-media-type", 415, "this Content-Type is not taken here"),
    429: Problem("rate-limited", 429, "too many requests", retryable=True, retry_after=60),
}


def problem_of(error: BaseException) -> Problem | None:
    """The problem that an exception is; None for one that is nobody's intention, a bug."""
    if isinstance(error, Refused):
        return _refused(error)
    if isinstance(error, Invalid):
        return Problem(error.code, error.status, error.detail, errors=error.errors, extra=error.extra)
    if isinstance(error, DatabaseFailure):
        return _database(error)
    if isinstance(error, exceptions.MethodNotAllowed):
        return BY_STATUS[405]
    if isinstance(error, exceptions.APIException):
        return BY_STATUS.get(error.status_code, BY_STATUS[400])
    return _django(error)


def _refused(error: Refused) -> Problem:
    return Problem(
        error.code,
        error.status,
        error.detail,
        errors=error.errors,
        retryable=error.retryable,
        retry_after=error.retry_after,
        extra=error.extra,
        headers=getattr(error, "headers", {}),
    )


def _django(error: BaseException) -> Problem | None:
    if isinstance(error, Http404):
        return NOT_FOUND
    if isinstance(error, PermissionDenied):
        return FORBIDDEN
    if isinstance(error, DisallowedHost):
        return BAD_HOST
    if isinstance(error, RequestDataTooBig):
        return BY_STATUS[413]
    if isinstance(error, (SuspiciousOperation, BadRequest)):
        return BY_STATUS[400]
    return None


def _database(error: DatabaseFailure) -> Problem | None:
    """PostgreSQL away, busy or full; anything else it says is a bug of ours."""
    state = getattr(error.__cause__, "sqlstate", None)
    if state == DISK_FULL:
        return Problem("storage-full", 503, "the server's storage is full", retryable=True, retry_after=60)
    if state == LOCK_NOT_AVAILABLE:
        return Problem("unavailable", 503, "another request holds this row", retryable=True, retry_after=2)
    if isinstance(error, (OperationalError, InterfaceError)):
        return Problem("unavailable", 503, "the database is not available", retryable=True, retry_after=5)
    return None


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's exception handler; None lets Django log a bug and answer 500."""
    problem = problem_of(error)
    if problem is None:
        return None
    note(problem, error)
    return render(problem, context["request"])


def note(problem: Problem | None, error: BaseException) -> None:
    """Say in the log what an operator has to know: a database that is away, storage that is full, a bug (None)."""
    if problem is None:
        log.error("request failed", code=INTERNAL.code, exc_info=error)
        return
    if problem.status < 500:  # noqa: PLR2004  the class of statuses that are the server's fault
        return
    state = getattr(error.__cause__, "sqlstate", None)
    log.error("request failed", code=problem.code, sqlstate=state, error=type(error).__name__)
