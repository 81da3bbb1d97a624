"""Rows 1 to 15, 49, 50, 55 and 59 of the table of bad inputs: what HTTP itself tells."""

import gzip
import re
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.wire.canonical import digest, line
from tests.api.installation import CANARY

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site

REPORTS = "/api/v1/reports"
SECTION = f"/api/v1/sections/{'0' * 64}"
BODY = b'{"covers":[],"section":"services"}\n'
GZIPPED = gzip.compress(BODY, mtime=0)
Send = Callable[["Site"], "Reply"]


def post(**options: Any) -> Send:
    return lambda site: site.send("POST", REPORTS, line(site.report()), **options)


def put(data: bytes, encoding: str = "gzip", media: str = "application/x-ndjson") -> Send:
    headers = {"Content-Encoding": encoding}
    return lambda site: site.send("PUT", SECTION, data, media=media, headers=headers)


def get(path: str, who: str | None = "admin") -> Send:
    return lambda site: site.get(path, who=who)


def with_header(name: str, value: str) -> Send:
    return lambda site: site.send("POST", REPORTS, line(site.report()), headers={name: value})


def too_long(site: "Site") -> "Reply":
    return site.send("POST", REPORTS, b"x" * (16 * 1024 + 1))


def damaged() -> bytes:
    return GZIPPED[:-8] + bytes([GZIPPED[-8] ^ 1]) + GZIPPED[-7:]


ROWS: list[tuple[str, Send, int, str]] = [
    ("1-no-token", post(who=None), 401, "unauthenticated"),
    ("1-basic", with_header("Authorization", "Basic YTpi"), 401, "unauthenticated"),
    ("2-checksum", post(who="pca_Ab3dEf6hIj9k_0123456789abcdefghijklmnopqrstuvABCDEF"), 401, "unauthenticated"),
    ("2-no-token-at-all", post(who=CANARY), 401, "unauthenticated"),
    ("5-agent-reads", get("/api/v1/projects/shop", "production"), 403, "forbidden"),
    ("5-gate-reads", get("/api/v1/projects/shop/drifts", "gate"), 403, "forbidden"),
    ("5-gate-reports", post(who="gate"), 403, "forbidden"),
    ("5-person-reports", post(who="admin"), 403, "forbidden"),
    ("7-number", get(f"/api/v1/projects/shop/environments/production/snapshots/{10**20}"), 404, "not-found"),
    ("7-slug", get("/api/v1/projects/Sh%20op"), 404, "not-found"),
    ("7-nul", get("/api/v1/projects/%00"), 404, "not-found"),
    ("7-dots", get("/api/v1/projects/../projects"), 404, "not-found"),
    ("7-digest", lambda site: site.put(BODY, path="/api/v1/sections/abc"), 404, "not-found"),
    ("7-drift", get(f"/api/v1/projects/shop/drifts/{CANARY}"), 404, "not-found"),
    ("8-empty-report", lambda site: site.send("POST", REPORTS, b""), 400, "empty-body"),
    ("8-empty-section", put(b"", "identity"), 422, "digest-mismatch"),
    ("8-empty-commits", lambda site: site.send("POST", "/api/v1/commits", b"", media="application/x-ndjson"), 400,
     "empty-body"),
    ("8-empty-policy", lambda site: site.send("PUT", f"/api/v1/policies/{'0' * 64}", b"", media="application/toml"),
     400, "empty-body"),
    ("10-report", too_long, 413, "body-too-large"),
    ("10-section", put(b"x" * (1024 * 1024 + 1), "identity"), 413, "body-too-large"),
    ("11-bomb", put(gzip.compress(bytes(100 * 1024 * 1024), mtime=0)), 413, "decoded-too-large"),
    ("11-ratio", put(gzip.compress(bytes(70 * 1024), mtime=0)), 413, "decoded-too-large"),
    ("12-truncated", put(GZIPPED[:-4]), 400, "bad-encoding"),
    ("12-checksum", put(damaged()), 400, "bad-encoding"),
    ("12-trailing", put(GZIPPED + b"x"), 400, "bad-encoding"),
    ("12-two-members", put(GZIPPED + GZIPPED), 400, "bad-encoding"),
    ("12-zlib", put(zlib.compress(BODY)), 400, "bad-encoding"),
    ("12-none", put(BODY), 400, "bad-encoding"),
    ("13-br", put(GZIPPED, "br"), 415, "unsupported-encoding"),
    ("13-twice", put(GZIPPED, "gzip, gzip"), 415, "unsupported-encoding"),
    ("13-zstd", put(GZIPPED, "zstd"), 415, "unsupported-encoding"),
    ("13-report", with_header("Content-Encoding", "gzip"), 415, "unsupported-encoding"),
    ("14-text", post(media="text/plain"), 415, "unsupported-media-type"),
    ("14-form", post(media="multipart/form-data; boundary=x"), 415, "unsupported-media-type"),
    ("14-none", post(media=None), 415, "unsupported-media-type"),
    ("14-json-section", put(GZIPPED, media="application/json"), 415, "unsupported-media-type"),
    ("15-utf-16", post(media="application/json; charset=utf-16"), 415, "unsupported-media-type"),
    ("15-bogus", post(media=f"application/json; charset={CANARY}"), 415, "unsupported-media-type"),
    ("49-host", with_header("Host", "evil.example"), 400, "bad-host"),
    ("50-put", lambda site: site.send("PUT", REPORTS, b"{}"), 405, "method-not-allowed"),
    ("50-options", lambda site: site.send("OPTIONS", REPORTS), 405, "method-not-allowed"),
    ("50-unknown", get(f"/api/v1/{CANARY}"), 404, "not-found"),
    ("50-root", get("/api"), 404, "not-found"),
    ("50-trace", lambda site: site.send("TRACE", REPORTS), 405, "method-not-allowed"),
    ("55-long", with_header("Idempotency-Key", "k" * 10_240), 400, "bad-header"),
    ("55-control", with_header("Idempotency-Key", "a\tb"), 400, "bad-header"),
    ("headers", with_header("X-Padding", "p" * 20_000), 400, "bad-header"),
    ("url", get("/api/v1/projects/shop/drifts?q=" + "q" * 3_000), 414, "url-too-long"),
    ("59-page-size", get(f"/api/v1/projects/shop/drifts?page_size={10**9}"), 400, "bad-parameter"),
    ("59-page-size-0", get("/api/v1/projects/shop/drifts?page_size=0"), 400, "bad-parameter"),
    ("59-order", get("/api/v1/projects/shop/drifts?order_by=password"), 400, "bad-parameter"),
    ("59-nul", get("/api/v1/projects/shop/drifts?q=%00"), 400, "bad-parameter"),
    ("59-twice", get("/api/v1/projects/shop/drifts?q=a&q=b"), 400, "bad-parameter"),
    ("59-cursor", get(f"/api/v1/projects/shop/drifts?cursor={CANARY}"), 400, "bad-parameter"),
    ("59-state", get(f"/api/v1/projects/shop/drifts?state={CANARY}"), 400, "bad-parameter"),
    ("59-pair", get("/api/v1/projects/shop/drifts?pair=A..B"), 400, "bad-parameter"),
    ("59-gate", get("/api/v1/projects/shop/gate?environment=staging&max_age_s=-1"), 400, "bad-parameter"),
    ("59-gate-environment", get("/api/v1/projects/shop/gate"), 400, "bad-parameter"),
]  # fmt: skip


# What nginx cannot read it refuses itself, before it knows whose address that is.
BY_NGINX = {"headers": (400, "bad-request"), "7-nul": (400, "bad-request")}


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_bad_request_is_refused_as_the_table_says(
    either: "Site",
    row: tuple[str, Send, int, str],
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    name, send, status, code = row
    reply = send(either)
    record_property("answer", f"{reply.status} {reply.code}")
    by_proxy = BY_NGINX.get(name) if request.node.callspec.params["either"] == "proxied" else None
    assert (reply.status, reply.code) == (by_proxy or (status, code))
    assert reply.json()["retryable"] is False


def test_row_1_a_refused_sign_in_says_how(either: "Site") -> None:
    assert either.get("/api/v1/projects", who=None).headers["www-authenticate"] == "Bearer"


def test_row_2_a_wrong_checksum_costs_no_query(site: "Site", django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert site.post(site.report(), who="pca_Ab3dEf6hIj9k_0123456789abcdefghijklmnopqrstuvABCDEF").status == 401


def test_row_6_foreign_and_missing_are_the_same_bytes(either: "Site") -> None:
    asked = "gate?environment=production"
    foreign = either.get(f"/api/v1/projects/shop/{asked}", who="foreign-gate")
    missing = either.get(f"/api/v1/projects/nothing/{asked}", who="foreign-gate")
    assert _plain(foreign) == _plain(missing)


def _plain(reply: "Reply") -> bytes:
    assert reply.code == "not-found"
    return re.sub(rb"urn:uuid:[0-9a-f-]{36}", b"", reply.body)


def test_row_13_an_encoding_that_is_not_taken_says_which_are(either: "Site") -> None:
    assert put(GZIPPED, "br")(either).headers["accept-encoding"] == "gzip, identity"


def test_row_14_a_charset_of_utf_8_is_taken(either: "Site") -> None:
    assert post(media='application/json; Charset="UTF-8"')(either).status == 202


def test_row_50_a_method_that_is_not_taken_says_which_are(either: "Site") -> None:
    assert either.send("PUT", REPORTS, b"{}").headers["allow"] == "POST"
    assert either.send("PUT", "/api/v1/projects", b"{}").headers["allow"] == "GET, HEAD, POST"


def test_a_body_may_come_compressed_and_is_found_again(either: "Site") -> None:
    assert either.put(BODY, encoding="gzip").status == 201
    report = either.report(sections={"services": {"status": "ok", "digest": digest(BODY)}})
    assert either.post(report).status == 202
