"""One JSON object a line to stdout, with the request's id; never a body, a header or a token."""

import logging
import logging.config
import re
import uuid
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

LONGEST_VALUE = 256
TOKEN = re.compile(r"\bpc[aegu]_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}\b")
CREDENTIALS = re.compile(r"://[^/\s@]*@")


def clean(text: str) -> str:
    """`text` without tokens and URL credentials, cut at a length that keeps a line readable."""
    safe = CREDENTIALS.sub("://***@", TOKEN.sub("***", text))
    return safe if len(safe) <= LONGEST_VALUE else safe[:LONGEST_VALUE] + "…"


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: every text of an event goes through `clean`; tracebacks keep their length."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = CREDENTIALS.sub("://***@", TOKEN.sub("***", value)) if key == "exception" else clean(value)
    return event


def configure(options: dict[str, Any]) -> None:
    """Called by Django with `LOGGING`; `level` is the root's."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Ours and everybody else's lines leave through one formatter, so that both are redacted.
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.format_exc_info,
                        redact,
                        structlog.processors.JSONRenderer(),
                    ],
                },
            },
            "handlers": {
                "stdout": {
                    "class": "logging.StreamHandler",
                    "stream": "ext://sys.stdout",
                    "formatter": "json",
                },
            },
            "root": {"level": options.get("level", "INFO"), "handlers": ["stdout"]},
            "loggers": {
                # Refused requests are the access log's matter, and their paths can hold anything.
                "django.request": {"level": "ERROR"},
                "django.security.DisallowedHost": {"level": "CRITICAL"},
                "psycopg.pool": {"level": "ERROR"},
            },
        },
    )


class RequestIdMiddleware:
    """Gives each request an id that its log lines and its problem documents share."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Bind the id for the time of the request."""
        request_id = request.META.setdefault("paritycheck.request_id", str(uuid.uuid4()))
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            return self.get_response(request)
