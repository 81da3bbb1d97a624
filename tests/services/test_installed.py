"""From a broken virtual environment and a broken node_modules to drifts of the environment with itself."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from paritycheck_agent.collectors import dependencies
from paritycheck_agent.context import Context
from paritycheck_agent.redact import clean
from tests.agent.trees import FIXTURES, distributions, package, unpack

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.conftest import Shop

pytestmark = pytest.mark.django_db


def report(shop: Shop, root: Path) -> None:
    """What the agent says of a checkout, taken and evaluated as staging's."""
    collected = dependencies.collect(
        Context(str(root), {"PARITY_INSTANCE_KIND": "host"}, {}, str(root.parent / "state"))
    )
    facts, warnings = clean("dependencies", collected.facts)
    assert (warnings, collected.warnings) == ([], [])
    shop.report("staging", facts, covers=collected.covers)
    shop.evaluate("staging")


def test_installed_and_locked_that_differ_are_drifts_of_pypi_and_npm_and_are_resolved(
    shop: Shop, tmp_path: Path
) -> None:
    root = unpack(tmp_path / "checkout")
    shutil.copy(FIXTURES / "package-lock.json", root)
    (root / "requirements.txt").write_text("django==5.2.19\nredis==5.0.1\nsqlparse==0.5.3\n")
    distributions(root, django="5.2.18", sqlparse="0.5.3", stray="1.0")
    package(root / "node_modules" / "left-pad", "left-pad", "1.3.0")
    shutil.rmtree(root / "node_modules" / "debug")
    report(shop, root)
    broken = [
        ("staging..staging", "pkg:npm/debug", "not-installed"),
        ("staging..staging", "pkg:npm/left-pad", "not-locked"),
        ("staging..staging", "pkg:pypi/django", "not-locked"),
        ("staging..staging", "pkg:pypi/redis", "not-installed"),
        ("staging..staging", "pkg:pypi/stray", "not-locked"),
    ]
    assert shop.said() == broken
    django = shop.drifts()[2]
    assert (django.severity, django.left_side["value"], django.right_side["value"]) == ("warning", "5.2.19", "5.2.18")

    package(root / "node_modules" / "debug", "debug", "4.3.4")
    shutil.rmtree(root / "node_modules" / "left-pad")
    shutil.rmtree(root / ".venv")
    distributions(root, django="5.2.19", sqlparse="0.5.3", redis="5.0.1")
    report(shop, root)
    assert (shop.said(), shop.said("resolved")) == ([], broken)
