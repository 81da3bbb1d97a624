"""Every row of the lists of bad inputs and promises is answered for, and results are joined as they were found."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.chaos.outcome import Outcome, restored
from tests.results.__main__ import main
from tests.results.lines import PLACE, Line, markdown, read, table
from tests.results.rows import BAD_INPUTS, PLACES, PROMISES, rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
LATER = {"46"}
"""A quota of a project's storage: there is nothing yet that could refuse."""


@pytest.mark.parametrize(
    ("nodeid", "marks", "rows"),
    [
        ("tests/api/test_rows_server.py::test_row_48_a_full_disk_is_said_and_passes", [], ["48"]),
        ("tests/api/test_rows_bodies.py::test_rows_28_and_31_hostile_names[here]", [], ["28", "31"]),
        ("tests/api/test_rows_http.py::test_a_bad_request_is_refused[here-7-nul]", [], ["7"]),
        ("tests/api/test_rows_json.py::test_a_bad_report_is_refused[19-open-proxied]", [], ["19"]),
        ("tests/api/test_gate.py::test_anything", [], []),
        ("tests/api/test_gate.py::test_anything", ["P21", "58", "999"], ["58", "P21"]),
        ("tests/agent/test_gate_exits.py::test_anything", [], ["P21"]),
    ],
)
def test_a_test_answers_for_its_rows(nodeid: str, marks: Sequence[str], rows: list[str]) -> None:
    assert rows_of(nodeid, marks) == rows


def test_every_place_of_a_row_is_there_and_every_bad_input_has_a_test() -> None:
    for row, places in PLACES.items():
        assert row in BAD_INPUTS or row in PROMISES
        for place in places if row not in LATER else ():
            path, _, name = place.partition("::")
            assert f"def {name.partition('[')[0]}" in (ROOT / path).read_text(encoding="utf-8"), place
    text = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests/api").glob("test_*.py")))
    named = {number for found in re.findall(r"def test_rows?_(\d+)(?:_and_(\d+))?", text) for number in found}
    cases = set(re.findall(r'^ +\("(\d{1,2})-', text, re.MULTILINE))
    assert BAD_INPUTS.keys() - named - cases - PLACES.keys() <= LATER


def test_a_figure_beyond_its_bound_is_a_failure_and_says_both() -> None:
    outcome = Outcome("try", sent=3, kills=1, duplicates=1)
    outcome.at_most("told after", 61.25, 60, "s")
    outcome.exactly("mails", 1, 1)
    outcome = restored(json.loads(json.dumps(outcome.stored())))
    outcome.rows = "F99"
    assert not outcome.good
    told, mails, lost, again, holds = outcome.lines()
    assert told == Line("F99", "try: told after", "at most 60 s", "61.2 s", good=False)
    assert (mails.good, lost.measured, again.good, holds.good) == (True, "0 of 3", True, False)


def test_results_are_joined_in_the_order_of_the_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(PLACE, str(tmp_path))
    assert main() == 2
    lines = [Line("F10", "b", "1", "2", good=False), Line("F2", "a|b", "1", "1", good=True)]
    (tmp_path / "one.json").write_text(json.dumps([vars_of(line) for line in lines]))
    (tmp_path / "other.json").write_text('[{"ratio": 3}]')
    assert main() == 1
    assert "2 lines, 1 failed" in capsys.readouterr().out
    assert main() == 1, "what was joined is not joined again"
    found = read([tmp_path / "report.json"])
    assert [line.row for line in found] == ["F2", "F10"]
    assert "FAILED" in table(found)
    assert markdown(found).splitlines()[2] == "| F2 | a\\|b | 1 | 1 | ok |"


def vars_of(line: Line) -> dict[str, object]:
    return {name: getattr(line, name) for name in ("row", "what", "bound", "measured", "good")}
