"""Who sees which page: the same answer for what is not yours as for what is not there."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from paritycheck.models import Project, User

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])

# By name: who may see it, and its address. Every page of web.urls stands here or the last test fails.
OPEN = {
    "docs": "/docs",
    "manual": "/docs/gate",
    "manual-search": "/docs/search?q=gate",
    "sign-in": "/sign-in",
    "agent-file": "/agent/parity.pyz",
}
SIGNED_IN = {
    "projects": "/",
    "search": "/search?q=stripe",
    "live-projects": "/live",
    "account-tokens": "/account/tokens",
}
OWN_POSTED = {
    "new-account-token": "/account/tokens/new",
    "revoke-account-token": "/account/tokens/aaaaaaaaaaaa/revoke",
}
# By the names of signing.urls: what is open, what is one's own, and what another page leads to or a form posts.
SIGNING = {
    "account_login": "/sign-in",
    "account_reset_password": "/sign-in/forgotten",
    "account_reset_password_done": "/sign-in/forgotten/sent",
    "account_reset_password_from_key_done": "/sign-in/forgotten/done",
    "account_reset_password_from_key": "/sign-in/forgotten/abc-def",
}
OWN_ACCOUNT = {
    "account": "/account",
    "mfa_index": "/account",
    "account_change_password": "/account/password",
    "account_reauthenticate": "/account/again",
    "mfa_reauthenticate": "/account/again/code",
    "mfa_reauthenticate_webauthn": "/account/again/passkey",
    "mfa_activate_totp": "/account/two-factor",
    "mfa_deactivate_totp": "/account/two-factor/off",
    "mfa_view_recovery_codes": "/account/two-factor/codes",
    "mfa_generate_recovery_codes": "/account/two-factor/codes/new",
    "mfa_list_webauthn": "/account/passkeys",
    "mfa_add_webauthn": "/account/passkeys/add",
    "mfa_remove_webauthn": "/account/passkeys/1/remove",
}
ON_THE_WAY = {
    "account_logout": "/sign-out",
    "mfa_authenticate": "/sign-in/code",
    "mfa_login_webauthn": "/sign-in/passkey",
    "openid_connect_login": "/sign-in/sso",
    "openid_connect_callback": "/sign-in/sso/callback",
}
OF_ADMINISTRATORS = {"system": "/system", "system-audit": "/system/audit", "new-project": "/new"}
# What only leads to another page.
LEADING = {"problem": "/problems/not-found"}
POSTED = {"sign-out": "/sign-out", "preferences": "/preferences"}
OF_PROJECT = {
    "matrix": "/p/{slug}",
    "start": "/p/{slug}/start",
    "start-waiting": "/p/{slug}/start/waiting?environment=staging",
    "live": "/p/{slug}/live",
    "cell": "/p/{slug}/cell?environment=ci&section=services&name=database",
    "drift": "/p/{slug}/d/{drift}",
    "compare": "/p/{slug}/compare?left=staging&right=production",
    "download": "/p/{slug}/drifts.csv",
    "factors": "/p/{slug}/factors",
    "time": "/p/{slug}/time",
    "personnel": "/p/{slug}/personnel",
    "tools": "/p/{slug}/tools",
    "environments": "/p/{slug}/environments",
    "environment": "/p/{slug}/environments/staging",
    "snapshot": "/p/{slug}/environments/staging/1",
    "waivers": "/p/{slug}/waivers",
    "gates": "/p/{slug}/gate",
    "gate": "/p/{slug}/gate/{verdict}",
    "settings": "/p/{slug}/settings",
    "policy": "/p/{slug}/settings/policy",
    "policy-backtest-run": "/p/{slug}/settings/policy/backtest/{run}",
    "tokens": "/p/{slug}/settings/tokens",
    "members": "/p/{slug}/settings/members",
    "audit": "/p/{slug}/settings/audit",
    "badge": "/p/{slug}/settings/badge",
    "alerts": "/p/{slug}/alerts?open={delivery}",
    "alert-channels": "/p/{slug}/alerts/channels?change={channel}",
    "alert-subscriptions": "/p/{slug}/alerts/subscriptions?change={rule}",
    "alert-digests": "/p/{slug}/alerts/digests",
    "digest-preview": "/p/{slug}/alerts/digests/{rule}/preview",
}
# Pages that a signed token opens, for whoever has it.
BY_TOKEN = {"unsubscribe": "/unsubscribe/{token}", "confirm": "/confirm/{token}"}
# And one that is of a person, tested in test_settings.
BY_INVITATION = {"invited": "/invited/{token}"}
# Pages whose forms are sent to their own address, and addresses that forms alone use.
FORMS = {"policy"}
TRIALS = {
    "policy-trial": "/p/{slug}/settings/policy/trial",
    "policy-backtest": "/p/{slug}/settings/policy/backtest",
}

# What maintainers and members post: the address, what it sends, and what it answers where the role allows it.
ALERTS_POSTED = {
    "delivery-act": "/p/{slug}/alerts/deliveries/{delivery}/send",
    "new-channel": "/p/{slug}/alerts/channels/new",
    "channel-act": "/p/{slug}/alerts/channels/{channel}/off",
    "new-subscription": "/p/{slug}/alerts/subscriptions/new",
    "subscription-act": "/p/{slug}/alerts/subscriptions/{rule}/change",
    "send-digest": "/p/{slug}/alerts/digests/{rule}/send",
}
SETTINGS_POSTED = {
    "start-token": "/p/{slug}/start/token",
    "set-baseline": "/p/{slug}/settings/baseline",
    "new-environment": "/p/{slug}/settings/environments/new",
    "set-environment": "/p/{slug}/settings/environments/staging/change",
    "new-token": "/p/{slug}/settings/tokens/new",
    "revoke-token": "/p/{slug}/settings/tokens/{token}/revoke",
    "invite-member": "/p/{slug}/settings/members/{member}/invite",
    "change-token": "/p/{slug}/settings/tokens/{token}/from",
    "new-trust": "/p/{slug}/settings/trusts/new",
    "remove-trust": "/p/{slug}/settings/trusts/{trust}/remove",
    "make-badge": "/p/{slug}/settings/badge/make",
    "end-badge": "/p/{slug}/settings/badge/end",
    "new-member": "/p/{slug}/settings/members/new",
    "change-member": "/p/{slug}/settings/members/{member}/change",
    "remove-member": "/p/{slug}/settings/members/{member}/remove",
}
POSTED_OF_PROJECT = {
    "waive": "/p/{slug}/d/{drift}/waive",
    "new-waiver": "/p/{slug}/waivers/new",
    "pick": "/p/{slug}/waivers/picked",
    "assign": "/p/{slug}/assign?drifts={drift}",
    "end-waiver": "/p/{slug}/waivers/{waiver}/end",
}


@pytest.fixture
def addresses(drifted: Any) -> dict[str, str]:
    """The pages of a project that has something on each of them."""
    asked = drifted.gate({"services": []})
    drift = drifted.project.drifts.order_by("id").first()
    verdict = drifted.project.verdicts.get()
    assert asked["verdict"]
    run = drifted.project.backtests.create(digest=b"", days=30, asked_at=verdict.created_at)
    made = {"drift": drift.id[:10], "verdict": verdict.id, "run": run.pk}
    found = {"slug": "shop", **made, **alerting(drifted.project)}
    return {name: path.format(**found) for name, path in OF_PROJECT.items()}


def alerting(project: Project) -> dict[str, str]:
    """A channel's digest, and a delivery to it; their ids by what they are."""
    from django.utils import timezone

    made = {"made_by": "ann", "made_at": timezone.now()}
    channel = project.channels.create(kind="slack", name="#shop", config=b"", **made)
    rule = project.subscriptions.create(channel=channel, when="digest", cron="0 8 * * 1", **made)
    row = project.deliveries.create(
        target=channel, channel="slack", kind="alert", recipient=f"channel:{channel.pk}", subject="s", content={},
        dedupe="x", due_at=timezone.now(),
    )  # fmt: skip
    return {"channel": str(channel.pk), "delivery": str(row.pk), "rule": str(rule.pk)}


def session(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def statuses(paths: Iterable[str], user: User | None) -> list[int]:
    client = session(user)
    return [client.get(path).status_code for path in paths]


def test_a_member_sees_every_page_of_the_project(drifted: Any, addresses: dict[str, str]) -> None:
    answers = dict(zip(addresses, statuses(addresses.values(), drifted.owner), strict=True))
    assert answers == {name: 204 if name == "live" else 200 for name in OF_PROJECT}


def test_an_administrator_of_the_installation_sees_every_project(addresses: dict[str, str]) -> None:
    from paritycheck.models import User

    admin = User.objects.create_superuser("root@example.com", "a password of some length")
    assert set(statuses(addresses.values(), admin)) == {200, 204}


def test_what_is_of_administrators_is_not_there_for_members(drifted: Any) -> None:
    from paritycheck.models import User

    for role in ("viewer", "member", "maintainer", "owner"):
        drifted.project.memberships.filter(user=drifted.owner).update(role=role)
        assert set(statuses(OF_ADMINISTRATORS.values(), drifted.owner)) == {404}, role
        assert session(drifted.owner).post("/new", {"name": "mine", "environment-0": "a"}).status_code == 404
        assert ">System<" not in session(drifted.owner).get("/").content.decode()
    admin = User.objects.create_superuser("root@example.com", "a password of some length")
    assert set(statuses(OF_ADMINISTRATORS.values(), admin)) == {200}
    assert "System</a>" in session(admin).get("/").content.decode()


def test_nobody_sees_anything_without_signing_in(addresses: dict[str, str]) -> None:
    client = Client()
    for path in [*addresses.values(), *SIGNED_IN.values(), *OF_ADMINISTRATORS.values()]:
        answer = client.get(path)
        assert answer.status_code == 302, path
        assert answer.headers["Location"].startswith("/sign-in?next=/"), path


def test_a_foreign_project_is_not_there_whatever_one_is_elsewhere(
    addresses: dict[str, str], other: tuple[Project, User]
) -> None:
    project, stranger = other
    for role in ("viewer", "member", "maintainer", "owner"):
        project.memberships.filter(user=stranger).update(role=role)
        assert set(statuses(addresses.values(), stranger)) == {404}, role


def test_what_is_foreign_and_what_is_missing_answer_alike(
    addresses: dict[str, str], other: tuple[Project, User]
) -> None:
    client = session(other[1])
    for name, path in addresses.items():
        foreign = client.get(path)
        missing = client.get(
            OF_PROJECT[name].format(
                slug="never-was",
                drift="0" * 10,
                verdict=uuid.uuid4(),
                run=uuid.uuid4(),
                delivery=uuid.uuid4(),
                rule=uuid.uuid4(),
                channel=uuid.uuid4(),
            )
        )
        assert (foreign.status_code, foreign.content) == (missing.status_code, missing.content), name


def test_an_identity_of_another_project_is_not_found_under_ones_own(
    drifted: Any, addresses: dict[str, str], other: tuple[Project, User]
) -> None:
    del drifted
    stranger = other[1]
    paths = [
        addresses[name].replace("/p/shop/", "/p/other/")
        for name in ("drift", "gate", "snapshot", "digest-preview", "alert-subscriptions")
    ]
    assert set(statuses(paths, stranger)) == {404}


def test_the_list_and_the_switcher_name_only_ones_own(other: tuple[Project, User], ask: Callable[[str], str]) -> None:
    del other
    assert "other" not in re.sub(r"choose another", "", ask("/p/shop"))
    assert ">other<" not in ask("/")


def test_a_user_who_is_no_longer_active_is_out(shop: Any) -> None:
    client = session(shop.owner)
    shop.owner.is_active = False
    shop.owner.save()
    assert client.get("/p/shop").status_code == 302


def test_pages_change_nothing_by_get_and_take_no_post(signed_in: Client, addresses: dict[str, str]) -> None:
    assert {signed_in.post(path).status_code for name, path in addresses.items() if name not in FORMS} == {405}
    assert {signed_in.get(path.format(slug="shop")).status_code for path in TRIALS.values()} == {405}


def test_forms_of_a_project_are_its_members_alone(
    drifted: Any, other: tuple[Project, User], addresses: dict[str, str]
) -> None:
    paths = [addresses["policy"], *(path.format(slug="shop") for path in TRIALS.values())]
    stranger, member = session(other[1]), session(drifted.owner)
    assert [stranger.post(path, {"text": ""}).status_code for path in paths] == [404, 404, 404]
    assert [member.post(path, {"text": ""}).status_code for path in paths] == [200, 200, 200]
    assert {Client().post(path, {"text": ""}).status_code for path in paths} == {302}


@pytest.fixture
def changes(drifted: Any) -> dict[str, str]:
    """What is posted to a project that has something to change."""
    from django.utils import timezone

    waiver = drifted.project.waivers.create(
        match="config/*", reason="accepted", owner="ann", until_change=True, made_by="ann", made_at=timezone.now()
    )
    drift = drifted.project.drifts.filter(state="open").order_by("id").first()
    return {
        name: path.format(slug="shop", drift=drift.id[:10], waiver=waiver.id)
        for name, path in POSTED_OF_PROJECT.items()
    }


def test_what_is_posted_takes_a_role_and_is_not_there_for_others(
    drifted: Any, changes: dict[str, str], other: tuple[Project, User]
) -> None:
    def posted(user: User | None) -> set[int]:
        client = session(user)
        return {client.post(path, {"reason": ""}).status_code for path in changes.values()}

    assert posted(None) == {302}
    assert posted(other[1]) == {404}
    member = drifted.project.memberships.filter(user=drifted.owner)
    member.update(role="viewer")
    assert posted(drifted.owner) == {403}
    assert drifted.project.drifts.filter(state="waived").count() == 0
    member.update(role="member")
    assert posted(drifted.owner) == {422, 302}
    assert {session(drifted.owner).get(path).status_code for path in changes.values()} == {405}


def test_what_alerts_take_is_a_members_or_a_maintainers(
    drifted: Any, other: tuple[Project, User], settings: Any
) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1:25"
    found = {"slug": "shop", **alerting(drifted.project)}
    paths = {name: path.format(**found) for name, path in ALERTS_POSTED.items()}
    rule = {
        "kind": "pagerduty",
        "name": "pager",
        "field-routing_key": "a" * 32,
        "when": "digest",
        "day": "1",
        "clock": "08:00",
        "gaps": ["time"],
        "timezone": "UTC",
    }
    member = drifted.project.memberships.filter(user=drifted.owner)

    def posted(user: User | None) -> dict[str, int]:
        client = session(user)
        return {name: client.post(path, rule).status_code for name, path in paths.items()}

    assert set(posted(None).values()) == {302}
    assert "/sign-in" in Client().post(paths["delivery-act"]).headers["Location"]
    assert set(posted(other[1]).values()) == {404}
    foreign = {
        name: path.replace("/p/shop/", "/p/other/")
        for name, path in paths.items()
        if "{rule}" in ALERTS_POSTED[name] or "{channel}" in ALERTS_POSTED[name]
    }
    assert {session(other[1]).post(path, rule).status_code for path in foreign.values()} == {404}
    member.update(role="viewer")
    # A copy of a digest that one may look at goes to oneself.
    assert posted(drifted.owner) == {**dict.fromkeys(paths, 403), "send-digest": 302}
    member.update(role="member")
    assert posted(drifted.owner) == {
        **dict.fromkeys(paths, 403), "new-subscription": 302, "send-digest": 302,
    }  # fmt: skip
    member.update(role="maintainer")
    assert set(posted(drifted.owner).values()) == {302}
    assert {session(drifted.owner).get(path).status_code for path in paths.values()} == {405}


@pytest.fixture
def links(shop: Any) -> dict[str, str]:
    """The pages that mails of the project link to."""
    from django.utils import timezone

    from paritycheck.services.channels import add_channel
    from paritycheck.services.confirming import confirm_token
    from paritycheck.services.subscriptions import give_defaults
    from paritycheck.services.unsubscribing import unsubscribe_token

    give_defaults(project=shop.project, user=shop.owner, now=timezone.now())
    rule = shop.project.subscriptions.get(when="digest", user=shop.owner)
    address = {"address": "team@example.com"}
    channel = add_channel(
        project=shop.project, kind="mail", name="team", settings=address, by=shop.owner, now=timezone.now()
    )
    tokens = {"unsubscribe": unsubscribe_token(rule.pk), "confirm": confirm_token(channel, address["address"])}
    return {name: path.format(token=tokens[name]) for name, path in BY_TOKEN.items()}


def test_a_link_of_a_mail_works_for_whoever_has_it_and_no_other_does(
    shop: Any, links: dict[str, str], other: tuple[Project, User]
) -> None:
    client = Client(enforce_csrf_checks=True)
    for path in links.values():
        for user in (None, other[1], shop.owner):
            assert session(user).get(path).status_code == 200
        for wrong in (path[:-1], f"{path}x", path.replace(":", "::", 1), f"{path[:-60]}{'x' * 300}"):
            assert client.get(wrong).status_code == client.post(wrong).status_code == 404
        assert client.put(path).status_code == 405
        assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200


def test_every_page_is_in_one_of_these_lists() -> None:
    from paritycheck.web.urls import urlpatterns

    listed = {
        *OPEN, *LEADING, *BY_TOKEN, *BY_INVITATION, *SIGNED_IN, *OF_ADMINISTRATORS,
        *POSTED, *OF_PROJECT, *TRIALS, *POSTED_OF_PROJECT, *ALERTS_POSTED,
        *OWN_POSTED, *SETTINGS_POSTED,
    }  # fmt: skip
    assert {pattern.name for pattern in urlpatterns} == listed

    from paritycheck.web.signing.urls import urlpatterns as signing

    assert {pattern.name for pattern in signing} == {*SIGNING, *OWN_ACCOUNT, *ON_THE_WAY}


def test_the_manual_is_open_to_everyone() -> None:
    assert set(statuses({**OPEN, **SIGNING}.values(), None)) == {200}
    assert statuses(LEADING.values(), None) == [302]


def test_an_account_is_its_owners_alone(shop: Any, other: tuple[Project, User]) -> None:
    from allauth.mfa.models import Authenticator

    for path in OWN_ACCOUNT.values():
        for answer in (Client().get(path), Client().post(path)):
            assert answer.status_code == 302, path
            assert answer.headers["Location"].startswith("/sign-in?next="), path
    key = Authenticator.objects.create(user=other[1], type="webauthn", data={"name": "theirs", "credential": {}})
    client = Client()
    client.post("/sign-in", {"username": shop.owner.email, "password": "a password of some length"})
    client.post("/account/again", {"password": "a password of some length"})
    assert client.post(f"/account/passkeys/{key.pk}/remove").status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


def test_what_one_comes_through_is_nothing_by_itself() -> None:
    answers = {name: Client().get(path).status_code for name, path in ON_THE_WAY.items()}
    assert answers == {
        "account_logout": 405, "mfa_authenticate": 302, "mfa_login_webauthn": 302,
        "openid_connect_login": 404, "openid_connect_callback": 404,
    }  # fmt: skip


@pytest.fixture
def other(db: None) -> tuple[Project, User]:
    """Another project with an environment of the same name, and its member."""
    from paritycheck.models import Project, User

    del db
    project = Project.objects.create(slug="other")
    project.environments.create(slug="staging", tier="staging")
    stranger = User.objects.create_user("stranger@example.com", "a password of some length")
    project.memberships.create(user=stranger, role="owner")
    return project, stranger
