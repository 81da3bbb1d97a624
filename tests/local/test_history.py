"""The demo's repository: real commits, made by git, at times that count back from now."""

import subprocess
import time
from pathlib import Path

import pytest

from paritycheck.local import history

pytestmark = pytest.mark.e2e
DAY_S = 86_400


def git(directory: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(directory), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "repository"
    assert history.replay(path) == 36
    return path


def test_fourteen_commits_wait_for_production_the_oldest_for_nine_days(repository: Path) -> None:
    waiting = git(repository, "log", "--no-merges", "--format=%ct", "v1.4.0..main").split()
    assert len(waiting) == 14
    assert 9 <= (time.time() - min(map(int, waiting))) / DAY_S < 10


def test_three_people_wrote_it_over_six_weeks(repository: Path) -> None:
    people = set(git(repository, "log", "--all", "--format=%aN <%aE>").splitlines())
    assert people == {
        "Maria Keller <maria@shop.example>", "Tom Okafor <tom@shop.example>", "Ines Duarte <ines@shop.example>",
    }  # fmt: skip
    assert set(git(repository, "log", "--all", "--format=%ae").splitlines()) > {"tom@laptop.lan"}
    first = min(map(int, git(repository, "log", "--all", "--format=%ct").split()))
    assert 40 <= (time.time() - first) / DAY_S <= 42


def test_one_branch_was_merged(repository: Path) -> None:
    assert git(repository, "log", "--merges", "--all", "--format=%s") == "Merge branch 'delivery-dates'"


@pytest.mark.parametrize("deploy", history.DEPLOYS, ids=lambda deploy: deploy.name)
def test_a_checkout_is_clean_and_has_its_settings(repository: Path, tmp_path: Path, deploy: history.Deploy) -> None:
    place = tmp_path / deploy.name
    history.check_out(repository, place, deploy, "postgres:///shop?host=/nowhere")
    assert git(place, "status", "--porcelain") == ""
    assert git(place, "rev-parse", "HEAD") == git(repository, "rev-parse", f"{deploy.revision}^{{commit}}")
    settings = (place / ".env").read_text(encoding="utf-8")
    assert ("postgres:///shop?host=/nowhere" in settings) == (deploy.name == "production")
    assert "services:" in (place / "compose.yaml").read_text(encoding="utf-8")


def test_nobodys_own_git_configuration_takes_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = tmp_path / "gitconfig"
    hostile.write_text("[commit]\n\tgpgsign = true\n[user]\n\tname = nobody in particular\n", encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(hostile))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert history.replay(tmp_path / "repository") == 36
