"""The form of a rule: what stands in it, and the terms that it means."""

from dataclasses import dataclass, replace
from datetime import time
from typing import Final

from django.http import HttpRequest, QueryDict
from django.utils import timezone

from paritycheck.core.cron import zone_of
from paritycheck.core.subscriptions import AT_ONCE, DIGEST, GAPS, WHENS, SubscriptionTerms
from paritycheck.models import Subscription
from paritycheck.selectors.recipients import terms_of
from paritycheck.services.errors import Refused
from paritycheck.web import words
from paritycheck.web.visible import visible

DAYS: Final = {
    "*": "every day",
    "1-5": "every working day",
    "1": "every Monday",
    "2": "every Tuesday",
    "3": "every Wednesday",
    "4": "every Thursday",
    "5": "every Friday",
    "6": "every Saturday",
    "0": "every Sunday",
    "cron": "by cron",
}
LEAST: Final = {"error": "errors only", "warning": "errors and warnings", "note": "everything"}
ZONES: Final = (
    "UTC", "Europe/London", "Europe/Lisbon", "Europe/Berlin", "Europe/Athens", "America/New_York", "America/Chicago",
    "America/Denver", "America/Los_Angeles", "America/Sao_Paulo", "Africa/Lagos", "Asia/Kolkata", "Asia/Shanghai",
    "Asia/Tokyo", "Australia/Sydney",
)  # fmt: skip
LONGEST: Final = 5_000
_LISTS: Final = ("environments", "pairs", "names")
_PLAIN_FIELDS: Final = 5


@dataclass(frozen=True, slots=True)
class RuleForm:
    """What stands in the form. `channel` is empty for oneself; lists are texts, one pattern after the other."""

    channel: str = ""
    when: str = AT_ONCE
    at_least: str = "error"
    gaps: tuple[str, ...] = GAPS
    environments: str = ""
    pairs: str = ""
    names: str = ""
    only_owned: bool = False
    day: str = "1"
    clock: str = "08:00"
    cron: str = ""
    timezone: str = "UTC"
    skip_unchanged: bool = True
    quiet_from: str = ""
    quiet_to: str = ""
    fault: str = ""
    wrong: str = ""


def fresh_form(request: HttpRequest) -> RuleForm:
    """What the form proposes; the address may name a channel."""
    return RuleForm(channel=request.GET.get("for", "")[:36])


def form_of(row: Subscription) -> RuleForm:
    """A rule to change."""
    terms = terms_of(row)
    day, clock = _simple(terms.cron)
    return RuleForm(
        channel=str(row.channel_id or ""),
        when=terms.when,
        at_least=terms.at_least,
        gaps=terms.gaps or GAPS,
        **{name: " ".join(visible(each) for each in getattr(terms, name)) for name in _LISTS},
        only_owned=terms.only_owned,
        day=day,
        clock=clock,
        cron=terms.cron if day == "cron" else "",
        timezone=terms.timezone,
        skip_unchanged=terms.skip_unchanged,
        quiet_from=f"{terms.quiet_from:%H:%M}" if terms.quiet_from else "",
        quiet_to=f"{terms.quiet_to:%H:%M}" if terms.quiet_to else "",
    )


def _simple(cron: str) -> tuple[str, str]:
    """Day and clock where the schedule is one that the form has a word for."""
    parts = cron.split()
    if not parts:
        return "1", "08:00"
    if len(parts) == _PLAIN_FIELDS and parts[2:4] == ["*", "*"] and parts[4] in DAYS:
        minute, hour = parts[:2]
        if minute.isdigit() and hour.isdigit():
            return parts[4], f"{int(hour):02}:{int(minute):02}"
    return "cron", "08:00"


def sent_form(said: QueryDict) -> RuleForm:
    """What was sent, bounded; nothing of it is judged yet."""
    texts = {
        name: said.get(name, "").strip()[:LONGEST]
        for name in ("channel", "environments", "pairs", "names", "clock", "cron", "timezone", "quiet_from", "quiet_to")
    }
    return RuleForm(
        **texts,
        when=_one_of(said.get("when", ""), WHENS),
        at_least=_one_of(said.get("at_least", ""), tuple(LEAST)),
        gaps=tuple(gap for gap in GAPS if gap in said.getlist("gaps")),
        only_owned=said.get("only_owned") == "1",
        day=_one_of(said.get("day", ""), tuple(DAYS)),
        skip_unchanged=said.get("skip_unchanged") == "1",
    )


def _one_of(value: str, known: tuple[str, ...]) -> str:
    return value if value in known else known[0]


def asked_terms(form: RuleForm) -> SubscriptionTerms:
    """What the form means; Refused(invalid-subscription) for a time of day that is none."""
    if not form.gaps:
        raise _wrong("gaps", "at least one gap")
    digest = form.when == DIGEST
    return SubscriptionTerms(
        when=form.when,
        at_least=form.at_least,
        gaps=() if set(form.gaps) == set(GAPS) else form.gaps,
        environments=_patterns(form.environments),
        pairs=_patterns(form.pairs),
        names=_patterns(form.names),
        only_owned=form.only_owned,
        cron=_cron(form) if digest else "",
        timezone=form.timezone or "UTC",
        skip_unchanged=form.skip_unchanged if digest else True,
        quiet_from=None if digest else _clock("quiet_from", form.quiet_from),
        quiet_to=None if digest else _clock("quiet_to", form.quiet_to),
    )


def _patterns(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _cron(form: RuleForm) -> str:
    if form.day == "cron":
        return form.cron
    at = _clock("cron", form.clock)
    if at is None:
        raise _wrong("cron", "a digest needs a time of day such as 08:00")
    return f"{at.minute} {at.hour} * * {form.day}"


def _clock(name: str, text: str) -> time | None:
    if not text:
        return None
    try:
        return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise _wrong(name, "a time of day such as 22:00") from None


def _wrong(name: str, detail: str) -> Refused:
    place = {"pointer": f"/{name}", "code": "invalid-subscription", "detail": detail}
    return Refused("invalid-subscription", 422, detail, errors=[place])


def refused(form: RuleForm, error: Refused) -> RuleForm:
    """The form with what is the matter, said at its first field."""
    place = error.errors[0] if error.errors else {"pointer": "", "detail": error.detail}
    return replace(form, fault=f"Not saved: {place['detail']}", wrong=str(place["pointer"]).lstrip("/"))


def next_words(row: Subscription) -> str:
    """`Mon 30 Nov 08:00 Europe/Berlin`."""
    if row.due_at is None:
        return "not scheduled"
    local = row.due_at.astimezone(zone_of(row.timezone))
    return f"{local:%a} {words.day(local, timezone.now())} {local:%H:%M} {row.timezone}"
