"""A waiver from its making to its end, by the roads that work takes: evaluation, the beat's sweep, the gate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.services.conftest import stripe

if TYPE_CHECKING:
    from paritycheck.models import Drift, User, Waiver
    from tests.services.conftest import Shop

pytestmark = pytest.mark.django_db
REASONED = {"reason": "upgrade planned, OPS-118", "owner": "maria@example.com"}
FILE = """
[[waivers]]
match = "dependencies/pkg:pypi/stripe"
pair = "staging..production"
reason = "upgrade planned"
owner = "maria@example.com"
"""


@pytest.fixture
def maria(shop: Shop) -> User:
    """A member who wants to be told of every drift at once."""
    from paritycheck.models import Subscription, User
    from paritycheck.services.members import join_project

    user = User.objects.create_user("maria@example.com")
    join_project(project=shop.project, user=user, role="member", now=shop.now)
    Subscription.objects.filter(user=user, when="at-once").update(at_least="note")
    return user


@pytest.fixture
def drift(shop: Shop) -> Drift:
    """staging has stripe 13.3, production 13.2: one drift, a minor apart."""
    shop.report("production", stripe("13.2.0"))
    shop.report("staging", stripe("13.3.0"))
    shop.evaluate()
    return shop.drifts()[0]


def waive(shop: Shop, user: User, **said: Any) -> Waiver:
    from paritycheck.core.waiver_terms import read_terms
    from paritycheck.services.waivers import create_waiver

    terms = read_terms({**REASONED, **said}, shop.now)
    return create_waiver(project=shop.project, user=user, terms=terms, now=shop.now)


def life(drift: Drift) -> list[tuple[str, str, str]]:
    return list(drift.events.order_by("id").values_list("kind", "actor", "why"))


def test_waiving_one_drift_hides_it_at_once_and_says_who_and_why(shop: Shop, maria: User, drift: Drift) -> None:
    waiver = waive(shop, maria, drift=drift.id, until=_date(shop, 18))
    drift.refresh_from_db()
    assert drift.state == "waived"
    assert (drift.waiver or {})["id"] == str(waiver.pk)
    assert life(drift)[-1] == ("waived", "maria@example.com", "upgrade planned, OPS-118")


def _date(shop: Shop, days: int) -> str:
    return (shop.now + timedelta(days=days)).date().isoformat()


def test_ending_it_early_brings_the_drift_back_with_who_did_it(shop: Shop, maria: User, drift: Drift) -> None:
    from paritycheck.services.waivers import end_waiver

    waiver = waive(shop, maria, drift=drift.id, until=_date(shop, 18))
    end_waiver(waiver=waiver, user=maria, now=shop.now)
    drift.refresh_from_db()
    assert (drift.state, drift.waiver) == ("open", None)
    assert life(drift)[-1] == ("unwaived", "maria@example.com", "hand")
    again = end_waiver(waiver=waiver, user=maria, now=shop.now)
    assert (again.ended_by, len(life(drift))) == ("maria@example.com", 3)


def test_what_gets_worse_than_accepted_is_open_again_and_told(shop: Shop, maria: User, drift: Drift) -> None:
    waive(shop, maria, drift=drift.id, until=_date(shop, 18))
    shop.report("staging", stripe("13.4.0"))
    shop.evaluate()
    assert shop.said("waived"), "another minor is no worse"
    shop.report("staging", stripe("14.0.0"))
    shop.evaluate()
    assert shop.said("open")
    assert [kind for kind, _, _ in life(drift)] == ["opened", "waived", "changed", "worsened", "unwaived"]
    assert life(drift)[-1][2] == "worse"
    shop.report("staging", stripe("13.4.0"))
    shop.evaluate()
    assert shop.said("waived"), "no worse than accepted any more"


def test_until_change_ends_with_the_first_change_of_either_side(shop: Shop, maria: User, drift: Drift) -> None:
    waive(shop, maria, drift=drift.id, until_change=True)
    shop.report("production", stripe("13.2.1"))
    shop.evaluate()
    assert life(drift)[-1] == ("unwaived", "", "changed")
    shop.report("production", stripe("13.2.0"))
    shop.evaluate()
    assert shop.said("open"), "it is over for good"


def test_until_converged_does_not_outlive_a_convergence(shop: Shop, maria: User, drift: Drift) -> None:
    waive(shop, maria, drift=drift.id, until_converged=True)
    shop.report("staging", stripe("13.2.0"))
    shop.evaluate()
    assert shop.said("resolved")
    shop.report("staging", stripe("13.3.0"))
    shop.evaluate()
    assert shop.said("open")


def test_unknown_neither_converges_nor_ends(shop: Shop, maria: User, drift: Drift) -> None:
    waive(shop, maria, drift=drift.id, until_converged=True, until_change=True)
    shop.report("staging", reason="collector-failed")
    shop.evaluate()
    assert shop.said("waived")


def test_a_date_lasts_over_a_resolution(shop: Shop, maria: User, drift: Drift) -> None:
    waive(shop, maria, match="dependencies/*", until=_date(shop, 18))
    for version in ("13.2.0", "13.3.0"):
        shop.report("staging", stripe(version))
        shop.evaluate()
    assert shop.said("waived")
    assert [kind for kind, _, _ in life(drift)][-2:] == ["reopened", "waived"]


def test_a_pattern_takes_in_what_opens_later_but_not_a_disappearance(shop: Shop, maria: User, drift: Drift) -> None:
    del drift
    waive(shop, maria, match="dependencies/pkg:pypi/*", until=_date(shop, 18))
    shop.report("development", stripe("14.0.0"))
    shop.evaluate()
    assert len(shop.said("waived")) == 2
    shop.report("staging", stripe("13.3.0")[1:])
    shop.evaluate()
    assert [rule for _, _, rule in shop.said("open")] == ["missing"]


def test_a_ratchet_accepts_all_of_today_and_nothing_of_tomorrow(shop: Shop, maria: User, drift: Drift) -> None:
    waive(shop, maria, ratchet=True, pair="staging..production")
    assert not shop.said("open")
    shop.report("development", stripe("14.0.0"))
    shop.evaluate()
    assert [pair for pair, _, _ in shop.said("open")] == ["development..production"]
    shop.report("staging", stripe("14.0.0"))
    shop.evaluate()
    drift.refresh_from_db()
    assert drift.state == "open", "worse than accepted"
    for version in ("13.2.0", "13.3.0"):
        shop.report("staging", stripe(version))
        shop.evaluate()
    drift.refresh_from_db()
    assert drift.state == "open", "what was mended may not come back"


def test_the_policy_file_waives_by_itself_and_a_file_without_it_reopens(shop: Shop, drift: Drift) -> None:
    until = (shop.now + timedelta(days=9)).date().isoformat()
    shop.report("production", stripe("13.2.0"), policy=f"{FILE}until = {until}\n")
    shop.evaluate()
    drift.refresh_from_db()
    document = drift.waiver or {}
    assert (drift.state, document["source"], document["line"]) == ("waived", "policy", 2)
    shop.report("production", stripe("13.2.0"), policy="[time]\n")
    shop.evaluate()
    assert life(drift)[-1] == ("unwaived", "", "removed")


def test_a_waived_drift_is_told_to_nobody_and_one_that_worsens_is(shop: Shop, maria: User, drift: Drift) -> None:
    from paritycheck.models import Delivery
    from paritycheck.services.route import route_project

    waive(shop, maria, drift=drift.id, until=_date(shop, 18))
    route_project(project_id=shop.project.pk, now=shop.now + timedelta(minutes=1))
    assert not Delivery.objects.exists()
    shop.report("staging", stripe("14.0.0"))
    shop.evaluate()
    route_project(project_id=shop.project.pk, now=shop.now + timedelta(minutes=1))
    assert Delivery.objects.count() == 1


def test_a_viewer_waives_nothing(shop: Shop, maria: User, drift: Drift) -> None:
    from paritycheck.services.errors import Refused

    shop.project.memberships.update(role="viewer")
    with pytest.raises(Refused, match="forbidden"):
        waive(shop, maria, drift=drift.id, until_change=True)
    drift.refresh_from_db()
    assert drift.state == "open"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("source", ["person", "policy"])
def test_an_ended_waiver_reopens_its_drift_with_the_next_sweep(
    shop: Shop, maria: User, drift: Drift, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep runs every 15 s; time is moved in the database, and the broker is away."""
    from paritycheck.models import Drift, Job, Waiver
    from paritycheck.tasks import sweep

    monkeypatch.setattr(sweep, "publish", lambda _wakes: False)
    until = datetime.now(UTC) + timedelta(hours=1)
    if source == "person":
        waive(shop, maria, drift=drift.id, until=until.isoformat())
    else:
        shop.report("production", stripe("13.2.0"), policy=f"{FILE}until = {until.isoformat()}\n")
        shop.evaluate()
    sweep.sweep()
    assert Drift.objects.get(pk=drift.pk).state == "waived", "not before its time"
    job = Job.objects.get(environment__slug="staging")
    assert job.state == "due"
    assert abs(job.due_at - until) < timedelta(seconds=5), "an evaluation is due at its end"

    _an_hour_passes(Waiver, job, source, monkeypatch)
    sweep.sweep()
    found = Drift.objects.get(pk=drift.pk)
    assert (found.state, found.waiver) == ("open", None)
    assert life(found)[-1] == ("unwaived", "", "date")


def _an_hour_passes(waivers: Any, job: Any, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that the database holds is moved back; a policy's text cannot be, so there the clock goes on."""
    from paritycheck.models import Job
    from paritycheck.selectors import clock

    hour = timedelta(hours=1, seconds=10)
    Job.objects.filter(pk=job.pk).update(due_at=job.due_at - hour)
    if source == "person":
        waiver = waivers.objects.get()
        waivers.objects.update(until=waiver.until - hour)
    else:
        later = clock.now() + hour
        monkeypatch.setattr(clock, "now", lambda: later)


@pytest.mark.django_db(transaction=True)
def test_a_waiver_that_ends_while_its_job_was_given_up_still_reopens(
    shop: Shop, maria: User, drift: Drift, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paritycheck.models import Drift, Job, Waiver
    from paritycheck.tasks import sweep

    monkeypatch.setattr(sweep, "publish", lambda _wakes: False)
    waive(shop, maria, drift=drift.id, until=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    Job.objects.update(state="dead")
    Waiver.objects.update(until=datetime.now(UTC) - timedelta(seconds=1))
    sweep.sweep()
    assert Drift.objects.get(pk=drift.pk).state == "open"


@pytest.mark.usefixtures("drift")
def test_a_waiver_that_the_file_keeps_after_its_date_is_unused_and_ends_no_more(shop: Shop) -> None:
    from paritycheck.models import Project
    from paritycheck.selectors.waivers import ending_within, unused_waivers
    from paritycheck.web.waiving import end_words

    def with_end(days: int) -> Project:
        until = (shop.now + timedelta(days=days)).date().isoformat()
        shop.report("production", stripe("13.2.0"), policy=f"{FILE}until = {until}\n")
        shop.evaluate()
        return Project.objects.get(pk=shop.project.pk)

    project = with_end(3)
    (near,) = ending_within(project, shop.now, timedelta(days=5))
    assert (near.covers, near.ending, unused_waivers(project, shop.now)) == (1, True, [])
    assert ending_within(project, shop.now, timedelta(days=2)) == []
    project = with_end(-3)
    (over,) = unused_waivers(project, shop.now)
    assert (over.ending, ending_within(project, shop.now, timedelta(days=5))) == (False, [])
    assert end_words(over.document).startswith("ended ")
