"""What a channel was told, checked against the fields of its kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from paritycheck.core.channel import SettingsError
from paritycheck.core.destinations import DestinationError
from paritycheck.services.errors import Refused
from paritycheck.services.kinds import KINDS, MAIL, WEBHOOK
from paritycheck.services.outgoing import check_url

LONGEST_SETTING: Final = 2_048
LONGEST_SHOWN: Final = 254
CONFIRMED: Final = "confirmed"
OWN: Final[Mapping[str, frozenset[str]]] = {
    WEBHOOK: frozenset({"old_secret", "both_until"}),
    MAIL: frozenset({CONFIRMED}),
}
"""What is kept besides a kind's fields and told by nobody: the secret that a webhook's new one replaces, the address
that was confirmed.
"""


@dataclass(frozen=True, slots=True)
class Ready:
    """Settings that hold, and what is shown of them."""

    values: dict[str, str]
    shown: str


def ready(kind: str, told: Mapping[str, str], before: Mapping[str, str]) -> Ready:
    """The settings with every field of the kind: as they are told, else as they were. Raises Refused(unknown-field,
    invalid-channel).
    """
    of = KINDS[kind]
    if of.missing():
        raise invalid("kind", of.missing())
    if set(told) - {field.name for field in of.fields}:
        known = ", ".join(field.name for field in of.fields if not field.made)
        place = {"pointer": "/settings", "code": "unknown-field", "detail": f"known here: {known}"}
        raise Refused("unknown-field", 422, f"a setting is not known; known here: {known}", errors=[place])
    given = {**before, **told}
    values = {name: before[name] for name in OWN.get(kind, frozenset()) & set(before)}
    for field in of.fields:
        value = given.get(field.name, "").strip() or field.default
        if field.required and not value:
            raise invalid(f"settings/{field.name}", "is missing")
        if len(value) > LONGEST_SETTING or not value.isprintable():
            raise invalid(f"settings/{field.name}", f"is printable and has at most {LONGEST_SETTING} characters")
        if field.url:
            _check_url(field.name, value)
        values[field.name] = value
    try:
        of.read(values)
    except SettingsError as error:
        raise invalid(f"settings/{error.field}", error.detail) from None
    return Ready(values, of.shown(values)[:LONGEST_SHOWN])


def _check_url(name: str, value: str) -> None:
    try:
        check_url(value)
    except DestinationError as error:
        raise invalid(f"settings/{name}", error.reason) from None


def invalid(member: str, detail: str) -> Refused:
    """422 for one member of what was sent; never repeats its value."""
    place = {"pointer": f"/{member}", "code": "invalid-channel", "detail": detail}
    return Refused("invalid-channel", 422, f"{member.rpartition('/')[2]}: {detail}", errors=[place])
