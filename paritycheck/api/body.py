"""Reads and bounds bodies before Django and DRF look at them; the first of all middleware.

The order is the wire's: host and address, method, token, scope, the token's bucket, then the body's headers, its
bytes, its gzip. What the bytes mean is for the view, which asks `paritycheck_agent.wire`.
"""

import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.signals import got_request_exception
from django.db import Error as DatabaseFailure
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.urls import ResolverMatch, resolve
from structlog.contextvars import bound_contextvars

from paritycheck.api import documents, problems
from paritycheck.api.authentication import TOKEN, refuse_in_url, token_of
from paritycheck.api.headers import harden, unless_known
from paritycheck.api.permissions import require_scope
from paritycheck.services.errors import Refused
from paritycheck.services.tokens import note_refusal, spend
from paritycheck_agent.wire import limits

TAKEN = "paritycheck.taken"
GZIP = 31
HEADER_BYTES = 256
# What the proxy lets through at most.
DROPPED_BYTES = 2 * 1024 * 1024
DROPPED_AT_ONCE = 64 * 1024
BAD_REQUEST = 400
# Mistakes of an agent or its token; who only comes too often is told so, and costs no more than that.
REMEMBERED = frozenset(range(400, 500)) - {429}
# Registered with a parameter that names the version of the document, which tells it itself.
VERSIONED = "application/vnd.cyclonedx+"


@dataclass(frozen=True, slots=True)
class WireCall:
    """What one call takes. `limit` bounds the bytes received, `decoded` what gzip may make of them.

    `also` are other media types that it takes. `signed`: there is no token, the view looks for a signature of the body.
    """

    method: str
    media_type: str
    limit: int
    decoded: int = 0
    spends: bool = False
    also: tuple[str, ...] = ()
    signed: bool = False

    @property
    def gzip(self) -> bool:
        """Whether the body may come compressed."""
        return self.decoded > 0


@dataclass(frozen=True, slots=True)
class Taken:
    """A body within its bounds. `gzipped` is what came, where it came compressed."""

    decoded: bytes
    gzipped: bytes | None


class BodyMiddleware:
    """Answers under `/api/`: refuses early, and sees to it that every error is a problem document."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Admit the request, let it be answered, harden the answer."""
        if not (request.path_info.startswith("/api/") or request.path_info == "/api"):
            return self.get_response(request)
        if settings.SECURE_SSL_REDIRECT and not request.is_secure():
            return self.get_response(request)
        response = self._refusal(request) or self.get_response(request)
        if response.status_code >= BAD_REQUEST and response.get("Content-Type") != documents.MEDIA_TYPE:
            problem = problems.BY_STATUS.get(response.status_code, problems.INTERNAL)
            response = documents.render(problem, request)
        _remember(request.META)
        response = unless_known(request, response)
        harden(request, response)
        return response

    def _refusal(self, request: HttpRequest) -> HttpResponse | None:
        with bound_contextvars(request_id=documents.request_id(request)):
            try:
                admit(request)
            except Exception as error:  # noqa: BLE001  outside Django's handlers: what escaped here would be HTML
                problem = problems.problem_of(error)
                if problem is None:
                    got_request_exception.send(sender=self.__class__, request=request)
                problems.note(problem, error)
                return documents.render(problem or problems.INTERNAL, request)
        return None


def admit(request: HttpRequest) -> None:
    """Raise unless the request may go on to its view; a wire call's body is then in `taken(request)`."""
    request.get_host()
    meta = request.META
    _check_size(meta, request.path_info)
    refuse_in_url(meta, request.path_info)
    view = _view_of(resolve(request.path_info))
    _check_method(request.method or "", view)
    call: WireCall | None = getattr(view, "wire", None)
    if call is None or request.method != call.method:
        return
    if not call.signed:
        token = token_of(meta)
        require_scope(token, view.scopes[call.method])
        if call.spends:
            spend(token=token)
    meta[TAKEN] = read(request, call)


def _remember(meta: dict[str, Any]) -> None:
    """What an agent was refused with stands beside its token, so that whoever waits for its report is told."""
    token, problem = meta.get(TOKEN), meta.get(documents.PROBLEM)
    if token is None or problem is None or problem.status not in REMEMBERED:
        return
    with suppress(DatabaseFailure):
        note_refusal(token=token, code=problem.code, detail=problem.detail)


def taken(request: Any) -> Taken:
    """The body that `admit` read for this request of Django's or DRF's."""
    found: Taken = request.META[TAKEN]
    return found


def _check_size(meta: dict[str, Any], path: str) -> None:
    if len(path.encode("utf-8", "surrogatepass")) + len(meta.get("QUERY_STRING", "")) > limits.URL_BYTES:
        raise Refused("url-too-long", 414, f"an address has at most {limits.URL_BYTES} bytes")
    headers = {name: value for name, value in meta.items() if name.startswith("HTTP_") and isinstance(value, str)}
    if sum(len(name) + len(value) for name, value in headers.items()) > limits.HEADERS_BYTES:
        raise Refused("bad-header", 400, f"headers have at most {limits.HEADERS_BYTES} bytes")
    key = headers.get("HTTP_IDEMPOTENCY_KEY", "")
    if len(key) > HEADER_BYTES or not (key.isascii() and key.isprintable()):
        raise Refused("bad-header", 400, f"Idempotency-Key has at most {HEADER_BYTES} printable characters")


def _view_of(match: ResolverMatch) -> Any:
    return getattr(match.func, "cls", None)


def _check_method(method: str, view: Any) -> None:
    allowed = [name.upper() for name in view.http_method_names if hasattr(view, name)]
    if "GET" in allowed and "HEAD" not in allowed:
        allowed.append("HEAD")
    if method in allowed:
        return
    raise MethodRefused(sorted(allowed))


class MethodRefused(Refused):
    """405, with the methods that are taken."""

    def __init__(self, allowed: list[str]) -> None:
        super().__init__("method-not-allowed", 405, "this address does not take this method")
        self.headers = {"Allow": ", ".join(allowed)}


def read(request: HttpRequest, call: WireCall) -> Taken:
    """Check the body's headers in the wire's order, then read and decode it within its bounds."""
    meta = request.META
    length = _length(request, call.limit)
    _check_type(meta.get("CONTENT_TYPE", ""), (call.media_type, *call.also))
    gzipped = _is_gzip(meta.get("HTTP_CONTENT_ENCODING", ""), call)
    data = _receive(request, length)
    if not gzipped:
        return Taken(data, None)
    return Taken(gunzip(data, call.decoded), data)


def _length(request: HttpRequest, limit: int) -> int:
    said = str(request.META.get("CONTENT_LENGTH") or "")
    if "HTTP_TRANSFER_ENCODING" in request.META or not said:
        raise Refused("length-required", 411, "send Content-Length, and no Transfer-Encoding")
    if not (said.isascii() and said.isdigit()):
        raise Refused("bad-header", 400, "Content-Length is no number")
    if len(said) > len(str(limits.INTEGER_MAX)) or int(said) > limit:
        _drop(request, said)
        raise Refused("body-too-large", 413, f"a body of this call has at most {limit} bytes")
    return int(said)


def _drop(request: HttpRequest, said: str) -> None:
    """Let a body that is a little too large arrive, and drop it: a client that is closed upon misses the answer."""
    if len(said) > len(str(DROPPED_BYTES)) or int(said) > DROPPED_BYTES:
        return
    with suppress(UnreadablePostError, OSError):
        while request.read(DROPPED_AT_ONCE):
            pass


def _check_type(said: str, wanted: tuple[str, ...]) -> None:
    media_type, *parameters = [part.strip() for part in said.split(";")]
    plain = {parameter.replace('"', "").lower() for parameter in parameters if parameter}
    if media_type.lower().startswith(VERSIONED):
        plain = {parameter for parameter in plain if not parameter.startswith("version=")}
    if media_type.lower() in wanted and plain <= {"charset=utf-8"}:
        return
    raise Refused("unsupported-media-type", 415, f"send Content-Type: {' or '.join(wanted)}")


def _is_gzip(said: str, call: WireCall) -> bool:
    encoding = said.strip().lower()
    if encoding in {"", "identity"}:
        return False
    if encoding == "gzip" and call.gzip:
        return True
    raise EncodingRefused("gzip, identity" if call.gzip else "identity")


class EncodingRefused(Refused):
    """415, with the encodings that are taken."""

    def __init__(self, accepted: str) -> None:
        super().__init__("unsupported-encoding", 415, f"taken here: {accepted}")
        self.headers = {"Accept-Encoding": accepted}


def _receive(request: HttpRequest, length: int) -> bytes:
    try:
        data = request.read(length) if length else b""
    except (UnreadablePostError, OSError):
        data = b""
    if len(data) != length:
        raise Refused("incomplete-body", 400, "the body ended before its Content-Length", retryable=True)
    return bytes(data)


def gunzip(data: bytes, limit: int) -> bytes:
    """The one gzip member that `data` is, at most `limit` bytes decoded and at most a hundred times as many.

    Never holds more than one byte beyond the bound.
    """
    if not data:
        return b""
    bound = min(limit, max(limits.GZIP_RATIO_FROM_BYTES, limits.GZIP_RATIO * len(data)))
    inflater = zlib.decompressobj(GZIP)
    try:
        decoded = inflater.decompress(data, bound + 1)
    except zlib.error:
        raise Refused("bad-encoding", 400, "the body is not gzip, or was damaged") from None
    if len(decoded) > bound:
        raise Refused("decoded-too-large", 413, f"decoded bodies have at most {limit} bytes and 100 times their gzip")
    if not inflater.eof or inflater.unused_data:
        raise Refused("bad-encoding", 400, "the body is not one whole gzip member")
    return decoded
