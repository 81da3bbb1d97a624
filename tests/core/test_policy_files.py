"""The policies that paritycheck itself writes: its own, and the one that `parity init` begins with."""

from __future__ import annotations

from pathlib import Path

import pytest

from paritycheck.core import defaults
from paritycheck.core.policy import read_policy
from paritycheck_agent.cli import main

ROOT = Path(__file__).resolve().parents[2]


def begun(place: Path) -> str:
    """What `parity init` writes into a folder."""
    assert main(["init", "-C", str(place)]) == 0
    return (place / "parity.toml").read_text(encoding="utf-8")


def test_our_own_policy_has_no_mistake_and_names_the_project() -> None:
    policy = read_policy((ROOT / "parity.toml").read_text(encoding="utf-8"))
    assert (policy.name, policy.baseline) == ("paritycheck", "production")


def test_what_init_writes_has_no_mistake(tmp_path: Path) -> None:
    policy = read_policy(begun(tmp_path))
    assert policy.baseline == "production"
    assert not policy.tools


def test_what_init_shows_has_no_mistake_either(tmp_path: Path) -> None:
    """Whoever takes the comment signs away has a policy that comes into force."""
    rows = begun(tmp_path).splitlines()
    start = next(index for index, row in enumerate(rows) if row.startswith("# [environments"))
    shown = [row.removeprefix("# ") for row in rows[start:]]
    policy = read_policy("\n".join(["[project]", 'name = "shop"', *shown]))
    assert policy.waivers
    assert set(policy.tools) == {"services", "dependencies", "config"}


def test_init_names_the_shipped_secrets(tmp_path: Path) -> None:
    text = begun(tmp_path)
    for name in ("SECRET_KEY", "*_TOKEN", "*_PASSWORD"):
        hit = defaults.CONFIG.find(name.replace("*", "X"))
        assert hit is not None
        assert hit.value.word == "must-differ"
        assert name in text


@pytest.mark.parametrize(
    "name",
    # `docker image inspect` of python:3.12, node:22 and ruby:3.4, but for what an application reads (LANG).
    ["PATH", "GPG_KEY", "PYTHON_VERSION", "PYTHON_SHA256", "NODE_VERSION", "YARN_VERSION", "RUBY_VERSION",
     "RUBY_DOWNLOAD_URL", "RUBY_DOWNLOAD_SHA256", "GEM_HOME", "BUNDLE_SILENCE_ROOT_WARNING", "BUNDLE_APP_CONFIG",
     "HOSTNAME", "INVOCATION_ID", "JOURNAL_STREAM", "NVM_DIR", "DYNO"],
)  # fmt: skip
def test_on_day_one_no_drift_is_made_of_what_an_image_says_of_itself(name: str) -> None:
    hit = defaults.CONFIG.find(name)
    assert hit is not None
    assert hit.value.word == "ignore"


@pytest.mark.parametrize("name", ["DATABASE_URL", "DJANGO_SETTINGS_MODULE", "RAILS_ENV", "NODE_ENV", "LANG", "PORT"])
def test_what_an_application_reads_is_expected_on_both_sides(name: str) -> None:
    assert defaults.CONFIG.find(name) is None
