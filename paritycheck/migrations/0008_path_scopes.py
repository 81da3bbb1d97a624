"""For which path scopes a commit was looked at, and whether an environment's clone is shallow."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("paritycheck", "0007_channels"),
    ]

    operations = [
        migrations.AddField(
            model_name="commit",
            name="looked_for",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=80), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="environment",
            name="shallow",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
