"""`paritycheck demo`: what it promises to show, and that it ends without a trace."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paritycheck.local.clean import clean

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]
Look = Callable[[Path], dict[int, str]]
Start = Callable[..., "subprocess.Popen[str]"]
DEMO_S = 400
STOPS_S = 40


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("demo")
    yield directory
    clean(directory / ".paritycheck" / "demo")


@pytest.fixture
def start(
    place: Path, demo_environment: Callable[[], dict[str, str]], free_port: Callable[[], int]
) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """`start()`: run the demo on a port that is free; whatever the test finds, none outlives it."""
    started: list[subprocess.Popen[str]] = []

    def run(*words: str, port: int = 0) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "paritycheck", "demo", "--port", str(port or free_port()), *words]
        demo = subprocess.Popen(
            command, cwd=place, env=demo_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        started.append(demo)
        return demo

    yield run
    for demo in started:
        if demo.poll() is None:
            demo.terminate()
            demo.communicate(timeout=STOPS_S)


def read_until(demo: "subprocess.Popen[str]", wanted: str) -> list[str]:
    assert demo.stdout is not None
    lines: list[str] = []
    for line in demo.stdout:
        lines.append(line.rstrip("\n"))
        if line.startswith(wanted):
            return lines
    pytest.fail("\n".join(lines))


def test_it_shows_the_drift_refuses_a_second_one_and_ends_with_ctrl_c_without_a_trace(
    place: Path, start: Start, free_port: Callable[[], int], nothing_runs: Look
) -> None:
    port = free_port()
    demo = start(port=port)
    shows_what_drifts("\n".join(read_until(demo, "Next ")), port)
    data = place / ".paritycheck" / "demo"
    second = start()
    refused, _ = second.communicate(timeout=30)
    assert second.returncode == 1
    assert refused.startswith("paritycheck: A demo already runs here, at http://127.0.0.1:")
    began = time.monotonic()
    demo.send_signal(signal.SIGINT)
    rest, _ = demo.communicate(timeout=30)
    assert time.monotonic() - began < 15
    assert demo.returncode == 0
    assert nothing_runs(data) == {}
    assert len(list(data.glob("*/.env"))) == 3  # where its made-up values are, and nowhere else
    assert "made-up" not in rest + (data / "service.log").read_text(encoding="utf-8")


def shows_what_drifts(said: str, port: int) -> None:
    rows = [re.split(r"\s{2,}", line) for line in said.splitlines()]
    drifts = {(row[0], row[2], row[3].split(" ")[0]) for row in rows if len(row) == 7}
    assert ("development..production", "services/database", "kind") in drifts
    assert ("staging..production", "services/search", "version") in drifts
    assert ("staging..production", "config/SENTRY_DSN", "missing") in drifts
    assert ("staging..production", "dependencies/pkg:pypi/redis", "version") in drifts
    assert ("staging..production", "dependencies/pkg:npm/htmx.org", "version") in drifts
    assert re.search(
        r"^time +staging\.\.production +14 commits wait, the oldest 9 days +parity \d+ %", said, re.MULTILINE
    )
    address = rf"^Dashboard +http://127\.0\.0\.1:{port} +sign in as admin@localhost / \S+ +Stop with Ctrl-C$"
    assert re.search(address, said, re.MULTILINE)
    assert re.search(r"^paritycheck +watches itself", said, re.MULTILINE)
    ours = rf"^Itself +no drift, parity \d+% of \d+% compared, at http://127\.0\.0\.1:{port}/p/paritycheck$"
    assert re.search(ours, said, re.MULTILINE), said
    assert "\033" not in said
    assert "made-up" not in said


def test_a_folder_of_somebody_else_is_not_emptied(place: Path, start: Start) -> None:
    kept = place / "mine" / "demo" / "slides.md"
    kept.parent.mkdir(parents=True)
    kept.write_text("# A talk\n", encoding="utf-8")
    said, _ = start("--data", "mine").communicate(timeout=30)
    assert said.startswith(f"paritycheck: {kept.parent} holds what no demo has put there.")
    assert kept.exists()


def test_an_installed_copy_has_no_checkout_to_watch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from paritycheck.local import itself

    assert itself.checkout() == Path(__file__).resolve().parents[2]
    monkeypatch.setattr(itself, "__file__", str(tmp_path / "site-packages" / "paritycheck" / "local" / "itself.py"))
    assert itself.checkout() is None
