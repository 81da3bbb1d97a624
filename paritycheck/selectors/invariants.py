"""What has to hold in a database whatever happened to it: nothing crosses projects, nothing that is shown is gone."""

import zlib
from typing import Any, Final

from django.db import connection

from paritycheck.codec.bodies import inflate
from paritycheck.codec.digests import digest_of
from paritycheck.models import SectionBody

MOST_BODIES: Final = 5_000
"""Bodies that are opened and digested anew, the newest ones: 5 GB of them would take longer than the restore."""
_KEYS = """
SELECT child.relname, parent.relname, reference.attname
  FROM pg_constraint AS fk
  JOIN pg_class AS child ON child.oid = fk.conrelid
  JOIN pg_class AS parent ON parent.oid = fk.confrelid
  JOIN pg_attribute AS reference ON reference.attrelid = child.oid AND reference.attnum = fk.conkey[1]
 WHERE fk.contype = 'f' AND fk.conparentid = 0 AND child.relnamespace = to_regnamespace('public')
   AND array_length(fk.conkey, 1) = 1
   AND 2 = (SELECT count(*) FROM pg_attribute AS each
             WHERE each.attrelid IN (child.oid, parent.oid) AND each.attname = 'project_id' AND child.oid <> parent.oid)
 ORDER BY 1, 3
"""
_SHOWN = """
SELECT count(*) FROM paritycheck_environment AS environment
  JOIN paritycheck_snapshot AS snapshot ON snapshot.id = environment.latest_id,
       jsonb_each(snapshot.sections) AS section (name, said), unnest(ARRAY['digest', 'evidence']) AS member
 WHERE said ->> member IS NOT NULL AND NOT EXISTS (
       SELECT FROM paritycheck_sectionbody AS body WHERE body.project_id = snapshot.project_id
          AND body.digest = decode(replace(said ->> member, 'sha256:', ''), 'hex'))
"""


def faults_found() -> list[str]:
    """What does not hold, in words with its number; empty where all is well."""
    found = {**_strays(), "parts of newest snapshots without their body": _count(_SHOWN), **_bodies()}
    return [f"{count} {what}" for what, count in found.items() if count]


def _strays() -> dict[str, int]:
    """Rows that refer to one of another project, by every foreign key between tables that have projects."""
    with connection.cursor() as cursor:
        cursor.execute(_KEYS)
        keys: list[tuple[str, str, str]] = cursor.fetchall()
    return {
        f"{child}.{column} of another project": _count(_joined(child, parent, column)) for child, parent, column in keys
    }


def _joined(child: str, parent: str, column: str) -> str:
    name = connection.ops.quote_name
    return (
        f"SELECT count(*) FROM {name(child)} AS child JOIN {name(parent)} AS parent ON parent.id = child.{name(column)}"  # noqa: S608  names of the catalogue, quoted
        " WHERE child.project_id <> parent.project_id"
    )


def _bodies() -> dict[str, int]:
    newest = SectionBody.objects.order_by("-pk").values_list("body", "decoded_length", "digest")[:MOST_BODIES]
    broken = sum(not _whole(bytes(body), length, bytes(digest)) for body, length, digest in newest.iterator(200))
    return {"bodies that are not what their digest says": broken}


def _whole(body: bytes, length: int, digest: bytes) -> bool:
    try:
        return digest_of(inflate(body, length)) == digest
    except zlib.error:
        return False


def _count(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row: Any = cursor.fetchone()
    return int(row[0])
