from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0009_default_subscriptions")]

    operations = [
        migrations.AddField(model_name="channelthread", name="told_by", field=models.UUIDField(null=True)),
    ]
