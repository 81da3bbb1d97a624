"""What pages list, as files for spreadsheets: the same as the API's `?format=csv`, for whoever is signed in."""

from django.http import Http404, HttpRequest, HttpResponseBadRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from paritycheck.models import Project
from paritycheck.selectors.exports import export_lines
from paritycheck.selectors.filters import FilterError
from paritycheck.web.access import of_project

MEDIA_TYPE = "text/csv; charset=utf-8"


@require_safe
@of_project
def download(request: HttpRequest, project: Project, what: str) -> HttpResponseBase:
    """The whole list, narrowed by the parameters that the API's list has."""
    try:
        lines = export_lines(what, project, dict(request.GET.lists()), timezone.now())
    except FilterError as error:
        return HttpResponseBadRequest(f"{error}\n", content_type="text/plain; charset=utf-8")
    if lines is None:
        raise Http404
    name = f"{project.slug}-{what}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(lines, content_type=MEDIA_TYPE, headers=headers)
