from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0016_verdict_question")]

    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=256)),
                ("bill", models.BooleanField()),
                ("sha256", models.BinaryField(max_length=32)),
                ("lock", models.BinaryField()),
                ("received_at", models.DateTimeField()),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE, related_name="uploads", to="paritycheck.environment"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("environment", "bill", "name"), name="upload_once_by_name")
                ]
            },
        ),
    ]
