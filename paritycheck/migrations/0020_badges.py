import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0019_cache")]

    operations = [
        migrations.CreateModel(
            name="Badge",
            fields=[
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="badge",
                        serialize=False,
                        to="paritycheck.project",
                    ),
                ),
                ("secret", models.CharField(max_length=32, unique=True)),
                ("made_by", models.EmailField(blank=True, max_length=254)),
                ("made_at", models.DateTimeField()),
            ],
        ),
    ]
