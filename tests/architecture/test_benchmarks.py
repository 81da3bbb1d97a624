"""`make bench`: every benchmark is in it, and its table, its JSON and its exit code say what was measured."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks import run
from tests.benchmarks.results import Row, best, table, twice


def test_every_script_that_measures_is_run() -> None:
    scripts = {path.stem for path in run.HERE.glob("*.py") if "sys.exit(main" in path.read_text(encoding="utf-8")}
    assert scripts - {"run"} == run.BENCHMARKS.keys()


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (Row("a", 0.7, 0.7), "ok"),
        (Row("a", 0.71, 0.7), "past its goal"),
        (Row("a", 0.7, 0.7, least=True), "ok"),
        (Row("a", 0.69, 0.7, least=True), "past its goal"),
        (Row("a", 5.0), "told"),
        (Row("a", float("nan"), 1.0), "past its goal"),
    ],
)
def test_a_goal_is_met_up_to_itself_and_never_by_what_is_no_number(row: Row, verdict: str) -> None:
    assert row.verdict == verdict
    assert verdict in table([row])


def test_what_missed_its_goal_is_measured_once_more_and_what_met_it_stays() -> None:
    rounds = iter([[Row("a", 3, 2), Row("b", 1, 2)], [Row("a", 1.5, 2), Row("b", 9, 2)], []])
    assert [row.ratio for row in twice(lambda: next(rounds))] == [1.5, 1]
    assert next(rounds) == []


def test_of_two_figures_past_a_floor_the_higher_one_counts() -> None:
    assert best([Row("a", 0.5, 0.7, least=True)], [Row("a", 0.6, 0.7, least=True)])[0].ratio == 0.6


SCRIPT = """
import sys
from tests.benchmarks.results import Row, publish
sys.exit(publish([Row("made_up", {ratio}, 1.0, "raw figures")], "a note"))
"""


@pytest.mark.parametrize(("ratio", "code", "verdict"), [(0.5, 0, "ok"), (2.0, 1, "past its goal")])
def test_the_runner_writes_what_a_script_measured(
    ratio: float, code: int, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "made_up.py").write_text(SCRIPT.format(ratio=ratio), encoding="utf-8")
    monkeypatch.setattr(run, "HERE", tmp_path)
    monkeypatch.setattr(run, "BENCHMARKS", {"made_up": "a script of this test"})
    written = tmp_path / "out" / "bench.json"
    assert run.main(["--json", str(written)]) == code
    found = json.loads(written.read_bytes())["benchmarks"]["made_up"]
    assert [(row["name"], row["ratio"], row["verdict"]) for row in found["rows"]] == [("made_up", ratio, verdict)]
    assert found["notes"] == ["a note"]
    assert capfd.readouterr().out.count(verdict) >= 2


def test_a_script_that_ends_without_figures_is_not_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "made_up.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(run, "HERE", tmp_path)
    monkeypatch.setattr(run, "BENCHMARKS", {"made_up": "a script of this test"})
    assert run.main(["--json", str(tmp_path / "bench.json")]) == 1


def test_a_name_that_is_none_is_refused_with_those_that_are() -> None:
    done = subprocess.run(
        [sys.executable, str(run.HERE / "run.py"), "--name", "nothing"], cwd=run.ROOT, check=False,
        env={**os.environ, "PYTHONPATH": str(run.ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert "no benchmark is named nothing; there are agent_show, " in done.stderr


ENDLESS = """
import time
from pathlib import Path
try:
    time.sleep(60)
finally:
    Path({mark!r}).touch()
"""


def test_a_script_that_takes_too_long_ends_what_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = tmp_path / "ended"
    (tmp_path / "made_up.py").write_text(ENDLESS.format(mark=str(mark)), encoding="utf-8")
    monkeypatch.setattr(run, "HERE", tmp_path)
    monkeypatch.setattr(run, "BENCHMARKS", {"made_up": "a script of this test"})
    monkeypatch.setattr(run, "LIMIT_S", 2)
    assert run.main(["--json", str(tmp_path / "bench.json")]) == 1
    assert mark.exists()
