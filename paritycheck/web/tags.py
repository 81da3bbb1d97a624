"""Template tags and filters, known to every template as built-ins."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from paritycheck.models import Drift, Project
from paritycheck.models.drifts import DriftState
from paritycheck.web import charts, words
from paritycheck.web.icons import PATHS
from paritycheck.web.notices import troubles_of
from paritycheck.web.young import Young, young_of

register = template.Library()

SEVERITY_ICONS = {
    "error": "octagon-x",
    "warning": "triangle-alert",
    "note": "info",
    "ok": "circle-check",
    "unknown": "circle-question-mark",
    "waived": "hourglass",
}
TIER_ICONS = {
    "development": "laptop",
    "testing": "workflow",
    "staging": "flask-conical",
    "production": "globe",
    "ephemeral": "git-pull-request",
}
GLYPHS = {"same": "=", "different": "≠", "missing": "∅", "unknown": "?"}
BAR = 64


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, css: str = "") -> SafeString:
    """An icon drawn in the colour of its text; it says nothing to a screen reader, the word beside it does."""
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" aria-hidden="true"><path d="{}"/></svg>', css, PATHS[name]
    )


@register.simple_tag
def severity_icon(severity: str) -> SafeString:
    """The icon of a severity or band in its colour, with the word for those who do not see it."""
    drawn = icon(SEVERITY_ICONS[severity], f"ink-{severity}")
    return format_html('{}<span class="vh">{}</span>', drawn, severity)


@register.simple_tag
def tier_icon(tier: str, kind: str = "") -> SafeString:
    """The icon of an environment."""
    return icon(TIER_ICONS.get(kind) or TIER_ICONS.get(tier, "server"))


@register.simple_tag
def badge(band: str, text: str = "") -> SafeString:
    """A band or severity as icon and word."""
    return format_html('<span class="badge badge-{}">{}{}</span>', band, icon(SEVERITY_ICONS[band]), text or band)


@register.simple_tag
@lru_cache(maxsize=64)
def glyph(relation: str, word: str = "") -> SafeString:
    """The sign of a relation as text painted by the stylesheet, and the word it stands for."""
    return format_html(
        '<span class="glyph glyph-{}" aria-hidden="true">{}</span><span class="vh">{} </span>',
        relation,
        GLYPHS[relation],
        word or relation,
    )


@register.simple_tag
def coverage(fraction: float | None, label: str = "coverage") -> SafeString:
    """A bar of what could be read, the rest hatched, and its share in words."""
    known = 0.0 if fraction is None else max(0.0, min(1.0, fraction))
    return format_html(
        '<span class="coverage"><svg viewBox="0 0 64 6" aria-hidden="true"><rect width="{}" height="6"/>'
        '<rect class="edge" x=".5" y=".5" width="63" height="5" rx="2.5"/></svg>'
        '<span class="coverage-word">{}</span>{}</span>',
        f"{BAR * known:.1f}",
        f"{label} " if label else "",
        words.percent(known),
    )


@register.simple_tag
def sparkline(values: Sequence[float], name: str, limit: float = 0) -> SafeString:
    """A small line in the colour of its text."""
    return charts.sparkline(values, name, limit)


@register.simple_tag
def ago(moment: datetime | None, css: str = "") -> SafeString | str:
    """`25 s`, with the instant in the title."""
    return _time(moment, words.age(moment, timezone.now()), css, relative=True) if moment else "never"


@register.simple_tag
def lasted(moment: datetime, css: str = "") -> SafeString:
    """How long something has been so, in days however long that is."""
    return _time(moment, words.duration((timezone.now() - moment).total_seconds()), css)


@register.simple_tag
def on_day(moment: datetime, css: str = "") -> SafeString:
    """`6 Nov`."""
    return _time(moment, words.day(moment, timezone.now()), css)


@register.simple_tag
def at(moment: datetime, css: str = "") -> SafeString:
    """`6 Nov 10:55`; today the clock alone, with seconds."""
    now = timezone.now()
    same_day = moment.date() == now.date()
    return _time(moment, f"{moment:%H:%M:%S}" if same_day else f"{words.day(moment, now)} {moment:%H:%M}", css)


def _time(moment: datetime, text: str, css: str, *, relative: bool = False) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}" class="{}"{}>{}</time>',
        moment.isoformat(timespec="seconds"),
        words.instant(moment),
        css,
        format_html(' data-age="{}"', int(moment.timestamp())) if relative else "",
        text,
    )


@register.inclusion_tag("web/frame/notices.html")
def troubles(project: Project) -> dict[str, object]:
    """What stands above a page of a project while something is silent or failed; two queries."""
    return {"notices": troubles_of(project, timezone.now())}


@register.filter
def percent(fraction: float) -> str:
    """`93 %`."""
    return words.percent(fraction)


@register.filter
def number(count: int) -> str:
    """`1,396`."""
    return words.number(count)


@register.filter
def seconds(length: float) -> str:
    """A length of time."""
    return words.duration(length)


@register.simple_tag
def open_drifts(project: Project) -> int:
    """How many drifts of a project are open; one query."""
    return Drift.objects.filter(project=project, state=DriftState.OPEN).count()


@register.simple_tag
def young(project: Project) -> Young | None:
    """What is missing before two environments can be compared; one query."""
    return young_of(project)


@register.simple_tag
def plural(count: int, one: str, many: str = "") -> str:
    """`1 commit`, `14 commits`."""
    return words.plural(count, one, many)


@register.filter
def spelled(count: int) -> str:
    """`three`."""
    return words.spelled(count)
