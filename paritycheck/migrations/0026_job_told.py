from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0025_refusal")]

    operations = [migrations.AddField("job", "told_at", models.DateTimeField(null=True))]
