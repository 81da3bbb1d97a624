"""What this agent remembers of each server and token that it reported with (`parity status`). Changes nothing."""

from __future__ import annotations

import os
import time

from paritycheck_agent.runner import last
from paritycheck_agent.runner.memory import Memory, directory
from paritycheck_agent.spool import Spool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NAME_CHARS = 16
_GRACE_S = 60
# A single report of a host or laptop counts for that long (api.md, Instances).
_ONE_SHOT_S = 26 * 3_600


def standings(state_home: str, url: str = "", token: str = "") -> list[dict[str, Any]]:
    """Return what is remembered of a server and token, or of each where none is named, the latest run first.

    Raise OSError where the state directory may not be read.
    """
    if url and token:
        return [_standing(directory(state_home, url, token), url)]
    try:
        names = os.listdir(state_home)
    except (FileNotFoundError, NotADirectoryError):
        names = []
    places = [os.path.join(state_home, name) for name in names if len(name) == _NAME_CHARS]
    known = [_standing(place, "") for place in places if os.path.isfile(os.path.join(place, "state.json"))]
    return sorted(known, key=lambda standing: str(standing["at"] or ""), reverse=True)


def _standing(place: str, url: str) -> dict[str, Any]:
    ended, spool = last.read(place), Spool(place)
    memory = Memory(place) if os.path.isdir(place) else None
    waiting = spool.names()
    standing: dict[str, Any] = {
        "server": url or str(ended.get("url") or ""),
        "state": place,
        "taken_at": ended.get("taken_at"),
        "at": ended.get("at"),
        "code": ended.get("code"),
        "text": ended.get("text"),
        "hints": ended.get("hints") or [],
        "warnings": ended.get("warnings") or [],
        "interval_s": ended.get("interval_s") or None,
        "waiting": len(waiting),
        "waiting_bytes": sum(_size(os.path.join(spool.directory, name)) for name in waiting),
        "waiting_since": moment(_milliseconds(waiting[0])) if waiting else None,
        "rejected": [{"at": moment(_milliseconds(name)), "why": why} for name, why in spool.why().items()],
        "dropped": memory.dropped if memory else 0,
    }
    standing["overdue"] = _overdue(standing)
    standing["well"] = standing["code"] == 0 and not waiting and not standing["overdue"]
    standing["next"] = _steps(standing)
    return standing


def _overdue(standing: dict[str, Any]) -> bool:
    """Whether the server has not heard for so long that it counts this instance as silent."""
    age = age_s(standing["taken_at"])
    interval = standing["interval_s"]
    most = 2 * interval + _GRACE_S if isinstance(interval, int) else _ONE_SHOT_S
    return age is not None and age > most


def _steps(standing: dict[str, Any]) -> list[str]:
    """Return what a person can do now, the most pressing first."""
    if standing["at"] is None:
        return ["nothing was reported from here yet: `parity report` does, `parity doctor` tells what it would find"]
    steps = [str(hint) for hint in standing["hints"]]
    if standing["code"]:
        steps.append("`parity doctor` looks for the cause")
    if standing["waiting"]:
        steps.append("what waits goes with the next `parity report`, or by itself while `parity watch` runs")
    elif standing["overdue"] and standing["interval_s"]:
        steps.append("`parity watch` should have reported since: is it running?")
    elif standing["overdue"]:
        steps.append("the last report is too old to count: run `parity report` on a schedule, or `parity watch`")
    if standing["rejected"]:
        place = os.path.join(standing["state"], "rejected")
        steps.append(f"what was rejected is not sent again: read {place}, then delete it")
    return steps


def _milliseconds(name: str) -> int:
    """Return the time in a spool file's name: its `seq`, milliseconds since 1970 unless a clock went back."""
    digits = name.partition(".")[0]
    return int(digits) if digits.isdecimal() else 0


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def moment(milliseconds: int) -> str | None:
    """Return a time as RFC 3339 in UTC, None for one that no clock shows."""
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(milliseconds // 1000)) if milliseconds else None
    except (OverflowError, ValueError, OSError):
        return None


def age_s(text: Any) -> int | None:
    """Return how many seconds ago a time was that `report.now` wrote; None for anything else."""
    import calendar

    try:
        return max(0, int(time.time()) - calendar.timegm(time.strptime(str(text), "%Y-%m-%dT%H:%M:%SZ")))
    except ValueError:
        return None
