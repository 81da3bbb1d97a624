"""`?format=csv` on the lists that people take into a spreadsheet."""

from typing import ClassVar

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from paritycheck.api.base import bad_parameter, nothing_here
from paritycheck.api.shapes import ProjectApiView
from paritycheck.selectors.exports import export_lines
from paritycheck.selectors.filters import FilterError

FORMAT = "format"
FORMATS = ("json", "csv")
MEDIA_TYPE = "text/csv; charset=utf-8"
PARAMETER = OpenApiParameter(FORMAT, enum=FORMATS, description="csv: the whole list as a file for spreadsheets.")
PAGED = frozenset({"cursor", "page_size", "fields"})


class CsvView(ProjectApiView):
    """A list that is also a file; `export` names which. The file is whole: it has neither pages nor chosen fields."""

    export: ClassVar[str] = ""

    def csv(self, request: Request) -> StreamingHttpResponse | None:
        """The file, if that is what was asked for. The address says so and not `Accept`, so that a link can."""
        said = request.query_params.get(FORMAT, "json")
        if said not in FORMATS:
            raise bad_parameter(f"format is one of {', '.join(FORMATS)}")
        if said == "json":
            return None
        if PAGED & set(request.query_params):
            raise bad_parameter("a csv file is whole: it takes no cursor, page_size or fields")
        found = self.project()
        try:
            lines = export_lines(self.export, found, dict(request.query_params.lists()), timezone.now())
        except FilterError as error:
            raise bad_parameter(str(error)) from None
        if lines is None:
            raise nothing_here()
        name = f"{found.slug}-{self.export}.csv"
        return StreamingHttpResponse(
            lines, content_type=MEDIA_TYPE, headers={"Content-Disposition": f'attachment; filename="{name}"'}
        )
