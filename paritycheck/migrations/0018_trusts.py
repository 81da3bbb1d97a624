import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0017_uploads")]

    operations = [
        migrations.CreateModel(
            name="SpentIdToken",
            fields=[
                ("digest", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ("until", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Trust",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=12)),
                ("issuer", models.URLField(max_length=255)),
                ("repository", models.CharField(blank=True, max_length=20)),
                ("owner", models.CharField(blank=True, max_length=20)),
                ("gitlab_project", models.CharField(blank=True, max_length=20)),
                ("ref", models.CharField(blank=True, max_length=255)),
                ("environment", models.CharField(blank=True, max_length=255)),
                ("job_workflow_ref", models.CharField(blank=True, max_length=255)),
                ("made_by", models.EmailField(blank=True, max_length=254)),
                ("made_at", models.DateTimeField()),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="trusts",
                        to="paritycheck.project",
                    ),
                ),
            ],
        ),
    ]
