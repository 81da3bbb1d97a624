"""The commit graph as agents fill it in."""

from typing import Any

from django.conf import settings
from django.db import connection

from paritycheck.codec import people
from paritycheck.codec.times import instant
from paritycheck.core.people import is_bot
from paritycheck.models import Commit, Project

A_CALL = 500
DEEP_ENOUGH = 5_000
HAVE = 20


def person_key(address: str) -> str:
    """What is kept of an e-mail address or `<provider>:<login>`."""
    return people.person_key(address, settings.PEPPER)


def keep_commits(*, project: Project, commits: list[dict[str, Any]]) -> int:
    """Keep those that are new; returns their number."""
    known = set(
        Commit.objects.filter(project=project, sha__in=[one["sha"] for one in commits]).values_list("sha", flat=True)
    )
    new = [_commit(project, one) for one in commits if one["sha"] not in known]
    Commit.objects.bulk_create(sorted(new, key=lambda one: one.sha), ignore_conflicts=True)
    return len(new)


def _commit(project: Project, said: dict[str, Any]) -> Commit:
    name, address = said["author"]
    return Commit(
        project=project,
        sha=said["sha"],
        parents=said["parents"],
        author_name=name,
        author_key=person_key(address),
        author_bot=is_bot(name, address),
        co_authors=[[other, person_key(mail), is_bot(other, mail)] for other, mail in said.get("with", [])],
        authored_at=instant(said["authored"]),
        committed_at=instant(said["committed"]),
        subject=said.get("subject", ""),
        scopes=said.get("scopes", []),
    )


def wanted_commits(*, project: Project) -> dict[str, Any]:
    """What the server has, newest first, and how many commits a call may bring."""
    newest = Commit.objects.filter(project=project).order_by("-committed_at").values_list("sha", flat=True)
    return {"have": list(newest[:HAVE]), "want": A_CALL}


def unknown_parents(*, project: Project) -> list[str]:
    """Commits whose parents are not known, at most 20; none once the graph is deep enough to judge by."""
    if Commit.objects.filter(project=project).count() >= DEEP_ENOUGH:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.sha FROM paritycheck_commit c
                WHERE c.project_id = %(project)s AND cardinality(c.parents) > 0 AND EXISTS (
                      SELECT FROM unnest(c.parents) AS parent WHERE NOT EXISTS (
                      SELECT FROM paritycheck_commit p WHERE p.project_id = %(project)s AND p.sha = parent))
                ORDER BY c.committed_at DESC LIMIT 20""",
            {"project": project.pk},
        )
        return [row[0] for row in cursor.fetchall()]
