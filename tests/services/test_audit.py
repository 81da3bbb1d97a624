"""The audit log: it only grows, and each entry is bound to the one before."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.db import InternalError, ProgrammingError, transaction

from paritycheck.codec.digests import digest_of
from paritycheck.models import AuditEntry, Project, User
from paritycheck.services.audit import FIRST, record, sealed_text

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
