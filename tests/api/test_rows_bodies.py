"""Rows 23, 25 to 35, 53 and 61 to 63 of the table of bad inputs: what bodies of lines and policies tell."""

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from paritycheck_agent.wire.canonical import digest, line, split
from tests.api.installation import CANARY

if TYPE_CHECKING:
    from tests.api.installation import Reply, Site


def facts(section: str, *rows: Any, covers: Any = ()) -> bytes:
    """A body as it is given, right or wrong."""
    header = line({"covers": list(covers), "section": section})
    return b"".join(row + b"\n" for row in (header, *(row if isinstance(row, bytes) else line(row) for row in rows)))


def service(**members: Any) -> bytes:
    return facts("services", {"name": "database", "value": "16.9", "kind": "postgresql", **members})


def key(**members: Any) -> bytes:
    return facts("config", {"name": "DATABASE_URL", "shape": "url", **members})


def named(name: str) -> bytes:
    return facts("dependencies", {"name": name, "value": "1"})


def numbered(section: str, count: int) -> bytes:
    return facts(section, *({"name": f"N{number:06}"} for number in range(count)))


FP = "pc1:9f2c1a7b:" + "a" * 26
ROWS: list[tuple[str, bytes, int, str]] = [
    ("16-bytes", facts("services", b'{"name":"\xff"}'), 400, "bad-utf8"),
    ("17-bom", b"\xef\xbb\xbf" + service(), 400, "bad-json"),
    ("18-truncated", facts("services", b'{"name":'), 400, "bad-json"),
    ("18-no-newline", service()[:-1], 422, "not-canonical"),
    ("18-blank-line", facts("services", b""), 400, "bad-json|empty-body"),
    ("19-deep", facts("services", b'{"name":' + b"[" * 17 + b"]" * 17 + b"}"), 400, "too-deep"),
    ("19-very-deep", facts("services", b"[" * 1_100), 400, "too-deep|bad-json"),
    ("20-nan", facts("services", b'{"name":"a","x":NaN}'), 400, "bad-number"),
    ("20-float", facts("services", b'{"name":"a","x":1.5}'), 422, "bad-number"),
    ("21-digits", facts("services", b'{"name":"a","x":' + b"9" * 2_000 + b"}"), 400, "bad-number"),
    ("21-63-bits", facts("processes", b'{"name":"a","x":' + str(2**63).encode() + b"}"), 422, "bad-number"),
    ("22-twice", facts("services", b'{"name":"a","name":"b"}'), 400, "duplicate-key"),
    ("23-facts", numbered("dependencies", 50_001), 422, "too-many-items"),
    ("23-keys", numbered("config", 5_001), 422, "too-many-items"),
    ("23-line", facts("services", b'{"name":"' + b"a" * 5_120 + b'"}'), 422, "too-many-items"),
    ("24-list", facts("services", b"[]"), 422, "invalid-section"),
    ("24-null", facts("services", b"null"), 422, "invalid-section"),
    ("25-value", facts("services", b'{"name":"a","value":"x\\u0000"}'), 422, "control-character"),
    ("26-key", facts("services", b'{"name":"a","x\\u0000":"x"}'), 422, "control-character"),
    ("27-value", facts("services", b'{"name":"a","value":"x\\ud800"}'), 422, "bad-unicode"),
    ("27-key", facts("services", b'{"name":"a","x\\ud800":"x"}'), 422, "bad-unicode"),
    ("29-nfd", named("pkg:npm/e\u0301"), 422, "not-canonical"),
    ("29-unsorted", facts("dependencies", {"name": "b"}, {"name": "a"}), 422, "not-canonical"),
    ("29-twice", facts("dependencies", {"name": "a"}, {"name": "a"}), 422, "not-canonical"),
    ("29-spaces", facts("services", b'{"name": "a"}'), 422, "not-canonical"),
    ("29-member-order", facts("services", b'{"value":"1","name":"a"}'), 422, "not-canonical"),
    ("29-escaped", facts("services", b'{"name":"\\u0061"}'), 422, "not-canonical"),
    ("30-name", named("pkg:pypi/" + "a" * 248), 422, "too-long"),
    ("30-version", facts("dependencies", {"name": "a", "value": "1" * 129}), 422, "too-long"),
    ("30-string", service(note="x" * 513), 422, "too-long"),
    ("32-prefix", facts("config", {"name": "ghp_" + CANARY.replace("-", "") * 2}), 422, "secret-suspected"),
    ("32-aws", facts("config", {"name": "AKIAIOSFODNN7EXAMPLE"}), 422, "secret-suspected"),
    ("32-url", facts("config", {"name": f"user:{CANARY}@host"}), 422, "secret-suspected"),
    ("32-value", service(value=f"postgres://u:{CANARY}@h"), 422, "secret-suspected"),
    ("33-value", key(value=CANARY), 422, "value-not-allowed"),
    ("34-length", key(fps=[FP + "a"]), 422, "bad-fingerprint"),
    ("34-charset", key(fps=["pc1:9f2c1a7b:" + "A" * 26]), 422, "bad-fingerprint"),
    ("34-algorithm", key(fps=["pc2:9f2c1a7b:" + "a" * 26]), 422, "bad-fingerprint"),
    ("34-no-list", key(fps=FP), 422, "bad-fingerprint|invalid-section"),
    ("62-no-header", b'{"name":"a"}\n', 422, "invalid-section"),
    ("62-no-section", facts(CANARY), 422, "invalid-section"),
    ("62-covers", b'{"covers":"x","section":"services"}\n', 422, "invalid-section"),
]


@pytest.mark.parametrize(("body", "status", "code"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_bad_body_is_refused_and_not_kept(
    either: "Site", body: bytes, status: int, code: str, record_property: Callable[[str, object], None]
) -> None:
    reply = either.put(body, encoding="gzip")
    record_property("answer", f"{reply.status} {reply.code}")
    assert reply.status == status
    assert reply.code in code.split("|")
    entry = {"status": "ok", "digest": digest(body)}
    asked = either.post(either.report(sections={"services": entry}))
    assert asked.json() == {"missing": [digest(body)]}


@pytest.mark.parametrize(
    ("body", "number"),
    [(numbered("dependencies", 50_001), 50_002), (numbered("config", 5_001), 5_002), (ROWS[16][1], 2)],
    ids=["facts", "keys", "line"],
)
def test_row_23_names_the_line(site: "Site", body: bytes, number: int) -> None:
    assert site.put(body, encoding="gzip").json()["errors"][0]["line"] == number


def test_row_29_names_the_line(site: "Site") -> None:
    body = facts("dependencies", {"name": "a"}, {"name": "c"}, {"name": "b"})
    error = site.put(body).json()["errors"][0]
    assert (error["line"], error["pointer"], error["code"]) == (4, "/name", "not-canonical")


def test_at_most_20_errors_are_named(site: "Site") -> None:
    rows = [{"name": f"K{number:03}", "value": CANARY} for number in range(60)]
    reply = site.put(facts("config", *rows))
    assert reply.code == "value-not-allowed"
    assert len(reply.json()["errors"]) == 20


HOSTILE = (
    "a\u0001b", "a\u0085b", "a\u202eb", "a\u200bb", "\u2066x", "<img src=x onerror=alert(1)>", "=HYPERLINK(1)",
    "${jndi:ldap://x}", "{{7*7}}", "'; DROP TABLE x --", '"><script>', "\x1b[2J", "line\u2028break", "%s%n",
    "../../etc",
)  # fmt: skip


def test_rows_28_and_31_hostile_names_are_kept_as_they_are(either: "Site") -> None:
    rows = [{"name": name, "value": "1"} for name in HOSTILE]
    entry = either.section("dependencies", rows)
    taken = either.told(dependencies=entry)
    shown = either.get(f"/api/v1/projects/shop/environments/production/snapshots/{taken['snapshot']}")
    names = {fact["name"] for section in shown.json()["sections"] for fact in section.get("facts", ())}
    assert set(HOSTILE) <= names
    assert shown.headers["content-type"] == "application/json"


def test_row_35_an_unknown_key_id_is_taken_and_no_fingerprint_is_shown(either: "Site") -> None:
    entry = either.section("config", [{"name": "DATABASE_URL", "shape": "url", "fps": ["pc1:00000000:" + "b" * 26]}])
    taken = either.told(config=entry)
    shown = either.get(f"/api/v1/projects/shop/environments/production/snapshots/{taken['snapshot']}")
    assert b"pc1:" not in shown.body


def put_policy(site: "Site", text: bytes) -> "Reply":
    path = f"/api/v1/policies/{hashlib.sha256(text).hexdigest()}"
    return site.send("PUT", path, text, media="application/toml")


PATTERN = '[tools.dependencies]\nignore = ["{}"]\n'
MANY = "[tools.dependencies]\nignore = [\n" + "".join(f'"p{number}",\n' for number in range(201)) + "]\n"


@pytest.mark.parametrize(
    "text", [PATTERN.format("p" * 257), MANY, PATTERN.format("a\\u0001b"), PATTERN.format("[a"), "[tools"],
    ids=["257", "201", "control", "bracket", "toml"],
)  # fmt: skip
def test_row_53_a_policy_with_a_mistake_is_kept_and_says_where(either: "Site", text: str) -> None:
    reply = put_policy(either, text.encode())
    assert reply.status == 201
    mistake = reply.json()["errors"][0]
    assert mistake["line"] >= 1
    assert mistake["column"] >= 1


def test_row_53_a_policy_with_a_mistake_never_comes_in_force(site: "Site") -> None:
    text = b"[tools"
    assert put_policy(site, text).status == 201
    assert site.post(site.report(policy=digest(text))).status == 202
    assert site.get("/api/v1/projects/shop").json()["policy"]["sha256"] is None


@pytest.mark.parametrize(
    ("text", "status", "code"), [(b"\xff", 400, "bad-utf8"), (b'x = "\0"', 422, "control-character")]
)
def test_a_policy_that_cannot_be_kept_is_refused(either: "Site", text: bytes, status: int, code: str) -> None:
    reply = put_policy(either, text)
    assert (reply.status, reply.code) == (status, code)


def test_row_61_bytes_that_do_not_hash_to_their_address_are_refused(either: "Site") -> None:
    reply = either.put(service(), path=f"/api/v1/sections/{'0' * 64}")
    assert (reply.status, reply.code) == (422, "digest-mismatch")


@pytest.mark.parametrize("kind", ["another-section", "evidence-for-facts", "facts-for-evidence"])
def test_row_62_a_body_that_is_not_what_the_report_says_is_refused(either: "Site", kind: str) -> None:
    bodies = split("config", [], [{"name": "A", "shape": "text", "sources": ["env"]}])
    for body in bodies:
        assert either.put(body).status == 201
    own, proof = map(digest, bodies)
    sections = {
        "another-section": {"services": {"status": "ok", "digest": own}},
        "evidence-for-facts": {"config": {"status": "ok", "digest": proof}},
        "facts-for-evidence": {"config": {"status": "ok", "digest": own, "evidence": own}},
    }
    reply = either.post(either.report(sections=sections[kind]))
    assert (reply.status, reply.code) == (422, "invalid-section")
    assert reply.json()["errors"][0]["pointer"].startswith("/sections/")


def test_row_63_a_flood_of_bodies_is_slowed_down(either: "Site") -> None:
    replies = [either.put(facts("services", {"name": f"n{number}"}), who="flood") for number in range(700)]
    statuses = [reply.status for reply in replies]
    assert statuses[:595] == [201] * 595
    slowed = next(reply for reply in replies if reply.status == 429)
    assert (slowed.code, slowed.json()["retryable"]) == ("rate-limited", True)
    assert {"retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"} <= slowed.headers.keys()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "empty-body"),
        (b"{}\n", 422, "invalid-commits"),
        (line({"head": "a" * 40}) + b"\n" + b'{"sha":"x"}\n', 422, "invalid-commits"),
        (line({"head": "a" * 40}) + b"\n" + b"{}\n" * 501, 422, "too-many-items"),
    ],
    ids=["empty", "header", "commit", "501"],
)
def test_bad_commits_are_refused(either: "Site", body: bytes, status: int, code: str) -> None:
    reply = either.send("POST", "/api/v1/commits", body, media="application/x-ndjson")
    assert reply.status == status
    assert reply.code in {code, "bad-timestamp"}


def commit(**members: Any) -> dict[str, Any]:
    return {
        "sha": "a" * 40, "parents": [], "author": ["Ann", "ann@example.com"], "authored": "2026-11-20T10:00:00Z",
        "committed": "2026-11-20T10:05:00Z", "scopes": [], "subject": "Fix", "with": [],
    } | members  # fmt: skip


@pytest.mark.parametrize(
    "members",
    [
        {"scopes": ["s" * 500]},
        {"author": ["n" * 512, "a@b"]},
        {"committed": "2026-11-20t10:05:00z"},
        {"with": [["w" * 512, "m" * 512]]},
        {"subject": "\u202e<b>"},
        {"parents": ["b" * 64] * 20},
        {"sha": "A" * 40},
    ],
    ids=["scope", "author", "lower-case", "with", "subject", "parents", "capitals"],
)
def test_no_commit_is_a_failure_of_the_server(either: "Site", members: dict[str, Any]) -> None:
    data = line({"head": "a" * 40, "shallow": False}) + b"\n" + line(commit(**members)) + b"\n"
    reply = either.send("POST", "/api/v1/commits", data, media="application/x-ndjson")
    assert reply.status in {202, 422}
