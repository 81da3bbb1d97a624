from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0007_channels")]

    operations = [
        migrations.AddField(model_name="channelthread", name="told_by", field=models.UUIDField(null=True)),
    ]
