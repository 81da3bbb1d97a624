"""What was revoked stays so: the file outlives the database, and a database older than the file is not opened."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from paritycheck.services.revocation_file import RevocationError, line_of, lines_of, newest_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_django import Settings

    from paritycheck.models import Membership, Project, Token, Trust, User
    from paritycheck.services.revocation_file import Line

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path, settings: Settings) -> Path:
    path = tmp_path / "revocations.jsonl"
    settings.REVOCATIONS_FILE = str(path)
    return path


@pytest.fixture
def project(db: None) -> Project:
    from paritycheck.models import Project

    del db
    return Project.objects.create(slug="shop")


@pytest.fixture
def member(project: Project) -> Membership:
    from paritycheck.models import Membership, User

    user = User.objects.create_user("bo@example.com", "a password of some length")
    return Membership.objects.create(project=project, user=user, role="maintainer")


@pytest.fixture
def root(db: None) -> User:
    from paritycheck.models import User

    del db
    return User.objects.create_superuser("root@example.com", "a password of some length")


def gate_token(project: Project) -> tuple[Token, str]:
    from paritycheck.services.tokens import issue_token

    return issue_token(kind="g", project=project)


def restored_after(act: Callable[[], Any]) -> list[Line]:
    """Do something, and bring the database back to where it was; the lines that the file then holds."""
    from paritycheck.models import AuditEntry
    from paritycheck.services.revocation_file import REVOKING

    before = set(AuditEntry.objects.values_list("pk", flat=True))
    with transaction.atomic():
        act()
        fresh = AuditEntry.objects.exclude(pk__in=before).filter(action__in=REVOKING).order_by("pk")
        lines = [line_of(entry) for entry in fresh]
        transaction.set_rollback(True)
    return lines


def test_a_line_is_on_the_disk_when_the_revocation_is_answered(
    file: Path, project: Project, django_capture_on_commit_callbacks: Any
) -> None:
    from paritycheck.services.tokens import revoke_token

    token, text = gate_token(project)
    with django_capture_on_commit_callbacks(execute=True):
        revoke_token(token=token)
    [line] = lines_of(file)
    assert (line.action, line.target, line.chain) == ("token.revoked", str(token), project.pk)
    assert text not in file.read_text()
    assert oct(file.stat().st_mode)[-3:] == "600"


def test_a_disk_that_takes_nothing_leaves_the_line_to_beat(
    tmp_path: Path, settings: Settings, project: Project, django_capture_on_commit_callbacks: Any
) -> None:
    from paritycheck.services.revocations import write_missing
    from paritycheck.services.tokens import authenticate, revoke_token

    settings.REVOCATIONS_FILE = str(tmp_path / "away" / "revocations.jsonl")
    token, text = gate_token(project)
    with django_capture_on_commit_callbacks(execute=True):
        revoke_token(token=token)
    assert authenticate(text) is None
    assert write_missing(after=0) == 0, "it is asked again"
    (tmp_path / "away").mkdir()
    at = write_missing(after=0)
    assert at > 0
    assert [line.target for line in newest_lines()] == [str(token)]
    assert write_missing(after=0) == at
    assert len(newest_lines()) == 1, "nothing is written twice"


def test_a_torn_line_is_closed_and_passed_over_and_a_strange_one_is_refused(file: Path, project: Project) -> None:
    from paritycheck.services.revocation_file import add_lines

    gate = gate_token(project)[0]
    [line] = restored_after(lambda: revoke(gate))
    file.write_text('{"chain": "5499e646')
    assert add_lines([line]) == 1
    assert lines_of(file) == [line]
    for strange in ("{}", "no JSON", json.dumps({**json.loads(file.read_text().splitlines()[1]), "action": "x.y"})):
        bad = file.with_name("bad")
        bad.write_text(f"{strange}\n")
        with pytest.raises(RevocationError, match="line 1"):
            lines_of(bad)


def revoke(token: Token) -> None:
    from paritycheck.services.tokens import revoke_token

    revoke_token(token=token)


@pytest.mark.usefixtures("file")
def test_a_database_that_is_older_than_the_file_is_opened_by_nobody(project: Project) -> None:
    from paritycheck.services.revocation_file import add_lines
    from paritycheck.services.revocations import write_missing
    from paritycheck.services.standing import why_not
    from paritycheck.services.tokens import authenticate

    token, text = gate_token(project)
    revoke(gate_token(project)[0])
    write_missing(after=0)
    assert why_not() == ""
    add_lines(restored_after(lambda: revoke(token)))
    assert "lacks 1 of its last entries" in why_not()
    with pytest.raises(CommandError, match="Run: paritycheck restored"):
        call_command("bootstrap", project="shop")
    assert authenticate(text) is not None, "which is why"
    call_command("restored", verbosity=0)
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert authenticate(text) is None
    assert why_not() == ""
    with pytest.raises(CommandError, match="Nothing shows that this database was restored"):
        call_command("restored")


def test_the_same_numbers_with_other_words_are_another_history(file: Path, project: Project) -> None:
    """Restored, and gone on with: the log has an entry of that number, and not that one."""
    from paritycheck.services.revocation_file import add_lines
    from paritycheck.services.standing import why_not

    token = gate_token(project)[0]
    add_lines(restored_after(lambda: revoke(token)))
    gate_token(project)
    assert file.exists()
    assert "lacks 1" in why_not()


def trust_of(project: Project) -> Trust:
    from paritycheck.models import Trust

    return Trust.objects.create(
        project=project, kind="github", issuer="https://token.actions.githubusercontent.com", repository="1",
        made_by="root@example.com", made_at=datetime.now(UTC),
    )  # fmt: skip


def test_each_kind_of_revocation_is_done_again(project: Project, member: Membership, root: User) -> None:
    from paritycheck.models import Membership, Token, Trust, User
    from paritycheck.services.audit import record
    from paritycheck.services.members import change_member, drop_member
    from paritycheck.services.replay import replay_lines
    from paritycheck.services.trusts import remove_trust

    person, other = member.user, User.objects.create_user("cy@example.com", "a password of some length")
    down = Membership.objects.create(project=project, user=other, role="owner")
    Membership.objects.create(project=project, user=root, role="owner")
    gate, trust = gate_token(project)[0], trust_of(project)
    now = datetime.now(UTC)

    def acts() -> None:
        revoke(gate)
        remove_trust(trust=Trust.objects.get(pk=trust.pk), by=root)
        change_member(membership=Membership.objects.get(pk=down.pk), role="viewer", by=root, now=now)
        drop_member(membership=Membership.objects.get(pk=member.pk), by=root)
        record(action="person.changed", by=root, target=person.email, detail={"is_active": "False", "name": "Bo"})
        record(action="account.password-changed", by=other, target=other.email)

    lines = restored_after(acts)
    assert Token.objects.filter(pk=gate.pk, revoked_at=None).exists()
    assert sum(replay_lines(lines=lines).values()) == len(lines) == 6
    assert not Token.objects.filter(pk=gate.pk, revoked_at=None).exists()
    assert not Trust.objects.exists()
    assert dict(Membership.objects.values_list("user__email", "role")) == {
        "cy@example.com": "viewer", "root@example.com": "owner"
    }  # fmt: skip
    person.refresh_from_db()
    other.refresh_from_db()
    assert (person.is_active, person.has_usable_password()) == (False, True)
    assert (other.is_active, other.has_usable_password()) == (True, False)
    # Twice is as once: the next restore reads the same lines.
    assert sum(replay_lines(lines=lines).values()) == 0


def test_a_role_that_was_raised_is_not_given_again(member: Membership, root: User) -> None:
    from paritycheck.models import Membership
    from paritycheck.services.members import change_member
    from paritycheck.services.replay import replay_lines

    now = datetime.now(UTC)
    lines = restored_after(
        lambda: change_member(membership=Membership.objects.get(pk=member.pk), role="owner", by=root, now=now)
    )
    assert sum(replay_lines(lines=lines).values()) == 0
    member.refresh_from_db()
    assert member.role == "maintainer"


def test_without_the_file_the_operator_has_to_say_so_and_every_token_ends(
    settings: Settings, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    from paritycheck.models import Trust
    from paritycheck.services.standing import mark_restored
    from paritycheck.services.tokens import authenticate

    settings.REVOCATIONS_FILE = ""
    texts = [gate_token(project)[1] for _ in range(2)]
    trust_of(project)
    mark_restored()
    for words in ((), ("--revocations", "/nowhere/file")):
        with pytest.raises(CommandError, match="--without-revocations"):
            call_command("restored", *words)
    call_command("restored", "--without-revocations")
    assert [authenticate(text) for text in texts] == [None, None]
    assert not Trust.objects.exists()
    assert "as of the backup: look through them" in capsys.readouterr().out


def message(project: Project, minutes: int) -> Any:
    from paritycheck.models import Delivery

    now = datetime.now(UTC)
    row = Delivery.objects.create(
        project=project, kind="alert", recipient=f"{minutes}@example.com", subject="", content={},
        dedupe=str(minutes), due_at=now,
    )  # fmt: skip
    Delivery.objects.filter(pk=row.pk).update(created_at=now - timedelta(minutes=minutes))
    return row.pk


@pytest.mark.parametrize("word", ["--send-held", "--drop-held"])
def test_old_messages_wait_for_the_operator_and_young_ones_go(project: Project, settings: Settings, word: str) -> None:
    from paritycheck.models import Delivery
    from paritycheck.services.deliver import deliveries_due
    from paritycheck.services.standing import mark_restored

    settings.REVOCATIONS_FILE = ""
    old, young = message(project, 61), message(project, 50)
    due = Delivery.objects.get(pk=old).due_at
    mark_restored()
    call_command("restored", "--without-revocations", verbosity=0)
    assert deliveries_due() == [young]
    call_command("restored", word, verbosity=0)
    row = Delivery.objects.get(pk=old)
    assert (row.held_for, row.state) == ("", "due" if word == "--send-held" else "dropped")
    if word == "--send-held":
        assert row.due_at == due
        assert set(deliveries_due()) == {old, young}
    else:
        assert deliveries_due() == [young]


@pytest.mark.django_db(transaction=True)
def test_a_connection_to_a_restored_database_is_refused_and_counts_as_none() -> None:
    """A web process that ran through the restore: its next connection is looked at like its first."""
    from django.db import OperationalError
    from django.test import Client

    from paritycheck.models import Project
    from paritycheck.services.standing import guard_connections, leave_connections, mark_restored, unmark_restored

    text = gate_token(Project.objects.create(slug="shop"))[1]
    mark_restored()
    guard_connections()
    try:
        connection.close()
        for _ in range(2):
            with pytest.raises(OperationalError, match="Run: paritycheck restored"):
                Project.objects.exists()
        answer = Client().get("/readyz")
        assert (answer.status_code, answer.json()) == (503, {"status": "not-ready", "database": "restored"})
        assert Client().get("/api/v1/projects", headers={"authorization": f"Bearer {text}"}).status_code == 503
    finally:
        leave_connections()
        unmark_restored()
    assert Project.objects.exists()


def test_an_environment_that_is_removed_takes_its_tokens_and_the_file_knows(project: Project, root: User) -> None:
    from django.test import Client

    from paritycheck.models import AuditEntry, Environment
    from paritycheck.services.tokens import issue_token

    environment = Environment.objects.create(project=project, slug="staging", tier="staging")
    token = issue_token(kind="a", project=project, environment=environment)[0]
    client = Client()
    client.force_login(root)
    answer = client.post(f"/admin/paritycheck/environment/{environment.pk}/delete/", {"post": "yes"})
    assert (answer.status_code, Environment.objects.count()) == (302, 0)
    assert AuditEntry.objects.get(chain=project.pk, action="token.revoked").target == str(token)
