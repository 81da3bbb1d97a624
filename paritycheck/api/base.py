"""What every view of the API shares."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, cast

from django.http import QueryDict
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView
from typing_extensions import override

from paritycheck.api.body import WireCall
from paritycheck.api.fields import answer_fields, chosen_fields, narrowed
from paritycheck.api.leaving import Leaving
from paritycheck.models import Token
from paritycheck.services.errors import Refused

Scopes = Mapping[str, Collection[str]]
READ = frozenset({"read"})
FIELDS = "fields"
OK = 200


class OnlyJson(BaseContentNegotiation):
    """JSON whatever the client says it accepts: there is nothing else, and an error must reach it too."""

    @override
    def select_parser(self, request: Request, parsers: Any) -> BaseParser:
        chosen: BaseParser = parsers[0]
        return chosen

    @override
    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """`scopes` maps a method to the scopes that may call it; `parameters` are the query parameters it knows,
    `several` those of them that may be given again.

    `wire` describes the body that `api/body.py` reads and bounds before the view runs.
    """

    content_negotiation_class = OnlyJson
    http_method_names = ["get", "head", "post", "put"]  # noqa: RUF012  Django's own form
    scopes: ClassVar[Scopes] = {}
    parameters: ClassVar[Collection[str]] = frozenset()
    several: ClassVar[Collection[str]] = frozenset()
    wire: ClassVar[WireCall | None] = None
    leaving: ClassVar[Leaving | None] = None
    chosen: frozenset[str] = frozenset()

    @override
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        known = answer_fields(self) if request.method in {"GET", "HEAD"} else ()
        check_parameters(request.query_params, {*self.parameters, FIELDS} if known else self.parameters, self.several)
        try:
            self.chosen = chosen_fields(request.query_params.get(FIELDS), known)
        except ValueError as error:
            raise bad_parameter(str(error)) from None

    @override
    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self.chosen and answer.status_code == OK:
            answer.data = narrowed(answer.data, self.chosen)
        for name, value in self.leaving.headers() if self.leaving else ():
            answer.headers[name] = value
        return answer

    @property
    @override
    def default_response_headers(self) -> dict[str, str]:
        """None: `Allow` stands with 405 only."""
        return {}

    @property
    def token(self) -> Token:
        """Who asks."""
        return cast("Token", self.request.auth)


def check_parameters(query: QueryDict, known: Collection[str], several: Collection[str] = ()) -> None:
    """Raise for a parameter that is unknown, given twice where it is one, or holds what no value may."""
    if set(query) - set(known):
        expected = ", ".join(sorted(known)) or "none"
        raise bad_parameter(f"a query parameter is not known; known here: {expected}")
    for name, values in query.lists():
        if (len(values) > 1 and name not in several) or any("\0" in value for value in values):
            raise bad_parameter(f"{name} is not valid")


def bad_parameter(detail: str) -> Refused:
    """400 for the query string; the detail never repeats a value."""
    return Refused("bad-parameter", 400, detail)


def nothing_here() -> Refused:
    """404, the same bytes for what is foreign and what does not exist."""
    return Refused("not-found", 404, "there is nothing here, or you have no access to it")
