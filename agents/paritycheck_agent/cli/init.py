"""`parity init`: looks around the checkout and writes a commented parity.toml."""

from __future__ import annotations

import os
import sys

from paritycheck_agent.config import POLICY_FILE, ConfigError
from paritycheck_agent.context import regular
from paritycheck_agent.sources.lock_formats import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_SEEN = (
    ("lock files", tuple(name for names, *_rest in FORMATS for name in names)),
    ("service images", ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")),
    ("configuration names", (".env.example", ".env.sample", "env.example", ".env.template", ".env", "app.json")),
    (
        "pinned runtimes",
        (
            ".python-version", ".nvmrc", ".node-version", ".ruby-version", ".java-version", ".go-version",
            ".php-version", ".tool-versions", "mise.toml", ".mise.toml", "rust-toolchain.toml",
        ),
    ),
    ("processes", ("Procfile", "Dockerfile")),
    ("migrations", ("manage.py", "alembic.ini", "db/migrate", "prisma/migrations", "db/migration", "knexfile.js")),
    (
        "services of pipelines, for the gate",
        (".github/workflows", ".gitlab-ci.yml", "bitbucket-pipelines.yml", ".circleci/config.yml"),
    ),
)  # fmt: skip
_SLUG_CHARS = 63

_TEMPLATE = """\
# What this project expects of its environments. paritycheck reads it from the checkout that runs in the baseline.
# Everything below is optional; what is commented out shows the form. Where this file says nothing these hold:
#   services       same kind and major version, at most a patch apart; their settings the same
#   dependencies   direct ones the same between staging and production; else, and transitive ones, a patch apart
#   runtime        languages at most a patch apart; system and processor the same between servers
#   config         every name in both, but for those of shells, CI and images; SECRET_KEY, *_TOKEN and *_PASSWORD
#                  never shared between tiers
#   migrations     none of production's is missing elsewhere

[project]
name = "{name}"
baseline = "production"          # the environment the others are compared with

# Looked around here and found:
{found}

# [environments.laptops]
# tier = "development"           # development, testing, staging, production, other
# kind = "cohort"                # persistent, cohort (many laptops as one), ephemeral

# [time]
# max_age = {{ staging = "24h", development = "7d" }}    # age of the oldest change that waits

# [tools.services]               # same, same-minor, same-major, present, absent, must-differ, ignore
# "*" = "same-minor"
# postgresql = "same-major"

# [tools.dependencies]
# direct = "same"
# transitive = "same-minor"
# ignore = ["pkg:pypi/pytest*", "pkg:npm/eslint*"]

# [dependencies]                 # what is looked at; everything else here is what is expected of it
# folders = ["frontend"]         # folders with lock files of their own
# sbom = ["build/image.cdx.json"]    # bills of materials, CycloneDX or SPDX
# system = true                  # packages of the operating system too, as in a container

# [tools.config]
# expect = "present"
# only-in = {{ development = ["DEBUG_TOOLBAR_*"] }}
# same = ["TIME_ZONE", "FEATURE_*"]
# must-differ = ["SECRET_KEY", "*_PASSWORD", "*_TOKEN"]

# [owners]                       # who hears of it; teams are named below
# "services/*" = "platform"
# [teams]
# platform = ["ann@example.com", "bo@example.com"]

# [[waivers]]                    # drift that is accepted for a while
# match = "services/search:version"
# pair = "development..production"
# reason = "upgrade planned, OPS-118"
# owner = "maria@example.com"
# until = 2026-12-31
"""


def run(options: Any) -> int:
    """Write parity.toml; an existing one stays unless --force is given."""
    root = options.directory
    if not os.path.isdir(root):
        raise ConfigError(root, "no such directory")
    path = os.path.join(root, POLICY_FILE)
    found = list(look_around(root))
    text = _TEMPLATE.format(name=project_name(root), found="\n".join(found) or "#   nothing that paritycheck reads yet")
    _write(path, text, force=options.force)
    rows = [row.replace("#   ", "  ", 1) for row in found] or ["  found here: nothing that paritycheck reads yet"]
    sys.stdout.write(f"wrote {path}\n" + "\n".join(rows) + "\n")
    sys.stdout.write(
        "next: `parity show` prints what would be sent; then export PARITY_URL and PARITY_TOKEN"
        " and run `parity report`\n"
    )
    return 0


def look_around(root: str) -> Iterable[str]:
    """Yield a comment line for each kind of file that the collectors read and that is here."""
    for title, names in _SEEN:
        present = [name for name in names if os.path.exists(os.path.join(root, name))]
        if present:
            yield f"#   {title}: {', '.join(present)}"
    if os.path.exists(os.path.join(root, ".git")):
        yield "#   commits: git"


def project_name(root: str) -> str:
    """Return a slug for the project: its name in pyproject.toml or package.json, else the directory's."""
    return _slug(_pyproject_name(root) or _package_name(root) or os.path.basename(os.path.abspath(root))) or "project"


def _slug(text: str) -> str:
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in text.lower()).split()
    return "-".join(words)[:_SLUG_CHARS].rstrip("-")


def _pyproject_name(root: str) -> str:
    from paritycheck_agent import toml

    try:
        with open(os.path.join(root, "pyproject.toml"), encoding="utf-8", opener=regular) as stream:
            project = toml.load(stream.read()).get("project")
    except (OSError, ValueError):
        return ""
    return str(project.get("name", "")) if isinstance(project, dict) else ""


def _package_name(root: str) -> str:
    import json

    try:
        with open(os.path.join(root, "package.json"), encoding="utf-8", opener=regular) as stream:
            package = json.load(stream)
    except (OSError, ValueError, RecursionError):
        return ""
    return str(package.get("name", "")) if isinstance(package, dict) else ""


def _write(path: str, text: str, *, force: bool) -> None:
    try:
        with open(path, "w" if force else "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise ConfigError(path, "exists already", "--force writes over it") from None
