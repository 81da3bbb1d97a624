"""`parity show` of 400 distributions and a package-lock.json of 1,000, against the tools that list one of the two.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/agent_cost.py

Peers in the same run, rounds interleaved, medians of wall time: `cyclonedx-py environment` of the same interpreter
(goals: a fifth of its time, half of its memory) and `npm ls --all --json` of the same lock (a fifth of its time). The
agent reads both each time, and is measured twice: as every five minutes, and with an empty state directory (`cold`),
where it remembers nothing. All of it stays below 40 MB. cyclonedx-bom is put into an environment of its own by pip.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.agent_show import environment, make_environment, measure
from tests.benchmarks.results import Row, publish

DISTRIBUTIONS, LOCKED = 400, 1_000
ROUNDS = 5
PEER = "cyclonedx-bom>=7,<8"
# Of each figure the goal it has to stay below.
GOALS = {
    "cyclonedx": 0.2,
    "cyclonedx_cold": 0.2,
    "cyclonedx_memory": 0.5,
    "npm": 0.2,
    "npm_cold": 0.2,
    "megabytes": 40.0,
}

MEASURED_BY_KERNEL = {"cyclonedx_memory", "megabytes"}
"""Memory, which a busy machine does not spoil."""


def make_lock(root: Path) -> None:
    """Write package.json and a lock of version 3: 50 direct packages, each package in need of two further ones."""
    names = [f"package-{number:04}" for number in range(LOCKED)]
    direct = dict.fromkeys(names[:50], "^1.0.0")
    packages: dict[str, object] = {"": {"name": "shop", "version": "1.0.0", "dependencies": direct}}
    for number, name in enumerate(names):
        wants = [2 * number + 50, 2 * number + 51]
        packages[f"node_modules/{name}"] = {
            "version": f"1.{number % 20}.{number % 7}",
            "resolved": f"https://registry.npmjs.org/{name}/-/{name}-1.{number % 20}.{number % 7}.tgz",
            "integrity": "sha512-" + "A" * 86 + "==",
            "license": "MIT",
            "dependencies": {names[wanted]: "^1.0.0" for wanted in wants if wanted < LOCKED},
            "engines": {"node": ">= 0.6"},
        }
    (root / "package.json").write_text(json.dumps({"name": "shop", "version": "1.0.0", "dependencies": direct}))
    lock = {"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": packages}
    (root / "package-lock.json").write_text(json.dumps(lock, indent=2))


def peer_program(root: Path) -> str:
    """Return the path of cyclonedx-py, installed here."""
    subprocess.run([sys.executable, "-m", "venv", str(root)], check=True)
    pip = [str(root / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, PEER], check=True, stderr=subprocess.DEVNULL)
    return str(root / "bin" / "cyclonedx-py")


def compare(work: Path, cyclonedx: str) -> tuple[dict[str, float], str]:
    """Return the figures by the names of GOALS, and a line of what was measured."""
    work.mkdir()
    python = make_environment(work / "venv", DISTRIBUTIONS)
    checkout = work / "shop"
    checkout.mkdir()
    (checkout / "parity.toml").write_text('[project]\nname = "shop"\n')
    make_lock(checkout)
    show = [str(Path(sys.executable).parent / "parity"), "show"]
    warm = {**environment(), "PARITY_PYTHON": str(python), "PARITY_STATE_DIR": str(work / "state")}
    cold = {**warm, "PARITY_STATE_DIR": str(work / "cold")}
    commands = {
        "parity": (show, warm),
        "cold": (show, cold),
        "cyclonedx": ([cyclonedx, "environment", "--no-validate", "--of", "JSON", str(python)], warm),
        "npm": (["npm", "ls", "--all", "--json", "--package-lock-only"], warm),
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    peaks: dict[str, float] = dict.fromkeys(commands, 0.0)
    for number in range(ROUNDS + 1):
        for name, (command, environ) in commands.items():
            shutil.rmtree(work / "cold", ignore_errors=True)
            took, megabytes = measure(command, cwd=checkout, environ=environ)
            if number:  # the first round writes bytecode and fills caches
                seconds[name].append(took)
                peaks[name] = max(peaks[name], megabytes)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    figures = {
        "cyclonedx": median["parity"] / median["cyclonedx"],
        "cyclonedx_cold": median["cold"] / median["cyclonedx"],
        "cyclonedx_memory": max(peaks["parity"], peaks["cold"]) / peaks["cyclonedx"],
        "npm": median["parity"] / median["npm"],
        "npm_cold": median["cold"] / median["npm"],
        "megabytes": max(peaks["parity"], peaks["cold"]),
    }
    return figures, ", ".join(f"{name} {median[name] * 1000:.0f} ms {peaks[name]:.0f} MB" for name in commands)


def main() -> int:
    """Measure, once more where a goal was missed, and print."""
    with tempfile.TemporaryDirectory() as directory:
        cyclonedx = peer_program(Path(directory, "peer"))
        figures, line = compare(Path(directory, "first"), cyclonedx)
        if any(figures[name] > goal for name, goal in GOALS.items()):
            figures, line = compare(Path(directory, "second"), cyclonedx)
    rows = [
        Row(f"agent_cost_{name}", figures[name], goal, quiet=name not in MEASURED_BY_KERNEL)
        for name, goal in GOALS.items()
    ]
    return publish(rows, line)


if __name__ == "__main__":
    sys.exit(main())
