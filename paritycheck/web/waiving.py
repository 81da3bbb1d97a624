"""The form that waives, and the words for what a waiver covers and when it ends."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from paritycheck.core.waiver_terms import MOST_DRIFTS, Terms, TermsError, read_terms
from paritycheck.models import Drift, Project, Waiver
from paritycheck.services.errors import Refused
from paritycheck.services.waivers import create_waiver, look_back, preview_waiver, require_waiving
from paritycheck.web import words
from paritycheck.web.visible import visible

USUAL = timedelta(days=14)
ENDS = {"date": "until", "change": "until_change", "same": "until_converged"}
KIND_SHOWS = "A change of kind or a disappearance still shows."
WORSE_SHOWS = "One that gets worse, and each new one, still shows."
MOMENT = timedelta(seconds=1)
IDENT = re.compile(r"[0-9a-f]{10,64}")


@dataclass(frozen=True, slots=True)
class WaiveForm:
    """What stands in the form; `ends` is date, change or same. `hides` is the preview, None where there is none yet."""

    reason: str
    owner: str
    ends: str
    date: str
    covers: str
    pair: str = ""
    everything: bool = False
    drifts: tuple[str, ...] = ()
    """Identities, or the first digits of some, that were picked one by one; they go before `covers`."""
    fault: str = ""
    hides: int | None = None
    past: int | None = None
    """How often in 90 days one of them opened; None where there is no preview yet."""
    note: str = KIND_SHOWS
    next: str = ""
    """The page to go back to."""

    @property
    def button(self) -> str:
        """It says the end."""
        if self.everything:
            return "Accept all of today"
        if self.ends == "date":
            return f"Waive until {_day(self.date)}"
        return "Waive until either side changes" if self.ends == "change" else "Waive until both are the same"


def _day(date: str) -> str:
    try:
        return words.day(datetime.fromisoformat(date), timezone.now())
    except ValueError:
        return "that day"


def name_of(drift: Drift) -> str:
    """As waivers and filters write it."""
    return f"{drift.section}/{drift.name}:{drift.rule}"


def fresh_form(request: HttpRequest, covers: str = "") -> WaiveForm:
    """What the form proposes: by oneself, for two weeks."""
    date = (timezone.now() + USUAL).date().isoformat()
    drifts = picked_idents(request.GET.get("drifts", ""))
    return WaiveForm("", getattr(request.user, "email", ""), "date", date, covers, drifts=drifts)


def picked_idents(said: str) -> tuple[str, ...]:
    """Identities of a query or a form, those that can be one, as many as a waiver takes."""
    words = said[: MOST_DRIFTS * 65].split(",")
    return tuple(dict.fromkeys(word for word in words if IDENT.fullmatch(word)))[:MOST_DRIFTS]


def sent_form(request: HttpRequest) -> WaiveForm:
    """What was sent, bounded; nothing of it is judged yet."""
    said = request.POST
    return WaiveForm(
        reason=said.get("reason", "").strip()[:1000],
        owner=said.get("owner", "").strip()[:1000],
        ends=said.get("ends", "") if said.get("ends") in ENDS else "date",
        date=said.get("date", "")[:40],
        covers=said.get("covers", "").strip()[:600],
        pair=said.get("pair", "")[:140],
        everything=said.get("everything") == "1",
        drifts=picked_idents(said.get("drifts", "")),
        next=said.get("next", "")[:2000],
    )


def terms_of(form: WaiveForm, drift: Drift | None, now: datetime) -> Terms:
    """Raises TermsError. The whole name of the drift the page shows means it and no pattern."""
    asked: dict[str, Any] = {"reason": form.reason, "owner": form.owner}
    if drift is not None and form.covers == name_of(drift):
        asked["drift"] = drift.id
    elif form.drifts:
        asked["drifts"] = list(form.drifts)
    elif form.everything:
        asked |= {"ratchet": True, "pair": form.pair}
    else:
        asked |= {"match": form.covers, "pair": f"{drift.left.slug}..{drift.right.slug}" if drift else form.pair}
    if form.drifts or not form.everything:
        asked[ENDS[form.ends]] = form.date if form.ends == "date" else True
    return read_terms(asked, now)


def previewed(project: Project, form: WaiveForm, drift: Drift | None) -> WaiveForm:
    """The form with what it would hide now; reason and owner may still be missing."""
    now = timezone.now()
    try:
        terms = terms_of(replace(form, reason=form.reason or "-", owner=form.owner or "-"), drift, now)
        hides = len(preview_waiver(project=project, terms=terms, now=now))
        past = look_back(project=project, terms=terms, now=now)
    except (TermsError, Refused) as error:
        return replace(form, fault=_fault(error))
    return replace(form, hides=hides, past=past, note=WORSE_SHOWS if form.everything else KIND_SHOWS)


def saved(request: HttpRequest, project: Project, form: WaiveForm, drift: Drift | None) -> Waiver | WaiveForm:
    """The waiver that was made, or the form with what is the matter."""
    now = timezone.now()
    try:
        user = require_waiving(user=request.user, project=project)  # type: ignore[arg-type]  # signed in: of_project
        return create_waiver(project=project, user=user, terms=terms_of(form, drift, now), now=now)
    except TermsError as error:
        return replace(form, fault=_fault(error))
    except Refused as error:
        if error.code == "forbidden":
            raise
        return replace(form, fault=_fault(error))


def _fault(error: TermsError | Refused) -> str:
    """`Not saved: a waiver needs a reason`."""
    detail = error.faults[0][1] if isinstance(error, TermsError) else error.detail
    return f"Not saved: {detail}"


def end_words(document: Mapping[str, Any]) -> str:
    """`until 11 Dec, or until either side changes`; a file may keep one that has ended."""
    ends, now = [], timezone.now()
    if document.get("until"):
        until = datetime.fromisoformat(str(document["until"]))
        said = words.day(until - MOMENT, now)
        if until <= now:
            return f"ended {said}"
        ends.append(f"until {said}")
    if document.get("until_change"):
        ends.append("until either side changes")
    if document.get("until_converged"):
        ends.append("until both sides are the same")
    return ", or ".join(ends)


@dataclass(frozen=True, slots=True)
class Shown:
    """A waiver as pages show it."""

    ident: str
    covers: str
    pair: str
    reason: str
    owner: str
    ends: str
    source: str
    made_by: str
    made_at: datetime | None


def shown(document: Mapping[str, Any]) -> Shown:
    """Any waiver, by its document."""
    made = document.get("made_at")
    source = f"parity.toml line {document['line']}" if document.get("source") == "policy" else ""
    covers = document.get("title") or document.get("match") or ""
    return Shown(
        ident=str(document.get("id") or ""),
        covers=visible(str(covers)),
        pair=visible(str(document.get("pair") or "")),
        reason=visible(str(document.get("reason", ""))),
        owner=visible(str(document.get("owner", ""))),
        ends=end_words(document),
        source=source,
        made_by=visible(str(document.get("made_by") or "")),
        made_at=datetime.fromisoformat(str(made)) if made else None,
    )
