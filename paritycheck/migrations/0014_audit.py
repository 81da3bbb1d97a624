from django.db import migrations, models

APPEND_ONLY = """
CREATE FUNCTION paritycheck_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log only grows' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON paritycheck_auditentry
    FOR EACH ROW EXECUTE FUNCTION paritycheck_audit_append_only();
"""
AS_BEFORE = """
DROP TRIGGER audit_append_only ON paritycheck_auditentry;
DROP FUNCTION paritycheck_audit_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0013_expiry")]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("chain", models.UUIDField()),
                ("number", models.PositiveBigIntegerField()),
                ("at", models.DateTimeField()),
                ("actor", models.CharField(max_length=254)),
                ("action", models.CharField(max_length=64)),
                ("target", models.CharField(blank=True, max_length=512)),
                ("detail", models.JSONField(default=dict)),
                ("previous", models.BinaryField(max_length=32)),
                ("sha256", models.BinaryField(max_length=32)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("chain", "number"), name="audit_number_in_chain")]
            },
        ),
        migrations.RunSQL(APPEND_ONLY, AS_BEFORE),
    ]
