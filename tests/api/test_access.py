"""Who may do what: every route and method, asked by everybody, of what is theirs, foreign and missing."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from paritycheck_agent.wire.canonical import line

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

PEOPLE = ("viewer", "member", "maintainer", "owner")
PRINCIPALS = ("anonymous", *PEOPLE, "administrator", "agent", "instance", "gate", "enrol", "stranger")
OBJECTS = ("own", "foreign", "missing")
CLOSED = {"unauthenticated", "forbidden", "not-found"}
NAMED = ("{drift}", "{waiver}", "{delivery}", "{subscription}", "{member}", "{token}")
SECTION = b'{"covers":[],"section":"services"}\n'
POLICY = b"[time]\n"
COMMITS = line({"head": "a" * 40, "shallow": False}) + b"\n"


class Row(NamedTuple):
    """A route: its address, the body it takes, its success, and who may call it at all.

    `readers` hold a token of the right scope, and may not call it of what they only read.
    """

    path: str
    status: int
    callers: frozenset[str]
    body: bytes | None = None
    media: str = "application/json"
    readers: frozenset[str] = frozenset()
    """Who sees the project and has too low a role in it for this."""


READERS = frozenset({*PEOPLE, "administrator", "stranger"})
ASKERS = READERS | {"gate"}
WRITERS = frozenset({"member", "maintainer", "owner", "administrator"})
LINK = b'{"accounts":["a@example.com","github:a"]}'
DEPLOY = line({"environment": "production", "commit": "a" * 40})
CHANNEL = line({"kind": "slack", "name": "ops", "settings": {"url": "https://hooks.example.com/x"}})
MAINTAINERS = frozenset({"maintainer", "owner", "administrator"})
OWNERS = frozenset({"owner", "administrator"})
NEWCOMER = b'{"email":"new@example.com","role":"viewer"}'
NEW = b'{"slug":"new"}'
GATE = b'{"kind":"gate","name":"ci"}'
TRUST = b'{"kind":"gitlab","project_id":"4711"}'
EXCHANGE = line({
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "project": "shop", "subject_token": "a.b.c",
    "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
})  # fmt: skip
LOW = frozenset({"viewer", "stranger"})
P = "/api/v1/projects/{project}"
E = P + "/environments/production"
BILL = b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]}'
UV = b'version = 1\n[[package]]\nname = "six"\nversion = "1.17.0"\nsource = { registry = "https://pypi.org/simple" }\n'
AGENTS = frozenset({"agent", "instance"})
SENDERS = WRITERS | AGENTS
MATRIX = {
    ("reports", "POST"): Row("/api/v1/reports", 202, AGENTS, b"report"),
    ("section", "PUT"): Row(
        f"/api/v1/sections/{hashlib.sha256(SECTION).hexdigest()}", 201, AGENTS | {"gate"}, SECTION,
        "application/x-ndjson",
    ),
    ("policy", "PUT"): Row(
        f"/api/v1/policies/{hashlib.sha256(POLICY).hexdigest()}", 201, AGENTS | {"gate"}, POLICY,
        "application/toml",
    ),
    ("commits", "POST"): Row("/api/v1/commits", 202, AGENTS, COMMITS, "application/x-ndjson"),
    ("projects", "GET"): Row("/api/v1/projects", 200, READERS),
    ("projects", "POST"): Row("/api/v1/projects", 201, READERS, NEW, readers=READERS - {"administrator"}),
    ("project", "GET"): Row(P, 200, READERS),
    ("project", "PATCH"): Row(P, 200, MAINTAINERS, b'{"baseline":"production"}', readers=READERS - MAINTAINERS),
    ("environments", "GET"): Row(P + "/environments", 200, READERS),
    ("environments", "POST"): Row(P + "/environments", 201, MAINTAINERS, NEW, readers=READERS - MAINTAINERS),
    ("environment", "GET"): Row(E, 200, READERS),
    ("environment", "PATCH"): Row(E, 200, MAINTAINERS, b"{}", readers=READERS - MAINTAINERS),
    ("snapshots", "GET"): Row(E + "/snapshots", 200, READERS),
    ("snapshot", "GET"): Row(E + "/snapshots/1", 200, READERS),
    ("uploads", "GET"): Row(E + "/uploads", 200, READERS),
    ("sbom", "POST"): Row(
        E + "/sbom", 202, SENDERS, BILL, "application/octet-stream", readers=READERS - WRITERS
    ),
    ("sbom", "DELETE"): Row(E + "/sbom", 204, SENDERS, readers=READERS - WRITERS),
    ("lock", "POST"): Row(
        E + "/locks/uv.lock", 202, SENDERS, UV, "application/octet-stream", readers=READERS - WRITERS
    ),
    ("lock", "DELETE"): Row(E + "/locks/uv.lock", 204, SENDERS, readers=READERS - WRITERS),
    ("drifts", "GET"): Row(P + "/drifts", 200, READERS),
    ("drift", "GET"): Row(P + "/drifts/{drift}", 200, READERS),
    ("deploys", "GET"): Row(P + "/deploys", 200, READERS),
    ("deploys", "POST"): Row(P + "/deploys", 201, WRITERS | {"gate"}, DEPLOY, readers=READERS - WRITERS),
    # Signed with the project's own secret: whoever holds another token of ours is as unknown as anybody.
    ("hook-github", "POST"): Row("/api/v1/projects/shop/deploys/hooks/github", 401, frozenset(PRINCIPALS), b"{}"),
    ("hook-gitlab", "POST"): Row("/api/v1/projects/shop/deploys/hooks/gitlab", 401, frozenset(PRINCIPALS), b"{}"),
    ("hook-cdevents", "POST"): Row(
        P + "/deploys/hooks/cdevents", 202, frozenset({"gate"}), b'{"type":"other","data":{}}',
        "application/cloudevents+json",
    ),
    ("time", "GET"): Row(P + "/time?pair=staging..production", 200, READERS),
    ("parity", "GET"): Row(P + "/parity", 200, READERS),
    ("compare", "GET"): Row(P + "/compare?left=production&right=production", 200, READERS),
    ("card", "GET"): Row(P + "/card", 200, READERS),
    ("badge", "GET"): Row(P + "/badge", 200, READERS),
    ("badge", "POST"): Row(P + "/badge", 201, MAINTAINERS, readers=READERS - MAINTAINERS),
    ("badge", "DELETE"): Row(P + "/badge", 204, MAINTAINERS, readers=READERS - MAINTAINERS),
    # Whoever has the address.
    ("badge-image", "GET"): Row(f"/api/v1/badges/{32 * 'a'}.svg", 200, frozenset(PRINCIPALS)),
    ("factors", "GET"): Row(P + "/factors", 200, READERS),
    ("tools", "GET"): Row(P + "/tools", 200, READERS),
    ("project-policy", "GET"): Row(P + "/policy", 200, READERS),
    ("project-policy", "PUT"): Row(
        P + "/policy", 200, MAINTAINERS, b'{"text":"[time]"}', readers=READERS - MAINTAINERS
    ),
    ("policy-preview", "POST"): Row(P + "/policy/preview", 200, READERS, b"{}"),
    ("policy-backtest", "POST"): Row(P + "/policy/backtest", 200, READERS, b"{}"),
    ("policy-versions", "GET"): Row(P + "/policies", 200, READERS),
    ("personnel", "GET"): Row(P + "/personnel", 200, READERS),
    ("people", "GET"): Row(P + "/people", 200, READERS),
    ("people-links", "POST"): Row(P + "/people/links", 200, MAINTAINERS, LINK, readers=READERS - MAINTAINERS),
    ("gate", "GET"): Row(P + "/gate?environment=production", 200, ASKERS),
    ("gate", "POST"): Row(P + "/gate", 200, frozenset({"gate"}), b"candidate"),
    ("waivers", "GET"): Row(P + "/waivers", 200, READERS),
    ("waivers", "POST"): Row(P + "/waivers", 201, READERS, b"waiver", readers=LOW),
    ("waiver-preview", "POST"): Row(P + "/waivers/preview", 200, READERS, b"waiver", readers=LOW),
    ("waiver", "GET"): Row(P + "/waivers/{waiver}", 200, READERS),
    ("waiver", "DELETE"): Row(P + "/waivers/{waiver}", 200, READERS, readers=LOW),
    ("channels", "GET"): Row(P + "/channels", 200, READERS),
    ("channels", "POST"): Row(P + "/channels", 201, MAINTAINERS, CHANNEL, readers=READERS - MAINTAINERS),
    ("channel", "GET"): Row(P + "/channels/{waiver}", 200, READERS),
    ("channel", "PATCH"): Row(P + "/channels/{waiver}", 200, MAINTAINERS, b"{}", readers=READERS - MAINTAINERS),
    ("channel", "DELETE"): Row(P + "/channels/{waiver}", 204, MAINTAINERS, readers=READERS - MAINTAINERS),
    ("channel-test", "POST"): Row(P + "/channels/{waiver}/test", 202, MAINTAINERS, readers=READERS - MAINTAINERS),
    ("channel-rotate", "POST"): Row(P + "/channels/{waiver}/rotate", 200, MAINTAINERS, readers=READERS - MAINTAINERS),
    ("deliveries", "GET"): Row(P + "/deliveries", 200, READERS),
    ("delivery", "GET"): Row(P + "/deliveries/{delivery}", 200, READERS),
    ("send-delivery", "POST"): Row(
        P + "/deliveries/{delivery}/send", 200, MAINTAINERS, readers=READERS - MAINTAINERS
    ),
    ("give-up-delivery", "POST"): Row(
        P + "/deliveries/{delivery}/give-up", 200, MAINTAINERS, readers=READERS - MAINTAINERS
    ),
    ("subscriptions", "GET"): Row(P + "/subscriptions", 200, READERS),
    ("subscriptions", "POST"): Row(P + "/subscriptions", 201, WRITERS, b"{}", readers=READERS - WRITERS),
    # That of a channel, which everybody sees and maintainers change; those of people are in test_subscriptions.
    ("subscription", "GET"): Row(P + "/subscriptions/{subscription}", 200, READERS),
    ("subscription", "PATCH"): Row(
        P + "/subscriptions/{subscription}", 200, MAINTAINERS, b"{}", readers=READERS - MAINTAINERS
    ),
    ("subscription", "DELETE"): Row(
        P + "/subscriptions/{subscription}", 204, MAINTAINERS, readers=READERS - MAINTAINERS
    ),
    ("members", "GET"): Row(P + "/members", 200, READERS),
    ("members", "POST"): Row(P + "/members", 201, OWNERS, NEWCOMER, readers=READERS - OWNERS),
    ("member", "PATCH"): Row(P + "/members/{member}", 200, OWNERS, b'{"role":"member"}', readers=READERS - OWNERS),
    ("member", "DELETE"): Row(P + "/members/{member}", 204, OWNERS, readers=READERS - OWNERS),
    ("project-tokens", "GET"): Row(P + "/tokens", 200, MAINTAINERS, readers=READERS - MAINTAINERS),
    ("project-tokens", "POST"): Row(P + "/tokens", 201, MAINTAINERS, GATE, readers=READERS - MAINTAINERS),
    ("project-token", "PATCH"): Row(
        P + "/tokens/{token}", 200, MAINTAINERS, b'{"from":["192.0.2.0/24"]}', readers=READERS - MAINTAINERS
    ),
    ("project-token", "DELETE"): Row(P + "/tokens/{token}", 204, MAINTAINERS, readers=READERS - MAINTAINERS),
    ("trusts", "GET"): Row(P + "/trusts", 200, MAINTAINERS, readers=READERS - MAINTAINERS),
    ("trusts", "POST"): Row(P + "/trusts", 201, MAINTAINERS, TRUST, readers=READERS - MAINTAINERS),
    ("trust", "DELETE"): Row(P + "/trusts/{member}", 204, MAINTAINERS, readers=READERS - MAINTAINERS),
    ("enroll", "POST"): Row("/api/v1/enroll", 201, frozenset({"enrol"}), b'{"instance":"web-9"}'),
    # Half of its life is not over; tests/api/test_enrolment.py has one of which it is.
    ("renew", "POST"): Row("/api/v1/enroll/renew", 403, frozenset({"instance"}), b"{}"),
    # Signed by an issuer that the project trusts: whoever holds a token of ours is as unknown as anybody.
    ("oidc", "POST"): Row("/api/v1/auth/oidc", 401, frozenset(PRINCIPALS), EXCHANGE),
    ("tokens", "GET"): Row("/api/v1/tokens", 200, READERS),
    ("tokens", "POST"): Row("/api/v1/tokens", 201, READERS, b'{"name":"x","scopes":["read"],"days":1}'),
    # A token that is not one's own is not there, whoever asks; tests/api/test_tokens.py has those that are.
    ("token", "DELETE"): Row("/api/v1/tokens/" + 12 * "a", 404, READERS),
    ("audit", "GET"): Row(P + "/audit", 200, MAINTAINERS, readers=READERS - MAINTAINERS),
    ("schema", "GET"): Row("/api/v1/schema", 200, frozenset(PRINCIPALS)),
}  # fmt: skip


def routes(patterns: Any = None, prefix: str = "") -> Iterator[tuple[str, str, Any]]:
    """Name, address and view class of every route under `/api/`."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, where)
        elif isinstance(pattern, URLPattern) and where.startswith("api/"):
            yield str(pattern.name), where, getattr(pattern.callback, "cls", None)


def test_every_route_and_method_has_a_row() -> None:
    served = {
        (name, method.upper())
        for name, _where, view in routes()
        for method in view.http_method_names
        if hasattr(view, method) and method != "head"
    }
    assert served == set(MATRIX)


def test_every_view_names_its_scopes_for_every_method() -> None:
    for name, where, view in routes():
        if name == "schema":
            continue
        methods = {method.upper() for method in view.http_method_names if hasattr(view, method)} - {"HEAD"}
        assert set(view.scopes) == methods, where


@pytest.fixture
def peopled(site: "Site") -> "Site":
    """The installation with a person of each role in `shop`, a stranger who is in `other` alone, and one drift each."""
    from django.utils import timezone

    from paritycheck.channels.webhook import make_secret
    from paritycheck.models import (
        Badge,
        Channel,
        Delivery,
        Drift,
        Membership,
        Project,
        Subscription,
        Token,
        User,
        Waiver,
    )
    from paritycheck.services.enrolment import enrol_instance
    from paritycheck.services.sealed import seal
    from paritycheck.services.tokens import issue_token

    shop, other = Project.objects.get(slug="shop"), Project.objects.get(slug="other")
    other.environments.create(slug="staging", tier="staging")
    for role in (*PEOPLE, "stranger"):
        user = User.objects.create_user(f"{role}@example.com")
        Membership.objects.create(
            project=other if role == "stranger" else shop, user=user, role="viewer" if role == "stranger" else role
        )
        site.tokens[role] = issue_token(kind="u", user=user)[1]
    enrol, site.tokens["enrol"] = issue_token(kind="e", project=shop, environment=shop.baseline, max_uses=9)
    now = timezone.now() - timedelta(minutes=5)
    instance, site.tokens["instance"] = enrol_instance(token=enrol, key="web-7", slug=None, now=now)
    Token.objects.filter(pk=instance.pk).update(created_at=now)
    site.tokens |= {"administrator": site.tokens["admin"], "agent": site.tokens["production"]}
    for project, digit in ((shop, "a"), (other, "b")):
        member = User.objects.create_user(f"{digit}@example.com", id=UUID(digit * 32))
        Membership.objects.create(project=project, user=member, role="viewer")
        project.trusts.create(
            id=digit * 32, kind="gitlab", issuer="https://gitlab.com", gitlab_project="1", made_at=timezone.now()
        )
        Badge.objects.create(project=project, secret=digit * 32, made_at=timezone.now())
        Token.objects.create(id=digit * 12, kind="g", project=project, sha256=b"")
        environment = project.environments.get(slug="production")
        Drift.objects.create(
            id=digit * 64, project=project, left=environment, right=environment, section="services", name="database",
            rule="skew", severity="warning", expectation="same", left_side={}, right_side={},
            opened_at=timezone.now(), changed_at=timezone.now(),
        )  # fmt: skip
        Waiver.objects.create(
            id=digit * 32, project=project, match="services/*", reason="accepted", owner="ann", until_change=True,
            made_by="ann@example.com", made_at=timezone.now(),
        )  # fmt: skip
        channel = Channel(id=UUID(digit * 32), project=project, kind="webhook", name="hook", made_by="ann@example.com")
        channel.config = seal(
            {"url": "https://hooks.example.com/x", "secret": make_secret()},
            project_id=project.pk, channel_id=channel.pk,
        )  # fmt: skip
        channel.made_at = timezone.now()
        channel.save()
        Subscription.objects.create(
            id=digit * 32, project=project, channel=channel, when="at-once", made_by="ann@example.com",
            made_at=timezone.now(),
        )  # fmt: skip
        Delivery.objects.create(
            id=digit * 32, project=project, kind="alert", recipient="ann@example.com", subject="[shop] error: redis",
            content={}, dedupe="a", due_at=timezone.now(),
        )  # fmt: skip
    for who, project in (("production", shop), ("foreign", other)):
        site.told(who=who, services={"status": "unknown", "reason": "disabled"})
        for path, body in (("sbom", BILL), ("locks/uv.lock", UV)):
            address = f"/api/v1/projects/{project.slug}/environments/production/{path}"
            assert site.send("POST", address, body, who=who, media="application/octet-stream").status == 202
    return site


def ask(site: "Site", row: Row, method: str, who: str, of: str, other: str = "") -> "Reply":
    names = {"own": ("shop", "a"), "foreign": ("other", "b"), "missing": ("nothing", "c")}
    project, digit = names[of]
    digit = other or digit
    ident = str(UUID(digit * 32))
    path = row.path.format(
        project=project,
        drift=digit * 64,
        waiver=ident,
        delivery=ident,
        subscription=ident,
        member=ident,
        token=digit * 12,
    )
    body = row.body
    if body == b"report":
        body = line(site.report())
    elif body == b"waiver":
        body = line({"match": "config/*", "reason": "accepted", "owner": "ann", "until_change": True})
    elif body == b"candidate":
        body = line({"schema": "paritycheck.candidate/1", "candidate": {}, "sections": {}})
    return site.send(method, path, body, who=None if who == "anonymous" else who, media=row.media)


def expected(row: Row, who: str, of: str) -> int:
    """Who calls first, then what for: an object's existence is nobody's business who may not call."""
    if who == "anonymous" and "anonymous" not in row.callers:
        return 401
    if who not in row.callers | row.readers:
        return 403
    if "{project}" not in row.path:
        return 403 if who in row.readers else row.status
    visible = {"administrator": {"own", "foreign"}, "stranger": {"foreign"}}.get(who, {"own"})
    if of not in visible:
        return 404
    return 403 if who in row.readers else row.status


@pytest.mark.timeout(180)
def test_access(peopled: "Site") -> None:
    """Each request finds the installation as it was, so that one installation serves all of them."""
    wrong, asked = [], 0
    for route, row in MATRIX.items():
        for who in PRINCIPALS:
            for of in OBJECTS if "{project}" in row.path else OBJECTS[:1]:
                with undone():
                    reply = ask(peopled, row, route[1], who, of)
                asked += 1
                problem = reply.code if reply.status >= 400 else ""
                if reply.status != expected(row, who, of) or problem not in {"", *CLOSED}:
                    wrong.append((route, who, of, reply.status, expected(row, who, of), problem))
    assert not wrong
    assert asked > 20 * len(MATRIX)


@contextmanager
def undone() -> Iterator[None]:
    """What happens in it leaves no row behind."""
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.timeout(180)
def test_row_6_foreign_and_missing_are_the_same_bytes_everywhere(peopled: "Site") -> None:
    for who in (*PEOPLE, "stranger", "gate"):
        hidden = "own" if who == "stranger" else "foreign"
        for route, row in MATRIX.items():
            if "{project}" in row.path and who in row.callers:
                foreign, missing = (plain(ask(peopled, row, route[1], who, of)) for of in (hidden, "missing"))
                assert foreign == missing, (route, who)


def test_row_6_what_is_of_another_project_is_not_in_ones_own(peopled: "Site") -> None:
    """An id of a foreign project, asked for under one's own, is as one that never was."""
    rows = {route: row for route, row in MATRIX.items() if any(name in row.path for name in NAMED)}
    assert len(rows) >= len(NAMED)
    for route, row in rows.items():
        for who in ("owner", "administrator"):
            answers = []
            for digit in ("b", "c"):
                with undone():
                    answers.append(plain(ask(peopled, row, route[1], who, "own", digit)))
            assert answers[0] == answers[1], (route, who)
            assert answers[0][0] == 404, (route, who)


def plain(reply: "Reply") -> tuple[int, dict[str, str], bytes]:
    return reply.status, reply.headers, re.sub(rb"urn:uuid:[0-9a-f-]{36}", b"", reply.body)


def test_a_list_shows_only_what_its_reader_may_see(peopled: "Site") -> None:
    def slugs(who: str) -> list[str]:
        return [row["slug"] for row in peopled.get("/api/v1/projects", who=who).json()["results"]]

    assert (slugs("viewer"), slugs("stranger"), slugs("administrator")) == (["shop"], ["other"], ["other", "shop"])


def test_row_4_a_token_in_a_url_is_refused_and_revoked(peopled: "Site") -> None:
    for name in ("viewer", "agent", "gate"):
        token = peopled.tokens[name]
        reply = peopled.get(f"/api/v1/projects?token={token}", who=None)
        assert (reply.status, reply.code) == (400, "token-in-url")
        assert token.encode() not in reply.body
        assert peopled.get("/api/v1/projects", who=token).code == "unauthenticated"


def test_row_4_the_owner_is_mailed_once_and_the_mail_holds_no_token(peopled: "Site") -> None:
    from paritycheck.models import Delivery

    token = peopled.tokens["gate"]
    for _again in range(2):
        peopled.get(f"/api/v1/projects?token={token}", who=None)
    mails = Delivery.objects.exclude(dedupe="a")
    assert sorted(mail.recipient for mail in mails) == ["admin@example.com", "owner@example.com"]
    for mail in mails:
        assert token not in repr(mail.content) + mail.subject
        assert token[:16] in mail.subject


def test_row_4_a_persons_token_is_their_own_matter(peopled: "Site") -> None:
    from paritycheck.models import Delivery

    peopled.get(f"/api/v1/projects?token={peopled.tokens['viewer']}", who=None)
    assert [mail.recipient for mail in Delivery.objects.exclude(dedupe="a")] == ["viewer@example.com"]


def test_row_4_a_guess_in_a_url_revokes_nothing(peopled: "Site") -> None:
    token = peopled.tokens["viewer"]
    guess = token[:17] + "0" * 38
    assert peopled.get(f"/api/v1/projects?access_token={guess}", who=None).code == "token-in-url"
    assert peopled.get("/api/v1/projects", who="viewer").status == 200


def test_a_person_who_left_reads_nothing_any_more(peopled: "Site") -> None:
    from paritycheck.models import User
    from paritycheck.services.tokens import _known

    User.objects.filter(email="member@example.com").update(is_active=False)
    _known.forget()
    assert peopled.get("/api/v1/projects", who="member").code == "unauthenticated"


def test_recording_needs_its_scope(peopled: "Site") -> None:
    from paritycheck.models import Project
    from paritycheck.services.tokens import issue_token

    weak = issue_token(kind="g", project=Project.objects.get(slug="shop"), scopes=["gate"])[1]
    document = {"schema": "paritycheck.candidate/1", "candidate": {}, "sections": {}, "record": True}
    path = "/api/v1/projects/shop/gate"
    assert peopled.post(document, who=weak, path=path).code == "forbidden"
    assert peopled.post(document, who="gate", path=path).status == 200
