"""`paritycheck apply`: what a file says becomes so, all or nothing, and a second run has nothing to do."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from contextlib import nullcontext
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from typing_extensions import override

from paritycheck.core.project_terms import ROLES
from paritycheck.models.people import Role
from tests.services.conftest import stripe

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.conftest import Shop

pytestmark = pytest.mark.django_db
SLACK = "https://hooks.slack.com/services/T0/B0/verysecret"


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", SLACK)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def apply(path: Path, *words: str) -> dict[str, Any]:
    """The document of `--format json`."""
    out = StringIO()
    call_command("apply", str(path), *words, "--format", "json", stdout=out)
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def lines(path: Path, *words: str) -> tuple[int, list[str]]:
    """Exit code and lines of a plan."""
    out = StringIO()
    code = 0
    try:
        call_command("apply", str(path), "--plan", *words, stdout=out)
    except SystemExit as ended:
        code = int(str(ended.code))
    return code, [line.strip() for line in out.getvalue().splitlines()]


@pytest.fixture
def example(tmp_path: Path) -> Path:
    out = StringIO()
    call_command("apply", "--example", stdout=out)
    path = tmp_path / "project.toml"
    path.write_text(out.getvalue(), encoding="utf-8")
    return path


def edited(path: Path, *changes: tuple[str, str]) -> Path:
    text = path.read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_is_planned_applied_and_then_there(example: Path, tmp_path: Path) -> None:
    from paritycheck.models import AuditEntry, Project, Token
    from paritycheck.services.tokens import authenticate

    code, plan = lines(example)
    assert code == 2
    assert "+ environment staging (tier staging)" in plan
    assert "+ environment laptops (tier development, kind cohort)" in plan
    assert "+ channel deploy-room (slack hooks.slack.com)" in plan
    assert not Project.objects.exists(), "a plan changes nothing"
    assert not AuditEntry.objects.exists()
    secrets = tmp_path / "secrets.json"
    done = apply(example, "--yes", "--tokens-out", str(secrets))
    assert done["applied"] is True
    assert done["secrets"] == []
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    told = {one["name"]: one["text"] for one in json.loads(secrets.read_text())}
    assert set(told) == {"ada@example.com", "bob@example.com", "ci", "production-agent", "staging-agent"}
    token = authenticate(told["production-agent"])
    assert token is not None
    assert str(token.environment) == "production"
    shop = Project.objects.get(slug="shop")
    assert str(shop.baseline) == "production"
    assert SLACK not in json.dumps(done)
    before = AuditEntry.objects.count(), Token.objects.count()
    assert lines(example) == (0, ["Nothing to do: everything is as the file says."])
    assert apply(example, "--yes", "--tokens-out", str(secrets))["changes"] == []
    assert before == (AuditEntry.objects.count(), Token.objects.count())


def test_what_is_changed_in_the_file_is_changed_and_nothing_else(
    example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paritycheck.models import AuditEntry, Subscription

    apply(example, "--yes")
    monkeypatch.setenv("SLACK_WEBHOOK_URL", SLACK + "2")
    edited(
        example,
        ('"bob@example.com" = "member"', '"bob@example.com" = "maintainer"'),
        ('staging = { tier = "staging" }', 'staging = { tier = "testing" }'),
        ('baseline = "production" ', 'baseline = "staging" '),
        ('at-least = "warning"', 'at-least = "error"'),
    )
    code, plan = lines(example)
    of = ", production, staging"
    assert code == 2
    assert plan == [
        "project shop",
        "~ environment staging tier staging -> testing",
        "~ baseline production -> staging",
        "~ member bob@example.com member -> maintainer",
        "~ channel deploy-room other url",
        f"~ subscription deploy-room at once, from warning{of} -> at once, from error{of}",
        "Plan: 0 to add, 5 to change, 0 to remove.",
    ]
    assert apply(example, "--yes")["applied"] is True
    assert lines(example)[0] == 0
    assert Subscription.objects.filter(channel__isnull=False, ended_at=None).count() == 2
    said = AuditEntry.objects.filter(detail__by="apply").values_list("action", flat=True)
    assert sorted(said) == ["baseline.chosen", "baseline.chosen", "environment.changed"]


def test_what_is_not_in_the_file_goes_with_prune_alone(example: Path) -> None:
    from paritycheck.models import Membership, Project, Token

    apply(example, "--yes")
    edited(
        example,
        ('"bob@example.com" = "member"\n', ""),
        ('[project.channels.on-call]\nkind = "mail"\naddress = "on-call@example.com"\n', ""),
        ('channel = "on-call"', 'member = "ada@example.com"'),
        ('[project.tokens.ci]\nkind = "gate"\n', ""),
        ('laptops = { tier = "development", kind = "cohort" }\n', ""),
    )
    kept = [(one["kind"], one["name"]) for one in apply(example, "--yes")["kept"]]
    assert kept == [
        ("environment", "laptops"),
        ("member", "bob@example.com"),
        ("channel", "on-call"),
        ("subscription", "ada@example.com"),
        ("token", "ci"),
    ]
    code, plan = lines(example, "--prune")
    assert code == 2
    assert "- member bob@example.com member" in plan
    assert "- token ci gate" in plan
    apply(example, "--yes", "--prune")
    shop = Project.objects.get(slug="shop")
    assert Membership.objects.filter(project=shop).count() == 1
    assert [one.name for one in shop.channels.all()] == ["deploy-room"]
    assert not Token.objects.filter(name="ci", revoked_at=None).exists()
    assert shop.environments.filter(slug="laptops").exists(), "an environment holds history"
    assert lines(example, "--prune")[0] == 0


def test_every_mistake_is_named_at_once_and_nothing_is_changed(example: Path, tmp_path: Path) -> None:
    from paritycheck.models import Project

    edited(
        example,
        ('baseline = "production" ', 'basline = "production" '),
        ('url = { env = "SLACK_WEBHOOK_URL" }', f'url = "{SLACK}"'),
        ('"ada@example.com" = "owner"', '"ada@example.com" = "ownr"'),
        ('cron = "0 8 * * 1"', 'cron = "often"'),
        ('kind = "ephemeral" }', 'kind = "ephemeral", ttl = "7d" }'),
    )
    other = tmp_path / "other.toml"
    other.write_text("[environments]\nx = {}\n", encoding="utf-8")
    with pytest.raises(CommandError) as refused:
        call_command("apply", str(example), str(other), "--yes")
    said = str(refused.value)
    assert f"{example}:6: `basline` is not known here. Did you mean `baseline`?" in said
    assert f"{example}:13: a time to live is the policy's" in said
    assert f"{example}:16: `ownr` is no role. Did you mean `owner`?" in said
    assert f"{example}:26: it is a secret, which does not stand in a file like this" in said
    assert f"{example}:38: `cron`" in said
    assert f"{other}:1: it is of a project: write `project.environments`" in said
    assert "6 mistakes. Nothing was changed." in said
    assert SLACK not in said
    assert not Project.objects.exists()


def test_what_the_verbs_refuse_is_told_with_its_line_and_nothing_stays(
    example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paritycheck.models import Project, User

    monkeypatch.delenv("SLACK_WEBHOOK_URL")
    edited(example, ('"bob@example.com"', '"bob"'), ('environment = "production"', 'environment = "prod"'))
    with pytest.raises(CommandError) as refused:
        call_command("apply", str(example), "--yes")
    said = str(refused.value)
    assert f"{example}:17: a member is named by an e-mail address" in said
    assert "the environment variable SLACK_WEBHOOK_URL is empty or not set" in said
    assert "`prod` is no environment of the project" in said
    assert not Project.objects.exists()
    assert not User.objects.exists()


def test_nobody_is_asked_where_nobody_is_and_an_old_file_of_secrets_is_not_overwritten(
    example: Path, tmp_path: Path
) -> None:
    from paritycheck.models import Project

    with pytest.raises(CommandError, match="--yes applies it"):
        call_command("apply", str(example), stdout=StringIO())
    old = tmp_path / "old.json"
    old.write_text("the only copy", encoding="utf-8")
    with pytest.raises(CommandError, match="is there already"):
        call_command("apply", str(example), "--yes", "--tokens-out", str(old), stdout=StringIO())
    assert old.read_text(encoding="utf-8") == "the only copy"
    assert not Project.objects.exists()


class Terminal(StringIO):
    """Somebody who answers."""

    @override
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "done"), [("y\n", True), ("\n", False), ("", False)])
def test_a_person_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, *, done: bool) -> None:
    from paritycheck.models import Project

    path = tmp_path / "project.toml"
    path.write_text('[project]\nname = "shop"\n[project.tokens.ci]\nkind = "gate"\n', encoding="utf-8")
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    out = StringIO()
    with nullcontext() if done else pytest.raises(CommandError, match=r"^Nothing was changed\.$"):
        call_command("apply", str(path), stdout=out)
    assert Project.objects.exists() is done
    assert ("pcg_" in out.getvalue()) is done
    assert ("Apply this? [y/N]" in out.getvalue()) is True


def test_what_changed_while_the_plan_was_looked_at_is_not_overrun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paritycheck.models import Project
    from paritycheck.services.projects import make_project

    def slowly() -> str:
        make_project(slug="shop")
        return "y\n"

    terminal = Terminal()
    monkeypatch.setattr(terminal, "readline", slowly)
    path = tmp_path / "project.toml"
    path.write_text('[project]\nname = "shop"\n[project.environments]\nqa = {}\n', encoding="utf-8")
    monkeypatch.setattr("sys.stdin", terminal)
    with pytest.raises(CommandError, match="look at the new plan"):
        call_command("apply", str(path), stdout=StringIO())
    assert not Project.objects.get().environments.exists()


def test_another_baseline_ends_what_was_said_against_the_former(shop: Shop, tmp_path: Path) -> None:
    from paritycheck.models import DriftEvent, Pair

    for slug, version in (("production", "12.0.0"), ("staging", "12.5.0"), ("development", "13.0.0")):
        shop.report(slug, stripe(version))
    shop.evaluate()
    assert {pair for pair, _, _ in shop.said()} == {"staging..production", "development..production"}
    path = tmp_path / "project.toml"
    path.write_text('[project]\nname = "shop"\nbaseline = "staging"\n', encoding="utf-8")
    apply(path, "--yes")
    assert shop.said() == []
    ended = DriftEvent.objects.filter(kind="resolved", why="baseline")
    assert ended.exists()
    assert not ended.filter(routed_at=None).exists(), "nobody is told that they were mended"
    shop.evaluate()
    assert {pair for pair, _, _ in shop.said()} == {"production..staging", "development..staging"}
    assert not Pair.objects.exclude(left__slug="production").filter(right__slug="production").exists()


@pytest.mark.e2e
def test_the_program_ends_with_what_it_found(tmp_path: Path) -> None:
    """Of a plan 2 for changes; a wrong option must not look like that."""
    path = tmp_path / "project.toml"
    path.write_text('[project]\nname = "shop"\n[project.environments]\nqa = {}\n', encoding="utf-8")
    url, _, _ = os.environ["DATABASE_URL"].partition("?")
    database = f"{url.rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    query = os.environ["DATABASE_URL"].partition("?")[2]
    environment = {**os.environ, "DATABASE_URL": f"{database}?{query}" if query else database}

    def ended(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "paritycheck", "apply", str(path), *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    planned, misused = ended("--plan"), ended("--plam")
    assert (planned.returncode, planned.stderr) == (2, "")
    assert "  + environment qa (tier other)\n" in planned.stdout
    assert misused.returncode == 64


def test_the_roles_are_those_of_the_model() -> None:
    assert tuple(Role.values) == ROLES
