from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0015_named_tokens")]

    operations = [
        migrations.AddField(
            "verdict", "question", models.CharField(max_length=64, blank=True, default="", db_default="")
        ),
        migrations.AddIndex(
            "verdict", models.Index(fields=["project", "question", "-created_at"], name="verdict_by_question")
        ),
    ]
