"""Messages about what is no drift: an agent that falls silent, a gap that changes its band, a waiver that ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paritycheck.core.alerts import subject_line
from paritycheck.core.durations import humanise
from paritycheck.core.labels import capital
from paritycheck.core.message import ALERT, Message
from paritycheck.core.plain import plain
from paritycheck.core.rows import weekday_moment

if TYPE_CHECKING:
    from datetime import datetime

LONGEST = 200


def silent(  # noqa: PLR0913  plain values, each by its name
    *,
    project: str,
    environment: str,
    url: str,
    seen_at: datetime,
    now: datetime,
    agent: str = "",
    interval_s: int | None = None,
    unknown_after: str = "",
    severity: str = "warning",
    why: str = "",
) -> Message:
    """An agent fell silent, or with no `agent` the whole environment."""
    del interval_s
    title = f"{_who(environment, agent)} has been silent for {humanise((now - seen_at).total_seconds())}"
    then = f" After {unknown_after} of silence its facts count as unknown." if unknown_after else ""
    lead = f"Its drifts stay as they were: silence resolves nothing.{then}"
    return _notice(project, url, (severity, f"{severity}, silent"), title, lead, why)


def heard(
    *,
    project: str,
    environment: str,
    url: str,
    silent_since: datetime,
    heard_at: datetime,
    agent: str = "",
    why: str = "",
) -> Message:
    """What was silent reports again."""
    lasted = humanise((heard_at - silent_since).total_seconds())
    lead = f"It was silent for {lasted}. What differs is compared anew."
    return _notice(project, url, ("resolved", "resolved"), f"{_who(environment, agent)} reports again", lead, why)


def band(  # noqa: PLR0913  plain values, each by its name
    *,
    project: str,
    pair: tuple[str, str],
    url: str,
    gap: str,
    before: str,
    after: str,
    at: datetime,
    value_before: str = "",
    value_after: str = "",
    waits: str = "",
    limit: str = "",
    coverage: str = "",
    page: str = "",
    why: str = "",
) -> Message:
    """A gap moved from band `before` to `after`."""
    del coverage, page
    of = " and ".join(dict.fromkeys(pair))
    lead = (
        f"It is {after} since {weekday_moment(at)}, it was {before}: {value_before or '?'}, now {value_after or '?'}."
    )
    title = waits or f"{gap} gap of {of}: {after}, was {before}"
    severity = "resolved" if after == "ok" else after
    return _notice(project, url, (severity, after), title, f"{lead} Limit {limit}." if limit else lead, why)


def waiver_ending(  # noqa: PLR0913  plain values, each by its name
    *,
    project: str,
    url: str,
    name: str,
    ends_at: datetime,
    now: datetime,
    reason: str,
    owner: str,
    pair: tuple[str, str] | None = None,
    drifts: int = 0,
    drift: str = "",
    extend: str = "",
    why: str = "",
) -> Message:
    """A waiver ends soon; `drifts` open again then."""
    del drift, extend
    where = f" for {' and '.join(dict.fromkeys(pair))}" if pair else ""
    title = f"the waiver of {plain(name, LONGEST)}{where} ends in {humanise((ends_at - now).total_seconds())}"
    lead = f"Then {drifts:,} count again. {plain(owner, LONGEST)}: {plain(reason, LONGEST)}"
    return _notice(project, url, ("warning", "waiver ends"), title, lead, why)


def channel_off(  # noqa: PLR0913  plain values, each by its name
    *,
    project: str,
    url: str,
    channel: str,
    kind: str,
    reason: str,
    at: datetime,
    failing_since: datetime | None = None,
    waiting: int = 0,
    why: str = "",
) -> Message:
    """A channel was switched off."""
    del kind, failing_since, waiting
    title = f"channel {plain(channel, LONGEST)} is switched off"
    lead = f"Since {weekday_moment(at)}: {plain(reason, LONGEST)}"
    return _notice(project, url, ("error", "error, switched off"), title, lead, why)


def _who(environment: str, agent: str) -> str:
    return f"{environment}: agent {plain(agent, LONGEST)}" if agent else environment


def _notice(project: str, url: str, severity: tuple[str, str], title: str, lead: str, why: str) -> Message:
    return Message(
        kind=ALERT,
        project=project,
        pair="",
        severity=severity[0],
        badge=severity[1],
        subject=subject_line(project, severity[0], title),
        title=capital(title),
        lead=lead,
        links={"project": url},
        why=why or f"You get this because you are a member of {project}.",
    )
