"""Members get errors at once and a digest on Monday; what a recipient was told of, and bands that were told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

MONDAY_AT_EIGHT = "0 8 * * 1"
BY = "paritycheck"


def next_monday(now: datetime) -> datetime:
    """The next Monday, 08:00 UTC."""
    today = now.replace(hour=8, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday())
    return monday if monday > now else monday + timedelta(days=7)


def give_defaults(apps: Any, schema_editor: Any) -> None:
    """Two subscriptions for each member who has none in the project."""
    del schema_editor
    membership = apps.get_model("paritycheck", "Membership")
    subscription = apps.get_model("paritycheck", "Subscription")
    held = set(subscription.objects.exclude(user=None).values_list("project_id", "user_id"))
    now = datetime.now(UTC)
    rows = []
    for project, user in membership.objects.values_list("project_id", "user_id"):
        if (project, user) in held:
            continue
        of = {"project_id": project, "user_id": user, "made_by": BY, "made_at": now}
        rows += [
            subscription(when="at-once", at_least="error", **of),
            subscription(when="digest", at_least="note", cron=MONDAY_AT_EIGHT, due_at=next_monday(now), **of),
        ]
    subscription.objects.bulk_create(rows, batch_size=1000)


class Migration(migrations.Migration):
    dependencies = [
        ("paritycheck", "0008_path_scopes"),
    ]

    operations = [
        migrations.AddField(
            model_name="pair",
            name="bands",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.CreateModel(
            name="DriftThread",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(max_length=16)),
                ("recipient", models.CharField(max_length=254)),
                ("first", models.UUIDField()),
                ("is_open", models.BooleanField(default=True)),
                (
                    "drift",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="paritycheck.drift"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="paritycheck.project"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "drift", "channel", "recipient"), name="drift_thread_once"
                    )
                ],
            },
        ),
        migrations.RunPython(give_defaults, migrations.RunPython.noop, elidable=True),
    ]
