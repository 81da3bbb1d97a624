"""Table settings that Django has no words for, and the tables of the message queue."""

from typing import Any

from django.db import migrations
from pgmq.install import get_embedded_install_sql, get_embedded_sql_version

TABLES = """
ALTER TABLE paritycheck_instance SET (fillfactor = 70);
ALTER TABLE paritycheck_sectionbody ALTER COLUMN body SET STORAGE EXTERNAL;
"""
PLAIN_TABLES = """
ALTER TABLE paritycheck_instance RESET (fillfactor);
ALTER TABLE paritycheck_sectionbody ALTER COLUMN body SET STORAGE EXTENDED;
"""


def install_queue(_apps: Any, schema_editor: Any) -> None:
    """Install pgmq's SQL unless it is there (as an extension, say), and note which release made it."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace('pgmq')")
        if cursor.fetchone()[0] is not None:
            return
        cursor.connection.execute(get_embedded_install_sql())
        cursor.execute(f"COMMENT ON SCHEMA pgmq IS '{get_embedded_sql_version()}'")


class Migration(migrations.Migration):
    """Storage and queue."""

    dependencies = [("paritycheck", "0001_initial")]

    operations = [
        migrations.RunSQL(TABLES, PLAIN_TABLES),
        migrations.RunPython(install_queue, migrations.RunPython.noop),
    ]
