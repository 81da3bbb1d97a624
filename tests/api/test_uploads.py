"""Ways in without an agent: what `curl --data-binary @uv.lock` sends is read, reported and compared as an agent's."""

import gzip
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.agent.lock_fixtures import FIXTURES, fixture

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

HERE = "/api/v1/projects/shop/environments/staging"
# What curl says of a body where nobody says anything else.
CURL = "application/x-www-form-urlencoded"


def send(site: "Site", path: str, data: bytes, *, who: str = "staging", **headers: str) -> "Reply":
    """As curl does: `curl --data-binary @FILE -H 'Authorization: Bearer ...'`."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return site.send("POST", f"{HERE}/{path}", data, who=who, media=CURL, headers=said)


def facts(site: "Site", number: int | str = "latest") -> dict[str, Any]:
    """What the snapshot says of dependencies: value by name, and what it covers."""
    (section,) = site.get(f"{HERE}/snapshots/{number}").json()["sections"]
    assert section["name"] == "dependencies"
    return {fact["name"]: fact.get("value") for fact in section["facts"]} | {"covers": section["covers"]}


@pytest.fixture
def uploaded(site: "Site") -> "Site":
    reply = send(site, "locks/uv.lock", UV)
    assert reply.status == 202, reply.body
    return site


UV = b"""\
version = 1
[[package]]
name = "six"
version = "1.17.0"
source = { registry = "https://pypi.org/simple" }
"""


def test_a_lock_file_becomes_the_dependencies_of_an_instance_named_upload(site: "Site") -> None:
    from paritycheck_agent.locks import uv

    data = fixture("uv", "shop/uv.lock")
    reply = send(site, "locks/uv.lock", data)
    expected = uv.read(data, "uv.lock", lambda _name: None)
    assert (reply.status, reply.json()["packages"]) == (202, len(expected.packages))
    assert {name: value for name, value in facts(site).items() if name != "covers"} == {
        fact["name"]: fact.get("value") for fact in expected.facts() if fact["name"] not in expected.local
    }
    assert facts(site)["covers"] == ["pkg:pypi/"]
    (instance,) = site.get(HERE).json()["reporting"]
    assert (instance["id"], instance["kind"], instance["fresh"]) == ("upload", "runner", True)
    assert [section["name"] for section in instance["sections"]] == ["dependencies"]


def test_the_same_file_again_is_no_new_snapshot(uploaded: "Site") -> None:
    again = send(uploaded, "locks/uv.lock", UV)
    assert (again.status, again.json()["unchanged"]) == (202, True)
    assert "snapshot" not in again.json()
    zipped = send(uploaded, "locks/uv.lock", gzip.compress(UV), Content_Encoding="gzip")
    assert zipped.json()["unchanged"] is True
    assert uploaded.get(HERE).json()["latest"] == "staging#1"


def test_files_stand_side_by_side_and_each_replaces_its_own_earlier_one(uploaded: "Site") -> None:
    site = uploaded
    assert send(site, "locks/web/package-lock.json", fixture("npm", "v3/package-lock.json")).status == 202
    assert send(site, "sbom", (FIXTURES / "sbom" / "py.cdx.json").read_bytes()).status == 202
    both = facts(site)
    assert both["pkg:pypi/six"] == "1.17.0"
    assert any(name.startswith("pkg:npm/") for name in both)
    assert both["covers"] == ["pkg:npm/", "pkg:pypi/"]
    assert send(site, "locks/api/uv.lock", UV.replace(b"1.17.0", b"1.16.0")).json()["snapshot"] == 4
    assert facts(site)["pkg:pypi/six"] == ["1.16.0", "1.17.0"]
    assert send(site, "locks/uv.lock", UV.replace(b"1.17.0", b"1.16.0")).json()["snapshot"] == 5
    assert facts(site)["pkg:pypi/six"] == "1.16.0"
    assert any(name.startswith("pkg:npm/") for name in facts(site))
    first = site.get(f"{HERE}/uploads?page_size=3").json()
    rest = site.get(first["next"].removeprefix("http://127.0.0.1:8000")).json()
    listed = [*first["results"], *rest["results"]]
    assert [(row["kind"], row["name"]) for row in listed] == [
        ("lock", "api/uv.lock"), ("lock", "uv.lock"), ("lock", "web/package-lock.json"), ("sbom", "sbom"),
    ]  # fmt: skip
    assert listed[0]["sha256"] == hashlib.sha256(UV.replace(b"1.17.0", b"1.16.0")).hexdigest()
    assert rest["next"] is None


def test_a_file_can_be_taken_out_again(uploaded: "Site") -> None:
    site = uploaded
    assert send(site, "locks/poetry.lock", fixture("poetry", "2.5.1/poetry.lock")).status == 202
    assert site.send("DELETE", f"{HERE}/locks/poetry.lock", who="staging").status == 204
    assert facts(site) == {"pkg:pypi/six": "1.17.0", "covers": ["pkg:pypi/"]}
    assert site.send("DELETE", f"{HERE}/locks/poetry.lock", who="staging").code == "not-found"


def test_every_form_of_bills_is_told_by_what_it_holds(site: "Site") -> None:
    from paritycheck_agent.sources import sbom

    for name in ("py.cdx.json", "py.cdx.xml", "npm.spdx.json", "npm.spdx", "shop.spdx3.json"):
        data = (FIXTURES / "sbom" / name).read_bytes()
        reply = send(site, "sbom?name=image.json", data, who="admin")
        packages = sbom.read(data, "image.json", lambda _name: None).packages
        assert (reply.status, reply.json()["packages"]) == (202, len(packages)), name
        assert facts(site).keys() - {"covers"} == {package.name for package in packages}


def test_what_is_uploaded_is_compared_like_a_report(uploaded: "Site") -> None:
    from datetime import UTC, datetime

    from paritycheck.models import Project
    from paritycheck.services.evaluate import evaluate_environment

    other = f"{HERE.replace('staging', 'production')}/locks/uv.lock"
    data = UV.replace(b"1.17.0", b"2.0.0")
    assert uploaded.send("POST", other, data, who="production", media="application/octet-stream").status == 202
    for environment in Project.objects.get(slug="shop").environments.filter(latest__isnull=False):
        evaluate_environment(environment_id=environment.pk, now=datetime.now(UTC))
    (drift,) = uploaded.get("/api/v1/projects/shop/drifts").json()["results"]
    assert (drift["name"], drift["rule"], drift["left"]["value"]) == ("pkg:pypi/six", "version", "1.17.0")
    assert drift["left"]["sources"] == ["uv.lock:3"]


BAD = (
    ("locks/uv.lock", b"version = 1\n[[package\n", 422, "unreadable-file", 2),
    ("locks/package-lock.json", b'{\n"lockfileVersion": 3,\n"packages": [', 422, "unreadable-file", 3),
    ("locks/notes.txt", b"six==1.17.0\n", 422, "unsupported-file", None),
    ("locks/uv.lock", b"", 400, "empty-body", None),
    ("locks/../uv.lock", UV, 404, "not-found", None),
    ("locks/.env", UV, 404, "not-found", None),
    ("sbom", b'{\n"bomFormat": "CycloneDX",\n"components": [}', 422, "unreadable-file", 3),
    ("sbom", b"<bom>", 422, "unreadable-file", 1),
    ("sbom", b"\xff\xfe\x00", 422, "unreadable-file", None),
    ("sbom?name=../x", b"{}", 400, "bad-parameter", None),
    ("sbom?title=x", b"{}", 400, "bad-parameter", None),
)


def test_a_bad_file_is_refused_with_its_place_and_changes_nothing(site: "Site") -> None:
    for path, data, status, code, line in BAD:
        reply = send(site, path, data)
        assert (reply.status, reply.code) == (status, code), (path, data)
        if code == "unreadable-file":
            (error,) = reply.json()["errors"]
            assert (error["code"], error["pointer"], error.get("line")) == (code, "", line)
    assert site.get(HERE).json()["latest"] is None
    assert site.get(HERE).json()["reporting"] == []


def test_a_media_type_is_what_curl_says_or_what_the_form_is_registered_with(site: "Site") -> None:
    bill = (FIXTURES / "sbom" / "py.cdx.json").read_bytes()
    for media, status in (
        ("application/vnd.cyclonedx+json; version=1.6", 202),
        ("application/json; charset=utf-8", 202),
        ("application/octet-stream; version=1.6", 415),
        ("multipart/form-data; boundary=x", 415),
    ):
        assert site.send("POST", f"{HERE}/sbom", bill, who="staging", media=media).status == status, media


def test_what_is_too_large_is_413_as_sent_and_as_decoded(site: "Site") -> None:
    assert send(site, "locks/uv.lock", b"#" * (1024 * 1024 + 1)).code == "body-too-large"
    bomb = gzip.compress(b"#" * (9 * 1024 * 1024))
    assert send(site, "locks/uv.lock", bomb, Content_Encoding="gzip").code == "decoded-too-large"


def test_what_looks_like_a_secret_is_neither_kept_nor_told(site: "Site") -> None:
    from paritycheck.models import SectionBody, Upload

    secret = "ghp_" + "a1B2c3D4e5" * 3 + "F6g7h8"
    package = {"version": "1.0.0", "resolved": f"https://user:{secret}@registry.test/x.tgz"}
    packages = {"": {"name": "shop"}, "node_modules/ms": package, f"node_modules/{secret}": package}
    reply = send(site, "locks/package-lock.json", json.dumps({"lockfileVersion": 3, "packages": packages}).encode())
    assert (reply.status, reply.json()["packages"], reply.json()["whole"]) == (202, 1, False)
    assert secret.encode() not in reply.body
    assert facts(site) == {"pkg:npm/ms": "1.0.0", "covers": []}
    for body in SectionBody.objects.values_list("body", flat=True):
        assert secret.lower().encode() not in gzip.decompress(body).lower()
    assert secret.lower().encode() not in gzip.decompress(Upload.objects.get().lock).lower()


def test_an_environment_has_at_most_twenty_files(uploaded: "Site") -> None:
    for at in range(19):
        assert send(uploaded, f"locks/part{at}/uv.lock", UV).status == 202
    assert send(uploaded, "locks/more/uv.lock", UV).code == "too-many-items"
    assert send(uploaded, "locks/uv.lock", UV).json()["unchanged"] is True


def test_an_agents_token_uploads_for_its_own_environment_alone(site: "Site") -> None:
    assert send(site, "locks/uv.lock", UV, who="production").code == "not-found"
    assert send(site, "locks/uv.lock", UV, who="foreign").code == "not-found"
    assert send(site, "locks/uv.lock", UV, who="gate").code == "forbidden"
    assert json.loads(send(site, "locks/uv.lock", UV, who="admin").body)["snapshot"] == 1
