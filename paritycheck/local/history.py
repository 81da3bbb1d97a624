"""The demo's app: a small shop with a history, replayed into a real git repository and checked out three times.

What ships is data: `shop/history.toml` says who committed which patch when, `shop/environments/` holds the settings
of each deploy. Times count back from the moment of the demo.
"""

import os
import re
import shutil
import subprocess
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from paritycheck.local.errors import LocalError

DATA = Path(__file__).with_name("shop")
REMOTE = "https://git.shop.example/acme/shop.git"
DAY_S, HOUR_S = 86_400, 3_600
_AGO = re.compile(r"(\d+)d (\d+)h")
# Nobody's own configuration, hooks or signing keys take part.
_GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


@dataclass(frozen=True, slots=True)
class Deploy:
    """One environment of the shop: what is checked out, and the kind of machine that reports it."""

    name: str
    tier: str
    revision: str
    machine: str
    instance: str


DEPLOYS = (
    Deploy("production", "production", "v1.4.0", "host", "web-1.shop.example"),
    Deploy("staging", "staging", "main", "host", "staging.shop.example"),
    Deploy("development", "development", "gift-wrap", "laptop", "ines-laptop"),
)


def replay(repository: Path) -> int:
    """Build the repository; the number of commits, merges left out."""
    history = tomllib.loads((DATA / "history.toml").read_text(encoding="utf-8"))
    repository.mkdir(parents=True)
    _git(repository, "init", "--quiet", "--initial-branch=main")
    now = int(time.time())
    for step in history["steps"]:
        _take(repository, step, history["authors"], now)
    return sum("patch" in step for step in history["steps"])


def check_out(repository: Path, place: Path, deploy: Deploy, database_url: str) -> None:
    """Clone the repository at the deploy's revision, and put its settings and its compose file there.

    Production's database is `database_url`; the others have theirs in their settings.
    """
    _git(repository, "clone", "--quiet", "--branch", deploy.revision, str(repository), str(place))
    _git(place, "remote", "set-url", "origin", REMOTE)
    settings = (DATA / "environments" / f"{deploy.name}.env").read_text(encoding="utf-8")
    if deploy.name == "production":
        settings += f"DATABASE_URL={database_url}\n"
    (place / ".env").write_text(settings, encoding="utf-8")
    shutil.copyfile(place / "deploy" / f"compose.{deploy.name}.yaml", place / "compose.yaml")


def _take(repository: Path, step: Mapping[str, str], authors: Mapping[str, list[str]], now: int) -> None:
    if "branch" in step:
        _git(repository, "branch", step["branch"])
    elif "tag" in step:
        _git(repository, "tag", step["tag"])
    elif "switch" in step:
        _git(repository, "checkout", "--quiet", step["switch"])
    else:
        name, address = authors[step["author"]]
        _commit(repository, step, _signature(name, address, now - _seconds(step["ago"])))


def _commit(repository: Path, step: Mapping[str, str], signature: Mapping[str, str]) -> None:
    if "merge" in step:
        _git(repository, "merge", "--quiet", "--no-ff", "-m", step["subject"], step["merge"], environment=signature)
        return
    _git(repository, "apply", "--index", "--whitespace=nowarn", str(DATA / "patches" / f"{step['patch']}.patch"))
    _git(repository, "commit", "--quiet", "-m", step["subject"], environment=signature)


def _signature(name: str, address: str, when: int) -> dict[str, str]:
    return {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", name), ("EMAIL", address), ("DATE", f"{when} +0000"))
    }


def _seconds(ago: str) -> int:
    found = _AGO.fullmatch(ago)
    if found is None:
        raise ValueError(f"not an age: {ago}")
    return int(found[1]) * DAY_S + int(found[2]) * HOUR_S


def _git(directory: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", str(directory), *arguments],  # noqa: S607  the git that the agent finds too
        env={**inherited, **_GIT, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LocalError(f"git {arguments[0]} failed while building the demo's repository: {done.stderr.strip()}")
