"""A backup is one instant without a secret in it, and a restore refuses what it cannot bring back whole."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command

from paritycheck.services.manifests import ManifestError, check_file, check_keys, manifest_path, read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django import Settings


@pytest.fixture
def made(tmp_path: Path, transactional_db: None) -> tuple[Path, str]:
    """A backup of a database with a session and a token; the file, and what must not be in it."""
    from django.contrib.sessions.backends.db import SessionStore

    from paritycheck.models import Project
    from paritycheck.services.tokens import issue_token

    del transactional_db
    session = SessionStore()
    session.create()
    text = issue_token(kind="g", project=Project.objects.create(slug="shop"))[1]
    call_command("backup", str(tmp_path / "backups"), verbosity=0)
    [dump] = (tmp_path / "backups").glob("*.dump")
    return dump, f"{session.session_key} {text}"


def test_a_backup_holds_every_row_and_no_secret(made: tuple[Path, str], settings: Settings) -> None:
    from paritycheck.models import AuditEntry
    from paritycheck.services.pg_programs import find_program, server_major

    dump, secrets = made
    manifest = read_manifest(dump)
    check_file(dump, manifest)
    check_keys(manifest)
    assert (manifest.counts["paritycheck_project"], manifest.counts["paritycheck_token"]) == (1, 1)
    assert "django_session" not in manifest.counts
    program = find_program("pg_restore", server=server_major())
    text = subprocess.run([program.path, "-f", "-", dump], capture_output=True, check=True).stdout
    assert b"COPY public.paritycheck_project" in text
    for secret in (*secrets.split(), settings.PEPPER, settings.SECRET_KEY, *settings.FIELD_KEY):
        assert secret.encode() not in text
        assert secret not in manifest_path(dump).read_text()
    assert [oct(path.stat().st_mode)[-3:] for path in (dump, manifest_path(dump), dump.parent)] == ["600", "600", "700"]
    assert AuditEntry.objects.get(action="backup.made").target == dump.name
    assert sorted(path.name for path in dump.parent.iterdir()) == [dump.name, f"{dump.name}.json"], "nothing is left"


def test_a_restore_refuses_what_it_should_not_touch(made: tuple[Path, str], settings: Settings) -> None:
    """Each before the first change: the database that is there stays as it is."""
    from paritycheck.models import Project
    from paritycheck.services.standing import why_not

    dump, _ = made
    whole, said = dump.read_bytes(), json.loads(manifest_path(dump).read_text())

    def refused(match: str) -> None:
        with pytest.raises(CommandError, match=match):
            call_command("restore", str(dump))

    refused("is not empty")
    pepper = settings.PEPPER
    settings.PEPPER = "another pepper"
    refused("^PEPPER is not what this backup was made with")
    settings.FIELD_KEY = []
    refused("^FIELD_KEY, PEPPER are not")
    settings.PEPPER, settings.FIELD_KEY = pepper, ["bmV3", *DEFAULT_KEY]
    refused("is not empty")
    dump.write_bytes(whole[:-1])
    refused("was not copied whole")
    dump.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    refused("its SHA-256 is another one")
    dump.write_bytes(whole)
    rewrite(dump, {**said, "migration": "9999_later"})
    refused("Install that release or a newer one")
    rewrite(dump, {**said, "format": 2})
    refused("is of form 2")
    manifest_path(dump).unlink()
    refused("A backup is two files")
    assert why_not() == ""
    assert Project.objects.count() == 1


DEFAULT_KEY = ["a2V5IGZvciB0ZXN0cywgdGhpcnR5LXR3byBieXRlcyE="]


def rewrite(dump: Path, said: dict[str, Any]) -> None:
    manifest_path(dump).write_text(json.dumps(said))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"format": 1}', "\x00"])
def test_what_is_no_manifest_is_said(tmp_path: Path, text: str) -> None:
    dump = tmp_path / "a.dump"
    manifest_path(dump).write_text(text)
    with pytest.raises(ManifestError, match="is no manifest of a backup"):
        read_manifest(dump)


@pytest.mark.django_db
def test_a_program_that_is_too_old_is_told_from_one_that_is_missing(tmp_path: Path, settings: Settings) -> None:
    from paritycheck.services.pg_programs import ProgramError, find_program

    settings.PG_BIN = str(tmp_path)
    with pytest.raises(ProgramError, match=r"there is no pg_dump here\. Install postgresql-client-18 or newer"):
        find_program("pg_dump", server=18)
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.14 (Debian)'\n")
    old.chmod(0o755)
    with pytest.raises(ProgramError, match="The server is PostgreSQL 18, and there is only pg_dump 15 here"):
        find_program("pg_dump", server=18)
    assert find_program("pg_dump", server=15).major == 15


@pytest.mark.django_db
def test_verify_sees_what_crosses_projects_and_what_is_broken() -> None:
    from paritycheck.models import Environment, Project, SectionBody, Token

    call_command("verify", verbosity=0)
    one, other = Project.objects.create(slug="one"), Project.objects.create(slug="other")
    environment = Environment.objects.create(project=other, slug="staging", tier="staging")
    Token.objects.create(id="0" * 12, kind="a", sha256=bytes(32), project=one, environment=environment)
    SectionBody.objects.create(
        project=one, digest=bytes(32), section="dependencies", evidence=False, body=b"no gzip", decoded_length=1
    )
    with pytest.raises(CommandError) as caught:
        call_command("verify")
    assert str(caught.value).splitlines() == [
        "1 paritycheck_token.environment_id of another project",
        "1 bodies that are not what their digest says",
    ]
