from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0028_audit_kept_a_year")]

    operations = [
        migrations.AddField(
            model_name="token",
            name="instance_key",
            field=models.CharField(blank=True, db_default="", default="", max_length=256),
        ),
        migrations.AddField(
            model_name="token",
            name="max_uses",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="token",
            name="uses",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
    ]
