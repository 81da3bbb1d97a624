from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0014_audit")]

    operations = [
        migrations.AddField("Token", "name", models.CharField(blank=True, default="", max_length=80)),
        migrations.AddField("Token", "made_by", models.EmailField(blank=True, default="", max_length=254)),
    ]
