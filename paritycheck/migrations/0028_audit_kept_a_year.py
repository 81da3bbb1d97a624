"""The guard of the audit log lets go of entries that are older than a year, by PostgreSQL's clock, and of no other."""

from django.db import migrations

A_YEAR = """
CREATE OR REPLACE FUNCTION paritycheck_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '365 days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit log only grows' USING ERRCODE = 'insufficient_privilege';
END $$;
"""
FOR_EVER = """
CREATE OR REPLACE FUNCTION paritycheck_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log only grows' USING ERRCODE = 'insufficient_privilege';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0027_logs_by_week")]

    operations = [migrations.RunSQL(A_YEAR, FOR_EVER)]
