"""What a token may do: its scopes against those of the call, before any object is looked up."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from typing_extensions import override

from paritycheck.models import Token
from paritycheck.services.errors import Refused

if TYPE_CHECKING:
    # DRF's views import this module, by the settings' name for it.
    from rest_framework.views import APIView


def require_scope(token: Token, scopes: Collection[str]) -> None:
    """Raise Refused(forbidden) unless the token has one of the scopes."""
    if not set(scopes).intersection(token.scopes):
        raise Refused("forbidden", 403, "this token may not do that")


class HasScope(BasePermission):
    """Reads `scopes` of the view, a mapping of method to scopes; a view that names none is closed to all."""

    @override
    def has_permission(self, request: Request, view: "APIView") -> bool:
        scopes = getattr(view, "scopes", {}).get("GET" if request.method == "HEAD" else request.method, ())
        token = request.auth
        if not isinstance(token, Token):
            return False
        require_scope(token, scopes)
        return True
