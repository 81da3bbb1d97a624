"""A subscription in plain words: `Errors of all gaps, at once`; `Everything, every Monday at 08:00 Europe/Berlin`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cronsim import CronSim, CronSimError

from paritycheck.core.plain import plain
from paritycheck.core.subscriptions import DIGEST, GAPS, SubscriptionTerms

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEAST: Final = {"error": "errors", "warning": "errors and warnings", "note": "everything"}
_DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NAMES: Final = {"SUN": 0, "MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5, "SAT": 6}
_WORKING: Final = frozenset({"1-5", "MON-FRI", "1,2,3,4,5"})
_ANY: Final = "*"
_FIELDS: Final = 5
_MOST: Final = 3
_LONGEST: Final = 80


def rule_words(terms: SubscriptionTerms, names: str = "only what I own") -> str:
    """The whole rule as one sentence without its full stop; `names` says whose things `only_owned` means."""
    said = [_what(terms), *_where(terms), *([names] if terms.only_owned else [])]
    return _capital(", ".join([*said, when_words(terms)]))


def reason(who: str, terms: SubscriptionTerms) -> str:
    """Why somebody gets a message: that they asked for errors of all gaps, at once."""
    rule = rule_words(terms, "only what you own")
    return f"You get this because {who} asked for {rule[:1].lower()}{rule[1:]}."


def when_words(terms: SubscriptionTerms) -> str:
    """`at once`, `at once but held from 22:00 to 07:00 Europe/Berlin`, `every Monday at 08:00 UTC`."""
    if terms.when == DIGEST:
        return f"{schedule_words(terms.cron)} {terms.timezone}"
    if terms.quiet_from is None or terms.quiet_to is None:
        return "at once"
    return f"at once but held from {terms.quiet_from:%H:%M} to {terms.quiet_to:%H:%M} {terms.timezone}"


def _what(terms: SubscriptionTerms) -> str:
    what = _LEAST.get(terms.at_least, "errors")
    if not terms.gaps or set(terms.gaps) >= set(GAPS):
        return what if what == _LEAST["note"] else f"{what} of all gaps"
    return f"{what} of the {_listed([gap for gap in GAPS if gap in terms.gaps])} {_gaps(terms.gaps)}"


def _gaps(gaps: Sequence[str]) -> str:
    return "gap" if len(set(gaps)) == 1 else "gaps"


def _where(terms: SubscriptionTerms) -> list[str]:
    found = []
    if terms.environments:
        found.append(f"in {_listed(terms.environments)}")
    if terms.pairs:
        found.append(f"between {_listed(terms.pairs)}")
    if terms.names:
        found.append(f"named {_listed(terms.names)}")
    return found


def _listed(words: Sequence[str]) -> str:
    """`a, b and c`; what is more than three is counted."""
    shown = [plain(word, _LONGEST) for word in words[:_MOST]]
    if len(words) > _MOST:
        return f"{', '.join(shown)} and {len(words) - _MOST} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def schedule_words(cron: str) -> str:
    """`every Monday at 08:00`; what has no short word is explained field by field."""
    fields = cron.upper().split()
    if len(fields) != _FIELDS:
        return plain(cron, _LONGEST)
    minute, hour, day, month, weekday = fields
    clock = _clock(minute, hour)
    if not clock or month != _ANY:
        return _explained(cron)
    if day == _ANY:
        days = _days(weekday)
        return f"{days} at {clock}" if days else _explained(cron)
    if day.isdigit() and weekday == _ANY:
        return f"on day {day} of each month at {clock}"
    return _explained(cron)


def _clock(minute: str, hour: str) -> str:
    return f"{int(hour):02}:{int(minute):02}" if minute.isdigit() and hour.isdigit() else ""


def _days(weekday: str) -> str:
    if weekday == _ANY:
        return "every day"
    if weekday in _WORKING:
        return "every working day"
    found = [_NAMES.get(part, int(part) if part.isdigit() else -1) for part in weekday.split(",")]
    if not all(0 <= number < len(_DAYS) for number in found):
        return ""
    return f"every {_listed([_DAYS[number] for number in found])}"


def _explained(cron: str) -> str:
    try:
        said: str = CronSim(cron, datetime(2026, 1, 1, tzinfo=UTC)).explain()
    except CronSimError:
        return plain(cron, _LONGEST)
    return said[:1].lower() + said[1:]
