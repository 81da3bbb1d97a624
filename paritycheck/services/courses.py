"""How a pair's gaps went in the last weeks, kept with the pair so that pages draw it without counting again."""

from datetime import datetime, timedelta
from typing import Any

from paritycheck.models import Pair
from paritycheck.selectors.courses import Courses

DAYS = 28
SHARE_DIGITS = 4


def note_courses(*, pair: Pair, now: datetime) -> None:
    """One value a day, today last, of the time gap in seconds and of the personnel gap; empty while one is unknown.

    Counted again each hour, and when either side runs another commit: walking the commits of a month is no work for
    every report. The caller saves the pair.
    """
    stamp = _stamp(pair, now)
    if pair.courses.get("of") == stamp:
        return
    courses = Courses(pair.project, [now - timedelta(days=back) for back in range(DAYS, -1, -1)], weeks=DAYS // 7)
    pair.courses = {
        "of": stamp,
        "time": [round(value) for value in courses.time(pair.left, pair.right)],
        "personnel": [round(value, SHARE_DIGITS) for value in courses.personnel(pair.right)],
    }


def _stamp(pair: Pair, now: datetime) -> list[Any]:
    commits = [snapshot.commit if snapshot else "" for snapshot in (pair.left_snapshot, pair.right_snapshot)]
    return [f"{now:%Y-%m-%dT%H}", *commits, pair.time.get("waiting"), pair.personnel.get("deploys")]
