"""The commit graph as agents fill it in."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import connection

from paritycheck.codec import people
from paritycheck.codec.scopes import label_of, labels, name_of
from paritycheck.codec.times import instant
from paritycheck.core.people import is_bot
from paritycheck.core.policy import read_policy
from paritycheck.models import Commit, Environment, Policy, Project
from paritycheck.selectors.deploys import commit_graph

A_CALL = 500
DEEP_ENOUGH = 5_000
HAVE = 20


def person_key(address: str) -> str:
    """What is kept of an e-mail address or `<provider>:<login>`."""
    return people.person_key(address, settings.PEPPER)


def keep_commits(
    *, project: Project, commits: list[dict[str, Any]], looked_for: Mapping[str, str] | None = None
) -> int:
    """Keep those that are new; returns their number. `looked_for` are the scopes' marks by name: of commits that are
    known it is kept which of these they touch.
    """
    scopes = labels(looked_for or {})
    known = {row.sha: row for row in Commit.objects.filter(project=project, sha__in=[one["sha"] for one in commits])}
    new = [_commit(project, one, scopes) for one in commits if one["sha"] not in known]
    Commit.objects.bulk_create(sorted(new, key=lambda one: one.sha), ignore_conflicts=True)
    stale = [one for one in commits if one["sha"] in known and not set(scopes) <= set(known[one["sha"]].looked_for)]
    rows = [_looked_at(known[one["sha"]], one, scopes) for one in stale]
    Commit.objects.bulk_update(sorted(rows, key=lambda row: row.sha), ["scopes", "looked_for"])
    return len(new)


def _looked_at(row: Commit, said: dict[str, Any], scopes: list[str]) -> Commit:
    """What was said of scopes that nobody looked for now stays."""
    names = set(map(name_of, scopes))
    touched = {name for name in row.scopes if name not in names} | names.intersection(said.get("scopes", []))
    row.scopes = sorted(touched)
    row.looked_for = sorted([*(label for label in row.looked_for if name_of(label) not in names), *scopes])
    return row


def _commit(project: Project, said: dict[str, Any], scopes: list[str]) -> Commit:
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
        looked_for=scopes,
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


def commits_to_look_at(*, environment: Environment, commit: str) -> list[str]:
    """Commits that an agent in `environment` is asked for again, at most 20: they come before what it runs, and nobody
    looked at them for a scope of the policy in force. None where its own `parity.toml` holds other scopes.
    """
    project = Project.objects.select_related("policy").get(pk=environment.project_id)
    wanted = _scopes_of(project.policy)
    if not wanted or not wanted <= _scopes_of(environment.policy):
        return []
    rows = Commit.objects.filter(project=project).exclude(looked_for__contains=sorted(wanted))
    unread = {sha for sha, parents in rows.values_list("sha", "parents") if len(parents) < 2}  # noqa: PLR2004  no merge
    if not unread:
        return []
    graph, committed = commit_graph(project)
    mine, _ = graph.reach(commit)
    return sorted(mine & unread, key=lambda sha: (committed[sha], sha), reverse=True)[:HAVE]


def _scopes_of(policy: Policy | None) -> set[str]:
    if policy is None or policy.errors:
        return set()
    return {label_of(name, globs) for name, globs in read_policy(policy.text).scopes.items()}
