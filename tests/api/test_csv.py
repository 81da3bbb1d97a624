"""Lists as files for spreadsheets: whole, filtered like the list, and harmless."""

import csv
import io
from typing import TYPE_CHECKING

from tests.api.test_access import peopled

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

__all__ = ["peopled"]
SHOP = "/api/v1/projects/shop"


def rows(reply: "Reply") -> list[dict[str, str]]:
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["content-disposition"].startswith('attachment; filename="shop-')
    return list(csv.DictReader(io.StringIO(reply.body.decode(), newline="")))


def test_drifts_with_the_filters_of_the_list_and_formulas_as_text(peopled: "Site") -> None:
    from paritycheck.models import Drift

    Drift.objects.filter(pk="a" * 64).update(
        owner='=HYPERLINK("https://evil.example")',
        left_side={"state": "present", "value": "+1", "sources": ["-x", "b"]},
    )
    (row,) = rows(peopled.get(f"{SHOP}/drifts?format=csv"))
    assert (row["pair"], row["name"], row["rule"]) == ("production..production", "database", "skew")
    assert row["owner"] == '\'=HYPERLINK("https://evil.example")'
    assert (row["left_value"], row["left_sources"], row["initial"]) == ("'+1", "'-x; b", "no")
    assert rows(peopled.get(f"{SHOP}/drifts?format=csv&severity=error")) == []
    assert len(rows(peopled.get(f"{SHOP}/drifts?format=csv&severity=error&severity=warning"))) == 1


def test_waivers_comparisons_and_deploys(peopled: "Site") -> None:
    (waiver,) = rows(peopled.get(f"{SHOP}/waivers?format=csv"))
    assert (waiver["title"], waiver["owner"], waiver["unused"]) == ("services/*", "ann", "yes")
    assert rows(peopled.get(f"{SHOP}/waivers?format=csv&source=policy")) == []
    assert rows(peopled.get(f"{SHOP}/waivers?format=csv&within=9999")) == []
    peopled.told(
        services=peopled.section("services", [{"name": "database", "kind": "postgresql", "value": "16"}], [""])
    )
    found = rows(peopled.get(f"{SHOP}/compare?left=production~1&right=production&only=unknown&format=csv"))
    assert {row["bucket"] for row in found} <= {"unknown"}
    deploy = b'{"environment":"production","commit":"' + b"a" * 40 + b'","release":"@1"}'
    assert peopled.send("POST", f"{SHOP}/deploys", deploy, who="owner").status == 201
    (told,) = rows(peopled.get(f"{SHOP}/deploys?format=csv"))
    assert (told["environment"], told["release"], told["commit"]) == ("production", "'@1", "a" * 40)


def test_a_file_is_whole_and_refuses_what_the_list_refuses(peopled: "Site") -> None:
    for path in (
        "drifts?format=xml", "drifts?format=csv&page_size=5", "drifts?format=csv&fields=id",
        "drifts?format=csv&state=no", "waivers?format=csv&within=soon", "waivers?format=csv&source=nobody",
        "compare?format=csv", "compare?format=csv&left=Ä&right=production", "deploys?format=csv&since=today",
    ):  # fmt: skip
        assert peopled.get(f"{SHOP}/{path.replace('Ä', '%C3%84')}").code == "bad-parameter", path
    assert peopled.get(f"{SHOP}/compare?format=csv&left=nothing&right=production").code == "not-found"
    assert peopled.get(f"{SHOP}/drifts?format=csv", who="stranger").code == "not-found"
