from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0021_places_and_invitations")]

    operations = [
        migrations.AddField(
            model_name="pair",
            name="courses",
            field=models.JSONField(db_default={}, default=dict),
        ),
    ]
