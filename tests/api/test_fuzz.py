"""Whatever comes, no answer is a failure of the server, and every refusal is a problem document."""

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paritycheck_agent.wire.canonical import line

pytestmark = pytest.mark.timeout(1_800)

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=30),
    st.sampled_from(["sha256:" + "0" * 64, "ok", "unknown", "services", "2026-11-23T08:00:00Z", "\0", "\ud800"]),
)  # fmt: skip
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
)
MEMBERS = (
    "schema", "report_id", "seq", "collected_at", "sent_at", "agent", "instance", "resource", "head", "policy",
    "sections", "candidate", "base", "fail_on", "max_age_s", "min_coverage", "record", "against", "default_branch",
    "environment",
)  # fmt: skip
# With --long 24,000 in all.
FUZZ = settings(
    max_examples=2 * settings().max_examples,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def sound(reply: "Reply") -> None:
    assert reply.status < 500 or reply.code == "unavailable", reply.body
    if reply.status >= 400:
        assert reply.code


def loose(value: Any) -> bytes:
    """JSON as a careless client writes it: NaN and lone surrogates included."""
    return json.dumps(value).encode()


def evaluate(slug: str) -> None:
    """What a worker does with it; a report that passed must not end here."""
    from django.utils import timezone

    from paritycheck.models import Environment
    from paritycheck.services.evaluate import evaluate_pairs

    environment = Environment.objects.get(project__slug="shop", slug=slug)
    evaluate_pairs(environment_id=environment.pk, now=timezone.now())


@FUZZ
@given(data=st.binary(max_size=400))
def test_bytes(site: "Site", data: bytes) -> None:
    sound(site.post(data))
    sound(site.put(data))
    sound(site.send("POST", "/api/v1/commits", data, media="application/x-ndjson"))


@FUZZ
@given(value=JSON)
def test_json(site: "Site", value: Any) -> None:
    sound(site.post(loose(value)))
    sound(site.post(loose(value), who="gate", path="/api/v1/projects/shop/gate"))


@FUZZ
@given(name=st.sampled_from(MEMBERS), value=JSON)
def test_one_member_of_a_report(site: "Site", name: str, value: Any) -> None:
    sound(site.post(loose({**site.report(), name: value})))


@FUZZ
@given(name=st.sampled_from(MEMBERS), value=JSON)
def test_one_member_of_a_candidate(site: "Site", name: str, value: Any) -> None:
    document = {"schema": "paritycheck.candidate/1", "candidate": {}, "sections": {}, name: value}
    sound(site.post(loose(document), who="gate", path="/api/v1/projects/shop/gate"))


@FUZZ
@given(
    section=st.sampled_from(("services", "config", "dependencies", "runtime", "release", "processes", "migrations")),
    members=st.dictionaries(
        st.sampled_from(("value", "kind", "absent", "unknown", "fps", "keys", "via", "shape", "chain", "scope", "x")),
        JSON,
        max_size=4,
    ),
)
def test_a_body_that_is_taken_is_read_again(site: "Site", section: str, members: dict[str, Any]) -> None:
    try:
        rows = (line({"covers": [], "section": section}), line({"name": "a", **members}))
    except (ValueError, UnicodeEncodeError):
        return
    body = b"\n".join(rows) + b"\n"
    reply = site.put(body)
    sound(reply)
    if reply.status != 201:
        return
    from paritycheck_agent.wire.canonical import digest

    entry = {"status": "ok", "digest": digest(body)}
    taken = site.post(site.report(sections={section: entry}))
    assert taken.status == 202, taken.body
    place = f"/api/v1/projects/shop/environments/production/snapshots/{taken.json()['snapshot']}"
    assert site.get(place).status == 200
    assert site.put(body, who="staging").status == 201
    assert site.post(site.report(sections={section: entry}), who="staging").status == 202
    evaluate("staging")
    candidate = {"schema": "paritycheck.candidate/1", "candidate": {}, "sections": {section: entry}}
    assert site.post(candidate, who="gate", path="/api/v1/projects/shop/gate").status == 200


@FUZZ
@given(
    query=st.dictionaries(
        st.sampled_from(("state", "pair", "q", "cursor", "page_size", "rule", "x")), st.text(max_size=20)
    )
)
def test_query_strings(site: "Site", query: dict[str, str]) -> None:
    from urllib.parse import urlencode

    sound(site.get("/api/v1/projects/shop/drifts?" + urlencode(query, errors="replace")))


@pytest.mark.parametrize(
    "path", ["/api/v1/", "/api/v1/projects/shop/drifts/", "/api/v1//reports", "/api/%ff", "/api/v1/reports/"]
)
def test_odd_addresses_are_nothing(site: "Site", path: str) -> None:
    assert site.get(path).code == "not-found"
