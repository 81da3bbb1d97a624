"""Deploys: what was deployed where, when and by whom."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("paritycheck", "0002_storage_and_queue"),
    ]

    operations = [
        migrations.CreateModel(
            name="Deploy",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("commit", models.CharField(blank=True, max_length=64)),
                ("deployed_at", models.DateTimeField()),
                (
                    "status",
                    models.CharField(
                        choices=[("success", "Success"), ("failure", "Failure")], default="success", max_length=8
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("report", "Report"),
                            ("cli", "Cli"),
                            ("api", "Api"),
                            ("github", "Github"),
                            ("gitlab", "Gitlab"),
                            ("cdevents", "Cdevents"),
                        ],
                        max_length=8,
                    ),
                ),
                ("external_id", models.CharField(blank=True, max_length=256)),
                ("release", models.CharField(blank=True, max_length=256)),
                ("artifact", models.CharField(blank=True, max_length=512)),
                ("url", models.CharField(blank=True, max_length=2048)),
                ("actors", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deploys",
                        to="paritycheck.environment",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deploys", to="paritycheck.project"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["environment", "-deployed_at"], name="deploy_by_time")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("project", "environment", "source", "external_id"),
                        name="deploy_once_by_external_id",
                    )
                ],
            },
        ),
    ]
