"""Takes what agents send. Everything that is answered 2xx is committed."""

from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction

from paritycheck.codec.bodies import deflate
from paritycheck.codec.digests import digest_of, to_bytes
from paritycheck.codec.fingerprints import pepper_fingerprints
from paritycheck.models import Commit, Environment, Policy, Project, Token
from paritycheck.services.bodies import keep_body
from paritycheck.services.commits import keep_commits, wanted_commits
from paritycheck.services.errors import Refused
from paritycheck.services.jobs import request_evaluation
from paritycheck.services.policies import keep_policy
from paritycheck.services.reports import Answer, clock_warnings, lock_instance, take
from paritycheck_agent.wire.bodies import check_body
from paritycheck_agent.wire.errors import Invalid
from paritycheck_agent.wire.reports import state_of
from paritycheck_agent.wire.version import CANDIDATE_SCHEMA
from paritycheck_agent.wire.words import SECTIONS


def store_section(*, token: Token, digest: bytes, decoded: bytes, gzipped: bytes | None) -> None:
    """Check a body line by line and keep it as it came; `gzipped` is None for one that came uncompressed.

    Raises Invalid for a body whose bytes do not hash to `digest` or that is no canonical section.
    """
    if digest_of(decoded) != digest:
        raise Invalid("digest-mismatch", "the bytes do not hash to the digest in the address", status=422)
    checked = check_body(decoded)
    kept = pepper_fingerprints(decoded, settings.PEPPER)
    keep_body(
        project=project_of(token),
        digest=digest,
        section=checked.section,
        evidence=checked.evidence,
        decoded=kept,
        stored=gzipped if gzipped is not None and kept is decoded else deflate(kept),
    )


def store_policy(*, token: Token, digest: bytes, text: bytes) -> dict[str, Any]:
    """Keep a text of `parity.toml`; its mistakes come back as `errors` and it is then never in force."""
    if digest_of(text) != digest:
        raise Invalid("digest-mismatch", "the bytes do not hash to the digest in the address", status=422)
    return {"errors": keep_policy(project=project_of(token), digest=digest, text=text.decode()).errors}


def take_commits(*, token: Token, header: dict[str, Any], commits: list[dict[str, Any]]) -> dict[str, Any]:
    """Keep commits that are new; the ages of what waits are worked out again."""
    shallow = bool(header.get("shallow"))
    with transaction.atomic():
        added = keep_commits(project=project_of(token), commits=commits, looked_for=header.get("scopes"))
        if token.environment is not None:
            Environment.objects.filter(pk=token.environment.pk).exclude(shallow=shallow).update(shallow=shallow)
            if added and not shallow:
                request_evaluation(environments=[token.environment])
    return {"commits": added}


def project_of(token: Token) -> Project:
    """The project that a token writes to."""
    if token.project is None:
        raise Refused("forbidden", 403, "this token belongs to no project")
    return token.project


def take_report(*, token: Token, document: dict[str, Any], warnings: list[str], now: datetime) -> Answer:
    """Take a valid report: 202 taken or unchanged, 200 with what is missing, duplicate or stale.

    Raises Refused: forbidden, idempotency-mismatch, rate-limited.
    """
    environment = token.environment
    if environment is None:
        raise Refused("forbidden", 403, "this token may not report")
    own = _other_instance(document, token)
    said = [*warnings, *_other_environment(document, environment), *own, *clock_warnings(document, now)]
    if own:
        document = {**document, "instance": {**document["instance"], "id": token.instance_key}}
    with transaction.atomic():
        missing = what_is_missing(token=token, document=document)
        if missing is not None:
            return Answer(200, missing)
        _wait_at_most("2s")
        instance = lock_instance(environment=environment, document=document, now=now)
        return take(instance=instance, document=document, state=state_of(document), warnings=said, now=now)


def _other_environment(document: dict[str, Any], environment: Environment) -> list[str]:
    said = document.get("environment")
    return [] if said is None or said == environment.slug else ["environment-ignored: the token decides"]


def _other_instance(document: dict[str, Any], token: Token) -> list[str]:
    named = token.instance_key in {"", document["instance"]["id"]}
    return [] if named else ["instance-ignored: the token decides"]


def _wait_at_most(span: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [span])


def what_is_missing(*, token: Token, document: dict[str, Any]) -> dict[str, Any] | None:
    """What the server lacks of a report or candidate, as the answer says it; None when it has everything.

    Inside a transaction the bodies are locked against retention until the report refers to them.
    """
    project = project_of(token)
    told = _told(document)
    held = _held(project, [one.digest for one in told])
    _refuse_others([one for one in told if one.digest in held and held[one.digest] != one.what])
    absent = sorted({one.digest for one in told} - held.keys())
    policy = document.get("policy")
    if policy and not Policy.objects.filter(project=project, digest=to_bytes(policy)).exists():
        absent.append(policy)
    answer: dict[str, Any] = {"missing": absent}
    head = document.get("head")
    if head and not Commit.objects.filter(project=project, sha=head).exists():
        absent.append("commits")
        answer["commits"] = wanted_commits(project=project)
    return answer if absent else None


class _Told(NamedTuple):
    """A body that a document names: its digest, its section and whether it is evidence, and where it is named."""

    digest: str
    what: tuple[str, bool]
    pointer: str


def _told(document: dict[str, Any]) -> list[_Told]:
    places = {"/sections": document["sections"]}
    # Only a candidate has a base; in a report it is an unknown field, which may hold anything.
    if document["schema"] == CANDIDATE_SCHEMA:
        places["/base/sections"] = document.get("base", {}).get("sections", {})
    return [
        _Told(entry[key], (name, key == "evidence"), f"{place}/{name}/{key}")
        for place, entries in places.items()
        for name, entry in entries.items()
        if name in SECTIONS
        for key in ("digest", "evidence")
        if entry.get(key)
    ]


def _refuse_others(wrong: list[_Told]) -> None:
    """Raise for bodies whose header says another section than the document, or facts where evidence belongs."""
    detail = "the body of this digest is another section's, or facts where evidence belongs"
    errors = [{"pointer": one.pointer, "code": "invalid-section", "detail": detail} for one in wrong]
    if errors:
        raise Invalid("invalid-section", detail, status=422, errors=errors)


def _held(project: Project, told: list[str]) -> dict[str, tuple[str, bool]]:
    """Of the bodies told, those that are here: section and whether it is evidence, by digest."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT 'sha256:' || encode(digest, 'hex'), section, evidence FROM paritycheck_sectionbody
                WHERE project_id = %s AND digest = ANY(%s) ORDER BY digest FOR KEY SHARE""",
            [project.pk, [to_bytes(digest) for digest in told]],
        )
        return {digest: (section, evidence) for digest, section, evidence in cursor.fetchall()}
