"""The body of a subscription: its members, each of its type. What they mean is for the core."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from typing import Any, Final

from rest_framework.request import Request

from paritycheck.api.body import taken
from paritycheck.core.subscriptions import SubscriptionTerms
from paritycheck.services.errors import Refused
from paritycheck_agent.wire.reading import read_json

_LISTS: Final = ("gaps", "environments", "pairs", "names")
_TEXTS: Final = ("when", "at_least", "cron", "timezone")
_FLAGS: Final = ("only_owned", "skip_unchanged")
CLOCKS: Final = ("quiet_from", "quiet_to")
MEMBERS: Final = frozenset({*_LISTS, *_TEXTS, *_FLAGS, *CLOCKS})


def read_members(request: Request, known: frozenset[str]) -> dict[str, Any]:
    """The body's members; Refused(invalid-subscription, unknown-field)."""
    said = read_json(taken(request).decoded)
    if not isinstance(said, dict):
        raise wrong("", "a subscription is an object")
    if set(said) - known:
        raise Refused("unknown-field", 422, f"a field is not known; known here: {', '.join(sorted(known))}")
    return said


def read_terms(said: Mapping[str, Any], terms: SubscriptionTerms) -> SubscriptionTerms:
    """`terms` with what was said instead; Refused(invalid-subscription) for what is not of its type."""
    for name in _TEXTS:
        if name in said and not isinstance(said[name], str):
            raise wrong(name, "a text")
    for name in _FLAGS:
        if name in said and not isinstance(said[name], bool):
            raise wrong(name, "true or false")
    found = {name: said[name] for name in (*_TEXTS, *_FLAGS) if name in said}
    found |= {name: _list(name, said[name]) for name in _LISTS if name in said}
    found |= {name: _clock(name, said[name]) for name in CLOCKS if name in said}
    return replace(terms, **found)


def _list(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise wrong(name, "a list of texts")
    return tuple(value)


def _clock(name: str, value: Any) -> time | None:
    if value is None:
        return None
    hours, colon, minutes = value.partition(":") if isinstance(value, str) else ("", "", "")
    if not (colon and hours.isdigit() and minutes.isdigit() and value.isascii() and len(value) <= len("22:00")):
        raise wrong(name, "a time of day such as 22:00, or null")
    try:
        return time(int(hours), int(minutes))
    except ValueError:
        raise wrong(name, "a time of day such as 22:00, or null") from None


def wrong(name: str, detail: str) -> Refused:
    """422 for one member; never repeats its value."""
    place = {"pointer": f"/{name}" if name else "", "code": "invalid-subscription", "detail": detail}
    return Refused("invalid-subscription", 422, f"{name}: {detail}" if name else detail, errors=[place])
