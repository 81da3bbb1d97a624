"""What our commands say where the service behind them cannot work."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.utils import ProgrammingError

from paritycheck.management import base
from paritycheck.management.commands import bootstrap


@pytest.mark.django_db
def test_a_database_without_tables_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(**_given: Any) -> None:
        raise ProgrammingError('relation "paritycheck_project" does not exist')

    monkeypatch.setattr(bootstrap, "bootstrap_project", refuses)
    monkeypatch.setattr(base, "is_migrated", lambda: False)
    with pytest.raises(CommandError, match="paritycheck migrate"):
        call_command("bootstrap", project="shop")
    # Any other mistake of ours stays one.
    monkeypatch.setattr(base, "is_migrated", lambda: True)
    with pytest.raises(ProgrammingError):
        call_command("bootstrap", project="shop")
