from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0024_pair_sections")]

    operations = [migrations.AddField("token", "refusal", models.JSONField(null=True))]
