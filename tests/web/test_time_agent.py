"""From a real checkout to the page: the agent reads `[scopes]`, looks at commits, and looks again when they change."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.test_pages import text_of

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(databases=["default", "heartbeat"], transaction=True),
    pytest.mark.timeout(300),
]
PATHS = ("services/api/a", "web/a", "services/api/b", "libs/x", "web/b", "docs/a", "services/api/c")
BEFORE = '[project]\nname = "shop"\n[scopes]\napi = "services/api"\nweb = ["web", "libs/*"]\n'
AFTER = BEFORE.replace('"services/api"', '["services/api", "libs"]')


def git(root: Path, *arguments: str) -> str:
    identity = {f"GIT_{role}_{part}": f"ann{at}@example.com" for role in ("AUTHOR", "COMMITTER")
                for part, at in (("NAME", 1), ("EMAIL", 2))}  # fmt: skip
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, **identity}
    ran = subprocess.run(["git", *arguments], cwd=root, env=environment, check=True, capture_output=True, text=True)
    return ran.stdout.strip()


@pytest.fixture
def checkouts(tmp_path: Path) -> dict[str, Path]:
    """Staging is a clone at the last of seven commits, production one at the second."""
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "-q", "-b", "main")
    for path in PATHS:
        (origin / path).parent.mkdir(parents=True, exist_ok=True)
        (origin / path).write_text(path)
        git(origin, "add", ".")
        git(origin, "commit", "-q", "-m", path)
    for name in ("staging", "production"):
        git(tmp_path, "clone", "-q", str(origin), name)
    git(tmp_path / "production", "checkout", "-q", "HEAD~5")
    return {name: tmp_path / name for name in ("staging", "production")}


def report(root: Path, shop: Any, url: str, policy: str) -> None:
    """What a person or a timer runs there."""
    (root / "parity.toml").write_text(policy)
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(root.parent), "PARITY_URL": url, "PARITY_TOKEN": shop.tokens[root.name],
        "PARITY_STATE_DIR": str(root.parent / f"{root.name}-state"), "GIT_CONFIG_GLOBAL": os.devnull,
    }  # fmt: skip
    command = [sys.executable, "-m", "paritycheck_agent.cli", "report"]
    ran = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    shop.evaluate(root.name)


def waiting(client: Client, scope: str) -> str:
    page = client.get(f"/p/shop/time?scope={scope}")
    assert page.status_code == 200
    return text_of(page.content.decode()).partition("this sheet")[0]


def test_an_agent_tells_which_parts_commits_touch_and_looks_again_when_the_parts_change(
    checkouts: dict[str, Path], shop: Any, live_server: Any, signed_in: Client
) -> None:
    for name in ("production", "staging"):
        report(checkouts[name], shop, live_server.url, BEFORE)
    assert "5 commits wait for production" in waiting(signed_in, "")
    assert "2 commits wait for production" in waiting(signed_in, "api")
    assert "2 commits wait for production" in waiting(signed_in, "web")
    expected = git(checkouts["staging"], "rev-list", "--count", "HEAD~5..HEAD", "--", "services/api", "libs")
    report(checkouts["production"], shop, live_server.url, AFTER)
    assert "What waits for production is not known" in waiting(signed_in, "api")
    assert "2 commits wait for production" in waiting(signed_in, "web")
    report(checkouts["staging"], shop, live_server.url, AFTER)
    assert f"{expected} commits wait for production" in waiting(signed_in, "api")
    assert expected == "3"
