"""The heartbeat before Django: an unchanged report in its exact shape is answered by one UPDATE.

Whatever is not of that shape, or what the UPDATE does not find, goes on to Django with its body put back; the
ordinary view calls the same function and answers the same bytes.
"""

import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from http import HTTPStatus
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import Error as DatabaseFailure
from django.http.request import split_domain_port, validate_host
from structlog.contextvars import bound_contextvars

from paritycheck.api import documents, problems
from paritycheck.api.authentication import peer
from paritycheck.api.headers import security
from paritycheck.models import Token
from paritycheck.selectors import clock
from paritycheck.services.heartbeat import HEARTBEAT, beat, close_connections
from paritycheck.services.reports import clock_warnings
from paritycheck.services.token_places import may_come_from
from paritycheck.services.tokens import authenticate
from paritycheck_agent.wire import limits, words
from paritycheck_agent.wire.errors import Invalid
from paritycheck_agent.wire.reading import read_json
from paritycheck_agent.wire.reports import state_of
from paritycheck_agent.wire.times import is_time

log = structlog.get_logger(__name__)
Environ = dict[str, Any]
Start = Callable[..., Any]
Wsgi = Callable[[Environ, Start], Iterable[bytes]]

PATH = "/api/v1/reports"
MOST_BYTES = 4096
NOT_IN_A_HEARTBEAT = ("HTTP_CONTENT_ENCODING", "HTTP_TRANSFER_ENCODING", "HTTP_IDEMPOTENCY_KEY")
KNOWN = frozenset(
    {
        "schema",
        "report_id",
        "seq",
        "collected_at",
        "sent_at",
        "agent",
        "instance",
        "resource",
        "head",
        "policy",
        "sections",
    }
)
UUID_CHARS = 36
UUID_VERSIONS = frozenset({4, 7})


def before(django: Wsgi) -> Wsgi:
    """The WSGI application that answers heartbeats itself and leaves the rest to `django`."""

    def application(environ: Environ, start_response: Start) -> Iterable[bytes]:
        if not _may_beat(environ):
            return django(environ, start_response)
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        try:
            report_id = _beaten(environ, body)
        except DatabaseFailure as error:
            return _failed(error, environ, start_response)
        except Exception:
            # A bug here must not be an empty answer: Django's path meets it again, logs it and answers in form.
            log.exception("heartbeat failed")
            report_id = None
        if report_id is None:
            environ["wsgi.input"] = BytesIO(body)
            return django(environ, start_response)
        return _answer(environ, start_response, 202, unchanged(report_id), "application/json")

    return application


def unchanged(report_id: UUID) -> bytes:
    """The answer to a heartbeat, the same on both paths."""
    return json.dumps({"report": str(report_id), "unchanged": True}, separators=(",", ":")).encode()


def _may_beat(environ: Environ) -> bool:
    """Whether the request has the exact shape, as far as its head tells."""
    length = environ.get("CONTENT_LENGTH") or ""
    return (
        environ.get("PATH_INFO") == PATH
        and environ.get("REQUEST_METHOD") == "POST"
        and environ.get("CONTENT_TYPE") == "application/json"
        and length.isascii()
        and length.isdigit()
        and 0 < int(length[:9]) <= MOST_BYTES
        and len(length) <= len(str(MOST_BYTES))
        and not environ.get("QUERY_STRING")
        and not any(name in environ for name in NOT_IN_A_HEARTBEAT)
        and _is_served(environ.get("HTTP_HOST", ""), tuple(settings.ALLOWED_HOSTS))
        and (not settings.SECURE_SSL_REDIRECT or _is_secure(environ))
    )


@lru_cache(maxsize=256)
def _is_served(host: str, allowed: tuple[str, ...]) -> bool:
    domain, _port = split_domain_port(host)
    return bool(domain) and validate_host(domain, list(allowed))


def _is_secure(environ: Environ) -> bool:
    if settings.SECURE_PROXY_SSL_HEADER:
        name, value = settings.SECURE_PROXY_SSL_HEADER
        return bool(environ.get(name) == value)
    return bool(environ.get("wsgi.url_scheme") == "https")


def _beaten(environ: Environ, body: bytes) -> UUID | None:
    """The report's id if it was a heartbeat and is noted, else None."""
    token = _reporting(environ)
    if token is None or token.environment_id is None:
        return None
    try:
        document = read_json(body)
    except Invalid:
        return None
    if not _is_exact(document) or clock_warnings(document, clock.now()):
        return None
    if token.instance_key not in {"", document["instance"]["id"]}:
        return None
    report_id = UUID(document["report_id"])
    noted = beat(
        environment_id=token.environment_id,
        key=document["instance"]["id"],
        state=state_of(document),
        seq=document["seq"],
        report_id=report_id,
        using=HEARTBEAT,
    )
    return report_id if noted else None


def _reporting(environ: Environ) -> Token | None:
    """The token; one that is used from where it may not is Django's to refuse."""
    scheme, _, text = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    address = peer(environ)
    token = authenticate(text.strip(), address)
    return token if token is not None and "report" in token.scopes and may_come_from(token, address) else None


def _is_exact(document: Any) -> bool:
    """Whether what `state` leaves out is valid; the rest is what a valid report said before, or not found."""
    if not isinstance(document, dict) or document.keys() - KNOWN:
        return False
    sections, instance, seq = document.get("sections"), document.get("instance"), document.get("seq")
    return (
        isinstance(sections, dict)
        and not sections.keys() - set(words.SECTIONS)
        and isinstance(instance, dict)
        and isinstance(instance.get("id"), str)
        and isinstance(seq, int)
        and not isinstance(seq, bool)
        and 0 < seq <= limits.INTEGER_MAX
        and _is_report_id(document.get("report_id"))
        and is_time(document.get("collected_at"))
        and is_time(document.get("sent_at"))
    )


def _is_report_id(text: Any) -> bool:
    if not isinstance(text, str) or len(text) != UUID_CHARS:
        return False
    try:
        value = UUID(text)
    except ValueError:
        return False
    return str(value) == text.lower() and value.version in UUID_VERSIONS


def _failed(error: DatabaseFailure, environ: Environ, start_response: Start) -> Iterable[bytes]:
    """No request of Django's ends here, so nobody else closes the connections that broke."""
    close_connections()
    request_id = str(uuid4())
    problem = problems.problem_of(error)
    with bound_contextvars(request_id=request_id):
        problems.note(problem, error)
    problem = problem or problems.INTERNAL
    body = documents.body(problem, request_id)
    return _answer(environ, start_response, problem.status, body, documents.MEDIA_TYPE, documents.headers(problem))


def _answer(
    environ: Environ,
    start_response: Start,
    status: int,
    body: bytes,
    media_type: str,
    headers: dict[str, str] | None = None,
) -> Iterable[bytes]:
    said = [
        ("Content-Type", media_type),
        ("Content-Length", str(len(body))),
        *(headers or {}).items(),
        *security(secure=_is_secure(environ)),
    ]
    start_response(f"{status} {HTTPStatus(status).phrase}", said)
    return [body]
