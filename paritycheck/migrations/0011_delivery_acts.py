"""What a person did with a delivery: sent it now, or gave it up."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("paritycheck", "0010_thread_told_by"),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="acted",
            field=models.CharField(blank=True, db_default="", default="", max_length=16),
        ),
        migrations.AddField(
            model_name="delivery",
            name="acted_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=254),
        ),
        migrations.AddField(
            model_name="delivery",
            name="acted_at",
            field=models.DateTimeField(null=True),
        ),
    ]
