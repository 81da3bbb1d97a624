"""Accounts of one person, linked by hand; what was linked is taken apart again by the same call."""

import re
from collections.abc import Collection, Sequence

from django.conf import settings
from django.db import transaction

from paritycheck.codec.people import person_key
from paritycheck.core.people import link, unlink
from paritycheck.models import PersonLink, Project, User
from paritycheck.selectors.people import accounts_of
from paritycheck.services.audit import record
from paritycheck.services.errors import Refused
from paritycheck.services.jobs import request_evaluation

MOST_ACCOUNTS = 50
SHOWN = 16
_IDENT = re.compile(r"[0-9a-f]{16}")
_ACCOUNT = re.compile(r"[^\s@]{1,200}@[^\s@]{1,253}|[a-z0-9.-]{1,253}:[^\s:@]{1,200}", re.IGNORECASE)


@transaction.atomic
def link_accounts(*, project: Project, accounts: Sequence[str], linked: bool, by: User) -> list[str]:
    """Make these accounts one person, or each a person of its own; the keys that are meant.

    An account is an e-mail address, `<provider>:<login>`, or the id that the list of people gives. Raises Refused:
    invalid-link. Gaps are judged anew.
    """
    least = 2 if linked else 1
    if not least <= len(accounts) <= MOST_ACCOUNTS:
        raise _invalid(f"name {least} to {MOST_ACCOUNTS} accounts", "/accounts")
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    keys = _keys(project, accounts)
    if len(set(keys)) < least:
        raise _invalid("these are one account already", "/accounts")
    before = dict(PersonLink.objects.filter(project=project).values_list("key", "person"))
    _store(project, before, link(before, keys) if linked else unlink(before, keys), by)
    request_evaluation(environments=project.environments.filter(latest__isnull=False))
    action = "people.linked" if linked else "people.unlinked"
    record(action=action, by=by, project=project, detail={"accounts": [key[:SHOWN] for key in keys]})
    return keys


def _store(project: Project, before: dict[str, str], after: dict[str, str], by: User) -> None:
    moved = {key: person for key, person in after.items() if before.get(key) != person}
    gone = [key for key in before if key not in after]
    PersonLink.objects.filter(project=project, key__in=[*moved, *gone]).delete()
    PersonLink.objects.bulk_create(
        PersonLink(project=project, key=key, person=person, linked_by=by) for key, person in sorted(moved.items())
    )


def _keys(project: Project, accounts: Sequence[str]) -> list[str]:
    """What is kept of each account."""
    seen: Collection[str] = ()
    if any(_IDENT.fullmatch(one) for one in accounts):
        seen = [account.key for account in accounts_of(project)]
    return [_key(one.strip(), seen, f"/accounts/{index}") for index, one in enumerate(accounts)]


def _key(text: str, seen: Collection[str], pointer: str) -> str:
    if _IDENT.fullmatch(text):
        key = next((key for key in seen if key.startswith(text)), None)
        if key is None:
            raise _invalid("no account of this project has this id", pointer)
        return key
    if _ACCOUNT.fullmatch(text) is None:
        raise _invalid("an account is an e-mail address, <provider>:<login>, or an id from the list of people", pointer)
    return person_key(text, settings.PEPPER)


def _invalid(detail: str, pointer: str) -> Refused:
    return Refused("invalid-link", 422, detail, errors=[{"pointer": pointer, "code": "invalid-link", "detail": detail}])
