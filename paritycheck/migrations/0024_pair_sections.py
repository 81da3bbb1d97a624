from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0023_backtests")]

    operations = [
        migrations.AddField(
            model_name="pair",
            name="sections",
            field=models.JSONField(db_default={}, default=dict),
        ),
    ]
