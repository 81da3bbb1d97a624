"""`[[waivers]]` of a `parity.toml`: reason, owner and an end are required."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from paritycheck.core.policy import Waiver
from paritycheck.core.waiver_terms import match_fault, moment_of

if TYPE_CHECKING:
    import datetime as dt

    from paritycheck.core.policy_reading import Reading
    from paritycheck.core.toml_positions import Path

_KEYS: Final = ("match", "pair", "reason", "owner", "until", "until-changes", "until-converged")
_REQUIRED: Final = ("match", "reason", "owner")
_ENDS: Final = ("until", "until-changes", "until-converged")


def read_waivers(reading: Reading, path: Path, value: Any) -> tuple[Waiver, ...]:
    if not isinstance(value, list):
        reading.mistake(path, "waivers are written as [[waivers]]", key=True)
        return ()
    found = [_waiver(reading, (*path, index), item) for index, item in enumerate(value)]
    return tuple(waiver for waiver in found if waiver is not None)


def _waiver(reading: Reading, path: Path, value: Any) -> Waiver | None:
    before = len(reading.mistakes)
    said = {key: (where, item) for where, key, item in reading.entries(path, value, _KEYS)}
    for key in _REQUIRED:
        if key not in said:
            reading.mistake(path, f"`{key}` is missing: a waiver needs match, reason and owner", key=True)
    if not any(key in said for key in _ENDS):
        reading.mistake(path, "a waiver needs an end: `until`, `until-changes` or `until-converged`", key=True)
    texts = {key: reading.text(*said[key]) for key in ("reason", "owner") if key in said}
    pair = reading.pair(*said["pair"]) if "pair" in said else None
    match = _match(reading, *said["match"]) if "match" in said else None
    until = _until(reading, *said["until"]) if "until" in said else None
    flags = {key: reading.flag(*said[key]) for key in _ENDS[1:] if key in said}
    if len(reading.mistakes) > before or match is None:
        return None
    return Waiver(
        match,
        pair,
        texts["reason"] or "",
        texts["owner"] or "",
        until,
        flags.get("until-changes", False),
        flags.get("until-converged", False),
        reading.line(path),
    )


def _match(reading: Reading, path: Path, value: Any) -> str | None:
    match = reading.glob(path, value)
    fault = match_fault(match) if match is not None else None
    if fault is not None:
        reading.mistake(path, fault)
    return match if fault is None else None


def _until(reading: Reading, path: Path, value: Any) -> dt.datetime | None:
    moment = moment_of(value)
    if moment is None:
        reading.mistake(path, "`until` is a date, such as 2026-12-31")
    return moment
