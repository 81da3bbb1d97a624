"""A new project in one form, for administrators of the installation."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from paritycheck.models import User
from paritycheck.selectors.access import may_administer
from paritycheck.services.errors import Refused
from paritycheck.services.projects import start_project
from paritycheck.web import planning

LONGEST = 100


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_project(request: HttpRequest) -> HttpResponse:
    """The form; sent, it makes the project and leads to its start. `name` of the address fills it in."""
    user = request.user
    if not isinstance(user, User) or not may_administer(user):
        raise Http404
    if request.method != "POST":
        return _page(request, request.GET.get("name", "").strip()[:LONGEST], planning.ROWS)
    name, rows = request.POST.get("name", "").strip()[:LONGEST], planning.rows_of(request.POST.dict())
    fault = planning.fault_of(name, rows)
    if fault:
        return _page(request, name, rows, fault, 422)
    try:
        made = start_project(slug=planning.slug_of(name), plans=planning.plans_of(rows), by=user)
    except Refused as error:
        return _page(request, name, rows, error.detail, error.status)
    return HttpResponseRedirect(reverse("web:start", args=[made.slug]))


def _page(
    request: HttpRequest, name: str, rows: tuple[planning.Row, ...], fault: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "name": name,
        "slug": planning.slug_of(name),
        "rows": rows,
        "tiers": planning.TIERS,
        "kinds": planning.KINDS,
        "fault": fault,
    }
    return render(request, "web/start/new.html", context, status=status)
