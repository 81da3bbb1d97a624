"""The audit log: it only grows, and each entry is bound to the one before."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, ProgrammingError, connection, transaction
from django.utils import timezone

from paritycheck.codec.digests import digest_of
from paritycheck.models import AuditEntry, Project, User
from paritycheck.models.audit import INSTALLATION
from paritycheck.services.audit import FIRST, SHORTENED, append, farewell, record, sealed_text
from paritycheck.services.channel_health import shut
from paritycheck.services.retention import delete_old_rows
from paritycheck.services.waivers import end_due_waivers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django import Settings

pytestmark = pytest.mark.django_db


def test_entries_are_numbered_named_and_bound_to_each_other() -> None:
    shop, other = Project.objects.create(slug="shop"), Project.objects.create(slug="other")
    ada = User.objects.create_user("ada@example.com")
    record(action="member.added", by=ada, project=shop, target="bob@example.com", detail={"role": "viewer"})
    record(action="project.created", by=None, project=other)
    record(action="member.removed", by=ada, project=shop, target="bob@example.com")
    record(action="installation.changed", by=None)
    entries = list(AuditEntry.objects.filter(chain=shop.pk).order_by("number"))
    assert [(one.number, one.actor, one.action) for one in entries] == [
        (1, "ada@example.com", "member.added"),
        (2, "ada@example.com", "member.removed"),
    ]
    assert bytes(entries[0].previous) == FIRST
    assert all(bytes(after.previous) == bytes(before.sha256) for before, after in pairwise(entries))
    assert all(bytes(one.sha256) == digest_of(sealed_text(one)) for one in AuditEntry.objects.all())
    assert AuditEntry.objects.filter(number=1).count() == 3


def test_an_entry_can_be_neither_changed_nor_taken_out() -> None:
    entry = record(action="installation.changed", by=None)
    for act in (AuditEntry.objects.filter(pk=entry.pk).delete, lambda: AuditEntry.objects.update(actor="eve")):
        with pytest.raises((InternalError, ProgrammingError), match="only grows"), transaction.atomic():
            act()
    assert AuditEntry.objects.get().actor == "system"


@contextmanager
def unguarded() -> Iterator[None]:
    """As somebody who owns the database, and switches the guard off."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE paritycheck_auditentry DISABLE TRIGGER audit_append_only")
        yield
        cursor.execute("ALTER TABLE paritycheck_auditentry ENABLE TRIGGER audit_append_only")


def verify(*arguments: str) -> str:
    """What the command says, whether it ends with 0 or not."""
    said = StringIO()
    try:
        call_command("audit", "verify", *arguments, stdout=said)
    except CommandError as error:
        return str(error) if error.returncode == 1 else ""
    return said.getvalue()


def test_who_rewrites_the_database_breaks_the_chain_where_they_did() -> None:
    shop = Project.objects.create(slug="shop")
    detail = {"until": 1.5, "a": [1, "ä"]}
    for number in range(1, 6):
        record(action="waiver.created", by=None, project=shop, target=f"w{number}", detail=detail)
    record(action="installation.changed", by=None)
    head = verify("--project", "shop").rpartition(" ")[2].strip()
    rows = AuditEntry.objects.filter(chain=shop.pk)
    assert "the installation: 1 entries hold" in verify()
    for change, said in (
        (lambda: rows.filter(number=3).update(actor="eve@example.com"), "shop: broken at entry 3: it was changed."),
        (lambda: rows.filter(number=3).delete(), "shop: broken at entry 3: it is missing."),
        (lambda: rows.filter(number=2).update(detail={}), "shop: broken at entry 2: it was changed."),
        (lambda: rows.filter(number=4).update(previous=FIRST), "shop: broken at entry 4: it does not follow"),
    ):
        with transaction.atomic():
            with unguarded():
                change()
            assert verify("--project", "shop").startswith(said)
            assert said in verify()
            transaction.set_rollback(True)
    assert verify("--project", "shop", "--head", head).startswith("shop: 5 entries hold, head 5:")


def test_a_log_that_was_cut_at_its_end_shows_beside_a_head_that_was_kept() -> None:
    shop = Project.objects.create(slug="shop")
    for _ in range(3):
        record(action="waiver.created", by=None, project=shop)
    head = verify("--project", "shop").rpartition(" ")[2].strip()
    with unguarded():
        AuditEntry.objects.filter(number=3).delete()
    assert verify("--project", "shop").startswith("shop: 2 entries hold")
    assert verify("--project", "shop", "--head", head).startswith("entry 3 is gone: the log was cut")
    record(action="waiver.ended", by=None, project=shop)
    assert verify("--project", "shop", "--head", head).startswith("entry 3 is not the one that was kept")
    for wrong in (["--head", head], ["--project", "nothing"], ["--project", "shop", "--head", "x"]):
        assert "hold" not in verify(*wrong)


def test_an_end_by_date_and_a_channel_that_fails_are_the_systems() -> None:
    shop = Project.objects.create(slug="shop")
    now = timezone.now()
    shop.waivers.create(
        match="config/*", title="config/*", reason="for now", owner="ann", until=now, made_by="ann", made_at=now
    )
    channel = shop.channels.create(kind="slack", name="#ops", config=b"", made_by="ann", made_at=now)
    end_due_waivers(now=now)
    for _ in range(2):
        shut(channel=channel, reason="410 gone", now=now)
    said = [(one.actor, one.action, one.target) for one in AuditEntry.objects.filter(chain=shop.pk).order_by("number")]
    assert said == [("system", "waiver.ended", "config/*"), ("system", "channel.off", "#ops")]


def age(days: float, *, first: int = 1, last: int) -> None:
    """Give entries of the shop another age, as if they had been written then."""
    previous = FIRST
    with unguarded():
        for entry in AuditEntry.objects.exclude(chain=INSTALLATION).order_by("number"):
            if first <= entry.number <= last:
                entry.at = timezone.now() - timedelta(days=days)
            entry.previous, entry.sha256 = previous, b""
            previous = entry.sha256 = digest_of(sealed_text(entry))
            entry.save(force_update=True)


def written(count: int) -> Project:
    shop = Project.objects.create(slug="shop")
    for number in range(count):
        record(action="waiver.created", by=None, project=shop, target=f"w{number}", detail={"a": [1, "ä"]})
    return shop


def test_entries_older_than_a_year_go_and_what_is_left_holds_up_to_its_head(settings: Settings) -> None:
    shop = written(6)
    age(400, last=4)
    head = verify("--project", "shop").rpartition(" ")[2].strip()
    settings.KEEP_DAYS = {**settings.KEEP_DAYS, "audit": 500}
    delete_old_rows()
    assert AuditEntry.objects.filter(chain=shop.pk).count() == 6
    settings.KEEP_DAYS = {**settings.KEEP_DAYS, "audit": 365}
    delete_old_rows()
    delete_old_rows()
    rows = AuditEntry.objects.filter(chain=shop.pk).order_by("number")
    assert [(row.number, row.action) for row in rows][::2] == [(5, "waiver.created"), (7, "audit.shortened")]
    assert verify("--project", "shop").startswith("shop: 3 entries hold (those up to 4 were old and are gone), head 7:")
    assert "3 entries hold" in verify("--project", "shop", "--head", head)
    assert "keep a newer head" in verify("--project", "shop", "--head", "3:ab")
    assert "is not the one that was kept" in verify("--project", "shop", "--head", "4:ab")
    # A project that is gone keeps its log, and that is shortened as well.
    shop.delete()
    age(400, last=7)
    delete_old_rows()
    assert [row.number for row in rows.all()] == [8]
    assert "1 entries hold (those up to 7" in verify()


def test_an_old_time_among_young_entries_takes_nothing_out_of_the_middle() -> None:
    shop = written(4)
    age(400, first=3, last=3)
    delete_old_rows()
    assert [row.number for row in AuditEntry.objects.filter(chain=shop.pk).order_by("number")] == [1, 2, 3, 4]


def test_who_takes_out_young_entries_cannot_say_that_they_were_old() -> None:
    shop = written(5)
    rows = AuditEntry.objects.filter(chain=shop.pk)
    last = rows.get(number=3)
    with pytest.raises((InternalError, ProgrammingError), match="only grows"), transaction.atomic():
        rows.filter(number__lte=3).delete()
    with unguarded():
        rows.filter(number__lte=3).delete()
    lies: list[dict[str, object]] = [
        farewell(last),
        {**farewell(last), "at": (timezone.now() - timedelta(days=400)).isoformat()},
        {},
        {"number": 3, "at": 5, "previous": "x"},
    ]
    for lie in lies:
        append(chain=shop.pk, action=SHORTENED, detail=lie)
        assert verify("--project", "shop").startswith(("shop: broken at entry 1", "shop: broken at entry 4"))
    ahead = timezone.now() + timedelta(days=400)
    append(chain=shop.pk, action=SHORTENED, detail=farewell(last), at=ahead)
    assert verify("--project", "shop").startswith("shop: broken at entry 1: it is missing")
