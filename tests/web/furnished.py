"""A project with something on each of its pages, and people of every role in it: made by the forms that people use."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.web.lived import three_months

if TYPE_CHECKING:
    from django.test import Client

    from paritycheck.models import User

PASSWORD = "a password of some length"


class Furnished(NamedTuple):
    """`people` by role; `clients` are their sessions, one before its second step; `ids` fills every_page.py."""

    shop: Any
    people: dict[str, User]
    clients: dict[str, Client]
    ids: dict[str, str]


def furnished(shop: Any, commits: int = 120) -> Furnished:
    """`shop` is the one with drifts."""
    shop.gate({"services": []})
    three_months(shop, commits)
    people = _people(shop)
    clients = {role: session(user) for role, user in people.items()}
    ids = {**_forms(clients["owner"], shop), **_alerts(shop), **_keys(people["member"]), **_invited(shop)}
    clients["halfway"] = _asked(people["member"])
    return Furnished(shop, people, clients, ids)


def session(user: User) -> Client:
    """Signed in by the form, and just asked again: what wants the password once more does so after five minutes."""
    client = _asked(user)
    assert client.post("/account/again", {"password": PASSWORD}).status_code == 302
    return client


def _asked(user: User) -> Client:
    """Who gave the password; with a second factor that is half the way."""
    from django.test import Client

    client = Client()
    assert client.post("/sign-in", {"username": user.email, "password": PASSWORD}).status_code == 302
    return client


def _people(shop: Any) -> dict[str, User]:
    from paritycheck.models import User

    people = {"owner": shop.owner}
    for role, name in (("member", "noor"), ("viewer", "vera")):
        people[role] = User.objects.create_user(f"{name}@example.com", PASSWORD)
        shop.project.memberships.create(user=people[role], role=role)
    people["administrator"] = User.objects.create_superuser("root@example.com", PASSWORD)
    return people


def _invited(shop: Any) -> dict[str, str]:
    """Somebody who has not come yet."""
    from paritycheck.models import User
    from paritycheck.services.invitations import invitation_link

    user = User.objects.create_user("ivy@example.com")
    shop.project.memberships.create(user=user, role="member")
    return {"invited": invitation_link(user).rpartition("/")[2]}


def _forms(owner: Client, shop: Any) -> dict[str, str]:
    """Tokens, a trust, a badge and waivers, as an owner makes them."""
    settings = "/p/shop/settings"

    def token(path: str, **more: str) -> str:
        answer = owner.post(path, {"name": "GitHub of shop", "days": "30", **more})
        return str(re.findall(r"pc[agu]_([0-9A-Za-z]{12})_", answer.content.decode())[0])

    made = {
        "token": token(f"{settings}/tokens/new", **{"for": ""}),
        "own_token": token("/account/tokens/new", scopes="read"),
    }
    trust = {"issuer": "github", "repository_id": "123", "repository_owner_id": "456", "environment": "production"}
    assert owner.post(f"{settings}/trusts/new", trust).status_code == 302
    assert owner.post(f"{settings}/badge/make").status_code == 302
    drifts = {
        "drift": shop.project.drifts.get(left__slug="ci", name="database"),
        "missing": shop.project.drifts.filter(name="STRIPE_WEBHOOK_SECRET").first(),
        "kind": shop.project.drifts.get(name="cache"),
        "waived": shop.project.drifts.filter(name="pkg:pypi/stripe").first(),
    }
    made |= {name: drift.id[:10] for name, drift in drifts.items()}
    last = (datetime.now(UTC) + timedelta(days=10)).date().isoformat()
    form = {"reason": "CI image follows in OPS-131", "owner": "maria@example.com", "ends": "date", "date": last}
    covers = {"covers": "dependencies/pkg:pypi/stripe:version"}
    assert owner.post(f"/p/shop/d/{made['waived']}/waive", form | covers).status_code == 302
    return made | {"verdict": str(shop.project.verdicts.get().id)}


def _alerts(shop: Any) -> dict[str, str]:
    """A channel that waits for its confirmation, rules, deliveries of each kind, and the links of their mails."""
    from django.utils import timezone

    from paritycheck.services.channels import add_channel
    from paritycheck.services.confirming import confirm_token
    from paritycheck.services.subscriptions import give_defaults
    from paritycheck.services.unsubscribing import unsubscribe_token

    now = timezone.now()
    give_defaults(project=shop.project, user=shop.owner, now=now)
    own = shop.project.subscriptions.get(when="digest", user=shop.owner)
    mail = add_channel(
        project=shop.project, kind="mail", name="team", settings={"address": "team@example.com"}, by=shop.owner, now=now
    )
    made = {"made_by": "ann", "made_at": now}
    rule = shop.project.subscriptions.create(channel=mail, when="digest", cron="0 8 * * 1", **made)
    content = {"title": "ci runs PostgreSQL 13", "badge": "error, new", "severity": "error"}
    rows = [
        shop.project.deliveries.create(
            kind="alert", recipient=shop.owner.email, subject="[shop] error: ci", content=content, dedupe=f"x{at}",
            **more,
        )
        for at, more in enumerate((
            {"attempts": 1, "due_at": now + timedelta(minutes=30), "error": "503 service unavailable"},
            {"state": "sent", "due_at": now}, {"state": "dead", "due_at": now, "error": "410 gone"},
        ))
    ]  # fmt: skip
    return {
        "rule": str(rule.pk), "channel": str(mail.pk), "delivery": str(rows[0].pk),
        "unsubscribe": unsubscribe_token(own.pk), "confirm": confirm_token(mail, "team@example.com"),
    }  # fmt: skip


def _keys(user: User) -> dict[str, str]:
    """A second factor of each kind; the link of a mail that sets another password."""
    from allauth.account.forms import default_token_generator
    from allauth.account.utils import user_pk_to_url_str
    from allauth.mfa.models import Authenticator
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    from paritycheck.services.sealed_texts import seal_text

    Authenticator.objects.create(user=user, type="totp", data={"secret": seal_text("JBSWY3DPEHPK3PXP")})
    RecoveryCodes.activate(user)
    data = {"name": "Work laptop", "credential": passkey()}
    made = Authenticator.objects.create(user=user, type="webauthn", data=data)
    # The key is of the password and of the last sign-in.
    user.refresh_from_db()
    reset = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    return {"passkey": str(made.pk), "reset": reset}


def passkey() -> dict[str, Any]:
    """What a browser hands over for a passkey that its device made: no device signs anything with this one."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from fido2.cose import ES256
    from fido2.utils import sha256, websafe_encode
    from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

    ident = hashlib.sha256(b"a passkey").digest()
    made: Any = ES256
    key = made.from_cryptography_key(generate_private_key(SECP256R1()).public_key())
    credential = AttestedCredentialData.create(bytes(16), ident, key)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    data = AuthenticatorData.create(sha256(b"localhost"), flags, 0, credential)
    client = CollectedClientData.create("webauthn.create", b"challenge", "http://localhost")
    return {
        "id": websafe_encode(ident), "rawId": websafe_encode(ident), "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        },
    }  # fmt: skip
