"""A short text that changes when what a page shows has changed, so that pages ask for little and redraw seldom."""

import hashlib
from collections.abc import Iterable
from uuid import UUID

from django.db import connection

# Evaluations, drift events, snapshots, verdicts, policies, the minute of the last sign of life; deliveries that came,
# those that wait, and channels.
_SQL = """
SELECT (SELECT max(evaluated_at) FROM paritycheck_pair WHERE project_id = ANY(%(projects)s)),
       (SELECT max(at) FROM paritycheck_driftevent WHERE project_id = ANY(%(projects)s)),
       (SELECT (count(*), max(latest_id)) FROM paritycheck_environment WHERE project_id = ANY(%(projects)s)),
       (SELECT max(created_at) FROM paritycheck_verdict WHERE project_id = ANY(%(projects)s)),
       (SELECT (count(*), sum(policy_version)) FROM paritycheck_project WHERE id = ANY(%(projects)s)),
       (SELECT (count(*), date_trunc('minute', max(last_seen)))
          FROM paritycheck_instance WHERE project_id = ANY(%(projects)s)),
       (SELECT max(created_at) FROM paritycheck_delivery WHERE project_id = ANY(%(projects)s)),
       (SELECT (count(*), sum(attempts), max(due_at)) FROM paritycheck_delivery
         WHERE state = 'due' AND project_id = ANY(%(projects)s)),
       (SELECT (count(*), max(sent_at), max(off_at)) FROM paritycheck_channel WHERE project_id = ANY(%(projects)s))
"""


def version_of(projects: Iterable[UUID]) -> str:
    """16 hex digits, by one query."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"projects": list(projects)})
        return hashlib.sha256(repr(cursor.fetchone()).encode()).hexdigest()[:16]
