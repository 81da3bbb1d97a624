from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0020_badges")]

    operations = [migrations.AddField("token", "refused", models.JSONField(null=True))]
