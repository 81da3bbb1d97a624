"""Migrations are named for what they do and say all that the models say."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest

MIGRATIONS = Path(__file__).resolve().parents[2] / "paritycheck" / "migrations"


@pytest.mark.django_db
def test_no_change_of_a_model_is_without_its_migration() -> None:
    from django.core.management import call_command

    said = StringIO()
    call_command("makemigrations", "--check", "--dry-run", stdout=said, stderr=said)
    assert "No changes detected" in said.getvalue()


def test_each_has_a_name_and_a_number_of_its_own() -> None:
    names = sorted(path.stem for path in MIGRATIONS.glob("0*.py"))
    assert names
    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
    assert [name for name in names if re.search(r"_auto_|_alter_.*_and_more|_\d+$", name)] == []


def test_none_imports_the_application() -> None:
    for path in MIGRATIONS.glob("0*.py"):
        assert not re.search(r"^\s*(from|import) paritycheck", path.read_text(encoding="utf-8"), re.MULTILINE), path
