"""However somebody becomes a member, they begin with errors at once and a digest on Monday, once."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

if TYPE_CHECKING:
    from paritycheck.models import Project, User

pytestmark = pytest.mark.django_db
DEFAULTS = [("at-once", "error", ""), ("digest", "note", "0 8 * * 1")]


@pytest.fixture
def project() -> Project:
    from paritycheck.models import Project

    return Project.objects.create(slug="shop")


def rules(user: User) -> list[tuple[str, str, str]]:
    rows = user.subscriptions.filter(ended_at=None).order_by("when")
    assert all((row.due_at is not None) == (row.when == "digest") for row in rows)
    return [(row.when, row.at_least, row.cron) for row in rows]


def test_by_bootstrap_and_by_an_invitation(project: Project) -> None:
    from paritycheck.models import User
    from paritycheck.services.projects import bootstrap_project, invite_user

    for _ in range(2):
        bootstrap_project(slug="shop", environments=[], admin_email="root@example.com")
        invite_user(email="bo@example.com", project=project, role="viewer")
    assert [rules(user) for user in User.objects.all()] == [DEFAULTS, DEFAULTS]


def test_by_the_admin_whose_acts_are_in_the_logs(project: Project) -> None:
    from paritycheck.models import AuditEntry, User

    client = Client()
    client.force_login(User.objects.create_superuser("root@example.com", "a password of some length"))
    bo = User.objects.create_user("bo@example.com")
    form = {"memberships-TOTAL_FORMS": "1", "memberships-INITIAL_FORMS": "0", "slug": "shop"}
    new = {"memberships-0-user": str(bo.pk), "memberships-0-role": "member", "memberships-0-project": str(project.pk)}
    answer = client.post(f"/admin/paritycheck/project/{project.pk}/change/", {**form, **new})
    assert answer.status_code == 302
    assert rules(bo) == DEFAULTS
    row = project.memberships.get(user=bo)
    there = {**new, "memberships-0-id": str(row.pk)}
    kept = {**form, "memberships-INITIAL_FORMS": "1", **there, "memberships-0-role": "owner"}
    assert client.post(f"/admin/paritycheck/project/{project.pk}/change/", kept).status_code == 302
    gone = {**kept, "memberships-0-DELETE": "on"}
    assert client.post(f"/admin/paritycheck/project/{project.pk}/change/", gone).status_code == 302
    told = AuditEntry.objects.filter(chain=project.pk, actor="root@example.com").order_by("number")
    assert [(one.action, one.target, one.detail) for one in told] == [
        ("member.added", "bo@example.com", {"role": "member"}),
        ("member.changed", "bo@example.com", {"role": "owner", "was": "member"}),
        ("member.removed", "bo@example.com", {"role": "owner"}),
    ]
    person = {"email": bo.email, "name": "Bo", "is_active": "on", "is_superuser": "on"}
    assert client.post(f"/admin/paritycheck/user/{bo.pk}/change/", person).status_code == 302
    assert client.post(f"/admin/paritycheck/user/{bo.pk}/delete/", {"post": "yes"}).status_code == 302
    page = " ".join(client.get("/system/audit?action=person").content.decode().split())
    for words in ("person changed <code>bo@example.com", "name: Bo; is superuser: True", "person removed"):
        assert words in page
    assert "project changed" not in page


def test_who_leaves_and_comes_back_finds_their_own(project: Project) -> None:
    from paritycheck.models import User
    from paritycheck.services.members import join_project
    from paritycheck.services.subscriptions import end_subscription

    bo = User.objects.create_user("bo@example.com")
    join_project(project=project, user=bo, role="member", now=timezone.now())
    end_subscription(subscription=bo.subscriptions.get(when="digest"), why="unsubscribed", now=timezone.now())
    bo.memberships.all().delete()
    assert join_project(project=project, user=bo, role="owner", now=timezone.now()).role == "owner"
    assert rules(bo) == DEFAULTS[:1]


def test_members_of_the_release_before_get_theirs_with_the_migration(project: Project) -> None:
    from paritycheck.models import User

    bo, ann = (User.objects.create_user(f"{name}@example.com") for name in ("bo", "ann"))
    for user in (bo, ann):
        project.memberships.create(user=user, role="member")
    own: dict[str, Any] = {"when": "at-once", "at_least": "note", "made_by": "ann", "made_at": timezone.now()}
    project.subscriptions.create(user=ann, **own)
    migration = importlib.import_module("paritycheck.migrations.0009_default_subscriptions")
    for _ in range(2):
        migration.give_defaults(apps, None)
    assert (rules(bo), rules(ann)) == (DEFAULTS, [("at-once", "note", "")])
    due = bo.subscriptions.get(when="digest").due_at
    assert due is not None
    assert (due.weekday(), due.hour, timedelta(0) < due - timezone.now() <= timedelta(days=7)) == (0, 8, True)


@pytest.mark.parametrize("day", range(7))
def test_the_next_monday_of_the_migration(day: int) -> None:
    migration = importlib.import_module("paritycheck.migrations.0009_default_subscriptions")
    now = datetime(2026, 11, 30, 7, 59, tzinfo=UTC) + timedelta(days=day)
    monday = datetime(2026, 12, 7, 8, tzinfo=UTC) if day else datetime(2026, 11, 30, 8, tzinfo=UTC)
    assert migration.next_monday(now) == monday
