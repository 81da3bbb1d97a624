"""`parity status`: what this agent remembers, for reading or as JSON. Asks nobody and changes nothing."""

from __future__ import annotations

import json
import os
import sys

from paritycheck_agent.config import Config, checked_url, state_home
from paritycheck_agent.redact import printable
from paritycheck_agent.runner.instance import host_name, kept_id
from paritycheck_agent.runner.standing import age_s, standings
from paritycheck_agent.sources.machine import kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

WELL, NOT_WELL = 0, 3
_SHOWN = 5
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def run(options: Any) -> int:
    """Print; return 0 where the latest server has what it should have, 3 where it has not; raise ConfigError."""
    environ = os.environ
    home = state_home(environ)
    url = checked_url(environ["PARITY_URL"]) if environ.get("PARITY_URL") else ""
    named = url and (environ.get("PARITY_TOKEN") or environ.get("PARITY_TOKEN_FILE"))
    config = Config(root=".", environ=environ, settings={}, policy=None, ca_file="")
    found = standings(home, url, config.token()) if named else standings(home)
    instance = {"id": environ.get("PARITY_INSTANCE") or kept_id(home) or host_name(), "kind": kind_of(environ)}
    if options.format == "json":
        document = {"instance": instance, "state": home, "servers": found}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        rows = [_row("instance", f"{instance['id']} ({instance['kind']})"), _row("state", home)]
        rows += [row for standing in found for row in ("", *_rows(standing))]
        rows += [] if found else ["", "Nothing was reported from here yet: `parity report` does."]
        sys.stdout.write("".join(f"{printable(row)}\n" for row in rows))
    return WELL if found and found[0]["well"] else NOT_WELL


def _row(name: str, text: str) -> str:
    return f"{name:<10} {text}"


def _rows(standing: dict[str, Any]) -> Iterator[str]:
    yield _row("server", standing["server"] or "not known: an older version of the agent reported here")
    yield _row("taken", _when(standing["taken_at"]) if standing["taken_at"] else "never")
    if standing["at"]:
        yield _row("last run", f"{_when(standing['at'])}: {standing['text']}")
        interval = standing["interval_s"]
        yield _row("interval", f"every {_long(interval)}" if interval else "none: single reports")
    yield _row("waiting", _waiting(standing))
    if standing["dropped"]:
        yield _row("lost", f"{standing['dropped']} that could not be kept; the next report says so")
    for number, rejected in enumerate(standing["rejected"][-_SHOWN:]):
        text = f"{rejected['at'] or 'some time'}  {rejected['why'] or 'not known why'}"
        yield _row("" if number else "rejected", text)
    for warning in standing["warnings"]:
        yield _row("warning", str(warning))
    for number, step in enumerate(standing["next"] or ["nothing to do"]):
        yield _row("" if number else "next", step)


def _waiting(standing: dict[str, Any]) -> str:
    count = standing["waiting"]
    if not count:
        return "nothing"
    since = f", the oldest from {_when(standing['waiting_since'])}" if standing["waiting_since"] else ""
    return f"{count} {'report' if count == 1 else 'reports'}, {_bytes(standing['waiting_bytes'])}{since}"


def _bytes(count: int) -> str:
    return f"{count / 1024:.0f} KiB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MiB"


def _when(text: str) -> str:
    age = age_s(text)
    return f"{text}, {_long(age)} ago" if age else text


def _long(seconds: int) -> str:
    for size, unit in _UNITS:
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "a moment"
