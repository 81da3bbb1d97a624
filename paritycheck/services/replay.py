"""Takes away again, from a restored database, what had been taken away after its backup.

Where a line cannot say whether something was given back later, it is taken away: to give it again is one act of an
administrator, and somebody who is in and should not be is a breach.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Q

from paritycheck.models import Membership, Project, Token, Trust, User
from paritycheck.models.people import Role
from paritycheck.services.audit import record
from paritycheck.services.revocation_file import Line
from paritycheck.services.standing import count_missing
from paritycheck.services.tokens import revoke_token

WHY: Final = "it had been revoked before the restore"
_RIGHTS: Final = ("is_active", "is_staff", "is_superuser")
_ROLES: Final = tuple(Role.values)


@transaction.atomic
def replay_lines(*, lines: Iterable[Line]) -> Counter[str]:
    """Do what the lines say that are no entries of this database; how often each kind of act changed something."""
    done: Counter[str] = Counter()
    for line in sorted(lines, key=lambda each: each.at):
        if count_missing(connection.connection, [line]) and _ACTS[line.action](line):
            done[line.action] += 1
    return done


@transaction.atomic
def end_everything() -> Counter[str]:
    """Without the file: end every token, and forget every pipeline that is trusted."""
    done: Counter[str] = Counter()
    for token in Token.objects.filter(revoked_at=None).select_related("project", "environment").order_by("pk"):
        revoke_token(token=token, why="the revocation file was lost before a restore")
        done["token.revoked"] += 1
    for trust in Trust.objects.select_related("project"):
        done["trust.removed"] += _drop_trust(trust)
    return done


def end_sessions() -> int:
    """End every session: which of them had ended since the backup nobody knows."""
    return int(Session.objects.all().delete()[0])


def _token(line: Line) -> bool:
    token = Token.objects.select_related("project", "environment").filter(
        pk=line.target.partition("_")[2], revoked_at=None
    ).first()  # fmt: skip
    if token is not None:
        revoke_token(token=token, why=WHY)
    return token is not None


def _trust(line: Line) -> bool:
    trust = Trust.objects.select_related("project").filter(pk=UUID(str(line.detail["id"]))).first()
    return bool(trust and _drop_trust(trust))


def _drop_trust(trust: Trust) -> int:
    record(action="trust.removed", by=None, project=trust.project, target=str(trust), detail={"id": str(trust.pk)})
    return int(trust.delete()[0])


def _member(line: Line) -> bool:
    """Out, or down to the role that they were given; never up."""
    row = Membership.objects.select_related("project", "user").filter(
        project=line.chain, user__email=line.target.lower()
    ).first()  # fmt: skip
    if row is None:
        return False
    role, removed = str(line.detail.get("role", "")), line.action == "member.removed"
    said = {"role": row.role if removed else role, "was": row.role, "why": WHY}
    if removed:
        row.delete()
    elif role not in _ROLES or _ROLES.index(role) >= _ROLES.index(row.role):
        return False
    else:
        Membership.objects.filter(pk=row.pk).update(role=role)
    record(action=line.action, by=None, project=row.project, target=row.user.email, detail=said)
    return True


def _person(line: Line) -> bool:
    """Rights that were taken from somebody; who was removed is switched off."""
    removed = line.action == "person.removed"
    lost = ["is_active"] if removed else [name for name in _RIGHTS if line.detail.get(name) == "False"]
    held = Q()
    for name in lost:
        held |= Q(**{name: True})
    user = User.objects.filter(held, email=line.target).first() if lost else None
    if user is None:
        return False
    User.objects.filter(pk=user.pk).update(**dict.fromkeys(lost, False))
    record(
        action="person.changed", by=None, target=user.email, detail={**dict.fromkeys(lost, "False"), "why": WHY}
    )  # fmt: skip
    return True


def _project(line: Line) -> bool:
    """It is back; what reached it from outside is not."""
    project = Project.objects.filter(slug=line.target).first()
    if project is None:
        return False
    live = Token.objects.filter(project=project, revoked_at=None).select_related("project", "environment")
    done = 0
    for token in live:
        revoke_token(token=token, why=WHY)
        done += 1
    return bool(done + sum(map(_drop_trust, Trust.objects.filter(project=project).select_related("project"))))


def _password(line: Line) -> bool:
    """The old one is nobody's; a new one is chosen by mail, or set by `paritycheck changepassword`."""
    user = User.objects.filter(email=line.target).first()
    if user is None or not user.has_usable_password():
        return False
    user.set_unusable_password()
    user.save(update_fields=["password"])
    record(action="password.set", by=None, target=user.email, detail={"why": WHY})
    return True


def _factors(line: Line) -> bool:
    """Those of the kind that was removed: which of several it was the line does not say."""
    kind = line.detail.get("factor")
    of = Authenticator.objects.filter(user__email=line.target)
    count = (of.filter(type=kind) if kind else of).delete()[0]
    if count:
        record(action="account.factors-dropped", by=None, target=line.target, detail={"count": count, "why": WHY})
    return bool(count)


_ACTS: Final[dict[str, Callable[[Line], bool]]] = {
    "token.revoked": _token,
    "trust.removed": _trust,
    "member.removed": _member,
    "member.changed": _member,
    "person.changed": _person,
    "person.removed": _person,
    "project.removed": _project,
    "password.set": _password,
    "account.password-changed": _password,
    "account.password-reset": _password,
    "account.factor-removed": _factors,
    "account.factor-renewed": _factors,
    "account.factors-dropped": _factors,
}
