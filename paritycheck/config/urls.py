"""The root of all addresses."""

from django.urls import include, path

from paritycheck import admin
from paritycheck.api.health import livez, readyz
from paritycheck.api.metrics import metrics

urlpatterns = [
    path("livez", livez),
    path("readyz", readyz),
    path("metrics", metrics),
    path("api/", include("paritycheck.api.urls")),
    path("admin/", admin.site.urls),
    path("", include("paritycheck.web.signing.urls")),
    path("", include("paritycheck.web.urls")),
]
handler400 = "paritycheck.web.errors.bad_request"
handler403 = "paritycheck.web.errors.permission_denied"
handler404 = "paritycheck.web.errors.not_found"
handler500 = "paritycheck.web.errors.server_error"
