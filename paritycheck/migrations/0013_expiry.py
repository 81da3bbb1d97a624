from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0012_periods")]

    operations = [migrations.AddField("environment", "expired_at", models.DateTimeField(blank=True, null=True))]
