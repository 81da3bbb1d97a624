"""A notice as the message that tells of it, and several of one kind as one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from paritycheck.core import notices as words
from paritycheck.core.alerts import subject_line
from paritycheck.core.durations import humanise
from paritycheck.core.message import Message, Table
from paritycheck.core.subscriptions import Facts
from paritycheck.models import Notice
from paritycheck.models.notices import NoticeKind
from paritycheck.selectors.policies import policy_of
from paritycheck.services.telling import drift_link, project_link

MOST_NAMED: Final = 20


def facts_of(notice: Notice) -> Facts:
    """What is matched of it. Only a waiver of one drift is about a fact and its name."""
    left, right, detail = notice.left, notice.right, notice.detail
    sides = (left.slug if left else "", right.slug if right else "")
    named = (str(detail.get("section", "")), str(detail.get("fact", "")))
    return Facts(notice.gap, notice.severity, *sides, *named, str(detail.get("owner", "")))


def message_of(notices: Sequence[Notice], now: datetime) -> Message:
    """One message of notices of one kind, of which there is at least one."""
    told = [_WORDS[notice.kind](notice, now) for notice in notices]
    return told[0] if len(told) == 1 else _together(notices, told)


def _together(notices: Sequence[Notice], told: Sequence[Message]) -> Message:
    """What happened at once is told at once: each by its title."""
    first, count = told[0], len(told)
    title = f"{count:,} {_HEADINGS[notices[0].kind]}"
    lines = tuple((_name(notice), message.title) for notice, message in zip(notices, told, strict=True))
    more = ((f"and {count - MOST_NAMED:,} more", "on the page"),) if count > MOST_NAMED else ()
    table = Table((), (*lines[:MOST_NAMED], *more))
    links = {name: link for name, link in first.links.items() if name in {"project", "settings"}}
    severity = first.severity
    subject = subject_line(first.project, severity, title)
    return replace(first, title=title, lead=first.lead, links=links, subject=subject, pair="", table=table)


def _name(notice: Notice) -> str:
    """What one of several is about, in short."""
    if notice.kind in {NoticeKind.WAIVER_ENDING, NoticeKind.CHANNEL_OFF}:
        return str(notice.detail.get("name") or notice.detail.get("channel") or "")
    sides = dict.fromkeys(each.slug for each in (notice.left, notice.right) if each is not None)
    return " and ".join(sides)


def _silent(notice: Notice, now: datetime) -> Message:
    detail = notice.detail
    return words.silent(
        project=notice.project.slug,
        environment=_slug(notice),
        url=project_link(notice.project.slug),
        seen_at=_at(detail["seen_at"]),
        now=now,
        agent=str(detail["agent"]),
        interval_s=detail["interval_s"],
        unknown_after=humanise(policy_of(notice.project).unknown_after_s),
        severity=notice.severity,
    )


def _heard(notice: Notice, now: datetime) -> Message:
    del now
    detail = notice.detail
    return words.heard(
        project=notice.project.slug,
        environment=_slug(notice),
        url=project_link(notice.project.slug),
        silent_since=_at(detail["silent_since"]),
        heard_at=_at(detail["heard_at"]),
        agent=str(detail["agent"]),
    )


def _band(notice: Notice, now: datetime) -> Message:
    del now
    detail, url = notice.detail, project_link(notice.project.slug)
    return words.band(
        project=notice.project.slug,
        pair=(_slug(notice), notice.right.slug if notice.right else ""),
        url=url,
        gap=notice.gap,
        before=str(detail["before"]),
        after=str(detail["after"]),
        at=notice.at,
        value_before=str(detail["value_before"]),
        value_after=str(detail["value_after"]),
        limit=str(detail["limit"]),
        page=f"{url}/{notice.gap}",
    )


def _waiver_ending(notice: Notice, now: datetime) -> Message:
    detail, slug = notice.detail, notice.project.slug
    return words.waiver_ending(
        project=slug,
        url=project_link(slug),
        name=str(detail["name"]),
        ends_at=_at(detail["ends_at"]),
        now=now,
        reason=str(detail["reason"]),
        owner=str(detail["owner"]),
        pair=(notice.left.slug, notice.right.slug) if notice.left and notice.right else None,
        drifts=int(detail["drifts"]),
        drift=drift_link(slug, str(detail["drift"])) if detail.get("drift") else "",
    )


def _channel_off(notice: Notice, now: datetime) -> Message:
    del now
    detail, slug = notice.detail, notice.project.slug
    return words.channel_off(
        project=slug,
        url=project_link(slug),
        channel=str(detail.get("channel", "")),
        kind=str(detail.get("kind", "")),
        reason=str(detail.get("reason", "")),
        at=notice.at,
    )


def _slug(notice: Notice) -> str:
    return notice.left.slug if notice.left else ""


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


_WORDS: Final[Mapping[str, Callable[[Notice, datetime], Message]]] = {
    NoticeKind.SILENT: _silent,
    NoticeKind.HEARD: _heard,
    NoticeKind.BAND: _band,
    NoticeKind.WAIVER_ENDING: _waiver_ending,
    NoticeKind.CHANNEL_OFF: _channel_off,
}
_HEADINGS: Final[Mapping[str, str]] = {
    NoticeKind.SILENT: "agents have fallen silent",
    NoticeKind.HEARD: "agents report again",
    NoticeKind.BAND: "gaps moved to another band",
    NoticeKind.WAIVER_ENDING: "waivers end soon",
    NoticeKind.CHANNEL_OFF: "channels are switched off",
}
