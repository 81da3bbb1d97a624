"""`make audit`: known vulnerabilities in what `uv.lock` names.

pip-audit asks pypi.org and says "No known vulnerabilities found" where it could learn nothing of any package; here that
is a failure. Exit codes: 0 none in all of them, 1 some, 2 it could not be told.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PIP_AUDIT = "pip-audit==2.10.1"
GOOD, VULNERABLE, UNKNOWN = 0, 1, 2
SHOWN = 10
EXPORT = ("export", "--quiet", "--frozen", "--no-dev", "--all-packages", "--all-extras", "--no-emit-workspace")


def main() -> int:
    """Export what is locked, with hashes, have it looked up, and judge the answer."""
    with tempfile.TemporaryDirectory() as name:
        asked, told = Path(name, "requirements.txt"), Path(name, "audit.json")
        uv(*EXPORT, "--format", "requirements.txt", "--output-file", str(asked))
        audit = ("--require-hashes", "--disable-pip", "--progress-spinner", "off", "--timeout", "20")
        files = ("-f", "json", "-o", str(told), "-r", str(asked))
        asking = ("tool", "run", "--from", PIP_AUDIT, "pip-audit", *audit, *files)
        done = subprocess.run([program(), *asking], cwd=ROOT, capture_output=True, text=True, check=False)
        try:
            document = json.loads(told.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            sys.stderr.write(done.stderr[-2000:])
            document = {}
    code, lines = verdict(document)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return code


def program() -> str:
    """The uv that `.ci/install` put into .venv, or that of PATH."""
    inside = Path(sys.executable).with_name("uv")
    return str(inside) if inside.exists() else shutil.which("uv") or "uv"


def uv(*arguments: str) -> str:
    """What uv prints; a failure of it ends the run with its own words."""
    done = subprocess.run([program(), *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr)
        sys.exit(UNKNOWN)
    return done.stdout


def verdict(document: dict[str, Any]) -> tuple[int, list[str]]:
    """The exit code, and what to say, for pip-audit's document. A package that was skipped was not looked up."""
    packages = document.get("dependencies") or []
    found = [f"{one['name']} {one['version']}: {_ids(one)}" for one in packages if one.get("vulns")]
    skipped = [str(one.get("name")) for one in packages if "vulns" not in one]
    if found:
        return VULNERABLE, [*found, f"{len(found)} of {len(packages)} packages have known vulnerabilities."]
    if skipped or not packages:
        names = ", ".join(skipped[:SHOWN]) + (" and others" if len(skipped) > SHOWN else "")
        looked = f"{len(packages) - len(skipped)} of {len(packages)} packages could be looked up"
        lines = [f"Not audited: {looked}. Is https://pypi.org in reach?"]
        return UNKNOWN, [*lines, f"Skipped: {names}"] if names else lines
    return GOOD, [f"No known vulnerability in {len(packages)} packages."]


def _ids(package: dict[str, Any]) -> str:
    return ", ".join(f"{one['id']} (fixed in {' or '.join(one['fix_versions']) or 'none'})" for one in package["vulns"])


if __name__ == "__main__":
    sys.exit(main())
