"""Folders as package managers leave them (fixtures/node_modules/README.md)."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent / "fixtures" / "node_modules"
LISTED: dict[str, dict[str, Any]] = json.loads((FIXTURES / "installed.json").read_text())["packages"]


def package(folder: Path, name: str, version: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps({"name": name, "version": version}))


def unpack(root: Path) -> Path:
    """Lay out what npm installed: a package.json in every folder of its list, the workspace linked, the list last."""
    root.mkdir(exist_ok=True)
    shutil.copy(FIXTURES / "package.json", root)
    package(root / "packages" / "prices", "@shop/prices", "0.1.0")
    for folder, entry in LISTED.items():
        if entry.get("link"):
            (root / folder).parent.mkdir(parents=True, exist_ok=True)
            (root / folder).symlink_to(os.path.relpath(root / entry["resolved"], (root / folder).parent))
        else:
            name = folder.rpartition("node_modules/")[2]
            package(root / folder, entry.get("name", name), entry["version"])
    (root / "node_modules" / ".bin").mkdir()
    listing = root / "node_modules" / ".package-lock.json"
    shutil.copyfile(FIXTURES / "installed.json", listing)
    later(listing, 60)
    return root


def later(path: Path, seconds: int) -> None:
    now = path.stat().st_mtime + seconds
    os.utime(path, (now, now))


def distributions(root: Path, **versions: str) -> None:
    """Lay out a virtual environment as pip does, with these distributions in it."""
    (root / ".venv").mkdir(parents=True, exist_ok=True)
    (root / ".venv" / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.12.4\n")
    site = root / ".venv" / "lib" / "python3.12" / "site-packages"
    for name, version in versions.items():
        info = site / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
