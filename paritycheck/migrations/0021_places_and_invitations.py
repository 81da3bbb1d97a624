from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0020_badges")]

    operations = [
        migrations.AddField("user", "invited_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "token", "allowed_from", models.CharField(max_length=1024, blank=True, default="", db_default="")
        ),
        migrations.AddField("token", "last_used_from", models.GenericIPAddressField(null=True)),
        migrations.AddField("token", "refused", models.PositiveIntegerField(default=0, db_default=0)),
        migrations.AddField("token", "refused_at", models.DateTimeField(null=True)),
        migrations.AddField("token", "refused_from", models.GenericIPAddressField(null=True)),
    ]
