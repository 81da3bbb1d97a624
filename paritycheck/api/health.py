"""The addresses that supervisors and monitoring ask."""

from typing import Any

from django.db import Error as DatabaseFailure
from django.db import connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from paritycheck.selectors.broker import is_broker_there
from paritycheck.selectors.health import is_migrated, processes_seen
from paritycheck.services.standing import NotConfirmedError

STRICT = "strict"


class _Migrations:
    """Found applied once, they stay applied for the life of this process."""

    applied = False


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all; asks nothing of anybody else."""
    del request
    return _answer(200, {"status": "alive"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when this process can serve, else 503: the database answers and is migrated.

    A broker that is away and processes that are late are named and make it `degraded`: reports are taken without
    them, so a proxy has to keep sending. With `?strict=1`, for monitoring, they are 503 too.
    """
    try:
        checks = _checks()
    except NotConfirmedError:
        return _answer(503, {"status": "not-ready", "database": "restored"}, retry_after="5")
    except DatabaseFailure:
        connections.close_all()
        return _answer(503, {"status": "not-ready", "database": "unavailable"}, retry_after="5")
    if checks["migrations"] != "applied":
        return _answer(503, {"status": "not-ready", **checks}, retry_after="5")
    whole = checks["broker"] == "ok" and not any(said["late"] for said in checks["processes"].values())
    status = 200 if whole or request.GET.get(STRICT) != "1" else 503
    return _answer(status, {"status": "ready" if whole else "degraded", **checks})


def _checks() -> dict[str, Any]:
    _Migrations.applied = _Migrations.applied or is_migrated()
    migrations = "applied" if _Migrations.applied else "waiting"
    processes = processes_seen() if _Migrations.applied else []
    return {
        "database": "ok",
        "migrations": migrations,
        "broker": "ok" if is_broker_there() else "unavailable",
        "processes": {seen.name: {"age_s": seen.age_s, "late": seen.late} for seen in processes},
    }


def _answer(status: int, body: dict[str, Any], retry_after: str = "") -> HttpResponse:
    response = JsonResponse(body, status=status)
    response.headers["Cache-Control"] = "no-store"
    if retry_after:
        response.headers["Retry-After"] = retry_after
    return response
