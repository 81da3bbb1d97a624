"""Digests: when each comes next, and how it would look now."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from paritycheck.models import Project, Subscription
from paritycheck.models.subscriptions import When
from paritycheck.selectors.liveness import version_of
from paritycheck.selectors.subscriptions import counts_of, digests_of, find_subscription, rights_of
from paritycheck.services.errors import Refused
from paritycheck.services.previews import Preview, preview_of, send_preview
from paritycheck.web.access import of_project
from paritycheck.web.digesting import schedule_of
from paritycheck.web.headlines import of_digests
from paritycheck.web.slacklook import slack_blocks
from paritycheck.web.views.alerts import page_of

# A mail brings its own styles inline and nothing else; it can run nothing, and its links open beside this page.
PREVIEW_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


@require_safe
@of_project
def digests(request: HttpRequest, project: Project) -> HttpResponse:
    """Every schedule that one may see, the next one first."""
    version, user = version_of([project.id]), request.user
    rows = digests_of(project, user)  # type: ignore[arg-type]  # signed in: of_project
    rights = rights_of(user, project)  # type: ignore[arg-type]  # signed in: of_project
    schedules = [schedule_of(row, rights) for row in rows]
    context = {
        "project": project,
        "headline": of_digests([schedule.next for schedule in schedules]),
        "tab": "alerts",
        "counts": counts_of(project, user),  # type: ignore[arg-type]  # signed in: of_project
        "here": reverse("web:alert-digests", args=[project.slug]),
        "part": "digests",
        "version": version,
        "schedules": schedules,
        "may_maintain": rights.maintains,
        "has_mail": bool(settings.EMAIL_URL),
    }
    return render(request, "web/alerts/digests.html", context)


def _found(request: HttpRequest, project: Project, ident: str) -> Subscription:
    user: Any = request.user
    row = find_subscription(project, user, UUID(ident))
    if row is None or row.when != When.DIGEST:
        raise Http404
    return row


@require_safe
@xframe_options_sameorigin
@of_project
def digest_preview(request: HttpRequest, project: Project, subscription_id: str) -> HttpResponse:
    """The digest as it would be sent now: a document of its own, in which nothing runs."""
    preview = preview_of(subscription=_found(request, project, subscription_id), now=timezone.now())
    response = HttpResponse(PAGES.get(request.GET.get("as", ""), _mail_page)(preview))
    response.headers["Content-Security-Policy"] = PREVIEW_POLICY
    return response


def _mail_page(preview: Preview) -> str:
    """The mail's own HTML; its links would else open within the frame, where no page may be."""
    head, tag, rest = preview.html.partition("<head>")
    return f'{head}{tag}<base target="_blank">{rest}' if tag else preview.html


def _text_page(preview: Preview) -> str:
    return format_html(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        "<title>{}</title></head>{}<pre>{}</pre></body></html>",
        preview.subject,
        mark_safe(
            '<body style="margin:16px;font:12.5px/18px ui-monospace,Menlo,Consolas,monospace">'
            "<style>pre{margin:0;font:inherit;white-space:pre-wrap;overflow-wrap:anywhere}</style>"
        ),
        preview.text,
    )


def _slack_page(preview: Preview) -> str:
    context = {"subject": preview.subject, "blocks": slack_blocks(preview.slack)}
    return render_to_string("web/alerts/slack.html", context)


PAGES = {"mail": _mail_page, "text": _text_page, "slack": _slack_page}


@require_POST
@of_project
def send_digest(request: HttpRequest, project: Project, subscription_id: str) -> HttpResponse:
    """Mail it to oneself."""
    row, user = _found(request, project, subscription_id), request.user
    if not settings.EMAIL_URL:
        return page_of(request, project, "Not sent: the server has no EMAIL_URL", status=409)
    try:
        send_preview(subscription=row, user=user, now=timezone.now())  # type: ignore[arg-type]  # signed in
    except Refused as error:
        return page_of(request, project, f"Not sent: {error.detail}", status=error.status)
    return HttpResponseRedirect(f"{reverse('web:alerts', args=[project.slug])}?digest={row.pk}")
