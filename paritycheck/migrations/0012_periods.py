from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0011_delivery_acts")]

    operations = [
        migrations.AddField("periodrun", "attempts", models.PositiveSmallIntegerField(default=1, db_default=1)),
        migrations.AddField("periodrun", "ended_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "periodrun", "error", models.CharField(blank=True, default="", db_default="", max_length=512)
        ),
        migrations.AddField(
            "processbeat", "version", models.CharField(blank=True, default="", db_default="", max_length=32)
        ),
        migrations.AddField("processbeat", "told_at", models.DateTimeField(null=True)),
    ]
