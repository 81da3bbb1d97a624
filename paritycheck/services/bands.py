"""Notes that a gap of a pair moved to another band, with its facts or with time alone."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from paritycheck.core.durations import humanise
from paritycheck.core.subscriptions import PERSONNEL, TIME
from paritycheck.models import Pair
from paritycheck.models.notices import NoticeKind
from paritycheck.services.notices import note_notice

BANDS: Final = ("ok", "warning", "error")
Told = Mapping[str, Any]
"""A band that was told: `band`, `value` in words, `at`."""
AT_MOST_EVERY: Final = timedelta(hours=1)
"""A band that comes and goes is told once an hour at most."""


def note_bands(*, pair: Pair, now: datetime) -> None:
    """Compare the bands of an evaluated pair with those that were told last, and bring `pair.bands` up to date; the
    caller saves it. A first band is no change, and a time in which it is not known changes nothing.
    """
    for gap, document in ((TIME, pair.time), (PERSONNEL, pair.personnel)):
        _compare(pair, gap, document, now)


def _compare(pair: Pair, gap: str, document: Mapping[str, Any], now: datetime) -> None:
    band = document.get("band")
    if band not in BANDS:
        return
    told = pair.bands.get(gap)
    this = {"band": band, "value": _value(gap, document), "at": now.isoformat()}
    if told is not None and told["band"] != band:
        if now - datetime.fromisoformat(told["at"]) < AT_MOST_EVERY:
            return
        _note(pair, gap, told, this, document, now)
    if told is None or told["band"] != band:
        pair.bands = {**pair.bands, gap: this}


def _note(pair: Pair, gap: str, before: Told, after: Told, document: Mapping[str, Any], now: datetime) -> None:
    """The personnel gap is the right environment's, and every pair with it notices the same once a day."""
    left = pair.right if gap == PERSONNEL else pair.left
    step = f"{before['band']}>{after['band']}"
    about = f"{gap}:{left.pk}..{pair.right_id}"
    period = f"{now:%Y-%m-%d}" if gap == PERSONNEL else f"{now:%Y-%m-%dT%H}"
    note_notice(
        project_id=pair.project_id,
        kind=NoticeKind.BAND,
        about=about,
        severity=BANDS[max(BANDS.index(before["band"]), BANDS.index(after["band"]))],
        dedupe=f"band:{about}:{step}:{period}",
        at=now,
        left=left,
        right=pair.right,
        gap=gap,
        detail={
            "before": before["band"],
            "after": after["band"],
            "value_before": before["value"],
            "value_after": after["value"],
            "limit": humanise(document["limit_s"]) if gap == TIME and document.get("limit_s") else "",
        },
    )


def _value(gap: str, document: Mapping[str, Any]) -> str:
    value = document.get("value")
    if not isinstance(value, int | float):
        return ""
    return humanise(value) if gap == TIME else f"{value:.2f}"
