"""Numbers and times as people read them: short, with the unit, a no-break space between."""

from datetime import datetime, timedelta

NBSP = "\u00a0"
MINUTE, HOUR, DAY = 60, 3600, 86400
# Under these many of the greater unit the lesser one still says something.
HOURS_WITH_MINUTES = 6
DAYS_WITH_HOURS = 7
DATE_AFTER = timedelta(days=30)
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def duration(seconds: float) -> str:
    """`25 s`, `12 min`, `3 h 12 min`, `3 d 22 h`, `17 d`; less than nothing is nothing."""
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return f"{whole}{NBSP}s"
    if whole < HOUR:
        return f"{whole // MINUTE}{NBSP}min"
    if whole < DAY:
        return _two(whole, HOUR, "h", MINUTE, "min", HOURS_WITH_MINUTES)
    return _two(whole, DAY, "d", HOUR, "h", DAYS_WITH_HOURS)


def _two(whole: int, unit: int, word: str, lesser: int, lesser_word: str, both_below: int) -> str:
    count, rest = divmod(whole, unit)
    text = f"{count}{NBSP}{word}"
    if count < both_below and rest >= lesser:
        text += f"{NBSP}{rest // lesser}{NBSP}{lesser_word}"
    return text


def day(moment: datetime, now: datetime) -> str:
    """`6 Nov`, with the year where it is not this one."""
    text = f"{moment.day}{NBSP}{moment:%b}"
    return text if moment.year == now.year else f"{text}{NBSP}{moment.year}"


def instant(moment: datetime) -> str:
    """`23 Nov 2026, 09:13:35 UTC`."""
    return f"{moment.day} {moment:%b %Y, %H:%M:%S} UTC"


def age(moment: datetime, now: datetime) -> str:
    """How long ago; after 30 days the date."""
    passed = now - moment
    return day(moment, now) if passed > DATE_AFTER else duration(passed.total_seconds())


def percent(fraction: float) -> str:
    """`93 %`; only a whole is 100 and only nothing is 0."""
    shown = round(fraction * 100)
    if fraction < 1:
        shown = min(shown, 99)
    if fraction > 0:
        shown = max(shown, 1)
    return f"{shown}{NBSP}%"


def number(count: int) -> str:
    """`1,396`."""
    return f"{count:,}"


def spelled(count: int) -> str:
    """`three`; figures above twelve."""
    return NUMBERS[count] if 0 <= count < len(NUMBERS) else number(count)


def plural(count: int, one: str, many: str = "") -> str:
    """`1 commit`, `14 commits`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def listed(words: list[str], most: int = 4) -> str:
    """`a, b and c`; what is more than `most` is counted."""
    shown, rest = words[:most], len(words) - most
    if rest > 0:
        return f"{', '.join(shown)} and {number(rest)} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))
