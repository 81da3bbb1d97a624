"""The agent, as a file to download: open to everybody, it holds nothing of this installation."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from paritycheck.web.agentfile import given


def _tag(request: HttpRequest, name: str) -> str:
    del request
    return f'"{given(name).sha256}"'


# Kept by whoever likes, and asked about each time: an upgraded server hands out an upgraded agent at once.
@cache_control(public=True, no_cache=True)
@require_safe
@condition(etag_func=_tag)
def agent_file(request: HttpRequest, name: str) -> HttpResponse:
    """`parity.pyz`, its checksum or its unit, with an ETag; 304 for who has it."""
    del request
    file = given(name)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(file.body, content_type=file.media_type, headers=headers)
