"""Messages about what is no drift: an agent that falls silent, a gap that changes its band, a waiver that ends.

Every builder takes plain values: slugs, `url` (the project's page), instants in UTC, and words. What agents and people
wrote is made harmless here, so a message is text wherever it is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from paritycheck.core.alerts import member_of, settings_link, subject_line
from paritycheck.core.durations import humanise
from paritycheck.core.labels import capital
from paritycheck.core.message import CONFIRM, NOTICE, Message, Table
from paritycheck.core.plain import plain
from paritycheck.core.rows import weekday_moment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

LONGEST: Final = 200
_BANDS: Final = ("ok", "warning", "error")
Line = tuple[str, str]


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
    """An agent fell silent, or with no `agent` the whole environment. `unknown_after` are words (`24 h`) after which
    its facts count as unknown.
    """
    who = _who(environment, agent)
    title = f"{who} has been silent for {humanise((now - seen_at).total_seconds())}"
    then = f" After {unknown_after} of silence its facts count as unknown." if unknown_after else ""
    every = humanise(interval_s) if interval_s else ""
    return _notice(
        project=project,
        url=url,
        severity=severity,
        badge=f"{severity}, silent",
        word=severity,
        title=title,
        lead=f"Its drifts stay as they were: silence resolves nothing.{then}",
        lines=[*_agent(environment, agent), ("heard last", weekday_moment(seen_at)), ("expected every", every)],
        links={"environment": f"{url}/environments/{environment}"},
        why=why,
    )


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
    return _notice(
        project=project,
        url=url,
        severity="resolved",
        badge="resolved",
        word="resolved",
        title=f"{_who(environment, agent)} reports again",
        lead=f"It was silent for {lasted}. What differs is compared anew.",
        lines=[
            *_agent(environment, agent),
            ("silent since", weekday_moment(silent_since)),
            ("heard again", weekday_moment(heard_at)),
        ],
        links={"environment": f"{url}/environments/{environment}"},
        why=why,
    )


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
    """A gap (`time`, `personnel`, `tools`) moved from band `before` to `after`; the values are as people read them
    (`3 d 22 h`), `waits` is a sentence of what stands behind it, `limit` the threshold in words, `page` where to look.
    Of an environment's own gap the second of the pair is empty.
    """
    sides = [side for side in dict.fromkeys(pair) if side]
    of = " and ".join(sides)
    now = f"{after} ({value_after})" if value_after else after
    moved = f"The {gap} gap of {of} is {now} since {weekday_moment(at)}, it was {before}."
    known = ", ".join(filter(None, [limit and f"limit {limit}", coverage and f"coverage {coverage}"]))
    return _notice(
        project=project,
        url=url,
        pair=f"{sides[0]}..{sides[-1]}",
        severity=(outcome := "resolved" if after == "ok" else after),
        badge=_moved(before, after),
        word=outcome,
        title=waits.removesuffix(".") or f"{gap} gap of {of}: {after}, was {before}",
        lead=f"{moved} {known[0].upper()}{known[1:]}." if known else moved,
        heads=("before", "now"),
        lines=[("band", before, after), ("value", value_before or "?", value_after or "?")],
        links={"gap": page},
        why=why,
    )


def _moved(before: str, after: str) -> str:
    """`warning, wider`; what is unknown is neither better nor worse."""
    if before not in _BANDS or after not in _BANDS:
        return after
    return f"{after}, {'better' if _BANDS.index(after) < _BANDS.index(before) else 'wider'}"


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
    """A waiver of `name` (what it covers) ends soon; `drifts` open again then. `extend` and `drift` are links."""
    counted = f"{drifts:,} drift{'s count' if drifts > 1 else ' counts'}" if drifts else "what it covers counts"
    return _notice(
        project=project,
        url=url,
        pair="..".join(pair) if pair else "",
        severity="warning",
        badge="waiver ends",
        word="waiver",
        title=f"the waiver of {plain(name, LONGEST)} ends in {humanise((ends_at - now).total_seconds())}",
        lead=f"Then {counted} again.",
        lines=[
            ("covers", name),
            ("where", " and ".join(dict.fromkeys(pair)) if pair else "every pair"),
            ("ends", weekday_moment(ends_at)),
            ("reason", reason),
            ("owner", owner),
        ],
        links={"extend": extend or f"{url}/waivers", "drift": drift},
        why=why,
    )


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
    """A channel was switched off; `reason` is what its receiver said, `waiting` how many messages it still holds."""
    return _notice(
        project=project,
        url=url,
        severity="error",
        badge="error, switched off",
        word="error",
        title=f"channel {plain(channel, LONGEST)} is switched off",
        lead="Nothing is sent to it until somebody mends it, sends a test and switches it on again.",
        lines=[
            ("channel", channel),
            ("kind", kind),
            ("reason", reason),
            ("failing since", weekday_moment(failing_since) if failing_since else ""),
            ("switched off", weekday_moment(at)),
            ("waiting", f"{waiting:,}" if waiting else ""),
        ],
        links={"channel": f"{url}/alerts/channels"},
        why=why or f"You get this because you look after {project}.",
    )


def confirm(
    *, project: str, address: str, link: str, by: str, site: str = "paritycheck", expires_at: datetime | None = None
) -> Message:
    """Asks an address that is no member's whether it wants to be told. It links to nothing that needs an account."""
    who, to = plain(by, LONGEST), plain(address, LONGEST)
    until = f" The link works until {weekday_moment(expires_at)}." if expires_at else ""
    return Message(
        kind=CONFIRM,
        project=project,
        pair="",
        severity="note",
        badge="",
        subject=subject_line(project, "confirm", f"may {site} send drift alerts to {to}?"),
        title=f"Send the alerts of {project} to {to}?",
        lead=f"{who} asked for it. Nothing is sent until you confirm; to refuse, do nothing.{until}",
        links={"confirm": link},
        why=f"You get this once, because {who} entered your address in {plain(site, LONGEST)}.",
    )


def _who(environment: str, agent: str) -> str:
    return f"{environment}: agent {plain(agent, LONGEST)}" if agent else environment


def _agent(environment: str, agent: str) -> list[Line]:
    return [("environment", environment), ("agent", agent)]


def _notice(  # noqa: PLR0913  what differs between notices
    *,
    project: str,
    url: str,
    severity: str,
    badge: str,
    word: str,
    title: str,
    lead: str,
    lines: Sequence[tuple[str, ...]],
    links: dict[str, str],
    why: str,
    heads: tuple[str, ...] = (),
    pair: str = "",
) -> Message:
    """Lines without a text are left out, and links without an address."""
    said = [tuple(plain(cell, LONGEST) for cell in line) for line in lines if any(line[1:])]
    given = {name: link for name, link in links.items() if link}
    return Message(
        kind=NOTICE,
        project=project,
        pair=pair,
        severity=severity,
        badge=badge,
        subject=subject_line(project, word, title),
        title=_beginning(title),
        lead=plain(lead, 2 * LONGEST),
        links={"project": url, **given, "settings": settings_link(url)},
        why=why or member_of(project),
        table=Table(heads, tuple(said)),
    )


def _beginning(title: str) -> str:
    """A title that begins with a word of ours begins in upper case; one that begins with a slug if that is a word."""
    ours = title.startswith(("the ", "channel ", "time gap ", "personnel gap ", "tools gap "))
    return title[0].upper() + title[1:] if ours else capital(title)
