"""Which rows of the lists a test answers for, and what passes each: the figures are the lists' own.

A test is of a bad-input row by `@pytest.mark.row("48")`, by its name (`test_row_48_...`, `test_rows_28_and_31_...`), or
by the case of a table (`48-full`); of a promise by where it stands.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

BAD_INPUTS: Final[dict[str, tuple[str, str]]] = {
    "1": ("no Authorization", "401 + WWW-Authenticate: Bearer, unauthenticated"),
    "2": ("token with wrong checksum", "401, 0 SQL queries, unauthenticated"),
    "3": ("well-formed unknown, revoked, expired token", "401, identical bytes for all three, timing Δ p50…"),
    "4": ("token in query string", "400, token revoked, owner mailed, token-in-url"),
    "5": ("agent token on /projects/…", "403 (known route, wrong scope), no object info, f…"),
    "6": ("foreign object id, valid user", "404 identical to non-existent, not-found"),
    "7": ("path id not a UUID or slug, 10²⁰, %00, ../", "404, not-found"),
    "8": ("empty body", "400, empty-body"),
    "9": ("Transfer-Encoding: chunked reaching the app without…", "411, length-required"),
    "10": ("Content-Length over the limit of its call", "413 before reading, body-too-large"),
    "11": ("gzip 100 kB → 100 MiB", "413, peak RSS + ≤ 24 MiB, ≤ 100 ms, decoded-too-l…"),
    "12": ("gzip truncated, bad CRC, trailing garbage, 2 members", "400, bad-encoding"),
    "13": ("Content-Encoding: br, gzip, gzip, zstd", "415 + Accept-Encoding: gzip, identity, unsupporte…"),
    "14": ("text/plain, multipart/form-data, no type", "415, unsupported-media-type"),
    "15": ("charset=utf-16 or bogus", "415 (DRF today: 201), unsupported-media-type"),
    "16": ("invalid UTF-8, overlong, UTF-16 bytes", "400, bad-utf8"),
    "17": ("BOM + JSON", "400, bad-json"),
    "18": ("truncated JSON, trailing data, comments", "400, pointer none, byte offset given, bad-json"),
    "19": (
        "nesting: [x 1,100 in a report; closed and deeper tha…",
        "400, < 20 ms (a naive DRF view: 500); 400; 413, t…",
    ),
    "20": ("NaN, Infinity, 1e400", "400, bad-number"),
    "21": ("integer of 5,000 digits, 2⁶³ in a count", "400 / 422, bad-number"),
    "22": ("duplicate object keys", "400 (today: last wins), duplicate-key"),
    "23": ("50,001 facts in a body, 5,001 config keys, a line o…", "422 with the line, too-many-items"),
    "24": ("top level [], null, 'x', 1", "422, invalid-report"),
    "25": ("\\u0000 in value", "422 (today: 500), control-character"),
    "26": ("\\u0000 in key", "422 (today: 500), control-character"),
    "27": ("lone surrogate in value or key", "422 (today: 500), bad-unicode"),
    "28": ("C0/C1, bidi override, zero-width in names", "201, then 202 for the report, stored, UI shows es…"),
    "29": ("NFD vs NFC same name", "one entry (NFC) made by the agent; a body that is…"),
    "30": ("name of 257 characters, a string of 513", "422, too-long"),
    "31": (
        "package <img src=x onerror=…>, =HYPERLINK(), ${jndi…",
        "201, then 202 for the report, inert everywhere (t…",
    ),
    "32": ("key name contains ghp_…, AKIA…, user:pw@host", "422, not echoed, not stored, secret-suspected"),
    "33": ("raw value in a value field", "422, not echoed, not stored, counter + admin aler…"),
    "34": ("fingerprint wrong length/charset, unknown alg", "422, bad-fingerprint"),
    "35": ("unknown key id", "201, then 202 for the report, compared as unknown…"),
    "36": ("unknown top-level field (newer agent, rolled-back s…", "202, ignored, warnings:['unknown-field:x']"),
    "37": ("schema of another name or major", "422 with supported: ['paritycheck.report/1'], sch…"),
    "38": ("environment in body ≠ token", "202, token wins, warning"),
    "39": ("report_id not UUIDv7/v4", "422, bad-report-id"),
    "40": ("same report_id, same report (see above)", "200 {'duplicate':true}"),
    "41": ("same report_id, another report", "422, idempotency-mismatch"),
    "42": ("same report_id while the first is in flight", "waits for it (lock_timeout 2 s), then 200 {'dupli…"),
    "43": ("seq lower than current", "200 {'stale':true,'current_seq':n}, no state chan…"),
    "44": ("sent_at missing, unparsable, without zone, infinity…", "see left, bad-timestamp"),
    "45": ("31st report in a burst (bucket of 30 per instance,…", "429 + Retry-After, RateLimit-*, rate-limited"),
    "46": ("project over storage quota", "403 quota + admin mail (not 429: retry will not h…"),
    "47": ("PG down / restarting", "503 + Retry-After: 5, unavailable"),
    "48": ("disk full 53100", "503 + Retry-After: 60, page operator, storage-full"),
    "49": ("Host: evil.example", "400, no link built from it, bad-host"),
    "50": ("PUT on POST-only route, unknown route, TRACE", "405 + Allow / 404 / 405"),
    "51": ("CL + TE smuggling, duplicate CL", "400 + close by the proxy; without one the app ans…"),
    "52": ("body stalls", "408 after 10 s (nginx), other clients unaffected…"),
    "53": (
        "policy pattern of 257 characters, 201st pattern, co…",
        "in the UI or the policies API 422 with line and c…",
    ),
    "54": ("webhook URL from the list in threats.md 2.6", "422 at save, and blocked again at send, url-not-a…"),
    "55": ("header Idempotency-Key 10 kB / CRLF", "400, bad-header"),
    "56": ("OIDC: alg none, HS256 with public key, wrong aud, r…", "401 each, unauthenticated"),
    "57": ("enroll token used twice, from other project", "401, unauthenticated"),
    "58": (
        "gate for env with no report / report older than max…",
        "200 {'verdict':'unknown','reason':'stale'}; CLI e…",
    ),
    "59": ("page_size=10⁹, order_by=password, ?q=%00", "400 / 400 / 400, bad-parameter"),
    "60": (
        "mass assignment {'role':'owner','project':'…'} on o…",
        "422 unknown-field on writes by users, unknown-fie…",
    ),
    "61": ("PUT whose bytes do not hash to its path", "422, digest-mismatch"),
    "62": ("section body without header, header of another sect…", "422, invalid-section"),
    "63": ("1,000 bodies that nothing refers to", "201 within the token's bucket, then 429; gone aft…"),
}
PROMISES: Final[dict[str, tuple[str, str]]] = {
    "P3": ("one alert for an episode of a drift", "0 duplicates"),
    "P4": ("no storm of alerts", "at most 3 messages a channel"),
    "P5": ("no flapping", "at most 2 messages"),
    "P6": ("no data is not taken for well", "0 false resolved"),
    "P7": ("a report that comes twice or at once has one effect", "1 row, 1 evaluation"),
    "P8": ("order and clocks do not corrupt the state", "the state of the order, each time"),
    "P9": ("agents outlive an outage", "the newest report is never lost"),
    "P10": ("back-pressure is said", "202, 429, 503 only"),
    "P11": ("nobody sees another project", "every route, 0 leaks"),
    "P12": ("tokens: hashed, checked without a query, revocable", "0 hits, 0 queries, 5 s"),
    "P13": ("values never leave the host", "0 of 200 found"),
    "P14": ("webhooks are signed, fresh, and tried again", "the schedule, give or take 20 %"),
    "P15": ("webhooks reach nothing inside", "0 connections"),
    "P16": ("a channel that fails holds up no other", "p95 at most 30 s"),
    "P20": ("no secret in errors, logs and mails", "0 hits"),
    "P21": ("the gate's answer can be trusted", "0 ways to 0 without a fresh pass"),
    "F12": ("webhooks that refuse in every way", "tried by schedule, or ended with a reason"),
    "F14": ("what stands in for the server, or breaks it off", "0 reports lost"),
    "F15": ("an agent's spool: killed, full, damaged", "the newest is never lost"),
    "F18": ("clocks of the server that are set", "0 false alerts"),
    "F23": ("a worker that hears nothing", "it ends itself within 180 s"),
    "F19": ("an agent's clock of another day or year", "the same state"),
}
PLACES: Final[dict[str, tuple[str, ...]]] = {
    "54": (
        "tests/services/channels/test_outgoing.py::test_no_hostile_url",
        "tests/services/channels/test_outgoing.py::test_a_resolver_that_changes",
        "tests/services/channels/test_outgoing.py::test_a_redirect",
    ),
    "56": ("tests/api/test_oidc.py::test_every_attack_is_refused",),
    "57": (
        "tests/api/test_enrolment.py::test_one_use_gives_one_instance",
        "tests/api/test_enrolment.py::test_a_token_of_another_project",
    ),
    "60": ("tests/api/test_members.py", "tests/api/test_tokens.py"),
    "P3": ("tests/services/mail/test_walk.py",),
    "P4": (
        "tests/services/mail/test_route.py::test_five_hundred_packages",
        "tests/services/mail/test_subscribed.py::test_five_hundred_packages",
    ),
    "P5": ("tests/services/mail/test_subscribed.py::test_a_value_that_flaps",),
    "P6": ("tests/services/mail/test_silence.py",),
    "P7": (
        "tests/api/test_rows_json.py::test_row_40",
        "tests/api/test_rows_json.py::test_row_41",
        "tests/api/test_rows_server.py::test_row_42",
        "tests/services/test_evaluation.py::test_five_wake_ups",
    ),
    "P8": ("tests/services/test_order.py",),
    "P9": ("tests/agent/test_schedule.py", "tests/agent/test_delivery.py"),
    "P10": ("tests/api/test_rows_json.py::test_row_45", "tests/api/test_rows_bodies.py::test_row_63"),
    "P11": ("tests/api/test_access.py", "tests/web/test_access.py"),
    "P12": ("tests/core/test_tokens.py", "tests/api/test_tokens.py", "tests/api/test_rows_http.py::test_row_2"),
    "P13": ("tests/agent/test_canary.py",),
    "P14": ("tests/services/channels/test_faults.py", "tests/services/channels/test_kinds.py"),
    "P15": ("tests/services/channels/test_outgoing.py",),
    "P16": ("tests/services/channels/test_slots.py",),
    "P20": ("tests/services/channels/test_faults.py::test_no_secret", "tests/agent/test_canary.py"),
    "P21": ("tests/agent/test_gate.py", "tests/agent/test_gate_exits.py"),
    "F12": ("tests/services/channels/test_faults.py",),
    "F14": ("tests/agent/test_faults.py",),
    "F15": (
        "tests/agent/test_spool.py",
        "tests/agent/test_faults.py::test_killed",
        "tests/agent/test_faults.py::test_no_damaged",
    ),
    "F19": (
        "tests/api/test_rows_json.py::test_row_44",
        "tests/agent/test_delivery.py::test_after_the_clock_went_back",
        "tests/services/test_order.py",
    ),
    "F18": ("tests/services/test_clock.py", "tests/tasks/test_sweep.py::test_a_beat_whose_clock"),
    "F23": ("tests/tasks/test_deaf.py",),
}
_NAMED = re.compile(r"test_rows?_(\d+)(?:_and_(\d+))?_")
_CASE = re.compile(r"(?:^|-)(\d{1,2})-[a-z0-9]")
_TABLES = re.compile(r"tests/api/test_rows_\w+\.py$")


def rows_of(nodeid: str, marks: Sequence[str] = ()) -> list[str]:
    """The rows that a test of this address answers for; `marks` are those that it names itself."""
    path, _, rest = nodeid.partition("::")
    name, _, case = rest.partition("[")
    promised = [row for row, places in PLACES.items() if any(nodeid.startswith(place) for place in places)]
    named = _NAMED.match(name)
    numbers = [number for number in named.groups() if number] if named else []
    if not numbers and _TABLES.search(path):
        numbers = _CASE.findall(case)[:1]
    return [*promised, *(number for number in (*numbers, *marks) if number in BAD_INPUTS), *(
        mark for mark in marks if mark in PROMISES)]  # fmt: skip


def order() -> list[str]:
    """Every row that tests answer for."""
    return [*BAD_INPUTS, *PROMISES]
