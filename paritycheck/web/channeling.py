"""The form of a channel, drawn from what its kind needs to be told. What is secret goes in and never comes back."""

from dataclasses import dataclass, replace
from uuid import UUID

from django.http import QueryDict

from paritycheck.core.channel import Field
from paritycheck.models import Channel
from paritycheck.services.channels import KINDS
from paritycheck.services.errors import Refused
from paritycheck.web.alerting import kind_icon, kind_name

LONGEST = 3_000
PREFIX = "field-"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind to choose; `missing` says why it cannot be used here."""

    name: str
    title: str
    icon: str
    missing: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """One field: what it is, and what stands in it."""

    field: Field
    value: str = ""

    @property
    def name(self) -> str:
        """Its name in the form."""
        return f"{PREFIX}{self.field.name}"


@dataclass(frozen=True, slots=True)
class ChannelForm:
    """What stands in the form; `wrong` is the name of the field that `fault` is about."""

    kind: str
    name: str
    fields: tuple[Asked, ...]
    fault: str = ""
    wrong: str = ""


def kinds(chosen: str) -> list[Kind]:
    """In the order in which they are offered."""
    return [
        Kind(name, kind_name(name), kind_icon(name), kind.missing(), name == chosen) for name, kind in KINDS.items()
    ]


def fresh_form(kind: str, name: str = "") -> ChannelForm:
    """An empty one, of the first kind where that one is not known."""
    known = kind if kind in KINDS else next(iter(KINDS))
    return ChannelForm(known, name, tuple(Asked(field) for field in _fields(known)))


def _fields(kind: str) -> list[Field]:
    return [field for field in KINDS[kind].fields if not field.made]


def filled(said: QueryDict, channel: Channel | None = None) -> ChannelForm:
    """What was sent, bounded; nothing of it is judged yet."""
    form = fresh_form(channel.kind if channel else said.get("kind", ""))
    fields = tuple(replace(asked, value=said.get(asked.name, "").strip()[:LONGEST]) for asked in form.fields)
    return replace(form, name=said.get("name", "").strip()[:LONGEST], fields=fields)


def given(form: ChannelForm) -> dict[str, str]:
    """The settings that were written; what was left empty stays as it is, or as its kind has it."""
    return {asked.field.name: asked.value for asked in form.fields if asked.value}


def refused(form: ChannelForm, error: Refused) -> ChannelForm:
    """The form with what is the matter, without any secret: that has to be written again."""
    place = error.errors[0] if error.errors else {}
    wrong = str(place.get("pointer", "")).rpartition("/")[2]
    kept = tuple(replace(asked, value="") if asked.field.secret else asked for asked in form.fields)
    label = next((asked.field.label for asked in form.fields if asked.field.name == wrong), "")
    detail = f"{label} {place['detail']}" if label else error.detail
    return replace(form, fields=kept, fault=f"Not saved: {detail}", wrong=wrong)


def uuid_of(text: str) -> UUID | None:
    """The id that a form or an address names."""
    try:
        return UUID(text)
    except ValueError:
        return None
