"""`/api/v1/projects/{project}/people`: who is who, and linking the accounts of one person by hand."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from paritycheck.api.base import READ, Scopes, nothing_here
from paritycheck.api.body import WireCall, taken
from paritycheck.api.schema import GONE, READ_REFUSALS, REFUSALS
from paritycheck.api.shapes import ProjectApiView
from paritycheck.models import Project
from paritycheck.selectors.access import may_maintain
from paritycheck.selectors.people import Account, Known, accounts_of, known_people
from paritycheck.selectors.projects import find_project
from paritycheck.services.errors import Refused
from paritycheck.services.people import MOST_ACCOUNTS, link_accounts
from paritycheck_agent.wire import limits
from paritycheck_agent.wire.errors import Invalid
from paritycheck_agent.wire.reading import read_json

MOST_PEOPLE = 1_000
IDENT = 16


class AccountSerializer(serializers.Serializer[Any]):
    """One address or login; the address itself is not kept."""

    id = serializers.CharField(help_text="To link it with others.")
    names = serializers.ListField(child=serializers.CharField())


class PersonSerializer(serializers.Serializer[Any]):
    """A person with all their accounts."""

    name = serializers.CharField()
    bot = serializers.BooleanField(help_text="A program: its commits and deploys are left out of the gap.")
    team = serializers.CharField(allow_null=True)
    accounts = AccountSerializer(many=True)


class PeopleSerializer(serializers.Serializer[Any]):
    """Everybody who wrote a commit or took part in a deploy, in order of name; nothing is counted of anybody."""

    people = PersonSerializer(many=True)
    more = serializers.BooleanField(help_text=f"Whether there are more than the {MOST_PEOPLE} that are shown.")


class LinkSerializer(serializers.Serializer[Any]):
    """Accounts to make one person of, or to take apart."""

    accounts = serializers.ListField(
        child=serializers.CharField(),
        max_length=MOST_ACCOUNTS,
        help_text="E-mail addresses, `<provider>:<login>`, or ids from the list of people.",
    )
    linked = serializers.BooleanField(required=False, default=True, help_text="false takes each out of its person.")


def people_document(project: Project, keys: frozenset[str] | None = None) -> dict[str, Any]:
    """The people of a project; with `keys` those alone who have one of these accounts."""
    known = known_people(project)
    groups: dict[str, list[Account]] = {}
    for account in accounts_of(project):
        groups.setdefault(known.people.person(account.key), []).append(account)
    found = [_person(person, accounts, known) for person, accounts in groups.items() if _meant(accounts, keys)]
    found.sort(key=lambda one: (one["name"].casefold(), one["name"], one["accounts"][0]["id"]))
    return {"people": found[:MOST_PEOPLE], "more": len(found) > MOST_PEOPLE}


def _meant(accounts: list[Account], keys: frozenset[str] | None) -> bool:
    return keys is None or any(account.key in keys for account in accounts)


def _person(person: str, accounts: list[Account], known: Known) -> dict[str, Any]:
    names = sorted({name for account in accounts for name in account.names}, key=lambda name: (-len(name), name))
    return {
        "name": names[0] if names else "",
        "bot": all(account.bot for account in accounts),
        "team": known.teams.get(person),
        "accounts": [{"id": account.key[:IDENT], "names": list(account.names)} for account in accounts],
    }


class PeopleView(ProjectApiView):
    """Who is who."""

    scopes: ClassVar[Scopes] = {"GET": READ}

    @extend_schema(
        operation_id="list_people",
        summary="Who wrote and who ships, by account",
        responses={200: PeopleSerializer, **READ_REFUSALS},
    )
    def get(self, request: Request, project: str) -> Response:
        """In order of name."""
        del request, project
        return Response(people_document(self.project()))


class PeopleLinksView(ProjectApiView):
    """Links accounts; for maintainers."""

    scopes: ClassVar[Scopes] = {"POST": {"write"}}
    wire = WireCall("POST", "application/json", limits.REPORT_BYTES)

    @extend_schema(
        operation_id="link_people",
        summary="Make several accounts one person",
        request=LinkSerializer,
        responses={200: PeopleSerializer, **REFUSALS, **GONE},
    )
    def post(self, request: Request, project: str) -> Response:
        """Link the accounts, or take them apart; the people they then are, as far as they were seen."""
        accounts, linked = read_link(taken(request).decoded)
        found = find_project(self.token, project)
        if found is None:
            raise nothing_here()
        user = self.token.user
        if user is None or not may_maintain(user, found):
            raise Refused("forbidden", 403, "only maintainers and owners of the project link accounts")
        keys = link_accounts(project=found, accounts=accounts, linked=linked, by=user)
        return Response(people_document(found, frozenset(keys)))


def read_link(data: bytes) -> tuple[list[str], bool]:
    """Accounts and whether to link them. Raises Invalid: unknown-field, invalid-link."""
    document = read_json(data)
    if not isinstance(document, dict):
        raise Invalid("invalid-link", "the body is a JSON object", status=422)
    if set(document) - {"accounts", "linked"}:
        raise Invalid("unknown-field", "a field is not known; known here: accounts, linked", status=422)
    accounts, linked = document.get("accounts"), document.get("linked", True)
    if not (isinstance(accounts, list) and all(isinstance(one, str) for one in accounts)):
        raise Invalid("invalid-link", "accounts is an array of texts", status=422)
    if not isinstance(linked, bool):
        raise Invalid("invalid-link", "linked is true or false", status=422)
    return accounts, linked
