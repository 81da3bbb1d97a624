"""Accepting drifts, for a while: make a waiver, say beforehand what it would hide, end it."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q

from paritycheck.core.lifecycle import Change
from paritycheck.core.waiver_terms import Terms
from paritycheck.core.waivers import accept, rule_on
from paritycheck.models import Drift, DriftEvent, Environment, Pair, Project, User, Waiver
from paritycheck.models.drifts import DriftState
from paritycheck.selectors.access import may_waive
from paritycheck.selectors.policies import policy_of
from paritycheck.selectors.waivers import grant_of, held, key_of
from paritycheck.services.audit import record
from paritycheck.services.errors import Refused
from paritycheck.services.jobs import request_evaluation
from paritycheck.services.settle import HAND, By, settle_waivers

MOST_WAIVERS = 1_000
MOST_SHOWN = 50
DATE = "date"
LOOKED_BACK = timedelta(days=90)


def require_waiving(*, user: User | None, project: Project) -> User:
    """The person, if their role in the project allows waiving; Refused(forbidden) else."""
    if user is None or not may_waive(user, project):
        raise Refused("forbidden", 403, "waiving takes the role of a member or more")
    return user


def preview_waiver(*, project: Project, terms: Terms, now: datetime) -> list[Drift]:
    """The open drifts that the waiver would hide now."""
    waiver = _drafted(project, terms, User(), now)
    if terms.match:
        grant = grant_of(waiver)
        return [drift for drift in _open(project, waiver) if rule_on(held(drift), [grant], now).grant is not None]
    return [drift for drift in _chosen(project, waiver, terms) if drift.state == DriftState.OPEN]


def look_back(*, project: Project, terms: Terms, now: datetime) -> int:
    """How often in 90 days one of the drifts that it means opened; one that stood all that time counts once."""
    waiver, since = _drafted(project, terms, User(), now), now - LOOKED_BACK
    if terms.match:
        lived = ~Q(state=DriftState.RESOLVED) | Q(resolved_at__gt=since)
        rows, grant = project.drifts.filter(lived, _of_pair(waiver)).select_related("left", "right"), grant_of(waiver)
        meant = {drift.pk for drift in rows.iterator(500) if grant.takes(held(drift))}
    else:
        meant = {drift.pk for drift in _chosen(project, waiver, terms)}
    came = DriftEvent.objects.filter(project=project, at__gt=since, kind__in=(Change.OPENED, Change.REOPENED))
    counted = came.filter(drift__in=meant).values("drift").annotate(times=Count("pk"))
    again: int = sum(row["times"] - 1 for row in counted)
    return len(meant) + again


@transaction.atomic
def create_waiver(*, project: Project, user: User, terms: Terms, now: datetime) -> Waiver:
    """Make a waiver; what it covers is waived when this returns. Raises Refused(forbidden, invalid-waiver)."""
    require_waiving(user=user, project=project)
    if Waiver.objects.filter(project=project, ended_at=None).count() >= MOST_WAIVERS:
        raise invalid("match", f"a project has at most {MOST_WAIVERS} waivers at a time")
    waiver = _drafted(project, terms, user, now)
    pairs = _locked_pairs(project, waiver, terms)
    chosen = [] if terms.match else _chosen(project, waiver, terms)
    if not terms.match and not chosen:
        raise invalid("ratchet", "nothing is open there, so there is nothing to accept")
    waiver.drifts, waiver.title = len(chosen), _title(terms, chosen)
    if len({(drift.left_id, drift.right_id) for drift in chosen}) == 1:
        waiver.left, waiver.right = chosen[0].left, chosen[0].right
    waiver.save(force_insert=True)
    _accept(waiver, chosen)
    policy = policy_of(project)
    for pair in pairs:
        settle_waivers(pair=pair, policy=policy, now=now, by=By(user.email))
    _wake(pairs, waiver, now)
    _note("waiver.created", waiver, user)
    return waiver


@transaction.atomic
def end_waiver(*, waiver: Waiver, user: User, now: datetime) -> Waiver:
    """End a waiver early, or take it back: its drifts count again when this returns. Ending twice is ending once."""
    require_waiving(user=user, project=waiver.project)
    pairs = _locked_pairs(waiver.project, waiver, None)
    ended = Waiver.objects.filter(pk=waiver.pk, ended_at=None)
    if ended.update(ended_at=now, ended_by=user.email, ended_why=HAND):
        _note("waiver.ended", waiver, user)
    policy = policy_of(waiver.project)
    for pair in pairs:
        settle_waivers(pair=pair, policy=policy, now=now, by=By(user.email))
    request_evaluation(environments=[pair.left for pair in pairs], news=False)
    waiver.refresh_from_db()
    return waiver


@transaction.atomic
def end_due_waivers(*, now: datetime) -> int:
    """End those whose date has passed and make the evaluations due that reopen their drifts; how many there were."""
    rows = Waiver.objects.select_for_update(of=("self",), skip_locked=True).filter(ended_at=None, until__lte=now)
    due = list(rows.select_related("project", "left").order_by("pk")[:200])
    for waiver in due:
        waiver.ended_at, waiver.ended_why = now, DATE
        waiver.save(update_fields=["ended_at", "ended_why"])
        request_evaluation(environments=_environments(waiver))
        _note("waiver.ended", waiver, None)
    return len(due)


def _note(action: str, waiver: Waiver, by: User | None) -> None:
    said = {
        "id": str(waiver.pk),
        "reason": waiver.reason,
        "until": waiver.until.isoformat(timespec="seconds") if waiver.until else None,
    }
    if waiver.left and waiver.right:
        said["pair"] = f"{waiver.left.slug}..{waiver.right.slug}"
    record(action=action, by=by, project=waiver.project, target=waiver.title, detail=said)


def invalid(member: str, detail: str) -> Refused:
    """422 for one member of what was sent."""
    place = {"pointer": f"/{member}", "code": "invalid-waiver", "detail": detail}
    return Refused("invalid-waiver", 422, detail, errors=[place])


def _drafted(project: Project, terms: Terms, user: User, now: datetime) -> Waiver:
    left, right = _sides(project, terms.pair)
    return Waiver(
        project=project,
        left=left,
        right=right,
        match=terms.match,
        ratchet=terms.ratchet,
        reason=terms.reason,
        owner=terms.owner,
        until=terms.until,
        until_change=terms.until_change,
        until_converged=terms.until_converged,
        made_by=user.email,
        made_at=now,
    )


def _sides(project: Project, pair: str | None) -> tuple[Environment | None, Environment | None]:
    if pair is None:
        return None, None
    slugs = pair.split("..")
    found = {each.slug: each for each in project.environments.filter(slug__in=slugs)}
    if not set(slugs) <= set(found):
        raise invalid("pair", "this project has no such pair of environments")
    return found[slugs[0]], found[slugs[1]]


def _of_pair(waiver: Waiver) -> Q:
    return Q(left=waiver.left, right=waiver.right) if waiver.left_id else Q()


def _open(project: Project, waiver: Waiver) -> Sequence[Drift]:
    rows = project.drifts.filter(_of_pair(waiver), state=DriftState.OPEN)
    return list(rows.select_related("left", "right").order_by("section", "name", "rule", "id"))


def _chosen(project: Project, waiver: Waiver, terms: Terms) -> Sequence[Drift]:
    """The live drifts that are named one by one, or for a ratchet all that are open."""
    if terms.ratchet:
        return _open(project, waiver)
    rows = project.drifts.exclude(state=DriftState.RESOLVED).select_related("left", "right")
    found = list(rows.filter(_named(terms)).order_by("section", "name", "rule", "id"))
    if len(found) != len(terms.drifts):
        raise invalid("drifts", "one of these is no live drift of this project")
    return found


def _named(terms: Terms) -> Q:
    named = Q(pk__in=[])
    for ident in terms.drifts:
        named |= Q(pk__startswith=ident)
    return named


def _title(terms: Terms, chosen: Sequence[Drift]) -> str:
    """What it covers, in short."""
    if terms.match:
        return terms.match
    if len(chosen) == 1:
        return f"{chosen[0].section}/{chosen[0].name}:{chosen[0].rule}"
    return f"all {len(chosen)} that were open" if terms.ratchet else f"{len(chosen)} drifts, one by one"


def _accept(waiver: Waiver, chosen: Sequence[Drift]) -> None:
    """Note how bad each drift is that the waiver names; the rows are read anew behind their lock."""
    grant, rows = grant_of(waiver), Drift.objects.select_for_update(of=("self",)).select_related("left", "right")
    locked = list(rows.filter(pk__in=[drift.pk for drift in chosen]).order_by("id"))
    for drift in locked:
        drift.accepted = {**(drift.accepted or {}), key_of(waiver): list(accept(held(drift), grant))}
    Drift.objects.bulk_update(locked, ["accepted"])


def _locked_pairs(project: Project, waiver: Waiver, terms: Terms | None) -> list[Pair]:
    """The pairs it can reach, locked in the order of evaluations: by environment, the look inside first."""
    rows = Pair.objects.filter(_of_pair(waiver), project=project)
    if terms is not None and terms.drifts:
        sides = project.drifts.filter(_named(terms)).values_list("left_id", "right_id")
        wanted = Q(pk__in=[])
        for left, right in sides:
            wanted |= Q(left_id=left, right_id=right)
        rows = rows.filter(wanted)
    idents = [
        pair.pk for pair in sorted(rows, key=lambda each: (each.left_id, each.left_id != each.right_id, each.right_id))
    ]
    locked = Pair.objects.select_for_update(of=("self",)).select_related("project__policy", "left")
    return [locked.get(pk=ident) for ident in idents]


def _environments(waiver: Waiver) -> list[Environment]:
    if waiver.left is not None:
        return [waiver.left]
    return list(waiver.project.environments.filter(latest__isnull=False))


def _wake(pairs: Sequence[Pair], waiver: Waiver, now: datetime) -> None:
    """An evaluation at its end, which puts right what it covered."""
    if waiver.until is not None:
        delay = max(1, math.ceil((waiver.until - now).total_seconds()))
        request_evaluation(environments=[pair.left for pair in pairs], delay_s=delay, news=False)
