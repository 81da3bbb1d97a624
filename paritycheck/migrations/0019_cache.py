from django.db import migrations

# As `createcachetable` makes it for Django's DatabaseCache.
TABLE = """
CREATE TABLE IF NOT EXISTS paritycheck_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
);
CREATE INDEX IF NOT EXISTS paritycheck_cache_expires ON paritycheck_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("paritycheck", "0018_trusts")]

    operations = [migrations.RunSQL(TABLE, "DROP TABLE IF EXISTS paritycheck_cache")]
