"""The demo's table: aligned, worst first, and nothing in it that a terminal would obey."""

from datetime import UTC, datetime, timedelta
from typing import Any

from paritycheck.local.table import drift_lines, pair_line

TABLE = """\
PAIR                      SEVERITY   WHAT                                  HERE            BASELINE          SINCE
staging..production       error      config/SENTRY_DSN   missing           absent          present           just now
development..production   error      services/database   kind              sqlite 3.45.1   postgresql 18.4   just now
staging..production       error      services/search     version (major)   7.17.18         8.12.2            just now"""
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def drift(**members: Any) -> dict[str, Any]:
    """A drift as the API gives it."""
    usual = {
        "pair": "staging..production", "section": "services", "name": "search", "rule": "version",
        "severity": "error", "distance": 3, "opened_at": NOW.isoformat(),
        "left": {"state": "present", "kind": "elasticsearch", "value": "7.17.18"},
        "right": {"state": "present", "kind": "elasticsearch", "value": "8.12.2"},
    }  # fmt: skip
    return usual | members


def lines(*drifts: dict[str, Any], most: int = 20, colour: bool = False) -> list[str]:
    return drift_lines(drifts, now=NOW, most=most, colour=colour)


def test_columns_stand_under_their_headings() -> None:
    kind = drift(
        pair="development..production", name="database", rule="kind", distance=4,
        left={"state": "present", "kind": "sqlite", "value": "3.45.1"},
        right={"state": "present", "kind": "postgresql", "value": "18.4"},
    )  # fmt: skip
    missing = drift(
        section="config", name="SENTRY_DSN", rule="missing", distance=4,
        left={"state": "absent"}, right={"state": "present"},
    )  # fmt: skip
    assert "\n".join(lines(kind, drift(), missing)) == TABLE


def test_errors_come_before_warnings_and_greater_distances_first() -> None:
    shown = lines(drift(severity="warning", name="b"), drift(name="c", distance=2), drift(name="d"))
    assert [row.split()[2] for row in shown[1:]] == ["services/d", "services/c", "services/b"]


def test_what_does_not_fit_is_counted() -> None:
    shown = lines(*(drift(name=f"s{number}") for number in range(5)), drift(severity="note"), most=3)
    assert len(shown) == 5
    assert shown[-1] == "and 3 more, 2 errors, 1 note"


def test_several_values_stand_beside_each_other() -> None:
    several = drift(left={"state": "present", "value": ["1.2", "2.0"]}, right={"state": "unknown", "reason": "stale"})
    assert "1.2, 2.0   unknown    just now" in lines(several)[1]


def test_a_name_cannot_command_the_terminal() -> None:
    row = lines(drift(name="\x1b[2Jgone\u202e"))[1]
    assert "\x1b" not in row
    assert "\u202e" not in row


def test_colour_only_where_it_is_asked_for() -> None:
    assert "\033[31merror" in lines(drift(), colour=True)[1]
    assert "\033" not in "".join(lines(drift()))


def test_age_in_the_greatest_unit_that_fits() -> None:
    ages = {timedelta(seconds=59): "just now", timedelta(minutes=5): "5 min", timedelta(hours=23): "23 h"}
    ages[timedelta(days=9)] = "9 d"
    for age, said in ages.items():
        assert lines(drift(opened_at=(NOW - age).isoformat()))[1].endswith(f"   {said}")


def pair(parity: float | None, **time: Any) -> dict[str, Any]:
    """A pair as the API gives it."""
    return {"pair": "staging..production", "gaps": {"time": time}, "parity": parity, "coverage": 0.94}


def test_a_pair_says_what_waits_and_how_far_apart_it_is() -> None:
    waits = pair_line(pair(0.81, waiting=14, value=9.2 * 86_400), 24)
    assert waits == (
        "time   staging..production        14 commits wait, the oldest 9 days   parity 81 %  coverage 94 %"
    )
    assert "1 commit waits, the oldest 1 hour " in pair_line(pair(1.0, waiting=1, value=3_700), 0)
    assert "nothing waits " in pair_line(pair(1.0, waiting=0, value=0), 0)


def test_what_is_not_known_says_why() -> None:
    line = pair_line(pair(None, value=None, reason="shallow"), 0)
    assert "unknown: shallow" in line
    assert "parity unknown  coverage 94 %" in line
