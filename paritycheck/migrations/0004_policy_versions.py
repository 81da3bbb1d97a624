"""Versions of a policy with who brought them, the environment that decides, and what each reported last."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def note_what_is_in_force(apps: Any, _schema_editor: Any) -> None:
    """Until now a policy came into force only when the baseline reported it."""
    projects = apps.get_model("paritycheck", "Project").objects.filter(policy__isnull=False)
    for project in projects.select_related("policy", "baseline"):
        apps.get_model("paritycheck", "PolicyVersion").objects.create(
            project=project,
            number=project.policy_version,
            policy=project.policy,
            environment=project.baseline,
            at=project.policy.received_at,
        )
        if project.baseline is not None:
            project.baseline.policy = project.policy
            project.baseline.save(update_fields=["policy"])


class Migration(migrations.Migration):
    """Policy versions."""

    dependencies = [("paritycheck", "0003_deploys")]

    operations = [
        migrations.AddField(
            model_name="environment",
            name="policy",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="paritycheck.policy",
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="policy_from",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="paritycheck.environment",
            ),
        ),
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("commit", models.CharField(blank=True, max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "environment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="paritycheck.environment",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="paritycheck.policy"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="policy_versions",
                        to="paritycheck.project",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("project", "number"), name="policy_version_in_project")
                ],
            },
        ),
        migrations.RunPython(note_what_is_in_force, migrations.RunPython.noop),
    ]
