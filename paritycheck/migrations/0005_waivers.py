"""Drifts that people accepted: the decisions, what each accepted of a drift, and who did it."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Waivers made by people."""

    dependencies = [
        ("paritycheck", "0004_policy_versions"),
    ]

    operations = [
        migrations.AddField(
            model_name="drift",
            name="accepted",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="drift",
            name="waiver",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="driftevent",
            name="actor",
            field=models.CharField(blank=True, db_default="", default="", max_length=254),
        ),
        migrations.AddField(
            model_name="driftevent",
            name="why",
            field=models.CharField(blank=True, db_default="", default="", max_length=512),
        ),
        migrations.CreateModel(
            name="Waiver",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("match", models.CharField(blank=True, max_length=1024)),
                ("title", models.CharField(blank=True, max_length=1024)),
                ("ratchet", models.BooleanField(default=False)),
                ("drifts", models.PositiveIntegerField(default=0)),
                ("reason", models.CharField(max_length=512)),
                ("owner", models.CharField(max_length=512)),
                ("until", models.DateTimeField(null=True)),
                ("until_change", models.BooleanField(default=False)),
                ("until_converged", models.BooleanField(default=False)),
                ("made_by", models.CharField(max_length=254)),
                ("made_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=254)),
                ("ended_why", models.CharField(blank=True, max_length=8)),
                (
                    "left",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="paritycheck.environment",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="waivers", to="paritycheck.project"
                    ),
                ),
                (
                    "right",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="paritycheck.environment",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["project", "-made_at"], name="waiver_by_time"),
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True)), fields=["until"], name="waiver_ending"
                    ),
                ],
            },
        ),
    ]
