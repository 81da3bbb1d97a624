"""What `make api-fuzz` asks with: a token for each kind of call, objects that exist, and bodies that mean something.

A schema cannot say which digests were sent, that a body hashes to its address, or what a lock file holds. So the
hooks beside this put such a body in the place of three quarters of those that schemathesis made up.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from paritycheck_agent.wire.canonical import line, split

Words = dict[str, list[Any]]
HOOKS = Path(__file__).parent.parent / "hooks"
ISSUER = "https://token.actions.githubusercontent.com"
SHA = "d81c0f3" + "0" * 33
UV = 'version = 1\n[[package]]\nname = "six"\nversion = "1.17.0"\nsource = { registry = "https://pypi.org/simple" }\n'
BILL: dict[str, Any] = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}
BILL["components"] = [{"type": "library", "name": "six", "version": "1.17.0", "purl": "pkg:pypi/six@1.17.0"}]
AGENT, GATE, ADMIN = (
    ("send_report", "put_section", "put_policy", "send_commits"),
    ("ask_gate", "send_cdevent"),
    ("create_project", "list_projects"),
)
# What changes the shape of a project is tried on another one than what reads it.
ASIDE = (
    "change_project", "create_environment", "change_environment", "save_policy", "get_badge", "make_badge", "end_badge",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stock:
    """`words` are values of parameters by name; `settings` is what the hooks read, as JSON."""

    words: Words
    tokens: dict[str, str]
    settings: dict[str, Any]


def take_stock(shop: Any, words: Words, key: rsa.RSAPrivateKey) -> Stock:
    """Of a project that `told` made; its words, and those that are added here."""
    from paritycheck.services.announce import hook_secret

    aside = _aside(shop)
    here = shop.project
    tokens = _tokens(shop)
    words |= _objects(shop) | {"aside": [aside.slug], "name": ["uv.lock"]}
    mine = {"owner": str(shop.owner.pk), "trust": words["trusts"][0]}
    settings = {
        "bodies": bodies(_sections(shop), words),
        "tokens": tokens,
        "aside": ASIDE,
        "words": words,
        "protected": [*mine.values(), *(row for rows in words.values() for row in rows), *_token_ids()],
        "github": hook_secret(project_id=here.pk, provider="github"),
        "gitlab": hook_secret(project_id=here.pk, provider="gitlab"),
        "key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
    }
    return Stock(words, tokens, settings)


def _tokens(shop: Any) -> dict[str, str]:
    """By operation; "" is the owner's, for all that is not named."""
    from paritycheck.models import User
    from paritycheck.services.tokens import issue_token

    admin = issue_token(kind="u", user=User.objects.get(email="admin-shop@example.com"))[1]
    slugs = ("production", "staging", "ci", "development")
    agents = dict(zip(AGENT, (shop.tokens[slug] for slug in slugs), strict=True))
    return {
        "": issue_token(kind="u", user=shop.owner)[1],
        **agents,
        **dict.fromkeys(GATE, shop.gate_token),
        **dict.fromkeys(ADMIN, admin),
    }


def _aside(shop: Any) -> Any:
    """A second project of the same owner, which may change as it likes."""
    from paritycheck.models import Project
    from paritycheck.services.projects import EnvironmentPlan, bootstrap_project

    plans = [EnvironmentPlan.read(plan) for plan in ("production:production", "staging:staging")]
    bootstrap_project(slug="aside", environments=plans, admin_email="admin-shop@example.com")
    project = Project.objects.get(slug="aside")
    project.memberships.create(user=shop.owner, role="owner")
    return project


def _objects(shop: Any) -> Words:
    from paritycheck.models import Badge, Token, User

    project = shop.project
    member = User.objects.create_user("member@example.com")
    project.memberships.create(user=member, role="viewer")
    trust = project.trusts.create(
        kind="github", issuer=ISSUER, repository="811634771", owner="1342004", made_at=datetime.now(UTC)
    )
    spare = Token.objects.create(id="a" * 12, kind="g", project=project, sha256=b"")
    badge = Badge.objects.create(project=project, secret="a" * 32, made_at=datetime.now(UTC))
    found = {"members": member, "trusts": trust, "tokens": spare}
    return {"secret": [badge.secret], **{kind: [str(row.pk)] for kind, row in found.items()}}


def _token_ids() -> list[str]:
    from paritycheck.models import Token

    return list(Token.objects.values_list("pk", flat=True))


def _sections(shop: Any) -> dict[str, Any]:
    """Sections whose bodies are stored, as a candidate and a report name them."""
    from paritycheck.models import Verdict

    shop.gate(shop.facts("services", "database", value="17"))
    kept = Verdict.objects.order_by("-created_at").first()
    assert kept is not None
    return dict(kept.candidate["sections"])


def _lines(*rows: Any) -> str:
    return b"\n".join(map(line, rows)).decode() + "\n"


def bodies(sections: dict[str, Any], words: Words) -> dict[str, list[Any]]:
    """By operation; `{n}` becomes a number that was not there before."""
    facts: list[dict[str, Any]] = [{"name": "database", "kind": "postgresql", "value": "16.{n}"}]
    pieces = [body.decode() for body in split("services", [""], facts)]
    commit = {
        "sha": SHA, "parents": [], "author": ["Ann", "ann@example.com"], "authored": "2026-11-20T08:00:00Z",
        "committed": "2026-11-20T08:00:00Z", "subject": "Fix it {n}", "scopes": [],
    }  # fmt: skip
    return {
        **_asked(words),
        "send_report": [{
            "schema": "paritycheck.report/1", "report_id": "{uuid}", "seq": "{seq}", "collected_at": "{now}",
            "sent_at": "{now}", "agent": {"version": "0.1.0", "interval_s": 300},
            "instance": {"id": "fuzz-{n}", "kind": "container"}, "sections": sections,
        }],
        "ask_gate": [{
            "schema": "paritycheck.candidate/1", "candidate": {"commit": SHA, "branch": "b{n}", "dirty": False},
            "default_branch": "main", "against": "production", "fail_on": "error", "sections": sections,
        }],
        "put_section": pieces,
        "put_policy": ['# {n}\n[time]\nmax-age.production = "12h"\n'],
        "send_commits": [_lines({"head": SHA, "shallow": False}, commit)],
        "send_lock": [UV],
        "send_sbom": [json.dumps(BILL)],
        "send_github_hook": [json.loads((HOOKS / "github_deployment_status.json").read_text())],
        "send_gitlab_hook": [json.loads((HOOKS / "gitlab_deployment.json").read_text())],
        "send_cdevent": [json.loads((HOOKS / "cdevents_service_upgraded.json").read_text())],
    }  # fmt: skip


def _asked(words: Words) -> dict[str, list[Any]]:
    """What people send."""
    waivers = [
        {"match": "services/x{n}", "reason": "known", "owner": "ann", "until_change": True},
        {"drifts": words["drifts"], "reason": "known", "owner": "ann", "until_converged": True},
    ]
    settings = {"url": "https://hooks.example.com/{n}"}
    return {
        "create_waiver": waivers,
        "preview_waiver": waivers,
        "create_project": [{"slug": "p{n}"}],
        "change_project": [{"baseline": "production"}, {"baseline": "staging"}],
        "create_environment": [{"slug": "e{n}", "tier": "staging"}],
        "create_channel": [{"kind": "webhook", "name": "c{n}", "settings": settings}],
        "change_channel": [{"name": "c{n}"}, {"settings": settings}, {"state": "off"}],
        "create_subscription": [{"when": "at-once", "names": ["services/*"]}, {"when": "digest", "cron": "0 8 * * 1"}],
        "change_subscription": [{"when": "at-once"}],
        "add_member": [{"email": "m{n}@example.com", "role": "viewer"}],
        "change_environment": [{"tier": "staging"}, {"kind": "persistent"}],
        "change_member": [{"role": "member"}],
        "create_project_token": [{"kind": "gate", "name": "t{n}"}],
        "create_token": [{"name": "t{n}", "scopes": ["read"], "days": 1}],
        "add_trust": [{"kind": "gitlab", "project_id": "4{n}"}],
        "keep_deploy": [{"environment": "staging", "commit": SHA, "external_id": "x{n}"}],
        "link_people": [{"accounts": ["a{n}@example.com", "github:a{n}"]}],
        "save_policy": [{"text": '# {n}\n[time]\nmax-age.production = "12h"\n'}],
        "preview_policy": [{"text": "[time]\n"}],
        "backtest_policy": [{"text": "[time]\n", "days": 2}],
        "exchange_id_token": [{
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "project": "shop",
            "subject_token": "{id_token}",
            "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
        }],
    }  # fmt: skip
