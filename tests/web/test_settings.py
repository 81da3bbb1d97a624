"""Settings of a project: its tokens, members and audit log; and one's own tokens."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.mailbox import running_mailbox, texts_of
from tests.web.test_access import OWN_POSTED, SETTINGS_POSTED, session

if TYPE_CHECKING:
    from paritycheck.models import Token, User

pytestmark = pytest.mark.django_db(databases=["default", "heartbeat"])
P = "/p/shop/settings"
SECRET = re.compile(r"pc[aegu]_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}")


@pytest.fixture
def bo(shop: Any) -> User:

    from paritycheck.models import User
    from paritycheck.services.members import join_project

    user = User.objects.create_user("bo@example.com")
    join_project(project=shop.project, user=user, role="member", now=timezone.now())
    return user


def secret_of(answer: Any) -> str:
    """The token that the page shows, once."""
    found = SECRET.findall(answer.content.decode())
    assert (answer.status_code, len(found), answer.headers["Cache-Control"]) == (200, 1, "no-store")
    return str(found[0])


def bearer(text: str) -> Client:
    return Client(headers={"authorization": f"Bearer {text}"})


def test_a_token_is_shown_once_and_ends_after_a_second_look(shop: Any) -> None:
    client = session(shop.owner)
    form = {"for": "", "name": "GitHub <of> shop", "days": "30"}
    text = secret_of(client.post(f"{P}/tokens/new", form))
    page = client.get(f"{P}/tokens").content.decode()
    assert text not in page
    assert "GitHub &lt;of&gt; shop" in page
    assert bearer(text).get("/api/v1/projects/shop/gate?environment=production").status_code == 200
    ident = text[4:16]
    asked = client.get(f"{P}/tokens?revoke={ident}").content.decode()
    assert f'action="{P}/tokens/{ident}/revoke"' in asked
    assert asked.count("is refused at once") == 1
    assert client.post(f"{P}/tokens/{ident}/revoke").headers["Location"] == f"{P}/tokens"
    assert bearer(text).get("/api/v1/projects/shop/gate?environment=production").status_code == 401
    assert client.post(f"{P}/tokens/{ident}/revoke").status_code == 404
    log = client.get(f"{P}/audit?action=token").content.decode()
    assert log.count(text[:16]) == 2
    assert text not in log


def test_a_form_that_cannot_be_made_says_why_and_keeps_what_was_written(shop: Any) -> None:
    client = session(shop.owner)
    answer = client.post(f"{P}/tokens/new", {"for": "", "name": "ci", "days": "91"})
    assert answer.status_code == 422
    assert "Not made: days: are 1 to 90" in answer.content.decode()
    assert 'value="ci"' in answer.content.decode()
    for days in ("x", "-1", "99999"):
        assert client.post(f"{P}/tokens/new", {"for": "staging", "name": "a", "days": days}).status_code == 422
    assert "report from staging" in client.post(f"{P}/tokens/new", {"for": "staging", "name": "a"}).content.decode()


def test_an_enroll_token_is_made_and_its_instances_are_listed(shop: Any) -> None:
    client = session(shop.owner)
    form = {"kind": "enroll", "for": "staging", "name": "new hosts", "uses": "2", "hours": "3"}
    answer = client.post(f"{P}/tokens/new", form)
    text = secret_of(answer)
    assert text.startswith("pce_")
    assert "PARITY_ENROLL_TOKEN" in answer.content.decode()
    assert "enrol 2 more of 2 in staging" in answer.content.decode()
    hostile = "web <b>1</b>"
    enrolled = bearer(text).post("/api/v1/enroll", {"instance": hostile}, "application/json")
    assert enrolled.status_code == 201
    page = client.get(f"{P}/tokens").content.decode()
    assert "enrol 1 more of 2 in staging" in page
    assert "Enrolled instances" in page
    assert "web &lt;b&gt;1&lt;/b&gt;" in page
    assert "report from staging as itself" in page
    asked = client.get(f"{P}/tokens?revoke={enrolled.json()['id']}").content.decode()
    assert "Every token of this instance ends at once." in asked
    assert enrolled.json()["token"] not in page + asked


@pytest.mark.parametrize(("name", "value"), [("hours", "25"), ("hours", "x"), ("uses", "1001"), ("uses", "0")])
def test_an_enroll_token_that_cannot_be_made_says_why(shop: Any, name: str, value: str) -> None:
    form = {"kind": "enroll", "for": "staging", "name": "new hosts", name: value}
    answer = session(shop.owner).post(f"{P}/tokens/new", form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f"Not made: {name}: are 1 to" in page
    assert 'value="new hosts"' in page


def test_ones_own_tokens_are_ones_own(shop: Any, bo: User) -> None:
    client, other = session(shop.owner), session(bo)
    text = secret_of(client.post("/account/tokens/new", {"name": "laptop", "scopes": ["read", "waive"], "days": "9"}))
    assert "read, waive" in client.get("/account/tokens").content.decode()
    assert text[:16] not in other.get("/account/tokens").content.decode()
    assert other.post(f"/account/tokens/{text[4:16]}/revoke").status_code == 404
    assert bearer(text).get("/api/v1/projects").status_code == 200
    assert client.post(f"/account/tokens/{text[4:16]}/revoke").status_code == 302
    assert bearer(text).get("/api/v1/projects").status_code == 401
    for wrong in (
        {"name": "x", "days": "9"},
        {"name": "", "scopes": "read", "days": "9"},
        {"name": "x", "scopes": "x"},
    ):
        assert client.post("/account/tokens/new", wrong).status_code == 422
    assert {Client().post(path).status_code for path in OWN_POSTED.values()} == {302}


def test_members_come_change_and_go(shop: Any, bo: User) -> None:
    client = session(shop.owner)
    assert client.post(f"{P}/members/new", {"email": "eve@example.com", "role": "viewer"}).status_code == 302
    assert client.post(f"{P}/members/new", {"email": "eve@example.com", "role": "viewer"}).status_code == 422
    assert client.post(f"{P}/members/{bo.pk}/change", {"role": "maintainer"}).status_code == 302
    assert shop.project.memberships.get(user=bo).role == "maintainer"
    assert "see this project no more" in client.get(f"{P}/members?remove={bo.pk}").content.decode()
    assert client.post(f"{P}/members/{bo.pk}/remove").status_code == 302
    assert session(bo).get(f"{P}/members").status_code == 404
    shop.project.memberships.exclude(user=shop.owner).delete()
    last = client.post(f"{P}/members/{shop.owner.pk}/remove")
    assert (last.status_code, "the last owner" in last.content.decode()) == (409, True)


def test_somebody_new_chooses_a_password_by_a_mail_once(
    shop: Any, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    from paritycheck.models import AuditEntry, User
    from paritycheck.services import account_mail

    client, address = session(shop.owner), "new@example.com"
    with running_mailbox() as mailbox:
        settings.EMAIL_URL, settings.EMAIL_HOST, settings.EMAIL_PORT = "smtp://x", "127.0.0.1", mailbox.port
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        with django_capture_on_commit_callbacks(execute=True):
            assert client.post(f"{P}/members/new", {"email": address, "role": "member"}).status_code == 302
        user = User.objects.get(email=address)
        assert client.post(f"{P}/members/{user.pk}/invite").status_code == 409, "one mail in ten minutes"
        assert client.post(f"{P}/members/{shop.owner.pk}/invite").status_code == 409, "has been here"
        account_mail._SENDERS.submit(int).result()
        (mail,) = mailbox.wait_for(1)
        User.objects.filter(pk=user.pk).update(invited_at=timezone.now() - timedelta(hours=1))
        with django_capture_on_commit_callbacks(execute=True):
            assert client.post(f"{P}/members/{user.pk}/invite").status_code == 302
        account_mail._SENDERS.submit(int).result()
        again = mailbox.wait_for(2)[1]
    assert "has not signed in yet" in client.get(f"{P}/members").content.decode()
    links = [re.search(rf"{settings.PUBLIC_URL}(/invited/\S+)", texts_of(each)) for each in (mail, again)]
    assert links[0]
    assert links[1]
    assert mail["Subject"] == f"[{settings.SITE_NAME}] You are let into shop"
    assert "maria@example.com made you a member" in " ".join(texts_of(mail).split())
    guest, path = Client(), links[0][1]
    assert f"You sign in as {address}" in guest.get(path).content.decode()
    weak = guest.post(path, {"new_password1": "short", "new_password2": "short"})
    assert (weak.status_code, "at least 10 characters" in weak.content.decode()) == (422, True)
    both = {"new_password1": "a-way-in-of-my-own", "new_password2": "a-way-in-of-my-own"}
    assert "You can sign in as" in guest.post(path, both).content.decode()
    for link in links:
        assert link
        assert [guest.get(link[1]).status_code, guest.post(link[1], both).status_code] == [404, 404], "once"
    assert guest.get(path[:-2]).status_code == 404
    signed = guest.post("/sign-in", {"username": address, "password": "a-way-in-of-my-own"})
    assert signed.status_code == 302
    assert guest.get("/p/shop").status_code == 200
    assert "has not signed in yet" not in client.get(f"{P}/members").content.decode()
    done = AuditEntry.objects.filter(target=address).order_by("pk").values_list("action", flat=True)
    assert list(done) == [
        "person.invited", "member.added", "member.invited", "member.invited", "account.password-chosen",
    ]  # fmt: skip


def test_an_invitation_ends_after_a_week_and_a_forgotten_password_is_asked_for_instead(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paritycheck.models import User
    from paritycheck.services.invitations import GOOD_FOR, invitation_link

    user = User.objects.create_user("late@example.com")
    path = invitation_link(user).removeprefix(settings.PUBLIC_URL)
    assert Client().get(path).status_code == 200
    assert Client(enforce_csrf_checks=True).post(path).status_code == 403
    later = time.time() + GOOD_FOR.total_seconds() + 1
    monkeypatch.setattr("time.time", lambda: later)
    late = Client().get(path)
    assert (late.status_code, "/sign-in/forgotten" in late.content.decode()) == (404, True)
    monkeypatch.undo()
    sent: list[str] = []
    monkeypatch.setattr("paritycheck.web.signing.adapters.send_reset", lambda **said: sent.append(said["link"]))
    settings.EMAIL_URL = "smtp://x"
    guest = Client()
    assert guest.post("/sign-in/forgotten", {"email": user.email}).status_code == 302
    (link,) = (each.removeprefix(settings.PUBLIC_URL) for each in sent)
    form = guest.get(link).headers["Location"]
    new = {"password1": "a-way-in-of-my-own", "password2": "a-way-in-of-my-own"}
    assert guest.post(form, new).headers["Location"] == "/sign-in/forgotten/done"
    assert Client().get(path).status_code == 404
    assert guest.post("/sign-in", {"username": user.email, "password": "a-way-in-of-my-own"}).status_code == 302
    settings.OIDC_ONLY = True
    other = User.objects.create_user("other@example.com")
    assert Client().get(invitation_link(other).removeprefix(settings.PUBLIC_URL)).status_code == 404


def test_what_a_role_does_not_allow_it_neither_shows_nor_does(shop: Any, bo: User) -> None:
    from paritycheck.models import User

    token: Token = shop.project.tokens.get(kind="g")
    stranger = User.objects.create_user("stranger@example.com")
    ids = {"slug": "shop", "token": token.pk, "member": shop.owner.pk, "trust": shop.owner.pk}
    paths = {name: path.format(**ids) for name, path in SETTINGS_POSTED.items()}
    assert {Client().post(path).status_code for path in paths.values()} == {302}
    assert {session(stranger).post(path).status_code for path in paths.values()} == {404}
    assert {session(bo).post(path).status_code for path in paths.values()} == {403}
    assert [session(bo).get(f"{P}/{part}").status_code for part in ("members", "tokens", "audit")] == [200, 403, 403]
    page = session(bo).get(f"{P}/members").content.decode()
    assert f"{P}/tokens" not in page
    assert "Let somebody in" not in page
    shop.project.memberships.filter(user=bo).update(role="maintainer")
    assert [session(bo).get(f"{P}/{part}").status_code for part in ("members", "tokens", "audit")] == [200, 200, 200]
    assert session(bo).post(paths["remove-member"]).status_code == 403
    assert {session(shop.owner).get(path).status_code for path in paths.values()} == {405}
    assert token.revoked_at is None


def test_a_badge_is_made_by_maintainers_copied_by_all_and_ends_after_a_second_look(shop: Any, bo: User) -> None:
    owner, member = session(shop.owner), session(bo)
    assert "Make badge" in owner.get(f"{P}/badge").content.decode()
    assert "Make badge" not in member.get(f"{P}/badge").content.decode()
    assert owner.post(f"{P}/badge/end").status_code == 404
    assert owner.post(f"{P}/badge/make").headers["Location"] == f"{P}/badge"
    page = member.get(f"{P}/badge").content.decode()
    (image,) = re.findall(r'<img src="(/api/v1/badges/[\w-]{32}\.svg)"', page)
    assert f"[![parity](http://127.0.0.1:8000{image})](http://127.0.0.1:8000/p/shop)" in page
    assert "ask=" not in page
    assert Client().get(image).status_code == 200
    assert owner.get(f"{P}/badge?ask=replace").content.decode().count(f'action="{P}/badge/make"') == 1
    owner.post(f"{P}/badge/make")
    assert Client().get(image).status_code == 404
    assert owner.get(f"{P}/badge?ask=end").content.decode().count(f'action="{P}/badge/end"') == 1
    owner.post(f"{P}/badge/end")
    assert "No badge yet" in member.get(f"{P}/badge").content.decode()
    log = owner.get(f"{P}/audit?action=badge").content.decode()
    assert image[15:47] not in log
    assert [what for what in ("made", "replaced", "ended") if f"badge {what}" not in log.lower()] == []


def test_a_pipeline_is_trusted_by_numbers_and_no_more_when_taken_back(shop: Any, settings: Any) -> None:
    own_host = "https://gitlab.example.com"
    settings.OIDC_ISSUERS = [own_host]
    client = session(shop.owner)
    form = {
        "issuer": "github",
        "repository_id": "811634771",
        "repository_owner_id": "1342004",
        "ref": "refs/heads/main",
    }
    hosts = ("", "github", "gitlab", own_host)
    chosen = {host: client.get(f"{P}/tokens?trust={host}").content.decode() for host in hosts}
    asked = {host: ("repository_id" in page, "project_id" in page) for host, page in chosen.items()}
    assert asked == {"": (False, False), "github": (True, False), "gitlab": (False, True), own_host: (False, True)}
    assert "project_id" not in client.get(f"{P}/tokens?trust=https://evil.example").content.decode()
    wrong = client.post(f"{P}/trusts/new", {**form, "repository_id": "acme/<shop>"})
    assert (wrong.status_code, "is a number, not a name" in wrong.content.decode()) == (422, True)
    assert "acme/&lt;shop&gt;" in wrong.content.decode()
    own = {"issuer": own_host, "project_id": "4711"}
    for good in (form, own):
        assert client.post(f"{P}/trusts/new", good).headers["Location"] == f"{P}/tokens#trusts"
    assert client.post(f"{P}/trusts/new", {**own, "issuer": "https://evil.example"}).status_code == 422
    page = client.get(f"{P}/tokens").content.decode()
    assert "repository 811634771 of owner 1342004" in page
    assert "project 4711" in page
    for trust in shop.project.trusts.all():
        assert client.post(f"{P}/trusts/{trust.pk}/remove").status_code == 302
    assert "None yet. GitHub Actions" in client.get(f"{P}/tokens").content.decode()
