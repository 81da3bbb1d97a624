"""The delivery log is kept for 30 days; what still waits is kept however old it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


def test_old_messages_go_and_young_and_waiting_ones_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    from paritycheck.models import Delivery, Project
    from paritycheck.services import retention

    monkeypatch.setattr(retention, "BATCH", 2)
    project = Project.objects.create(slug="shop")

    def message(number: int, days: float, state: str) -> None:
        row = Delivery.objects.create(
            project=project, kind="alert", recipient="m@example.com", subject="", content={}, dedupe=str(number),
            due_at=NOW, state=state,
        )  # fmt: skip
        Delivery.objects.filter(pk=row.pk).update(created_at=NOW - timedelta(days=days))

    for number, (days, state) in enumerate([(31, "sent")] * 5 + [(40, "dead"), (40, "dropped"), (29, "sent")]):
        message(number, days, state)
    message(99, 31, "due")
    retention.delete_old_rows()
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["due", "sent"]


def test_runs_of_periodic_tasks_go_and_what_digests_remember_stays() -> None:
    from paritycheck.models import PeriodRun
    from paritycheck.services.retention import delete_old_rows

    for task in ("paritycheck.example", "digest:shop"):
        for days in (20, 1):
            run = PeriodRun.objects.create(task=task, period_start=NOW - timedelta(days=days))
            PeriodRun.objects.filter(pk=run.pk).update(ran_at=NOW - timedelta(days=days))
    delete_old_rows()
    assert PeriodRun.objects.filter(task="paritycheck.example").count() == 1
    assert PeriodRun.objects.filter(task="digest:shop").count() == 2
